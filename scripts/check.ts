/**
 * `npm test`: formatting, lint, types, import directions, then every test. Stops at the first that fails, so that what
 * is printed last is what is wrong.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

const steps: readonly (readonly [string, string, readonly string[]])[] = [
  ['formatting', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
  ['types of protocol/ (pure)', 'typescript/bin/tsc', ['--noEmit', '-p', 'protocol/tsconfig.json']],
  ['types of admin-ui/ (browser)', 'typescript/bin/tsc', ['--noEmit', '-p', 'admin-ui/tsconfig.json']],
  ['types', 'typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json']],
  ['lint', 'eslint/bin/eslint.js', ['--quiet', '.']],
  [
    'import directions',
    'dependency-cruiser/bin/dependency-cruise.mjs',
    ['protocol', 'node', 'admin-ui', 'scripts', 'test', '--config', '.dependency-cruiser.cjs'],
  ],
  ['tests', 'vitest/vitest.mjs', ['run', ...process.argv.slice(2)]],
]

for (const [name, program, args] of steps) {
  console.log(`\n— ${name}`)
  const child = spawn(process.execPath, [path.resolve('node_modules', program), ...args], {
    stdio: 'inherit',
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code === 0) continue
  console.error(`\n${name}: failed`)
  process.exit(1)
}
