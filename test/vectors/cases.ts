/** Vectors of cases: what both sides said, what each node makes of it, and the digest both must hold alike. */
import {
  caseView,
  digestOf,
  isHomeEvent,
  isHostEvent,
  noHomeFacts,
  noHostFacts,
  sharedView,
  stepHome,
  stepHost,
  type BodyOf,
  type CaseActivity,
  type Difference,
  type FactRecord,
  type Meaning,
  type RecordType,
  type Side,
} from '../../protocol/index.ts'
import { bodies, caseId, crypto, fact } from './actors.ts'

interface Said {
  by: Side
  record: FactRecord
  /** The code with which it is refused; absent when it is applied. */
  code?: string
}

function say<T extends RecordType>(by: Side, type: T, body: BodyOf<T> = bodies[type]): Said {
  return { by, record: fact<RecordType>(type, 30, body) }
}

const no = (code: string, said: Said): Said => ({ ...said, code })

interface Story {
  comment: string
  said: Said[]
  meaning: Meaning
  differences: Difference[]
}

const published = say('home', 'flow.published')
const asserted = say('home', 'identity.asserted')
const alike = say('host', 'flow.arrived', { person: { name: '龚胜平' }, match: 'certain', deviations: [] })
const differing = say('host', 'flow.arrived')
const departed = say('host', 'flow.departed')

/** Written by hand: what each story means. */
const stories: Story[] = [
  { comment: 'published, nobody there yet', said: [published], meaning: 'pending', differences: [] },
  { comment: 'asserted, not confirmed yet', said: [asserted], meaning: 'pending', differences: [] },
  { comment: 'published and confirmed alike', said: [published, alike], meaning: 'agreed', differences: [] },
  {
    comment: 'placed in a branch',
    said: [published, alike, say('host', 'flow.placed')],
    meaning: 'agreed',
    differences: [],
  },
  {
    comment: 'confirmed with deviations',
    said: [published, differing],
    meaning: 'deviating',
    differences: ['attributes-differ'],
  },
  {
    comment: 'confirmed anew without deviations after home amended',
    said: [published, differing, say('home', 'flow.amended'), alike],
    meaning: 'agreed',
    differences: [],
  },
  {
    comment: 'known to home, reported by host only',
    said: [asserted, alike],
    meaning: 'one-sided',
    differences: ['reported-by-host-only'],
  },
  {
    comment: 'reported by host, then published by home',
    said: [asserted, alike, published],
    meaning: 'agreed',
    differences: [],
  },
  {
    comment: 'disputed',
    said: [published, say('host', 'flow.disputed')],
    meaning: 'deviating',
    differences: ['disputed'],
  },
  {
    comment: 'a dispute ends when host confirms',
    said: [published, say('host', 'flow.disputed'), alike],
    meaning: 'agreed',
    differences: [],
  },
  {
    comment: 'a dispute ends when home closes',
    said: [
      published,
      say('host', 'flow.disputed'),
      say('home', 'flow.closed', { reason: 'published-in-error' }),
    ],
    meaning: 'ended',
    differences: [],
  },
  {
    comment: 'left there, still out at home',
    said: [published, alike, departed],
    meaning: 'deviating',
    differences: ['departed-but-out'],
  },
  {
    comment: 'left there and returned',
    said: [published, alike, departed, say('home', 'flow.returned')],
    meaning: 'ended',
    differences: [],
  },
  {
    comment: 'returned at home, still there',
    said: [published, alike, say('home', 'flow.returned')],
    meaning: 'deviating',
    differences: ['present-but-returned'],
  },
  {
    comment: 'closed at home, still there',
    said: [published, alike, say('home', 'flow.closed')],
    meaning: 'deviating',
    differences: ['present-but-closed'],
  },
  {
    comment: 'back again: branch and departure are gone',
    said: [published, alike, say('host', 'flow.placed'), departed, alike],
    meaning: 'agreed',
    differences: [],
  },
  {
    comment: 'published twice',
    said: [published, no('already_published', published)],
    meaning: 'pending',
    differences: [],
  },
  {
    comment: 'returned twice, and published after the return',
    said: [
      published,
      say('home', 'flow.returned'),
      no('already_returned', say('home', 'flow.returned')),
      no('already_returned', published),
    ],
    meaning: 'ended',
    differences: [],
  },
  {
    comment: 'a closed case takes nothing from home',
    said: [
      published,
      say('home', 'flow.closed'),
      no('case_closed', say('home', 'flow.amended')),
      no('case_closed', published),
      no('case_closed', asserted),
    ],
    meaning: 'ended',
    differences: [],
  },
  {
    comment: 'host speaks of somebody who has not arrived',
    said: [
      published,
      no('not_arrived', say('host', 'flow.placed')),
      no('not_arrived', departed),
      no('not_arrived', say('host', 'activity.recorded')),
    ],
    meaning: 'pending',
    differences: [],
  },
  {
    comment: 'relocated before placed, placed twice',
    said: [
      published,
      alike,
      no('not_placed', say('host', 'flow.relocated')),
      say('host', 'flow.placed'),
      no('already_placed', say('host', 'flow.placed')),
    ],
    meaning: 'agreed',
    differences: [],
  },
  {
    comment: 'a report may come after the departure',
    said: [published, alike, departed, say('host', 'activity.recorded'), no('already_departed', departed)],
    meaning: 'deviating',
    differences: ['departed-but-out'],
  },
  {
    comment: 'notices are counted',
    said: [published, say('home', 'notice.sent'), say('home', 'notice.sent')],
    meaning: 'pending',
    differences: [],
  },
  {
    comment: 'amended before published',
    said: [asserted, no('not_published', say('home', 'flow.amended'))],
    meaning: 'pending',
    differences: [],
  },
  {
    comment: 'host alone, home has said nothing',
    said: [alike],
    meaning: 'one-sided',
    differences: ['reported-by-host-only'],
  },
]

export function caseVectors() {
  return {
    comment:
      'Stories of one case, in the order told; what is refused changes nothing. `shared` is digested with SHA-256.',
    case: caseId,
    vectors: stories.map(toldStory),
  }
}

function toldStory({ comment, said, meaning, differences }: Story) {
  let homeFacts = noHomeFacts
  let hostFacts = noHostFacts
  const activities: CaseActivity[] = []
  for (const { by, record } of said) {
    if (by === 'home' && isHomeEvent(record)) {
      const step = stepHome(homeFacts, record)
      if (step.ok) homeFacts = step.facts
    } else if (isHostEvent(record)) {
      const step = stepHost(hostFacts, record)
      if (step.ok) hostFacts = step.facts
      if (step.ok && record.type === 'activity.recorded')
        activities.push({ id: record.id, by, activity: record.body.activity })
    }
  }
  const view = caseView(homeFacts, hostFacts)
  const shared = sharedView(caseId, homeFacts, hostFacts, activities)
  return {
    comment,
    said: said.map(({ by, record, code }) => ({
      by,
      text: JSON.stringify(record),
      ...(code === undefined ? {} : { code }),
    })),
    home: view.home.state,
    host: view.host.state,
    meaning,
    differences,
    shared,
    digest: digestOf(crypto, shared),
  }
}
