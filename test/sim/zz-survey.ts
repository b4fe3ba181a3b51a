import { runSeed } from './run.ts'
const [from, to, steps, faults] = process.argv.slice(2)
let total = 0
const t = process.cpuUsage()
for (let seed = Number(from); seed <= Number(to); seed++) {
  const r = await runSeed(seed, Number(steps), faults === 'all' || !faults ? undefined : faults.split(','))
  total += r.steps
  if (r.violation)
    console.log(seed, r.violation.step, r.violation.invariant, r.violation.detail.slice(0, 260))
}
const u = process.cpuUsage(t)
console.log('steps', total, 'cpu/1000', ((u.user + u.system) / 1e3 / total).toFixed(3))
