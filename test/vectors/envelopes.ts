/** Vectors of envelopes as they are posted: bodies that are taken, and one at least for every refusal of the gate. */
import {
  envelopeLines,
  erasedLine,
  jwsTypes,
  sealEnvelope,
  signJws,
  type EnvelopePayload,
  type SealedEnvelope,
} from '../../protocol/index.ts'
import {
  crypto,
  factText,
  headerText,
  home,
  host,
  rawToken,
  startSeconds,
  stranger,
  withPart,
} from './actors.ts'

type Head = { epoch: number; seq: number; head: string | null; frozen?: boolean; thawed?: boolean }
/** Bodies are written in parts so that long ones stay readable: a text, or a text and how often it repeats. */
type Body = (string | [string, number])[]

const fresh: Head = { epoch: 1, seq: 0, head: null }
const texts = [
  factText('flow.published', 20),
  factText('identity.queried', 21),
  factText('activity.recorded', 22),
]

function seal(seq: number, prev: string | null, records: string[], change: Partial<EnvelopePayload> = {}) {
  const place = { iss: home.node, aud: host.node, epoch: 1, seq, prev, iat: startSeconds + seq, ...change }
  return sealEnvelope(crypto, home.signer, place, records)
}

const first = seal(1, null, texts.slice(0, 1))
const second = seal(2, first.contentId, texts.slice(1, 2))
const third = seal(3, second.contentId, texts)
const other = seal(2, first.contentId, texts.slice(2))
const headOf = (envelope: SealedEnvelope): Head => ({
  epoch: envelope.payload.epoch,
  seq: envelope.payload.seq,
  head: envelope.contentId,
})

const frozen = (envelope: SealedEnvelope): Head => ({ ...headOf(envelope), frozen: true })
const thawed = (envelope: SealedEnvelope): Head => ({ ...frozen(envelope), thawed: true })

/** The opening of an epoch behind an envelope, in an envelope of its own. */
function opening(after: SealedEnvelope, epoch: number, prev = after.contentId) {
  const { epoch: former, seq } = after.payload
  const body = { after: { epoch: former, seq, head: after.contentId }, reason: 'recovered' as const }
  return seal(1, prev, [factText('epoch.opened', 30, body), texts[0] ?? ''], { epoch })
}

const anew = opening(second, 2)
const onward = seal(2, anew.contentId, texts.slice(1, 2), { epoch: 2 })

/** Posted as 411525, unless said otherwise, to 440304, which knows 411525 alone and stands at `head`. */
export function envelopeVectors() {
  return {
    comment:
      'Bodies posted to 440304, whose only peer is 411525. Envelopes are judged one by one from `head` on.',
    self: host.node,
    peers: [{ node: home.node, kids: [home.signer.kid] }],
    valid: [
      taken('a stream of three', fresh, lines(first, second, third), [first, second, third]),
      taken('one more after two', headOf(second), lines(third), [third]),
      taken('a repeat is met with the receipt it had', headOf(third), lines(second), [second], ['earlier']),
      taken(
        'a repeat and what follows',
        headOf(second),
        lines(second, third),
        [second, third],
        ['earlier', 'next'],
      ),
      taken('the same record twice is one outcome each', fresh, lines(twice), [twice]),
      taken('a new epoch behind the head, and what follows', headOf(second), lines(anew, onward), [anew, onward]),
      taken('an epoch that was begun and never arrived is passed over', headOf(second), lines(later), [later]),
      taken('a repeat of an epoch that has ended', headOf(onward), lines(second), [second], ['earlier']),
      taken('a repeat in a stream that is frozen', frozen(third), lines(second), [second], ['earlier']),
      taken('a thawed stream goes on in a new epoch', thawed(second), lines(anew), [anew]),
    ],
    invalid: [...outside(), ...shapes(), ...tokens(), ...payloads(), ...places(), ...riders()],
  }
}

const later = opening(second, 4)
const third1 = seal(1, null, texts)
const twice = seal(1, null, [texts[0] ?? '', texts[0] ?? ''])

function lines(...envelopes: SealedEnvelope[]): Body {
  return envelopes.map(envelopeLines)
}

function taken(comment: string, head: Head, body: Body, envelopes: SealedEnvelope[], placed?: string[]) {
  const expected = envelopes.map((envelope, i) => ({
    contentId: envelope.contentId,
    place: placed?.[i] ?? 'next',
  }))
  return { comment, issuer: home.node, head, body, taken: expected }
}

/** `before` counts the envelopes of the body that are taken before the refused one. */
function refused(
  comment: string,
  code: string,
  body: Body,
  head: Head = fresh,
  before = 0,
  issuer = home.node,
) {
  return { comment, issuer, head, body, before, code }
}

function outside() {
  return [
    refused(
      'posted as a region without an agreement; the wire says bad_signature',
      'unknown_peer',
      lines(first),
      fresh,
      0,
      stranger.node,
    ),
    refused('posted as a name that is no region', 'unknown_peer', lines(first), fresh, 0, '__proto__'),
  ]
}

function shapes() {
  return [
    refused('an empty body', 'bad_encoding', ['']),
    refused('the last line is not ended', 'bad_encoding', [envelopeLines(first).slice(0, -1)]),
    refused('a record before any envelope', 'bad_encoding', [`${texts[0]}\n`]),
    refused('an erased record before any envelope', 'bad_encoding', [`${erasedLine(first.digests[0] ?? '')}\n`]),
    refused('a blank line', 'bad_encoding', ['\n']),
    refused('lines ended in the manner of Windows', 'bad_encoding', [
      envelopeLines(first).replaceAll('\n', '\r\n'),
    ]),
    refused('257 records', 'too_large', [`${first.jws}\n`, ['{}\n', 257]]),
    refused('65 envelopes', 'too_large', [['x\n', 65]]),
    refused('a token over 32 KiB', 'too_large', [['A', 32 * 1024 + 1], '\n']),
    refused('a body over 4 MiB', 'too_large', [['{}\n', 1_400_000]]),
  ]
}

function tokens() {
  const token = (jws: string): Body => [`${jws}\n${texts[0]}\n`]
  const payload = JSON.stringify(first.payload)
  const header = (members: object) =>
    rawToken(
      home.signer,
      JSON.stringify({ alg: 'Ed25519', kid: home.signer.kid, typ: jwsTypes.envelope, ...members }),
      payload,
    )
  return [
    refused('padding on the signature', 'bad_encoding', token(`${first.jws}==`)),
    refused(
      'the payload is not minimal JSON',
      'bad_json',
      token(rawToken(home.signer, headerText(home.signer, jwsTypes.envelope), payload.replace(':', ': '))),
    ),
    refused('a key in the header', 'header_not_allowed', token(header({ jwk: home.signing }))),
    refused(
      'a receipt posted as an envelope',
      'wrong_type',
      token(signJws(home.signer, jwsTypes.receipt, first.payload)),
    ),
    refused(
      'signed by a region nobody knows',
      'bad_signature',
      token(signJws(stranger.signer, jwsTypes.envelope, first.payload)),
    ),
    refused(
      'signed by the receiver itself',
      'bad_signature',
      token(signJws(host.signer, jwsTypes.envelope, first.payload)),
    ),
    refused(
      'the signature of another envelope',
      'bad_signature',
      token(withPart(first.jws, 2, second.jws.split('.')[2] ?? '')),
    ),
    refused(
      'alg none',
      'bad_signature',
      token(`${header({ alg: 'none' }).split('.').slice(0, 2).join('.')}.`),
    ),
  ]
}

function payloads() {
  const sign = (change: object): Body => [
    `${signJws(home.signer, jwsTypes.envelope, { ...first.payload, ...change })}\n${texts[0]}\n`,
  ]
  return [
    refused('an unknown member', 'bad_field', sign({ exp: 1 })),
    refused('no epoch', 'bad_field', sign({ epoch: undefined })),
    refused('seq 0', 'bad_field', sign({ seq: 0 })),
    refused('seq 2^31-1: no successor', 'bad_field', sign({ seq: 2 ** 31 - 1 })),
    refused('epoch 2^31-1: no successor', 'bad_field', sign({ epoch: 2 ** 31 - 1 })),
    refused('epoch 3000000000: over 32 bits', 'bad_field', sign({ epoch: 3_000_000_000 })),
    refused('no records', 'bad_field', sign({ records: { ...first.payload.records, count: 0 } })),
    refused('257 records in the payload', 'bad_field', sign({ records: { ...first.payload.records, count: 257 } })),
    refused('a list of digests', 'bad_field', sign({ records: first.digests })),
    refused(
      'a digest in another spelling',
      'bad_field',
      sign({ records: { count: 1, digest: `${'A'.repeat(42)}B` } }),
    ),
    refused('aud is an array', 'bad_field', sign({ aud: [host.node] })),
    refused('issued by another region than it is posted as', 'issuer_mismatch', sign({ iss: stranger.node })),
    refused('meant for another region', 'wrong_audience', sign({ aud: stranger.node })),
    refused('meant for the issuer itself', 'wrong_audience', sign({ aud: home.node })),
  ]
}

function places() {
  const unopened = (prev: string | null, epoch = 2) => seal(1, prev, texts.slice(0, 1), { epoch })
  const second2 = seal(2, second.contentId, texts, { epoch: 2 })
  const behind = seal(1, null, [texts[0] ?? '', factText('epoch.opened', 31)], { epoch: 2 })
  const rewritten = seal(3, other.contentId, texts)
  const headless = seal(2, null, texts.slice(1, 2))
  return [
    refused('another epoch', 'wrong_epoch', lines(unopened(null))),
    refused('a new epoch without its opening', 'wrong_epoch', lines(unopened(second.contentId)), headOf(second)),
    refused('the opening of an epoch as its second record', 'wrong_epoch', lines(behind)),
    refused('the opening of an epoch behind what did not arrive', 'wrong_epoch', lines(anew), headOf(first)),
    refused(
      'the opening of an epoch behind another envelope than it names',
      'wrong_epoch',
      lines(opening(first, 2, second.contentId)),
      headOf(second),
    ),
    refused('the second envelope of a new epoch', 'wrong_epoch', lines(second2), headOf(second)),
    {
      ...refused('the opening of an epoch that was passed over', 'wrong_epoch', lines(anew), headOf(later)),
      stored: null,
    },
    refused('the next envelope of a frozen stream', 'frozen', lines(third), frozen(second)),
    refused('a new epoch of a frozen stream', 'frozen', lines(anew), frozen(second)),
    refused('a gap in a frozen stream', 'frozen', lines(third), frozen(first)),
    refused('the next number of a thawed stream', 'frozen', lines(third), thawed(second)),
    refused('a new epoch of a thawed stream on another history', 'wrong_epoch', lines(anew), thawed(first)),
    {
      ...refused('other content of an epoch that has ended', 'fork', lines(other), headOf(onward)),
      stored: second.contentId,
    },
    {
      ...refused('what was never taken of an epoch that has ended', 'wrong_epoch', lines(third), headOf(onward)),
      stored: null,
    },
    refused('the second without the first', 'gap', lines(second)),
    refused('the first, then the third', 'gap', lines(first, third), fresh, 1),
    refused('the next number on another history', 'fork', lines(rewritten), headOf(second)),
    refused('the next number on no history', 'fork', lines(headless), headOf(first)),
    refused('the first number with a history', 'fork', lines(seal(1, second.contentId, texts)), fresh),
    {
      ...refused('other content under a number that was taken', 'fork', lines(other), headOf(second)),
      stored: second.contentId,
    },
  ]
}

function riders() {
  const gone = erasedLine(third1.digests[1] ?? '')
  const long = JSON.stringify({ text: 'x'.repeat(16 * 1024) })
  const many = Array.from({ length: 65 }, (_, i) =>
    JSON.stringify({ text: `${i}`.padEnd(16 * 1024 - 12, 'x') }),
  )
  return [
    refused('a record is missing', 'digest_mismatch', [`${first.jws}\n`]),
    refused('a record too many', 'digest_mismatch', [`${first.jws}\n${texts[0]}\n${texts[1]}\n`]),
    refused('an erased record: only what is given back may have one', 'digest_mismatch', [
      envelopeLines({ ...third1, records: [texts[0] ?? '', gone, texts[2] ?? ''] }),
    ]),
    refused('an erased record too many', 'digest_mismatch', [`${first.jws}\n${texts[0]}\n${gone}\n`]),
    refused('an erased record without its digest', 'digest_mismatch', [`${first.jws}\n#\n`]),
    refused('another record', 'digest_mismatch', [`${first.jws}\n${texts[1]}\n`]),
    refused('one byte of a record changed', 'digest_mismatch', [
      `${first.jws}\n${texts[0]?.replace('13800000000', '13800000001')}\n`,
    ]),
    refused('two records exchanged', 'digest_mismatch', [
      envelopeLines({ ...third1, records: [texts[1] ?? '', texts[0] ?? '', texts[2] ?? ''] }),
    ]),
    refused('a record over 16 KiB', 'too_large', [
      `${seal(1, null, [long]).jws}\n{"text":"`,
      ['x', 16 * 1024],
      '"}\n',
    ]),
    refused('records over 1 MiB together', 'too_large', [
      `${seal(1, null, many).jws}\n`,
      ...many.flatMap((text, i): Body => [
        `{"text":"${i}`,
        ['x', 16 * 1024 - 12 - `${i}`.length],
        text.slice(-2) + '\n',
      ]),
    ]),
  ]
}
