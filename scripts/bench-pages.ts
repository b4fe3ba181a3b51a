/**
 * `npm run bench:pages`: how long the pages of the screens take over a big city's register, on a PostgreSQL of its own:
 * a million members, half a million cases, five million activities. Exits with 1 when a page is over its bound.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { Command } from 'commander'
import postgres from 'postgres'
import { table } from '../node/cli/table.ts'
import { Counts, Pages, Pulses, type Within } from '../node/pages/index.ts'
import { realPlatform } from '../node/platform.ts'
import { openDatabase } from '../node/store/database.ts'
import { startEmbedded } from '../node/store/embedded.ts'
import { openVault } from '../node/vault.ts'

/** What a page may take at the 95th percentile. */
const boundMs = 150
const branchesOfCommittee = 50
const limit = 50
const meanings = ['agreed', 'pending', 'deviating', 'one-sided', 'ended'] as const

const options = new Command('bench-pages')
  .option('--members <number>', 'members; cases are half of them, activities five times as many', '1000000')
  .option('--runs <number>', 'times each page is asked for', '60')
  .parse()
  .opts<{ members: string; runs: string }>()
const [memberCount, runs] = [Number(options.members), Number(options.runs)]

const dataDir = await mkdtemp(path.join(tmpdir(), 'huiliu-pages-'))
const embedded = await startEmbedded({ dataDir, log: () => undefined })
try {
  const database = await openDatabase(embedded.url)
  const sql = postgres(embedded.url, { max: 1, onnotice: () => undefined })
  const began = performance.now()
  await fill(sql)
  console.log(`filled in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  const slow = await measure(
    new Pages(database.pages),
    new Counts(database.pages, { nowMs: () => Date.now() }),
    new Pulses(database.pages, {
      clock: leaping(),
      vault: openVault(new Uint8Array(32), realPlatform.random),
      courier: {
        delivery: () => ({ failures: 0, breakerOpen: false, notBeforeMs: 0, problem: undefined }),
      },
    }),
    sql,
  )
  await sql.end()
  await database.close()
  process.exitCode = slow ? 1 : 0
} finally {
  await embedded.stop()
  await rm(dataDir, { recursive: true, force: true })
}

/** Names of two hundred surnames and many given ones; ids in the order in which things happened, as UUIDv7 are. */
async function fill(sql: postgres.Sql): Promise<void> {
  const cases = memberCount / 2
  const id = (kind: string, n: string) => `'019c${kind}-' || lpad(to_hex(${n}), 8, '0')`
  const branch = (n: string) => id('b', `(hashint4(${n}) & 1048575) % ${memberCount / 100}`)
  const name = (n: string) =>
    `chr(19968 + (hashint4(${n}) & 1048575) % 200) || chr(20500 + (hashint4(${n} + 7) & 1048575) % 3000) || chr(24000 + ${n} % 97)`
  const meaning = `(array['agreed','agreed','agreed','agreed','pending','pending','ended','ended','deviating','one-sided'])[1 + i % 10]`
  for (const statement of [
    `insert into organisations select ${id('c', 'i')}, null, 'committee ' || i, 'committee' from generate_series(0, ${memberCount / 100 / branchesOfCommittee}) i`,
    `insert into organisations select ${id('b', 'i')}, ${id('c', `i / ${branchesOfCommittee}`)}, 'branch ' || i, 'branch' from generate_series(0, ${memberCount / 100}) i`,
    `insert into members select ${id('a', 'i')}, md5(i::text), '\\x00', ${name('i')}, 'full', '138' || i, null, null, null, null, null, ${branch('i')}, i from generate_series(1, ${memberCount}) i`,
    `insert into cases (id, peer, side, tag, open, home_facts, host_facts, name, meaning, organisation, changed_ms)
      select ${id('d', 'i')}, (440300 + i % 40)::text, case when i % 5 < 3 then 'host' else 'home' end, 'tag ' || i, i % 10 < 8,
        '{"state":"published","person":{"name":"某人","category":"full"},"outflow":{"destination":{"code":"440300","text":"深圳"}}}',
        '{"state":"placed","person":{"name":"某人","category":"full"},"deviations":[]}', ${name('i')}, ${meaning}, ${branch('i')}, i
      from generate_series(1, ${cases}) i`,
    `insert into arrivals (id, home, id_token, id_sealed, name, state, branch, case_id, changed_ms)
      select ${id('e', 'i')}, (440300 + i % 40)::text, md5('a' || i), '\\x00', ${name('i')},
        case when i % 100 = 0 then 'denied' when i % 50 = 1 then 'asked' else 'known' end, ${branch('i')}, ${id('d', 'i')}, i
      from generate_series(1, ${(cases * 3) / 5}) i`,
    `insert into activities (id, case_id, side, kind, on_day, title, withdrawn, changed_ms)
      select ${id('f', 'i')}, ${id('d', `1 + (hashint4(i) & 1073741823) % ${cases}`)}, 'host', case when i % 4 = 0 then 'dues' else 'study' end,
        to_char(date '2025-01-01' + i % 700, 'YYYY-MM-DD'), '学习', false, i from generate_series(1, ${memberCount * 5}) i`,
    `insert into peers select (440300 + i)::text, 'peer ' || i, 'http://127.0.0.1:1', false from generate_series(0, 39) i`,
    `insert into streams_in (peer, epoch, seq, frozen, thawed, heard_ms) select (440300 + i)::text, 1, i, false, false, 0 from generate_series(0, 39) i`,
    `insert into records_out (peer, position, type, digest, text, written_ms)
      select (440300 + i % 40)::text, i, 'flow.arrived', 'digest', '{}', i from generate_series(1, ${cases}) i`,
    `insert into audit select i, i, 'account ' || i % 50, 'officer', (array['member.reveal','case.place','session.begin','imports.run'])[1 + i % 4],
      '', 'done', null, '{}', '', null, 'hash' from generate_series(1, ${cases}) i`,
    'vacuum analyze',
  ])
    await sql.unsafe(statement)
}

/** Minutes pass between two looks, so that nothing kept for a second is looked at. */
function leaping(): { nowMs(): number } {
  let nowMs = Date.now()
  return { nowMs: () => (nowMs += 60_000) }
}

type Asked = [string, () => Promise<unknown>]

/** Parts of the tree and names, by chance. */
function chances(branches: readonly string[]) {
  const pick = <T>(list: readonly T[]) => list[Math.floor(Math.random() * list.length)] as T
  const branch = (): Within => [pick(branches)]
  const committee = (): Within => {
    const from = Math.floor(Math.random() * (branches.length - branchesOfCommittee))
    return branches.slice(from, from + branchesOfCommittee)
  }
  const surname = () => String.fromCharCode(19968 + Math.floor(Math.random() * 200))
  return { pick, branch, committee, surname }
}
type Chances = ReturnType<typeof chances>

function lists(pages: Pages, { pick, branch, committee, surname }: Chances): Asked[] {
  return [
    ['members, region', () => pages.members({ limit }, undefined, undefined)],
    ['members, surname', () => pages.members({ limit, search: surname() }, undefined, undefined)],
    ['members, committee', () => pages.members({ limit }, committee(), undefined)],
    ['members, branch', () => pages.members({ limit }, branch(), undefined)],
    ['members, branch, surname', () => pages.members({ limit, search: surname() }, branch(), undefined)],
    ['cases, region', () => pages.cases({ limit, side: 'host' }, undefined)],
    ['cases, meaning', () => pages.cases({ limit, side: 'home', meaning: pick(meanings) }, undefined)],
    ['cases, peer', () => pages.cases({ limit, side: 'host', peer: '440307' }, undefined)],
    [
      'cases, peer, meaning',
      () => pages.cases({ limit, side: 'host', peer: '440308', meaning: pick(meanings) }, undefined),
    ],
    ['cases, surname', () => pages.cases({ limit, side: 'host', search: surname() }, undefined)],
    ['cases, by change', () => pages.cases({ limit, side: 'host', sort: 'changed' }, undefined)],
    ['cases, by name', () => pages.cases({ limit, side: 'home', sort: 'name' }, undefined)],
    ['cases, committee, by change', () => pages.cases({ limit, side: 'host', sort: 'changed' }, committee())],
    ['cases, committee', () => pages.cases({ limit, side: 'host' }, committee())],
    ['cases, branch, surname', () => pages.cases({ limit, side: 'host', search: surname() }, branch())],
    ['arrivals, region', () => pages.arrivals({ limit }, undefined)],
    ['arrivals, denied', () => pages.arrivals({ limit, state: 'denied' }, undefined)],
    ['arrivals, committee', () => pages.arrivals({ limit }, committee())],
  ]
}

function reports(pages: Pages, counts: Counts, pulses: Pulses, { branch, committee }: Chances): Asked[] {
  return [
    ['activities, region', () => pages.activities({ limit }, undefined)],
    ['activities, kind', () => pages.activities({ limit, kind: 'dues' }, undefined)],
    ['activities, kind there is none of', () => pages.activities({ limit, kind: 'lecture' }, undefined)],
    [
      'activities, days',
      () => pages.activities({ limit, from: '2025-03-01', until: '2025-03-31' }, undefined),
    ],
    ['activities, side', () => pages.activities({ limit, by: 'home' }, undefined)],
    ['activities, committee, kind', () => pages.activities({ limit, kind: 'dues' }, committee())],
    ['activities, committee', () => pages.activities({ limit }, committee())],
    ['activities, branch', () => pages.activities({ limit }, branch())],
    ['ledger, branch', () => pages.ledger({ limit, year: 2026 }, branch() ?? [])],
    ['ledger, committee', () => pages.ledger({ limit, year: 2026 }, committee() ?? [])],
    ['rows of an export', () => pages.countRows({ list: 'members', query: { limit } }, undefined, 20_001)],
    ['pulse', () => pulses.now()],
    ['counts, branch', () => counts.now(branch())],
    ['trend, branch', () => counts.trend(branch())],
    ['counts, committee', () => counts.now(committee())],
    ['trend, committee', () => counts.trend(committee())],
  ]
}

async function measure(pages: Pages, counts: Counts, pulses: Pulses, sql: postgres.Sql): Promise<boolean> {
  const branches = (await sql`select id from organisations where kind = 'branch'`).map(({ id }) => String(id))
  const chance = chances(branches)
  const asked = [...lists(pages, chance), ...reports(pages, counts, pulses, chance)]
  const rows: string[][] = []
  let slow = false
  for (const [name, ask] of asked) {
    const times: number[] = []
    for (let i = 0; i < runs; i++) {
      const from = performance.now()
      await ask()
      times.push(performance.now() - from)
    }
    const p95 = percentile(times, 0.95)
    slow ||= p95 > boundMs
    console.error(`${name}: ${percentile(times, 0.95).toFixed(0)} ms`)
    rows.push([name, percentile(times, 0.5).toFixed(1), p95.toFixed(1), p95 > boundMs ? 'over' : ''])
  }
  for (const [name, ask] of [
    ['counts, region (kept 30 s)', () => counts.now(undefined)],
    ['trend, region (kept 10 min)', () => counts.trend(undefined)],
    ['organisations, region (kept 30 s)', () => counts.byOrganisation(undefined)],
  ] as const) {
    const from = performance.now()
    await ask()
    rows.push([name, (performance.now() - from).toFixed(0), '', 'once'])
  }
  console.log(table(['page', 'p50 ms', 'p95 ms', ''], rows))
  return slow
}

function percentile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
