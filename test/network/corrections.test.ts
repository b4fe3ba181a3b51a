/**
 * Correcting what was held: the office exports the held roster rows, corrects the cells, imports them again, and all
 * that hung on them (outflows kept back, people denied, their activities) resolves by itself, at both nodes.
 */
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiClient } from '../../node/cli/client.ts'
import { initDataDir, readDataDir, startNode, type RunningNode } from '../../node/process.ts'
import {
  interpret,
  readSheetsHere,
  writeTable,
  type ParsedRow,
  type RosterFields,
} from '../../node/workbooks/index.ts'
import { checkCharacter, type ImportReport } from '../../protocol/index.ts'
import { readOfficeFolder, type OfficeFolder } from '../../scripts/network/folder.ts'
import { freePort, temporaryFolder } from '../../scripts/network/node-process.ts'
import {
  concludeAgreements,
  importWorkbooks,
  untilLevel,
  type OfficeNode,
} from '../../scripts/network/office-day.ts'

const samples = path.resolve('scripts/samples')
const network = new Map<string, OfficeNode>()
const running: RunningNode[] = []
let base = ''
let offices: OfficeFolder

beforeAll(async () => {
  base = await temporaryFolder('corrections')
  const all = await readOfficeFolder(samples)
  // Home and the one host that has workbooks are enough here; rows for the other two are held as without agreement.
  offices = { home: all.home, hosts: all.hosts.filter(({ files }) => files.length > 0) }
  for (const { node, name } of [offices.home, ...offices.hosts]) {
    const dataDir = path.join(base, node)
    const [federation, local] = [await freePort(), await freePort()]
    await initDataDir(dataDir, {
      node,
      name,
      federation: { host: '127.0.0.1', port: federation },
      local: { port: local },
    })
    running.push(await startNode(dataDir, { databaseUrl: undefined, dataDir, logLevel: 'silent' }))
    const { token } = await readDataDir(dataDir)
    network.set(node, {
      client: new ApiClient({ port: local, token }),
      federationUrl: `http://127.0.0.1:${federation}`,
    })
  }
}, 60_000)

afterAll(async () => {
  await Promise.all(running.map((node) => node.stop()))
  await rm(base, { recursive: true, force: true })
})

describe('held roster rows, corrected and imported again', { timeout: 120_000 }, () => {
  it('publish the outflows kept back and bring in the people who were denied, at both nodes', async () => {
    await concludeAgreements(offices, network)
    const played = await importWorkbooks([offices.home, ...offices.hosts], network)
    await untilLevel(network)
    const report = (kind: string) => played.find(({ file }) => file.kind === kind)?.report as ImportReport
    const home = client(offices.home.node)
    const host = client(offices.hosts[0]?.node ?? '')
    const hostNode = offices.hosts[0]?.node ?? ''
    const before = await home.comparison(hostNode)
    expect([before.both.length, before.hostOnlyUnknownToHome.length]).toEqual([83, 9])
    expect(report('roster').held).toBe(22)
    expect(await waiting(home, report('outflow'))).toBe(5)
    expect(await waiting(host, report('activities'))).toBe(21)

    const corrected = await correct(await home.heldWorkbook(report('roster').id))
    const second = await home.import('roster', corrected, '改正.xlsx')
    expect([second.accepted, second.held, second.duplicates]).toEqual([22, 0, 0])
    await untilLevel(network)

    expect(await waiting(home, report('outflow'))).toBe(0)
    const after = await home.comparison(hostNode)
    expect([after.both.length, after.homeOnly.length, after.hostOnlyKnownToHome.length]).toEqual([88, 5, 4])
    expect(after.hostOnlyUnknownToHome).toHaveLength(4)
    expect([after.level, after.unequal]).toEqual([true, []])
    expect(await waiting(host, report('activities'))).toBe(0)
    const activities = await host.importStatus(report('activities').id)
    expect([activities.accepted, activities.held]).toEqual([393, 0])
  })

  it('change nothing when the corrected workbook comes a second time', async () => {
    const home = client(offices.home.node)
    const before = await home.peers()
    const all = offices.home.files.find(({ kind }) => kind === 'roster')
    const again = await home.import('roster', await readFile(all?.path ?? ''), '花名册.xlsx')
    expect(again.accepted).toBe(0)
    await untilLevel(network)
    expect((await home.peers()).map(({ sent }) => sent)).toEqual(before.map(({ sent }) => sent))
  })
})

describe('a workbook that is none', () => {
  it.each([
    ['text that is no table', Buffer.from('只是一句话'), 'workbook_no_header'],
    [
      'a picture',
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 1]),
      'workbook_not_a_workbook',
    ],
    [
      'an old .xls',
      Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0]),
      'workbook_old_format',
    ],
  ])('is refused in both languages: %s', async (_what, bytes, code) => {
    const refusal = await client(offices.home.node)
      .import('roster', bytes, 'x.xlsx')
      .catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code, status: 422 })
    expect((refusal as { messageZh: string }).messageZh).toMatch(/[\u4e00-\u9fff]/)
  })
})

function client(node: string): ApiClient {
  const found = network.get(node)
  if (!found) throw new TypeError(`no node ${node}`)
  return found.client
}

async function waiting(api: ApiClient, report: ImportReport): Promise<number> {
  return (await api.importStatus(report.id)).waiting
}

/** What a clerk does with the exported rows: looks up each person's card and types the number in as text. */
async function correct(workbook: Uint8Array): Promise<Uint8Array> {
  const table = interpret('roster', await readSheetsHere(workbook, '待改正.xlsx'))
  const cards = await cardNumbers()
  const idHeading = table.columns.find(({ field }) => field === 'idNumber')?.heading ?? ''
  const rows = table.rows.map((row, i) =>
    table.headings.map((heading) =>
      heading === idHeading ? (cards.get(nameOf(row)) ?? inventedNumber(i)) : (row.cells[heading] ?? ''),
    ),
  )
  return writeTable(
    table.headings.map((heading) => ({ heading })),
    rows,
  )
}

function nameOf(row: ParsedRow<RosterFields>): string {
  return row.fields.name ?? ''
}

/** The right numbers of those who stand in another register as well. */
async function cardNumbers(): Promise<Map<string, string>> {
  const numbers = new Map<string, string>()
  for (const { kind, path: file } of [...offices.home.files, ...(offices.hosts[0]?.files ?? [])]) {
    if (kind !== 'outflow' && kind !== 'arrivals') continue
    const table = interpret(kind, await readSheetsHere(await readFile(file), file))
    for (const { fields } of table.rows)
      if (fields.name && fields.idNumber) numbers.set(fields.name, fields.idNumber)
  }
  return numbers
}

/** A number of nobody (county 99 is not assigned) for those who stand nowhere else. */
function inventedNumber(i: number): string {
  const first = `41159919700101${String(800 + i)}`
  return first + checkCharacter(first)
}
