/** Section 12: erasing takes the text and the facts of a closed case, and no digest, outcome or other record. */
import { digestOfLine, erasedLine, type Uuid } from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, demandSame } from '../demand.ts'
import { type Heard } from '../listener.ts'
import { crypto, newId, newTag, type Peer } from '../peer.ts'
import { type World } from '../world.ts'
import { caseOf } from './hosting.ts'
import { activities, Home, tell } from './records.ts'

interface RecordPlace {
  readonly epoch: number
  readonly seq: number
  readonly index: number
  readonly digest: string
}

/** Where these records were said in our last envelope. */
function placesOf(peer: Peer, count: number): RecordPlace[] {
  const { place = { epoch: 0, seq: 0 }, records = [] } = peer.said.at(-1) ?? {}
  return records.slice(0, count).map((line, index) => {
    return { ...place, index, digest: digestOfLine(crypto, line) }
  })
}

const erasing = (peer: Peer, id: Uuid, place: RecordPlace) =>
  peer.record('record.erased', id, {
    epoch: place.epoch,
    seq: place.seq,
    index: place.index,
    digest: place.digest,
  })

async function demandDigest(peer: Peer, id: Uuid, home: string): Promise<void> {
  const expected = peer.book.digests(home).find((each) => each.id === id)?.digest
  let found: string | undefined
  for (let after: Uuid | null = null; found === undefined;) {
    const page: Awaited<ReturnType<Peer['compare']>> = await peer.compare(home, after)
    found = page.cases.find((each) => each.id === id)?.digest
    after = page.next
    if (after === null) break
  }
  demandSame(found ?? 'not listed', expected, 'the digest of the erased case')
}

/** Records of the node in our copy of its stream that are about this case. */
function saidOf({ listener }: World, peer: Peer, id: Uuid): Heard[] {
  return listener.of(peer).heard.filter(({ record }) => record.case === id && record.type !== 'record.erased')
}

const byUs: readonly Check[] = [
  {
    id: 'erased.by-home',
    section: 12,
    says: 'Home erases its records of a case, applied and refused ones, when it is closed; its state remains: case_open, bad_record.',
    codes: ['case_open', 'bad_record'],
    run: async ({ first: peer }) => {
      const [one, other] = [new Home(peer), new Home(peer)]
      const [recorded] = activities(peer, one.id, newId())
      await tell(peer, 'a case', [
        [one.says('flow.published'), 'applied'],
        [one.says('notice.sent'), 'applied'],
        [recorded, 'applied'],
        [one.says('flow.published'), 'refused:already_published'],
        [other.says('flow.published'), 'applied'],
        [other.says('flow.closed'), 'applied'],
      ])
      const places = placesOf(peer, 4)
      const [first] = places
      demand(first !== undefined, 'the records have no place')
      const bad = 'refused:bad_record'
      await tell(peer, 'while it is open', [
        [erasing(peer, one.id, first), 'refused:case_open'],
        [erasing(peer, one.id, { ...first, digest: newTag() }), bad],
      ])
      await tell(peer, 'what is not there', [
        [one.says('flow.closed'), 'applied'],
        [erasing(peer, one.id, { ...first, digest: newTag() }), bad],
        [erasing(peer, one.id, { ...first, index: 1 }), bad],
        [erasing(peer, one.id, { ...first, seq: first.seq + 1 }), bad],
        [erasing(peer, one.id, { ...first, epoch: first.epoch + 1 }), bad],
        [erasing(peer, other.id, first), bad],
        [erasing(peer, newId(), first), bad],
      ])
      await tell(
        peer,
        'erasures',
        places.map((place) => [erasing(peer, one.id, place), 'applied']),
      )
      await demandDigest(peer, one.id, peer.self)
      await demandErased(peer, places)
    },
  },
  {
    id: 'erased.by-host',
    section: 12,
    says: 'Host erases its records of a case that home has closed, and not before: case_open.',
    codes: ['case_open'],
    needs: ['person', 'operator'],
    run: async (world) => {
      const { first: peer, operator } = world
      const id = await caseOf(world)
      const [recorded] = activities(peer, id, newId())
      const person = { name: '测试员' }
      await tell(peer, 'an arrival', [
        [peer.record('flow.arrived', id, { person, match: 'certain', deviations: [] }), 'applied'],
        [recorded, 'applied'],
      ])
      const places = placesOf(peer, 2)
      const [first] = places
      demand(first !== undefined, 'the records have no place')
      await tell(peer, 'while it is open', [[erasing(peer, id, first), 'refused:case_open']])
      await operator.close(id)
      await world.quiet(peer)
      await tell(
        peer,
        'erasures',
        places.map((place) => [erasing(peer, id, place), 'applied']),
      )
      await demandDigest(peer, id, peer.node)
      await demandErased(peer, places)
    },
  },
]

const byNode: readonly Check[] = [
  {
    id: 'erased.by-node',
    section: 12,
    says: 'What the node erases of a closed case it says in its stream, shows by its digest, and has not changed otherwise: what host said of it stays.',
    needs: ['person', 'operator'],
    run: async (world) => {
      const { first: peer, operator, listener } = world
      const id = await caseOf(world)
      const [recorded] = activities(peer, id, newId())
      const person = { name: '测试员' }
      await tell(peer, 'an arrival', [
        [peer.record('flow.arrived', id, { person, match: 'certain', deviations: [] }), 'applied'],
        [recorded, 'applied'],
      ])
      await world.quiet(peer)
      await operator.close(id)
      await world.quiet(peer)
      const said = saidOf(world, peer, id)
      await operator.erase(id)
      await world.quiet(peer)
      const erased = listener
        .of(peer)
        .heard.flatMap(({ record }) =>
          record.type === 'record.erased' && record.case === id ? [record.body] : [],
        )
      demandSame(
        erased.map(({ digest }) => digest).sort(),
        said.map(({ digest }) => digest).sort(),
        'digests of the records that were erased',
      )
      for (const { epoch, seq, index, digest } of said)
        world.erased.set(`${peer.self} ${epoch}/${seq}/${index}`, digest)
      await demandDigest(peer, id, peer.node)
    },
  },
]

/** Given back, an erased record is `#` and its digest, and its neighbours and the receipt are what they were. */
async function demandErased(peer: Peer, places: readonly RecordPlace[]): Promise<void> {
  const [{ epoch = 0, seq = 0 } = {}] = places
  const [restored] = await peer.restore('asked', { epoch, seq: seq - 1 })
  const said = peer.said.find(({ place }) => place.epoch === epoch && place.seq === seq)
  demandSame(restored?.envelope.jws, said?.jws, 'the token with the erased records')
  demandSame(restored?.receipt, said?.receipt, 'the receipt of the erased records')
  demandSame(restored?.envelope.records, said?.records, 'the records beside the erased ones')
  for (const { index, digest } of places)
    demandSame(restored?.envelope.records[index], erasedLine(digest), `record ${index}`)
}

export const erasureChecks: readonly Check[] = [...byUs, ...byNode]
