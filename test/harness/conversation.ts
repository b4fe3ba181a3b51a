/**
 * A long conversation of two regions, step by step, so that a test can stop after each: both are home and host, people
 * are published, asked for, denied, asserted, placed, moved, reported on, corrected, returned, closed and erased, and
 * keys are changed meanwhile. `registers` is what both offices would import again after they lost everything.
 */
import { type Activity, type NodeId, type Uuid } from '../../protocol/index.ts'
import { type OutflowEntry } from '../../node/flows/index.ts'
import { type Nodes, type Node } from './loss.ts'
import { idNumberOf, nameOf } from './people.ts'
import { shenzhen, xinyang } from './world.ts'

export const branch = '中共深圳市南山区粤海街道软件园支部委员会'
const otherBranch = '中共深圳市南山区粤海街道科技园支部委员会'

const person = (n: number) => ({ idNumber: idNumberOf(n), name: nameOf(n) })
const away = (n: number, host: NodeId = shenzhen, phone?: string): OutflowEntry => ({
  ...{ idNumber: idNumberOf(n), host, phone },
  outflow: { destination: { code: host, text: '外地' }, leftOn: '2025-03-01' },
})
const here = (n: number, home: NodeId = xinyang, more: object = {}) => ({
  ...{ ...person(n), home, arrivedOn: '2025-03-05' },
  ...more,
})
const dues = (month: string, amountFen: number): Activity => ({ kind: 'dues', on: month, amountFen })
const lecture: Activity = { kind: 'lecture', on: '2025-05-01', title: '党课' }

/** The case of that person between the two. */
export async function caseOf(node: Node, peer: NodeId, n: number): Promise<Uuid> {
  const found = (await node.office.cases(peer)).filter(
    ({ home, host }) => (home.person ?? host.person)?.name === nameOf(n),
  )
  const id = found.at(-1)?.row.id
  if (id === undefined) throw new Error(`no case of person ${n}`)
  return id
}

export type Step = readonly [string, (nodes: Nodes) => Promise<unknown>]

export const conversation: readonly Step[] = [
  ['home enters its roster', ({ home }) => home.office.roster(...[1, 2, 3, 5].map(person))],
  ['home publishes', ({ home }) => home.office.outflow(away(1), away(3, shenzhen, '13800000003'))],
  ['host confirms and places', ({ host }) => host.office.arrivals(here(1, xinyang, { branch }))],
  ['host asks for a stranger', ({ host }) => host.office.arrivals(here(4), here(6))],
  ['host reports', ({ host }) => host.office.activities(idNumberOf(1), dues('2025-04', 100), lecture)],
  [
    'host reports of one who waits',
    ({ host }) => host.office.activities(idNumberOf(4), dues('2025-04', 400)),
  ],
  ['host asks for one of home’s', ({ host }) => host.office.arrivals(here(2))],
  ['home publishes him', ({ home }) => home.office.outflow(away(2))],
  [
    'host knows another phone',
    ({ host }) => host.office.arrivals(here(3, xinyang, { phone: '13911111111' })),
  ],
  ['home corrects its roster', ({ home }) => home.office.roster({ ...person(2), phone: '13722222222' })],
  ['home knows the stranger', ({ home }) => home.office.roster(person(4))],
  [
    'home reports itself',
    async ({ home }) => home.office.desk.report(await caseOf(home, shenzhen, 1), lecture),
  ],
  [
    'host corrects a report',
    async ({ host }) => {
      const id = await caseOf(host, xinyang, 1)
      const { activities } = await host.office.desk.detail(id)
      const corrects = activities.find(({ kind }) => kind === 'dues')?.id ?? ''
      await host.office.desk.correct(id, { corrects, activity: dues('2025-04', 200) })
    },
  ],
  [
    'home sends a notice',
    async ({ home }) =>
      home.office.desk.notify(await caseOf(home, shenzhen, 1), {
        on: '2025-06-01',
        subject: '换届',
        text: '通知',
      }),
  ],
  [
    'host moves him',
    async ({ host }) => host.office.desk.place(await caseOf(host, xinyang, 1), { branch: otherBranch }),
  ],
  ['home changes its key', ({ home }) => home.region.ownKeys.rotate()],
  ['host is home of another', ({ host }) => host.office.roster(...[11, 12].map(person))],
  ['host publishes', ({ host }) => host.office.outflow(away(11, xinyang))],
  ['home is host of him', ({ home }) => home.office.arrivals(here(11, shenzhen), here(13, shenzhen))],
  ['home reports of him', ({ home }) => home.office.activities(idNumberOf(11), dues('2025-07', 700))],
  ['host changes its key', ({ host }) => host.region.ownKeys.rotate()],
  [
    'host lets one go',
    async ({ host }) => host.office.desk.depart(await caseOf(host, xinyang, 2), { departedOn: '2025-08-01' }),
  ],
  [
    'home takes him back',
    async ({ home }) =>
      home.office.desk.registerReturn(await caseOf(home, shenzhen, 2), { returnedOn: '2025-08-02' }),
  ],
  [
    'home closes',
    async ({ home }) => home.office.desk.close(await caseOf(home, shenzhen, 2), { reason: 'returned' }),
  ],
  ['home publishes another', ({ home }) => home.office.outflow(away(5))],
  [
    'host disputes',
    async ({ host }) => host.office.desk.dispute(await caseOf(host, xinyang, 5), { reason: 'not-arrived' }),
  ],
  [
    'home changes its key twice',
    async ({ home }) => {
      await home.region.ownKeys.rotate()
      await home.region.ownKeys.rotate()
    },
  ],
  [
    'home reports again',
    async ({ home }) => home.office.desk.report(await caseOf(home, shenzhen, 3), lecture),
  ],
]

/** What both offices import again: the workbooks as they are at the end of the conversation. */
export async function registers({ home, host }: Nodes, which: 'home' | 'host'): Promise<void> {
  if (which === 'home') {
    await home.office.roster(
      person(1),
      { ...person(2), phone: '13722222222' },
      person(3),
      person(4),
      person(5),
    )
    await home.office.outflow(away(1), away(3, shenzhen, '13800000003'), away(2), away(5))
    await home.office.arrivals(here(11, shenzhen), here(13, shenzhen))
    await home.office.activities(idNumberOf(11), dues('2025-07', 700))
    return
  }
  await host.office.roster(...[11, 12].map(person))
  await host.office.outflow(away(11, xinyang))
  const phone = '13911111111'
  await host.office.arrivals(
    here(1, xinyang, { branch }),
    here(4),
    here(6),
    here(2),
    here(3, xinyang, { phone }),
  )
  await host.office.activities(idNumberOf(1), dues('2025-04', 100), lecture, dues('2025-04', 200))
  await host.office.activities(idNumberOf(4), dues('2025-04', 400))
}
