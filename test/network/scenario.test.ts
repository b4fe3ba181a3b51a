/**
 * The main job end to end, as a user runs it: real processes, real PostgreSQL, real HTTP, the sample workbooks. The
 * expected counts were made together with the workbooks, not with this code.
 */
import { readFile, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { interpret, readSheetsHere, type RosterFields } from '../../node/workbooks/index.ts'
import { temporaryFolder } from '../../scripts/network/node-process.ts'
import { scenario } from './run-scenario.ts'

const samples = path.resolve('scripts/samples')

async function expected(): Promise<Record<string, unknown>> {
  const { faultRows: _rows, ...counts } = JSON.parse(
    await readFile(path.join(samples, 'expected.json'), 'utf8'),
  ) as Record<string, unknown>
  return counts
}

describe('the scenario on the sample workbooks', { timeout: 180_000 }, () => {
  it('counts what the workbooks hold, and says nothing personal in any output', async () => {
    const kept = await temporaryFolder('canaries')
    try {
      const { code, result, stdout, stderr } = await scenario(samples, '--log', '--keep', kept)
      expect({ code, result }).toEqual({ code: 0, result: await expected() })
      const output = [stdout, stderr, ...(await serverLogs(kept))].join('\n')
      expect(stderr).toContain('node started')
      for (const canary of await canaries())
        expect(output.includes(canary), `an output holds a person's data`).toBe(false)
    } finally {
      await rm(kept, { recursive: true, force: true })
    }
  })

  it('comes to the same result when nodes are killed at random moments', async () => {
    const seed = String(Math.floor(Math.random() * 1_000_000))
    const { code, result, stderr } = await scenario(samples, '--kill', '20', '--seed', seed)
    expect({ code, result }, `seed ${seed}\n${stderr}`).toEqual({ code: 0, result: await expected() })
  })

  it.each(['深圳', '信阳'])(
    'comes to the same result when %s is away during the import, and shows the backlog meanwhile',
    async (region) => {
      const { code, result, stderr } = await scenario(samples, '--down', region)
      expect({ code, result }, stderr).toEqual({ code: 0, result: await expected() })
      expect(stderr).toMatch(new RegExp(`while ${region} was away: [1-9]\\d* records waited`))
    },
  )
})

/** Every name, ID number and phone of the sample roster: none may appear in any log line or output. */
async function canaries(): Promise<string[]> {
  const file = (await readdir(samples)).find((name) => name.endsWith('党员花名册.xlsx')) ?? ''
  const table = interpret('roster', await readSheetsHere(await readFile(path.join(samples, file)), file))
  const people = table.rows.map(({ fields }) => fields as RosterFields)
  expect(people.length).toBeGreaterThan(500)
  return people
    .flatMap(({ name, idNumber, phone }) => [name, idNumber, phone])
    .filter((text) => text !== undefined)
}

async function serverLogs(folder: string): Promise<string[]> {
  const nodes = await readdir(folder)
  return Promise.all(
    nodes.map((node) => readFile(path.join(folder, node, 'postgresql', 'server.log'), 'utf8')),
  )
}
