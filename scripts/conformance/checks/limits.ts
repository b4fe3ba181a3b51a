/** Section 20: at each limit a message is taken, just over it it is refused, never cut. */
import { jwsTypes, limits, utf8, type SealedEnvelope } from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, demandSame } from '../demand.ts'
import { send } from '../http.ts'
import { bodyOf, newId, newTag, type Peer } from '../peer.ts'
import { demandRefusal } from './refusals.ts'
import { sealed } from './streams.ts'
import { signed } from './tokens.ts'

/** A record that nobody knows, of exactly this many bytes. */
function recordOf(peer: Peer, bytes: number): string {
  const rest = peer.unknown(null, { pad: '' }).length
  return peer.unknown(null, { pad: 'x'.repeat(bytes - rest) })
}

/** A signed token with a payload that fits no schema, the longest within a bound or the shortest over it. */
function tokenAround(peer: Peer, bytes: number, over: boolean): string {
  const rest = peer.token(jwsTypes.envelope, '{"pad":""}').length
  for (let pad = Math.floor((bytes - rest) / 4) * 3 - 3; ; pad++) {
    const [here, next] = [pad, pad + 1].map((n) =>
      peer.token(jwsTypes.envelope, `{"pad":"${'x'.repeat(n)}"}`),
    )
    if ((next?.length ?? 0) > bytes) return (over ? next : here) ?? ''
  }
}

async function taken(peer: Peer, ...envelopes: SealedEnvelope[]): Promise<string[][]> {
  const last = envelopes.at(-1)
  const outcomes = peer.receiptsIn(await peer.post(bodyOf(...envelopes)), envelopes)
  if (last) peer.moveTo(last)
  return outcomes
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const wide = (members: number): string =>
  JSON.stringify(Object.fromEntries(Array.from({ length: members }, (_, i) => [`m${i}`, 1])))
const many = (unit: string, length: number) => unit.repeat(length)
/** One code point, four bytes, two UTF-16 units: whoever counts anything else counts wrong. */
const beyond = '𠮷'

const sizes: readonly Check[] = [
  {
    id: 'limit.post',
    section: 20,
    says: 'A body of exactly postBytes is read (and is bad_encoding for its first line), one byte more is too_large.',
    codes: ['bad_encoding', 'too_large'],
    run: async ({ first }) => {
      const atLimit = utf8(`{${'x'.repeat(limits.postBytes - 2)}\n`)
      demandRefusal(await first.post(atLimit), 'bad_encoding')
      const stream = { chunk: Buffer.alloc(65_536, 'x'), bytes: limits.postBytes + 1 }
      demandRefusal(await send(first.path('envelopes'), undefined, { stream }), 'too_large')
    },
  },
  {
    id: 'limit.token',
    section: 20,
    says: 'A token of jwsBytes is read (and is bad_field for its payload), a longer one is too_large.',
    codes: ['bad_field', 'too_large'],
    run: async ({ first }) => {
      const token = (over: boolean) => utf8(`${tokenAround(first, limits.jwsBytes, over)}\n{}\n`)
      demandRefusal(await first.post(token(false)), 'bad_field')
      demandRefusal(await first.post(token(true)), 'too_large')
    },
  },
  {
    id: 'limit.record',
    section: 20,
    says: 'A record of exactly recordBytes is taken, one byte more makes its envelope too_large.',
    codes: ['too_large'],
    run: async ({ first }) => {
      demandSame(await first.take(recordOf(first, limits.recordBytes)), ['parked'], 'outcome at the limit')
      const over = first.seal({}, recordOf(first, limits.recordBytes + 1))
      demandRefusal(await first.post(bodyOf(over)), 'too_large')
    },
  },
  {
    id: 'limit.record-bytes',
    section: 20,
    says: 'The bytes of a record are counted, not its characters: too_large.',
    codes: ['too_large'],
    run: async ({ first }) => {
      const long = first.unknown(null, { pad: '长'.repeat(limits.recordBytes / 3) })
      demandRefusal(await first.post(bodyOf(first.seal({}, long))), 'too_large')
    },
  },
  {
    id: 'limit.envelope',
    section: 20,
    says: 'Records of exactly envelopeRecordBytes together are taken, one more is too_large.',
    codes: ['too_large'],
    run: async ({ first }) => {
      const count = limits.envelopeRecordBytes / limits.recordBytes
      const full = Array.from({ length: count }, () => recordOf(first, limits.recordBytes))
      demandRefusal(await first.post(bodyOf(first.seal({}, ...full, first.unknown(null)))), 'too_large')
      await taken(first, first.seal({}, ...full))
    },
  },
  {
    id: 'limit.records',
    section: 20,
    says: 'An envelope of recordsPerEnvelope records is taken with as many outcomes; one line more is too_large, and nothing of that body is taken.',
    codes: ['too_large'],
    run: async ({ first }) => {
      const records = Array.from({ length: limits.recordsPerEnvelope }, () => '{}')
      const full = first.seal({}, ...records.map((_, i) => `{"i":${i}}`))
      const over = { ...full, records: [...full.records, '{}'] }
      demandRefusal(await first.post(bodyOf(over)), 'too_large')
      demandRefusal(await first.post(bodyOf(full, over)), 'too_large')
      const [outcomes = []] = await taken(first, full)
      demand(
        outcomes.every((outcome) => outcome === 'refused:bad_record'),
        'outcomes of records that are none',
      )
    },
  },
  {
    id: 'limit.envelopes',
    section: 20,
    says: 'A post of envelopesPerPost envelopes is receipted whole; one more refuses the whole body: too_large.',
    codes: ['too_large'],
    run: async ({ first }) => {
      const before = { epoch: first.epoch, seq: first.seq, head: first.head }
      const all = sealed(first, limits.envelopesPerPost + 1)
      const refused = await first.post(bodyOf(...all))
      if (refused.status !== 200) Object.assign(first, before)
      demandRefusal(refused, 'too_large')
      await taken(first, ...all.slice(0, -1))
    },
  },
  {
    id: 'limit.depth',
    section: 20,
    says: 'JSON of jsonDepth levels is read, one level more is bad_json in a payload and bad_record in a record.',
    codes: ['bad_json', 'bad_record'],
    run: async (world) => {
      const { first } = world
      demandRefusal(await first.post(signed(() => nested(limits.jsonDepth))(first, world)), 'bad_field')
      demandRefusal(await first.post(signed(() => nested(limits.jsonDepth + 1))(first, world)), 'bad_json')
      const deep = (levels: number) => first.unknown(null, { pad: JSON.parse(nested(levels)) as object })
      const outcomes = await first.take(deep(limits.jsonDepth - 2), deep(limits.jsonDepth - 1))
      demandSame(outcomes, ['parked', 'refused:bad_record'], 'outcomes')
    },
  },
  {
    id: 'limit.members',
    section: 20,
    says: 'An object of jsonMembers members is read, one more is bad_json in a payload and bad_record in a record.',
    codes: ['bad_json', 'bad_record'],
    run: async (world) => {
      const { first } = world
      demandRefusal(await first.post(signed(() => wide(limits.jsonMembers))(first, world)), 'bad_field')
      demandRefusal(await first.post(signed(() => wide(limits.jsonMembers + 1))(first, world)), 'bad_json')
      const broad = (members: number) => first.unknown(null, JSON.parse(wide(members)) as object)
      const outcomes = await first.take(broad(limits.jsonMembers), broad(limits.jsonMembers + 1))
      demandSame(outcomes, ['parked', 'refused:bad_record'], 'outcomes')
    },
  },
]

const texts: readonly Check[] = [
  {
    id: 'limit.texts',
    section: 20,
    says: 'Names, lines, notes and long texts are counted in code points: at the limit taken, one more refused:bad_record.',
    codes: ['bad_record'],
    run: async ({ first }) => {
      const id = newId()
      const destination = { code: first.node, text: '测试' }
      const published = (name: string, reason: string) => {
        const body = { tag: newTag(), person: { name }, outflow: { destination, reason } }
        return JSON.stringify({ ...first.frame('flow.published', newId(), 1, newId()), body })
      }
      const notice = (subject: string, text: string) => {
        const body = { on: '2026-01-01', subject, text }
        return JSON.stringify({ ...first.frame('notice.sent', id, 1, newId()), body })
      }
      const { nameLength: name, textLength: line, longTextLength: long } = limits
      const tag = newTag()
      const opening = first.record('flow.published', id, {
        tag,
        person: { name: '测试' },
        outflow: { destination },
      })
      demandSame(await first.take(opening), ['applied'], 'a case')
      for (const unit of ['长', beyond]) {
        const [fits = [], over = []] = [0, 1].map((more) => [
          published(many(unit, name + more), '原因'),
          published('测试', many(unit, line + more)),
          notice(many(unit, line + more), '内容'),
          notice('通知', many(unit, long + more)),
        ])
        demandSame(
          await first.take(...fits),
          fits.map(() => 'applied'),
          `outcomes at the limit with ${unit}`,
        )
        demandSame(
          await first.take(...over),
          over.map(() => 'refused:bad_record'),
          `outcomes over it with ${unit}`,
        )
      }
    },
  },
]

export const limitChecks: readonly Check[] = [...sizes, ...texts]
