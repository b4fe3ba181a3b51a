/**
 * A node of ours under the conformance checks, as a user runs them: its own process, its own PostgreSQL, HTTP. And what
 * the table of checks promises: that every code that needs a running node is provoked by one of them.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readAgreement } from '../../protocol/index.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { type Finding } from '../../scripts/conformance/check.ts'
import { State, StateRefused } from '../../scripts/conformance/state.ts'
import { checks } from '../../scripts/conformance/table.ts'

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function conformance(...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, ['scripts/run.mjs', 'conformance', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

describe('the conformance checks', { timeout: 180_000 }, () => {
  it('all pass on a node of ours, and none is left out', async () => {
    const { code, stdout, stderr } = await conformance('self', '--json')
    const { findings } = JSON.parse(stdout || `{"findings":[]}`) as { findings: Finding[] }
    expect(findings.filter(({ result }) => result !== 'passed')).toEqual([])
    expect(findings.map(({ id }) => id)).toEqual(checks.map(({ id }) => id))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('each have an id of their own, a sentence and a section', () => {
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length)
    expect(checks.filter(({ says }) => !says.endsWith('.')).map(({ id }) => id)).toEqual([])
    expect(checks.filter(({ section }) => section < 1 || section > 23).map(({ id }) => id)).toEqual([])
  })
})

describe('the test peers', () => {
  it('keep their keys to themselves and sign only what was compared', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'huiliu-peers-'))
    try {
      const state = new State(folder)
      const theirs = new State(path.join(folder, 'theirs'))
      const ours = await state.card('first')
      expect(await state.card('first')).toEqual(ours)
      const file = path.join(folder, 'first', 'keyring.json')
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect(JSON.stringify(ours)).not.toContain(
        (JSON.parse(await readFile(file, 'utf8')) as { signing: { d: string } }).signing.d,
      )
      const other = await theirs.card('second', '411500')
      await expect(state.propose('first', other.card, ours.fingerprint)).rejects.toBeInstanceOf(StateRefused)
      const proposal = await state.propose('first', other.card, other.fingerprint)
      await expect(theirs.sign(proposal, other.fingerprint)).rejects.toBeInstanceOf(StateRefused)
      expect(await state.peer('first', 'http://node.test')).toBeUndefined()
      const { document, complete } = await theirs.sign(proposal, ours.fingerprint)
      expect(complete).toBe(true)
      const read = readAgreement(nodeJsCrypto, document)
      expect(read.ok && read.agreement.signedBy).toEqual(['990001', '411500'])
      await state.sign(document, other.fingerprint)
      expect((await state.peer('first', 'http://node.test'))?.node).toBe('411500')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
