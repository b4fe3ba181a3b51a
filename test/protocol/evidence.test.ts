/** Evidence: two streams made by hand, verified with nothing but the file and two keys, and every way to touch it. */
import { describe, expect, it } from 'vitest'
import {
  contentId,
  evidenceSchema,
  jwsTypes,
  sealEnvelope,
  signJws,
  signReceipt,
  verifyEvidence,
  type Evidence,
  type EvidenceFault,
  type SealedEnvelope,
} from '../../protocol/index.ts'
import {
  caseId,
  crypto,
  fact,
  factText,
  home,
  host,
  id,
  stranger,
  tag,
  type Actor,
} from '../vectors/actors.ts'

const keys = [home, host].map(({ node, signing }) => ({ node, key: signing }))
type Item = Evidence['items'][number]

function stream(from: Actor, to: Actor, ...envelopes: string[][]): SealedEnvelope[] {
  const sealed: SealedEnvelope[] = []
  for (const records of envelopes) {
    const place = {
      iss: from.node,
      aud: to.node,
      epoch: 1,
      seq: sealed.length + 1,
      prev: sealed.at(-1)?.contentId ?? null,
      iat: 0,
    }
    sealed.push(sealEnvelope(crypto, from.signer, place, records))
  }
  return sealed
}

function receiptFor(
  { payload, digests, contentId: head }: SealedEnvelope,
  by: Actor,
  outcomes = digests.map(() => 'applied'),
): string {
  const { iss, epoch, seq } = payload
  return signReceipt(by.signer, { iss: by.node, aud: iss, epoch, seq, head, iat: 0, outcomes })
}

/** The neighbour's record is another person's: it is signed in the same envelope and is not in the file. */
const neighbour = JSON.stringify({ ...fact('flow.published', 40), case: id(99) })
const published = factText('flow.published', 41)
const amended = factText('flow.amended', 42)
const notice = factText('notice.sent', 43)
const arrived = factText('flow.arrived', 44)
const placed = factText('flow.placed', 45)
const [homeFirst, homeSecond] = stream(home, host, [neighbour, published], [amended, notice]) as [
  SealedEnvelope,
  SealedEnvelope,
]
const [hostFirst] = stream(host, home, [arrived, placed]) as [SealedEnvelope]

const item = (from: Actor, envelope: SealedEnvelope, index: number, by: Actor): Item => ({
  from: from.node,
  jws: envelope.jws,
  digests: [...envelope.digests],
  index,
  record: envelope.records[index] ?? null,
  receipt: receiptFor(envelope, by),
})
const items: Item[] = [
  item(home, homeFirst, 1, host),
  item(home, homeSecond, 0, host),
  item(home, homeSecond, 1, host),
  item(host, hostFirst, 0, home),
  item(host, hostFirst, 1, home),
]
const file = (list: Item[] = items): Evidence => ({
  format: 'huiliu-evidence-1',
  case: caseId,
  home: home.node,
  host: host.node,
  items: list,
})

function faults(change: Partial<Item>, at = 0): EvidenceFault['code'][] {
  const list = items.map((one, n) => (n === at ? { ...one, ...change } : one))
  const report = verifyEvidence(crypto, file(list), keys)
  expect(report.items.length + report.faults.length).toBe(list.length)
  return report.faults.map(({ code }) => code)
}

describe('a touched item', () => {
  it('shows a changed record', () => {
    expect(faults({ record: published.replace('龚胜平', '王胜平') })).toEqual(['digest_mismatch'])
    expect(faults({ record: arrived })).toEqual(['digest_mismatch'])
  })

  it('shows another index, within the envelope and beyond it', () => {
    expect(faults({ index: 0 })).toEqual(['digest_mismatch'])
    expect(faults({ index: 7 })).toEqual(['digest_mismatch'])
    expect(faults({ index: 7, record: null, receipt: null })).toEqual(['digest_mismatch'])
  })

  it('shows a list of digests that is not the signed one', () => {
    const [one = '', two = ''] = homeFirst.digests
    for (const digests of [[], [two], [two, one], [one, two, two], [tag, two]])
      expect(faults({ digests })).toEqual(['digest_mismatch'])
    expect(faults({ digests: [two, one], index: 0 })).toEqual(['digest_mismatch'])
  })

  it('shows a changed token', () => {
    const [header, , signature] = homeFirst.jws.split('.')
    const [, payload] = homeSecond.jws.split('.')
    expect(faults({ jws: `${header}.${payload}.${signature}` })).toEqual(['bad_signature'])
    expect(faults({ jws: 'x' })).toEqual(['bad_encoding'])
    expect(faults({ jws: receiptFor(homeFirst, host) })).toEqual(['wrong_type'])
  })

  it('shows a record that is said to come from another', () => {
    expect(faults({ from: host.node })).toEqual(['key_unknown'])
    expect(faults({ from: stranger.node })).toEqual(['key_unknown'])
    const all = [...keys, { node: stranger.node, key: stranger.signing }]
    const [theirs] = stream(stranger, home, [published]) as [SealedEnvelope]
    const report = verifyEvidence(crypto, file([item(stranger, theirs, 0, home)]), all)
    expect(report.faults.map(({ code }) => code)).toEqual(['wrong_audience'])
  })

  it('shows an envelope that was meant for another region', () => {
    const [elsewhere] = stream(home, stranger, [published]) as [SealedEnvelope]
    const { jws, digests } = elsewhere
    expect(faults({ jws, digests: [...digests], index: 0, receipt: null })).toEqual(['wrong_audience'])
  })

  it('shows a record of another case', () => {
    expect(faults({ index: 0, record: neighbour })).toEqual(['not_this_case'])
  })

  it('shows a text that was signed and yet is no record', () => {
    const [odd] = stream(home, host, ['{"odd":1}']) as [SealedEnvelope]
    const { jws, digests } = odd
    const touched = { jws, digests: [...digests], index: 0, record: '{"odd":1}', receipt: null }
    expect(faults(touched)).toEqual(['bad_field'])
  })

  it('shows a payload that was signed and yet is no envelope', () => {
    expect(
      faults({ jws: signJws(home.signer, jwsTypes.envelope, { iss: home.node }), receipt: null }),
    ).toEqual(['bad_field'])
  })
})

describe('a touched receipt', () => {
  it.each([
    ['of another envelope', () => receiptFor(homeSecond, host)],
    [
      'over another head',
      () =>
        signReceipt(host.signer, {
          iss: host.node,
          aud: home.node,
          epoch: 1,
          seq: 1,
          head: tag,
          iat: 0,
          outcomes: ['applied', 'applied'],
        }),
    ],
    ['with too few outcomes', () => receiptFor(homeFirst, host, ['applied'])],
    [
      'to another region',
      () =>
        signReceipt(host.signer, {
          iss: host.node,
          aud: stranger.node,
          epoch: 1,
          seq: 1,
          head: homeFirst.contentId,
          iat: 0,
          outcomes: ['applied', 'applied'],
        }),
    ],
  ])('shows that it is one %s', (_, receipt) =>
    expect(faults({ receipt: receipt() })).toEqual(['receipt_mismatch']),
  )

  it('shows that it is of anybody but the receiver', () => {
    expect(faults({ receipt: receiptFor(homeFirst, home) })).toEqual(['key_unknown'])
    expect(faults({ receipt: receiptFor(homeFirst, stranger) })).toEqual(['key_unknown'])
    expect(faults({ receipt: homeFirst.jws })).toEqual(['wrong_type'])
    expect(faults({ receipt: '' })).toEqual(['bad_encoding'])
  })
})

describe('a touched file', () => {
  it('shows items out of the order of their stream, or doubled, and does not fold them', () => {
    const [first, second, third, ...rest] = items as [Item, Item, Item, ...Item[]]
    const shuffled = verifyEvidence(crypto, file([second, first, third, ...rest]), keys)
    expect(shuffled.faults).toMatchObject([{ item: 1, code: 'out_of_order' }])
    const doubled = verifyEvidence(crypto, file([first, second, third, third, ...rest]), keys)
    expect(doubled.faults).toMatchObject([{ item: 3, code: 'out_of_order' }])
    expect(doubled.view.home.notices).toBe(1)
  })

  it('proves nothing without the right keys', () => {
    expect(verifyEvidence(crypto, file(), []).faults.map(({ code }) => code)).toEqual(
      items.map(() => 'key_unknown'),
    )
    const swapped = [
      { node: home.node, key: host.signing },
      { node: host.node, key: home.signing },
    ]
    expect(verifyEvidence(crypto, file(), swapped).items).toEqual([])
    const weak = { ...home.signing, x: 'A'.repeat(43) }
    expect(verifyEvidence(crypto, file(items.slice(0, 1)), [{ node: home.node, key: weak }]).items).toEqual(
      [],
    )
  })

  it('says "one-sided" of host’s word alone, never "agreed"', () => {
    expect(verifyEvidence(crypto, file(items.slice(3)), keys).view.meaning).toBe('one-sided')
  })
})

describe('evidence', () => {
  it('is read strictly: other members and formats are refused', () => {
    expect(evidenceSchema.safeParse({ ...file(), format: 'huiliu-evidence-2' }).success).toBe(false)
    expect(evidenceSchema.safeParse({ ...file(), note: '' }).success).toBe(false)
    expect(evidenceSchema.safeParse(JSON.parse(JSON.stringify(file()))).success).toBe(true)
  })

  it('proves each record with place, outcome and the case folded from them', () => {
    const report = verifyEvidence(crypto, file(), keys)
    expect(report.faults).toEqual([])
    expect(
      report.items.map(({ from, seq, index, type, outcome }) => [from, seq, index, type, outcome]),
    ).toEqual([
      [home.node, 1, 1, 'flow.published', 'applied'],
      [home.node, 2, 0, 'flow.amended', 'applied'],
      [home.node, 2, 1, 'notice.sent', 'applied'],
      [host.node, 1, 0, 'flow.arrived', 'applied'],
      [host.node, 1, 1, 'flow.placed', 'applied'],
    ])
    expect([report.view.home.state, report.view.host.state]).toEqual(['published', 'placed'])
    expect(contentId(crypto, homeFirst.jws)).toBe(homeSecond.payload.prev)
  })

  it('does not show the neighbours: only their digests stand in it', () => {
    expect(JSON.stringify(file())).not.toContain(id(99))
  })

  it('keeps its place when the record itself was erased', () => {
    const report = verifyEvidence(
      crypto,
      file(items.map((one, n) => (n === 2 ? { ...one, record: null } : one))),
      keys,
    )
    expect(report.faults).toEqual([])
    expect(report.items[2]).toMatchObject({ type: 'erased', seq: 2, index: 1, outcome: 'applied' })
    expect(report.view.home.notices).toBe(0)
  })

  it('shows a record without its receipt as not yet answered', () => {
    const report = verifyEvidence(crypto, file(items.map((one) => ({ ...one, receipt: null }))), keys)
    expect(report.faults).toEqual([])
    expect(report.items.every(({ outcome }) => outcome === null)).toBe(true)
  })

  it('carries a type it does not know without folding it', () => {
    const text = JSON.stringify({ ...fact('flow.returned', 46), type: 'transfer.requested', body: {} })
    const [later] = stream(host, home, [text]) as [SealedEnvelope]
    const report = verifyEvidence(crypto, file([item(host, later, 0, home)]), keys)
    expect([report.faults, report.items[0]?.type]).toEqual([[], 'transfer.requested'])
  })
})
