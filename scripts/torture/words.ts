/** What an office may lawfully say of a case next, and what the case is after it: the model the nodes are held to. */
import { type Activity, type Side } from '../../protocol/index.ts'

export interface SharedActivity {
  readonly id: string
  readonly by: Side
  readonly title: string
  readonly on: string
}

/** The part of a shared view that changes by an office's word alone. */
export interface SharedCase {
  readonly name: string
  readonly home: string
  readonly homeSaid: { phone: string; notices: number; returnedOn: string | null; closed: string | null }
  readonly host: string
  readonly hostSaid: { branch: string | null; departedOn: string | null }
  readonly activities: readonly SharedActivity[]
}

/** Chance, numbers nobody has had, and whether home changes what it says of the person. */
export interface Wit {
  readonly random: () => number
  readonly serial: () => string
  readonly amends: boolean
}

export interface Verb {
  readonly path: string
  readonly body: object
}

interface Shared {
  readonly home: {
    readonly state: string
    readonly person: { readonly phone?: string; readonly name: string } | null
    readonly notices: number
    readonly returnedOn: string | null
    readonly closed: string | null
  }
  readonly host: {
    readonly state: string
    readonly branch: { readonly name: string } | null
    readonly departedOn: string | null
  }
  readonly activities: readonly { readonly id: string; readonly by: Side; readonly activity: Activity }[]
}

export function parseShared(text: string): SharedCase {
  const { home, host, activities } = JSON.parse(text) as Shared
  const { notices, returnedOn, closed } = home
  return {
    name: home.person?.name ?? '',
    home: home.state,
    homeSaid: { phone: home.person?.phone ?? '', notices, returnedOn, closed },
    host: host.state,
    hostSaid: { branch: host.branch?.name ?? null, departedOn: host.departedOn },
    activities: activities.map(({ id, by, activity }) => ({
      ...{ id, by, on: activity.on },
      title: activity.title ?? '',
    })),
  }
}

const on = '2026-10-15'
const study = (title: string): Verb => ({ path: 'activities', body: { on, kind: 'study', title } })

/** One lawful word by chance; undefined when this side has nothing more to say. */
export function wordOf(side: Side, now: SharedCase, wit: Wit): Verb | undefined {
  const { random, serial } = wit
  const own = now.activities.filter(({ by }) => by === side)
  const dice = random()
  if (own.length > 0 && dice < 0.2) return correctionOf(own, wit)
  if (dice < 0.6 && own.length < 12) return study(`集中学习${serial()}`)
  return side === 'home' ? homeWord(now, wit) : hostWord(now, wit)
}

function correctionOf(own: readonly SharedActivity[], { random, serial }: Wit): Verb {
  const corrects = own[Math.floor(random() * own.length)]?.id ?? ''
  const activity = random() < 0.2 ? null : { on: '2026-10-16', kind: 'study', title: `更正${serial()}` }
  return { path: 'corrections', body: { corrects, activity } }
}

function homeWord(now: SharedCase, { random, serial, amends }: Wit): Verb | undefined {
  if (now.home === 'closed') return undefined
  const dice = random()
  const notice = { on, subject: `通知${serial()}`, text: '请按时参加组织生活' }
  // The stay has begun before it ends: a person who was never met would be asked for anew.
  const met = now.host !== 'none'
  if (now.home === 'returned')
    return dice < 0.4 && met
      ? { path: 'close', body: { reason: 'returned' } }
      : { path: 'notice', body: notice }
  if (dice < 0.12 && met) return { path: 'return', body: { returnedOn: '2026-11-01' } }
  if (dice < 0.5 && amends) {
    const phone = `139${serial().replace(/\D/g, '').slice(-8).padStart(8, '0')}`
    return { path: 'amend', body: { person: { name: now.name, category: 'full', phone } } }
  }
  return { path: 'notice', body: notice }
}

function hostWord(now: SharedCase, { random, serial }: Wit): Verb | undefined {
  if (now.host === 'departed') return undefined
  if (now.host === 'placed' && random() < 0.15) return { path: 'depart', body: { departedOn: '2026-11-01' } }
  return { path: 'place', body: { branch: `第${serial()}党支部` } }
}

/** The case after one side's word. */
export function after(side: Side, now: SharedCase, { path, body }: Verb): SharedCase {
  const said = body as Record<string, never>
  const home = (state: string, change: Partial<SharedCase['homeSaid']>) => ({
    ...{ ...now, home: state, homeSaid: { ...now.homeSaid, ...change } },
  })
  const host = (state: string, change: Partial<SharedCase['hostSaid']>) => ({
    ...{ ...now, host: state, hostSaid: { ...now.hostSaid, ...change } },
  })
  switch (path) {
    case 'amend':
      return home(now.home, { phone: (said['person'] as unknown as { phone: string }).phone })
    case 'notice':
      return home(now.home, { notices: now.homeSaid.notices + 1 })
    case 'return':
      return home('returned', { returnedOn: said['returnedOn'] ?? null })
    case 'close':
      return home('closed', { closed: said['reason'] ?? null })
    case 'place':
      return host('placed', { branch: said['branch'] ?? null })
    case 'depart':
      return host('departed', { departedOn: said['departedOn'] ?? null })
    case 'activities':
      return { ...now, activities: [...now.activities, written(side, '', said as unknown as Activity)] }
    case 'corrections':
      return corrected(side, now, said['corrects'] ?? '', said['activity'] ?? null)
    default:
      throw new TypeError(`no such word: ${path}`)
  }
}

function corrected(side: Side, now: SharedCase, id: string, activity: Activity | null): SharedCase {
  const others = now.activities.filter((one) => one.id !== id)
  return { ...now, activities: activity === null ? others : [...others, written(side, id, activity)] }
}

function written(by: Side, id: string, activity: Activity): SharedActivity {
  return { id, by, title: activity.title ?? '', on: activity.on }
}
