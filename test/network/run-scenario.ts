/** Runs the scenario as a user does, in its own process, and gives what it printed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface ScenarioRun {
  readonly code: number | null
  readonly result: unknown
  readonly stdout: string
  readonly stderr: string
}

export async function scenario(...args: string[]): Promise<ScenarioRun> {
  const child = spawn(process.execPath, ['scripts/run.mjs', 'scenario', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, result: stdout === '' ? stderr : JSON.parse(stdout), stdout, stderr }
}
