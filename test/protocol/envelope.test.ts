/** The envelope: lines that split where they were joined, and records that are the signed ones or nothing. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  checkRecords,
  contentId,
  digestOf,
  envelopeLines,
  erasedLine,
  isErased,
  limits,
  listDigest,
  readEnvelopePayload,
  sealEnvelope,
  splitEnvelopes,
  type Envelope,
  type Json,
} from '../../protocol/index.ts'
import { crypto, factText, home, host, tag } from '../vectors/actors.ts'

const place = { iss: home.node, aud: host.node, epoch: 1, seq: 1, prev: null, iat: 0 }
const texts = [
  factText('flow.published', 20),
  factText('activity.recorded', 21),
  factText('identity.queried', 22),
]
const sealed = sealEnvelope(crypto, home.signer, place, texts)

describe('splitting a body', () => {
  it.each([
    ['nothing', ''],
    ['a last line that is not ended', 'token\n{}'],
    ['a record before any envelope', '{}\n'],
    ['an erased record before any envelope', `#${tag}\n`],
  ])('refuses %s', (_, body) =>
    expect(splitEnvelopes(body)).toMatchObject({ ok: false, code: 'bad_encoding' }),
  )

  it('refuses one record and one envelope over the limit, and takes the limit', () => {
    const { recordsPerEnvelope, envelopesPerPost } = limits
    expect(splitEnvelopes('t\n' + '{}\n'.repeat(recordsPerEnvelope + 1))).toMatchObject({ code: 'too_large' })
    expect(splitEnvelopes('t\n' + '{}\n'.repeat(recordsPerEnvelope)).ok).toBe(true)
    expect(splitEnvelopes('t\n'.repeat(envelopesPerPost + 1))).toMatchObject({ code: 'too_large' })
    expect(splitEnvelopes('t\n'.repeat(envelopesPerPost)).ok).toBe(true)
  })

  it('makes no more lines of a body than a post may have, and one', () => {
    const split = vi.spyOn(String.prototype, 'split')
    expect(splitEnvelopes('\n'.repeat(limits.postBytes))).toMatchObject({ code: 'too_large' })
    const made = split.mock.results.map(({ value }) => (value as string[]).length)
    split.mockRestore()
    expect(Math.max(...made)).toBe(limits.envelopesPerPost * (1 + limits.recordsPerEnvelope) + 1)
  })

  it('takes the largest post there may be, and not one line more', () => {
    const { recordsPerEnvelope, envelopesPerPost } = limits
    const full = `t\n${'{}\n'.repeat(recordsPerEnvelope)}`.repeat(envelopesPerPost)
    const split = splitEnvelopes(full)
    expect(split.ok && split.envelopes.map(({ records }) => records.length)).toEqual(
      Array.from({ length: envelopesPerPost }, () => recordsPerEnvelope),
    )
    for (const line of ['t\n', '{}\n', '\n'])
      expect(splitEnvelopes(full + line)).toMatchObject({ code: 'too_large' })
  })

  it('takes only LF for the end of a line: what came before it stays in the line', () => {
    const split = splitEnvelopes('a.b.c\r\n{}\r\n')
    expect(split.ok && split.envelopes).toEqual([{ jws: 'a.b.c\r', records: ['{}\r'] }])
  })

  it('gives back the envelopes that were joined, with their erased records', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\n', ''))
    const record = fc.oneof(
      line.map((text) => `{${text}`),
      line.map((text) => `#${text}`),
    )
    const token = line.filter((text) => !text.startsWith('{') && !text.startsWith('#'))
    const envelope: fc.Arbitrary<Envelope> = fc.record({
      jws: token,
      records: fc.array(record, { maxLength: 6 }),
    })
    fc.assert(
      fc.property(fc.array(envelope, { minLength: 1, maxLength: 6 }), (envelopes) => {
        expect(splitEnvelopes(envelopes.map(envelopeLines).join(''))).toEqual({ ok: true, envelopes })
      }),
    )
  })
})

describe('the records of an envelope', () => {
  const check = (records: Envelope['records']) => {
    const checked = checkRecords(crypto, sealed.payload, records)
    return checked.ok ? 'taken' : checked.code
  }
  const gone = (text: string) => erasedLine(digestOf(crypto, text))

  it('are refused when one is missing, added, exchanged or changed', () => {
    const [a = '', b = '', c = ''] = texts
    expect(check([a, b])).toBe('digest_mismatch')
    expect(check([a, b, c, c])).toBe('digest_mismatch')
    expect(check([a, b, c, gone(c)])).toBe('digest_mismatch')
    expect(check([b, a, c])).toBe('digest_mismatch')
    expect(check([a, b, c.replace('龚', '王')])).toBe('digest_mismatch')
    expect(check([a, b, `${c} `])).toBe('digest_mismatch')
  })

  it('are refused when they are too large together', () => {
    const long = Array.from(
      { length: 65 },
      (_, i) => `{"n":"${String(i).padEnd(limits.recordBytes - 8, 'x')}"}`,
    )
    expect(long[0]?.length).toBe(limits.recordBytes)
    const many = sealEnvelope(crypto, home.signer, place, long)
    expect(checkRecords(crypto, many.payload, many.records)).toMatchObject({ code: 'too_large' })
    const fewer = sealEnvelope(crypto, home.signer, place, long.slice(1))
    expect(checkRecords(crypto, fewer.payload, fewer.records).ok).toBe(true)
  })

  it('may be erased, each leaving its digest, and no other', () => {
    const [a = '', b = '', c = ''] = texts
    expect(check([gone(a), b, gone(c)])).toBe('taken')
    expect(check([gone(a), a, gone(c)])).toBe('digest_mismatch')
    expect(check([gone(b), b, gone(c)])).toBe('digest_mismatch')
  })

  it.each(['#', '#null', `#${'A'.repeat(42)}B`, `#${'A'.repeat(43)}A`, '# {}'])(
    'are refused with an erased one that has no digest: %s',
    (line) => {
      const zeros = listDigest(crypto, ['A'.repeat(43)])
      const payload = { ...sealed.payload, records: { count: 1, digest: zeros } }
      expect(checkRecords(crypto, payload, [line])).toMatchObject({ code: 'digest_mismatch' })
    },
  )

  it('come with the digests that each of them is known by', () => {
    const checked = checkRecords(crypto, sealed.payload, [gone(texts[0] ?? ''), ...texts.slice(1)])
    expect(checked.ok && checked.digests).toEqual(texts.map((text) => digestOf(crypto, text)))
  })

  it('pass as they were sealed', () => expect(check(texts)).toBe('taken'))
})

describe('the payload of an envelope', () => {
  it.each([
    ['an unknown member', { exp: 1 }],
    ['seq 0', { seq: 0 }],
    ['epoch 0', { epoch: 0 }],
    ['a seq after which nothing can come (J11)', { seq: limits.streamNumber + 1 }],
    ['an epoch after which nothing can come', { epoch: limits.streamNumber + 1 }],
    ['an epoch that no column of 32 bits holds', { epoch: 3_000_000_000 }],
    ['aud as an array (J15)', { aud: [host.node] }],
    ['no aud', { aud: undefined }],
    ['no prev', { prev: undefined }],
    ['a prev of another form', { prev: '' }],
    ['no records', { records: { count: 0, digest: tag } }],
    ['257 records', { records: { count: 257, digest: tag } }],
    ['a list of digests', { records: [tag] }],
    ['no digest of the list', { records: { count: 1 } }],
    ['a time before 1970', { iat: -1 }],
    ['a time with a fraction', { iat: 0.5 }],
    ['a region that is none', { iss: 'home' }],
  ])('is refused with %s', (_, change) => {
    const payload = JSON.parse(JSON.stringify({ ...sealed.payload, ...change })) as Json
    expect(readEnvelopePayload(payload)).toMatchObject({ ok: false, code: 'bad_field' })
  })

  it('may be years old: no clock judges a record', () => {
    expect(readEnvelopePayload({ ...sealed.payload, iat: 0 } as unknown as Json).ok).toBe(true)
  })
})

it('sealing signs one digest over the bytes of all, and is known by its content id', () => {
  const digests = texts.map((text) => digestOf(crypto, text))
  const bytes = Buffer.concat(digests.map((digest) => Buffer.from(digest, 'base64url')))
  expect(sealed.digests).toEqual(digests)
  expect(sealed.payload.records).toEqual({ count: 3, digest: crypto.digest(bytes) })
  expect(listDigest(crypto, digests.toReversed())).not.toBe(sealed.payload.records.digest)
  expect(sealed.contentId).toBe(contentId(crypto, sealed.jws))
})

it('no record and no token can be taken for an erased record', () => {
  expect(texts.some(isErased)).toBe(false)
  expect(isErased(sealed.jws)).toBe(false)
})
