/**
 * Offices at work: few people, so that their stories meet often; every verb at any time, also when it makes no sense,
 * also twice. What an officer is told he cannot do is part of the day.
 */
import { type Activity, type NodeId, type Uuid } from '../../protocol/index.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { Chance } from './chance.ts'
import { type Life, type Machine } from './stage.ts'
import { type World } from './world.ts'

type Act = (day: Day) => Promise<unknown>

/** Who does what, drawn before it is done, so that the same can be done again. */
interface Day {
  readonly life: Life
  readonly peer: NodeId
  readonly who: number
  readonly which: number
  readonly on: string
  readonly name: string
  readonly caseId: Uuid
  readonly report: { id: Uuid; caseId: Uuid } | undefined
}

const nobody = '019ca000-0000-7000-8000-000000000001'

function activityOf({ on, which }: Day): Activity {
  return which === 0 ? { on, kind: 'dues', amountFen: 500 } : { on, kind: 'study', title: `第${which}次` }
}

/** Home and host of a person are told by his number: some have several homes in mind, which makes denials. */
const acts: readonly (readonly [weight: number, name: string, act: Act])[] = [
  [
    6,
    'roster',
    ({ life, who, name, which }) =>
      life.office.roster({
        idNumber: idNumberOf(who),
        name,
        ...(which === 2 ? { phone: '13800000000' } : {}),
      }),
  ],
  [
    8,
    'register',
    ({ life, who, peer, on, which }) =>
      life.office.outflow({
        idNumber: idNumberOf(who),
        host: peer,
        outflow: { destination: { code: peer, text: '外地' }, leftOn: on },
        ...(which === 3 ? { phone: '13900000000' } : {}),
      }),
  ],
  [
    10,
    'arrive',
    ({ life, who, peer, name, on, which }) =>
      life.office.arrivals({
        ...{ idNumber: idNumberOf(who), home: peer, name, arrivedOn: on },
        ...(which === 0 ? {} : { branch: `中共东河镇第${which}支部委员会` }),
      }),
  ],
  [2, 'amend', ({ life, caseId, name }) => life.office.desk.amend(caseId, { person: { name } })],
  [3, 'return', ({ life, caseId, on }) => life.office.desk.registerReturn(caseId, { returnedOn: on })],
  [4, 'close', ({ life, caseId }) => life.office.desk.close(caseId, { reason: 'other' })],
  [
    5,
    'notice',
    ({ life, caseId, on }) => life.office.desk.notify(caseId, { on, subject: '通知', text: '内容' }),
  ],
  [4, 'place', ({ life, caseId, which }) => life.office.desk.place(caseId, { branch: `支部${which}` })],
  [3, 'depart', ({ life, caseId, on }) => life.office.desk.depart(caseId, { departedOn: on })],
  [2, 'dispute', ({ life, caseId }) => life.office.desk.dispute(caseId, { reason: 'other' })],
  [5, 'report', (day) => day.life.office.desk.report(day.caseId, activityOf(day))],
  [4, 'report arrival', (day) => reportArrival(day)],
  [3, 'correct', (day) => correct(day)],
  [2, 'erase', ({ life, caseId }) => life.office.desk.erase(caseId)],
  [1, 'pull', ({ life, peer }) => life.region.requests.pull(peer)],
  [1, 'compare', (day) => compare(day)],
  [1, 'pause', ({ life, peer, which }) => life.region.agreements.pause(peer, which === 1)],
]
const totalWeight = acts.reduce((sum, [weight]) => sum + weight, 0)

async function correct(day: Day): Promise<void> {
  if (!day.report) return
  const activity = day.which === 0 ? null : activityOf(day)
  await day.life.office.desk.correct(day.report.caseId, { corrects: day.report.id, activity })
}

async function reportArrival(day: Day): Promise<void> {
  const { region, office } = day.life
  const token = region.members.idToken(idNumberOf(day.who))
  const known = await region.store.read((reader) => region.host.byTokens(reader, [token]))
  if (known.size > 0) await office.activities(idNumberOf(day.who), activityOf(day))
}

async function compare({ life: { region }, peer, which }: Day): Promise<void> {
  const found = await region.store.read((reader) => region.peers.get(reader, peer))
  if (found) await region.requests.compare(found, which === 0 ? peer : region.self, null)
}

export class OfficeDays {
  private readonly world: World
  private readonly chance: Chance
  /** People in the whole world. */
  private readonly people: number
  private readonly meanGapMs: number
  /** How often an act is done twice at once, and again later (F18). */
  repeats = 0

  constructor(world: World) {
    this.world = world
    this.chance = new Chance(world.chance.seed())
    this.people = this.chance.between(3, 40)
    this.meanGapMs = this.chance.spread(100, 1200)
  }

  start(): void {
    if (!this.world.stormy) return
    const node = this.chance.pick([...this.world.nodes.values()])
    const life = node.listening()
    if (life) this.work(node, life)
    this.world.timeline.after(this.chance.gap(this.meanGapMs), () => this.start())
  }

  private work(node: Machine, life: Life): void {
    const [, name, act] = this.drawAct()
    const day = this.drawDay(node, life)
    void this.perform(name, act, day)
    if (!this.chance.under(this.repeats)) return
    this.world.faulted('F18', `${node.id} ${name} again`)
    if (this.chance.under(0.5)) {
      this.world.saw('the same act twice at once')
      void this.perform(name, act, day)
    } else
      this.world.timeline.after(this.chance.spread(1, 30_000), () => {
        if (life.alive) void this.perform(name, act, day)
      })
  }

  private async perform(name: string, act: Act, day: Day): Promise<void> {
    try {
      const result = await act(day)
      if (name === 'pull' && typeof result === 'number' && result > 0)
        this.world.saw('pulled what was missing')
      if (name === 'pause' && day.which === 1) this.resumeLater(day)
    } catch (error) {
      if (day.life.alive) this.world.judge(error, `${name} at ${day.life.region.self}`)
    }
  }

  /** A pause ends with time, whichever process the operator then speaks to. */
  private resumeLater({ life: { region }, peer }: Day): void {
    this.world.timeline.after(this.chance.spread(100, 20_000), () => {
      const now = this.world.nodes.get(region.self)?.life
      if (now) void this.resume(now, peer)
    })
  }

  private async resume(life: Life, peer: NodeId): Promise<void> {
    try {
      await life.region.agreements.pause(peer, false)
      this.world.saw('peer paused and resumed')
    } catch (error) {
      if (life.alive) this.world.judge(error, 'resume')
    }
  }

  private drawAct(): (typeof acts)[number] {
    let at = this.chance.unit() * totalWeight
    for (const act of acts) if ((at -= act[0]) < 0) return act
    throw new RangeError('weights do not add up')
  }

  private drawDay(node: Machine, life: Life): Day {
    const { chance } = this
    const peers = [...this.world.nodes.keys()].filter((id) => id !== node.id)
    const who = chance.between(1, this.people)
    const which = chance.below(4)
    const desk = this.world.ledger.desk(node.id)
    // What is on top of the desk is touched most.
    const recent = (items: readonly unknown[]) => Math.max(0, items.length - 1 - Math.floor(chance.gap(6)))
    const day = chance.between(1, 28)
    return {
      ...{ life, who, which, peer: chance.pick(peers) },
      on: `2025-${String(4 + which).padStart(2, '0')}-${String(day).padStart(2, '0')}`,
      name: which === 3 ? nameOf(who + 50) : nameOf(who),
      caseId: desk.cases[recent(desk.cases)] ?? nobody,
      report: desk.reports[recent(desk.reports)],
    }
  }
}
