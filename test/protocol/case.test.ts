/** A case: both tables cell by cell, what holds for any sequence of records, and what the two sides mean together. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  caseView,
  homeStates,
  homeTable,
  hostStates,
  hostTable,
  isHomeEvent,
  isHostEvent,
  isOut,
  isPresent,
  noHomeFacts,
  noHostFacts,
  sharedView,
  stepHome,
  stepHost,
  type CaseActivity,
  type FactRecord,
  type HomeEvent,
  type HomeFacts,
  type HomeState,
  type HostEvent,
  type HostFacts,
  type HostState,
} from '../../protocol/index.ts'
import { bodies, caseId, fact, id } from '../vectors/actors.ts'

const homeEvents = Object.keys(homeTable.unknown) as HomeEvent[]
const hostEvents = Object.keys(hostTable.none) as HostEvent[]
const anyHome = fc.constantFrom(...homeEvents).map((type) => fact(type) as FactRecord<HomeEvent>)
const anyHost = fc.constantFrom(...hostEvents).map((type) => fact(type) as FactRecord<HostEvent>)
const anySaid = fc.array(fc.oneof(anyHome, anyHost), { maxLength: 30 })

/** Written by hand from the specification: the next state, or the code of the refusal. */
const homeExpected: Record<HomeState, Record<HomeEvent, string>> = {
  unknown: row('asserted', 'published', 'not_published', 'not_published', 'not_published', 'not_published'),
  asserted: row('asserted', 'published', 'not_published', 'not_published', 'closed', 'asserted'),
  published: row('published', 'already_published', 'published', 'returned', 'closed', 'published'),
  returned: row('returned', 'already_returned', 'returned', 'already_returned', 'closed', 'returned'),
  closed: row('case_closed', 'case_closed', 'case_closed', 'case_closed', 'case_closed', 'case_closed'),
}

function row(
  asserted: string,
  published: string,
  amended: string,
  returned: string,
  closed: string,
  notice: string,
) {
  return {
    'identity.asserted': asserted,
    'flow.published': published,
    'flow.amended': amended,
    'flow.returned': returned,
    'flow.closed': closed,
    'notice.sent': notice,
  }
}

const hostExpected: Record<HostState, Record<HostEvent, string>> = {
  none: line('arrived', 'none', 'not_arrived', 'not_arrived', 'not_arrived', 'not_arrived'),
  arrived: line('arrived', 'arrived', 'placed', 'not_placed', 'departed', 'arrived'),
  placed: line('placed', 'placed', 'already_placed', 'placed', 'departed', 'placed'),
  departed: line(
    'arrived',
    'departed',
    'already_departed',
    'already_departed',
    'already_departed',
    'departed',
  ),
}

function line(
  arrived: string,
  disputed: string,
  placed: string,
  relocated: string,
  departed: string,
  activity: string,
) {
  return {
    'flow.arrived': arrived,
    'flow.disputed': disputed,
    'flow.placed': placed,
    'flow.relocated': relocated,
    'flow.departed': departed,
    'activity.recorded': activity,
    'activity.corrected': activity,
  }
}

describe('the table of home', () => {
  for (const state of homeStates)
    it.each(homeEvents)(`in ${state}: %s`, (type) => {
      const step = stepHome({ ...noHomeFacts, state }, fact(type))
      expect(step.ok ? step.facts.state : step.code).toBe(homeExpected[state][type])
    })
})

describe('the table of host', () => {
  for (const state of hostStates)
    it.each(hostEvents)(`in ${state}: %s`, (type) => {
      const step = stepHost({ ...noHostFacts, state }, fact(type))
      expect(step.ok ? step.facts.state : step.code).toBe(hostExpected[state][type])
    })
})

function fold(said: readonly FactRecord[]): { home: HomeFacts; host: HostFacts } {
  let [home, host] = [noHomeFacts, noHostFacts]
  for (const record of said) {
    if (isHomeEvent(record)) {
      const step = stepHome(home, record)
      if (step.ok) home = step.facts
    } else if (isHostEvent(record)) {
      const step = stepHost(host, record)
      if (step.ok) host = step.facts
    }
  }
  return { home, host }
}

describe('any sequence of records, legal and illegal,', () => {
  it('leaves each side what its own records alone make of it: nobody changes the other side', () => {
    fc.assert(
      fc.property(anySaid, (said) => {
        const { home, host } = fold(said)
        expect(fold(said.filter(isHomeEvent)).home).toEqual(home)
        expect(fold(said.filter(isHostEvent)).host).toEqual(host)
      }),
    )
  })

  it('ends the same however the two sides’ records cross', () => {
    fc.assert(
      fc.property(
        fc.array(anyHome, { maxLength: 12 }),
        fc.array(anyHost, { maxLength: 12 }),
        fc.array(fc.boolean()),
        (ours, theirs, order) => {
          const [a, b] = [[...ours], [...theirs]]
          const mixed: FactRecord[] = []
          for (const first of order) mixed.push(...(first ? a : b).splice(0, 1))
          expect(fold([...mixed, ...a, ...b])).toEqual(fold([...theirs, ...ours]))
        },
      ),
    )
  })

  it('never opens a closed case again', () => {
    fc.assert(
      fc.property(anySaid, anySaid, (before, after) => {
        const closed: HomeFacts = { ...fold(before).home, state: 'closed' }
        for (const record of after.filter(isHomeEvent))
          expect(stepHome(closed, record)).toMatchObject({ ok: false, code: 'case_closed' })
      }),
    )
  })
})

describe('at every step of such a sequence, it', () => {
  it('changes no facts where it is refused, and goes only where the table says', () => {
    fc.assert(
      fc.property(anySaid, (said) => {
        let [home, host] = [noHomeFacts, noHostFacts]
        for (const record of said) {
          const before = JSON.stringify([home, host])
          const step = isHomeEvent(record)
            ? stepHome(home, record)
            : isHostEvent(record)
              ? stepHost(host, record)
              : undefined
          expect(JSON.stringify([home, host]), 'a step changes nothing in place').toBe(before)
          if (!step?.ok) continue
          if (isHomeEvent(record)) {
            expect(step.facts.state).toBe(homeExpected[home.state][record.type])
            home = step.facts as HomeFacts
          } else if (isHostEvent(record)) {
            expect(step.facts.state).toBe(hostExpected[host.state][record.type])
            host = step.facts as HostFacts
          }
        }
      }),
    )
  })

  it('keeps facts that fit their state', () => {
    fc.assert(
      fc.property(anySaid, (said) => {
        const { home, host } = fold(said)
        expect(home.person !== null).toBe(home.state !== 'unknown')
        if (isOut(home)) expect(home.outflow).not.toBeNull()
        if (home.state === 'closed') expect(home.closed).not.toBeNull()
        if (home.state === 'returned') expect(home.returnedOn).not.toBeNull()
        if (isPresent(host)) expect(host.person).not.toBeNull()
        if (host.state === 'placed') expect(host.branch).not.toBeNull()
        expect(host.departedOn !== null).toBe(host.state === 'departed')
      }),
    )
  })
})

describe('a step', () => {
  it('amends what it names and leaves the rest', () => {
    const { home } = fold([fact('flow.published'), fact('flow.amended') as FactRecord])
    expect(home.person).toEqual(bodies['flow.amended'].person)
    expect(home.outflow).toEqual(bodies['flow.published'].outflow)
  })

  it('of a new arrival forgets branch and departure of the earlier stay', () => {
    const { host } = fold([
      fact('flow.arrived'),
      fact('flow.placed'),
      fact('flow.departed'),
      fact('flow.arrived'),
    ])
    expect(host).toMatchObject({ state: 'arrived', branch: null, departedOn: null })
  })

  it('of an arrival said anew replaces grade and deviations and keeps the branch', () => {
    const anew = fact('flow.arrived', 11, { person: { name: '龚胜平' }, match: 'certain', deviations: [] })
    const { host } = fold([fact('flow.arrived'), fact('flow.placed'), anew])
    expect(host).toMatchObject({ state: 'placed', match: 'certain', deviations: [], employer: null })
    expect(host.branch).toEqual(bodies['flow.placed'].branch)
  })
})

/** Written by hand: home's states down, host's states across; first without, then with deviations where host is present. */
const meaningsExpected: Record<HomeState, Record<HostState, string>> = {
  unknown: { none: 'pending', arrived: 'one-sided', placed: 'one-sided', departed: 'ended' },
  asserted: { none: 'pending', arrived: 'one-sided', placed: 'one-sided', departed: 'ended' },
  published: { none: 'pending', arrived: 'agreed', placed: 'agreed', departed: 'deviating departed-but-out' },
  returned: {
    none: 'ended',
    arrived: 'deviating present-but-returned',
    placed: 'deviating present-but-returned',
    departed: 'ended',
  },
  closed: {
    none: 'ended',
    arrived: 'deviating present-but-closed',
    placed: 'deviating present-but-closed',
    departed: 'ended',
  },
}

describe('the meaning of both sides together', () => {
  const meaningOf = (home: HomeFacts, host: HostFacts) => {
    const { meaning, differences } = caseView(home, host)
    return [meaning, ...differences.filter((difference) => difference !== 'reported-by-host-only')].join(' ')
  }
  for (const home of homeStates)
    it.each(hostStates)(`home ${home}, host %s`, (host) => {
      const sides = [
        { ...noHomeFacts, state: home },
        { ...noHostFacts, state: host },
      ] as const
      expect(meaningOf(...sides)).toBe(meaningsExpected[home][host])
    })

  it('deviates where attributes differ, as long as the person is there', () => {
    const deviations = bodies['flow.arrived'].deviations
    const home: HomeFacts = { ...noHomeFacts, state: 'published' }
    expect(meaningOf(home, { ...noHostFacts, state: 'arrived', deviations })).toBe(
      'deviating attributes-differ',
    )
    expect(meaningOf(home, { ...noHostFacts, state: 'departed', deviations })).toBe(
      'deviating departed-but-out',
    )
  })

  it('deviates where host disputes, until host confirms or home closes', () => {
    const host: HostFacts = { ...noHostFacts, dispute: 'not-arrived' }
    for (const state of homeStates)
      expect(caseView({ ...noHomeFacts, state }, host).differences).toEqual(
        state === 'closed' ? [] : ['disputed'],
      )
  })

  it('is in flight while a record has no receipt, with the differences still on view', () => {
    const view = caseView({ ...noHomeFacts, state: 'published' }, { ...noHostFacts, state: 'departed' }, true)
    expect([view.meaning, view.differences]).toEqual(['in-flight', ['departed-but-out']])
  })

  it('is agreed only with no difference, and every difference has a meaning that says so', () => {
    fc.assert(
      fc.property(anySaid, (said) => {
        const { home, host } = fold(said)
        const { meaning, differences } = caseView(home, host)
        expect(differences.length > 0).toBe(meaning === 'deviating' || meaning === 'one-sided')
      }),
    )
  })
})

describe('the shared view', () => {
  const activity = (n: number): CaseActivity => ({
    id: id(n),
    by: 'host',
    activity: { on: '2025-10-01', kind: 'study' },
  })

  it('is the same text for activities in any order', () => {
    const list = [activity(1), activity(2), activity(3)]
    const text = sharedView(caseId, noHomeFacts, noHostFacts, list)
    expect(sharedView(caseId, noHomeFacts, noHostFacts, [...list].reverse())).toBe(text)
    expect(list.map((item) => item.id)).toEqual([id(1), id(2), id(3)])
  })

  it('is another text when any fact differs', () => {
    const text = sharedView(caseId, noHomeFacts, noHostFacts, [])
    expect(sharedView(caseId, { ...noHomeFacts, notices: 1 }, noHostFacts, [])).not.toBe(text)
    expect(sharedView(caseId, noHomeFacts, { ...noHostFacts, employer: 'x' }, [])).not.toBe(text)
    expect(sharedView(caseId, noHomeFacts, noHostFacts, [activity(1)])).not.toBe(text)
  })
})
