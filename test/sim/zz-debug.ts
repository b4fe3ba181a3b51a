import { writeFileSync } from 'node:fs'
import { runSeed } from './run.ts'
import { Trace } from './trace.ts'
const lines: string[] = []
const add = Trace.prototype.add
Trace.prototype.add = function (line: string) {
  lines.push(line)
  add.call(this, line)
}
const [seed, steps, faults] = process.argv.slice(2)
const r = await runSeed(
  Number(seed),
  Number(steps),
  faults === 'all' || !faults ? undefined : faults.split(','),
)
writeFileSync('/tmp/dbg/trace.txt', lines.join('\n'))
console.log(r.violation?.invariant, r.violation?.detail)
