import { readFileSync } from 'node:fs'
import { plants, planted } from './plants.ts'
for (const p of plants) {
  try {
    planted(p, readFileSync(p.file, 'utf8'))
  } catch (e) {
    console.log(String(e))
  }
}
console.log(plants.length)
