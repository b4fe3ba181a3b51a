/** The door: everything a file of protocol/ exports can be had through index.ts. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const folder = path.resolve(import.meta.dirname, '../../protocol')

it('every file of protocol/ stands in the door', () => {
  const door = readFileSync(path.join(folder, 'index.ts'), 'utf8')
  const files = readdirSync(folder).filter((file) => /(?<!\.d)\.ts$/.test(file) && file !== 'index.ts')
  for (const file of files) expect(door).toContain(`export * from './${file}'`)
})
