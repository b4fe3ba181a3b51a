/**
 * The pulse (protocol/pulse.ts): what changes when something has changed, without a word more in the transactions that
 * change it. What peers bring moves the heads of streams; what we say to them, the positions of the outbox; what the
 * office does by itself, the audit, which every such route writes before and after. Each is read at the end of an index.
 *
 * What a peer answered last stands in no table, so this process's courier is asked for it.
 *
 * So it holds for changes through every process of this database. It may say that something changed when it did not:
 * then a page is read once too often.
 */
import { sql } from 'drizzle-orm'
import {
  pulseKinds,
  routes,
  type PulseKind,
  type RouteContract,
  type RouteName,
} from '../../protocol/index.ts'
import { audit } from '../audit/tables.ts'
import { alarms, peers, recordsOut, streamsIn, streamsOut } from '../federation/tables.ts'
import { type Courier } from '../federation/courier.ts'
import { type Clock } from '../platform.ts'
import { type PageReader } from '../store/database.ts'
import { type Vault } from '../vault.ts'
import { texts } from './conditions.ts'

/** However many pages ask, it is read so often. */
const freshMs = 1000

/** What the exchange with peers may change. */
const exchanged: readonly PulseKind[] = ['cases', 'arrivals', 'members', 'activities', 'imports', 'peers']
/** What the routes that begin so may change; any other change may change everything. */
const changedBy: readonly (readonly [RegExp, readonly PulseKind[]])[] = [
  [/^(session|own|accounts|settings)\./, []],
  [/^exports\./, ['exports']],
  [/^alarms\./, ['alarms']],
  [/^(peers|streams|keys)\./, ['peers', 'cases', 'arrivals', 'imports']],
  [/^activities\./, ['activities']],
  [/^case\.(report|correct)$/, ['activities']],
  [/^case\./, ['cases', 'arrivals', 'activities', 'organisations']],
  [/^outflow\./, ['cases', 'members']],
  [/^arrivals\./, ['cases', 'arrivals', 'activities', 'organisations']],
]

export function changedKinds(name: RouteName): readonly PulseKind[] {
  const { audit: written }: RouteContract = routes[name]
  if (written !== 'change') return []
  return changedBy.find(([pattern]) => pattern.test(name))?.[1] ?? pulseKinds
}

const changing = (Object.keys(routes) as RouteName[]).filter((name) => changedKinds(name).length > 0)

interface Marks {
  readonly streams: string
  readonly peers: readonly string[]
  readonly alarms: string
  /** `name seq` of the last entry of each route. */
  readonly actions: Readonly<Record<string, number>>
}

export class Pulses {
  private readonly reader: PageReader
  private readonly clock: Clock
  private readonly vault: Vault
  private readonly courier: Pick<Courier, 'delivery'>
  private last: { readonly atMs: number; readonly stamps: Promise<Record<PulseKind, string>> } | undefined

  constructor(
    reader: PageReader,
    { clock, vault, courier }: { clock: Clock; vault: Vault; courier: Pick<Courier, 'delivery'> },
  ) {
    this.reader = reader
    this.clock = clock
    this.vault = vault
    this.courier = courier
  }

  now(): Promise<Record<PulseKind, string>> {
    const atMs = this.clock.nowMs()
    if (this.last && Math.abs(atMs - this.last.atMs) < freshMs) return this.last.stamps
    const stamps = this.read().then((marks) => this.stamps(marks))
    const made = { atMs, stamps }
    this.last = made
    // What could not be read is read anew by the next who asks.
    stamps.catch(() => {
      if (this.last === made) this.last = undefined
    })
    return stamps
  }

  /** Keyed, so that a word tells nothing but that it is another one. */
  private stamps({ streams, peers: nodes, alarms, actions }: Marks): Record<PulseKind, string> {
    const deliveries = nodes.map((node) => {
      const { failures, breakerOpen, problem } = this.courier.delivery(node)
      return `${node} ${failures > 0} ${breakerOpen} ${problem?.code}`
    })
    const stamp = (kind: PulseKind) => {
      const done = changing.filter((name) => changedKinds(name).includes(kind))
      const last = Math.max(0, ...done.map((name) => actions[name] ?? 0))
      const told = exchanged.includes(kind) ? streams : ''
      const raised = kind === 'alarms' ? alarms : ''
      const delivered = kind === 'peers' ? deliveries.join() : ''
      return this.vault.token('pulse', `${kind} ${last} ${told} ${raised} ${delivered}`).slice(0, 12)
    }
    return Object.fromEntries(pulseKinds.map((kind) => [kind, stamp(kind)])) as Record<PulseKind, string>
  }

  private async read(): Promise<Marks> {
    const [row] = await this.reader.rows<Marks>(sql`
      select
        (select coalesce(string_agg(concat_ws(' ', p.node, p.paused, i.epoch, i.seq, i.frozen, o.epoch, o.seq,
            o.receipted, o.standing,
            (select max(r.position) from ${recordsOut} r where r.peer = p.node)), ',' order by p.node), '')
          from ${peers} p left join ${streamsIn} i on i.peer = p.node left join ${streamsOut} o on o.peer = p.node)
          as streams,
        (select coalesce(json_agg(node order by node), '[]') from ${peers}) as peers,
        (select concat_ws(' ', count(*), max(id)) from ${alarms} where open) as alarms,
        (select coalesce(json_object_agg(name, (select max(a.seq) from ${audit} a where a.action = name)), '{}')
          from unnest(${texts(changing)}) name) as actions`)
    if (!row) throw new TypeError('a select of one row gave none')
    return row
  }
}
