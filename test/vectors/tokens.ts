/** Vectors of single tokens: the JWS profile, receipts, requests and answers. */
import {
  base64url,
  contentId,
  digestOf,
  jwsTypes,
  payloadPart,
  signJws,
  signReceipt,
  signRequest,
  signAnswer,
  utf8,
} from '../../protocol/index.ts'
import {
  crypto,
  headerText,
  home,
  host,
  id,
  rawToken,
  startSeconds,
  stranger,
  tag,
  withPart,
} from './actors.ts'

const typ = jwsTypes.receipt
const good = signJws(home.signer, typ, { a: 1 })
const [goodHeader = '', goodPayload = '', goodSignature = ''] = good.split('.')
const header = (members: object) => rawToken(home.signer, JSON.stringify(members), '{"a":1}')
const kid = home.signer.kid
const usual = { alg: 'Ed25519', kid, typ }

export function jwsVectors() {
  const unsigned = `${payloadPart({ ...usual, alg: 'none' })}.${goodPayload}.`
  return {
    comment:
      'Tokens read as `typ` under the key of 411525 (keys.json). Valid: `payload` is the text whose signature held.',
    typ,
    kid,
    valid: [
      { comment: 'as we write it', token: good, payload: '{"a":1}', contentId: contentId(crypto, good) },
      {
        comment: 'header members in another order',
        token: header({ typ, kid, alg: 'Ed25519' }),
        payload: '{"a":1}',
        contentId: contentId(crypto, header({ typ, kid, alg: 'Ed25519' })),
      },
    ],
    invalid: [...invalidAlgorithms(unsigned), ...invalidHeaders(), ...invalidShapes(), ...invalidPayloads()],
  }
}

function invalidAlgorithms(unsigned: string) {
  return [
    { comment: 'alg none, no signature (J1)', token: unsigned, code: 'bad_signature' },
    { comment: 'alg nOnE (J1)', token: header({ ...usual, alg: 'nOnE' }), code: 'bad_signature' },
    {
      comment: 'alg EdDSA: one spelling only',
      token: header({ ...usual, alg: 'EdDSA' }),
      code: 'bad_signature',
    },
    { comment: 'alg HS256 (J2)', token: header({ ...usual, alg: 'HS256' }), code: 'bad_signature' },
    { comment: 'alg is an array (J2)', token: header({ ...usual, alg: ['Ed25519'] }), code: 'bad_signature' },
    {
      comment: 'signature of 63 bytes',
      token: withPart(good, 2, base64url(new Uint8Array(63))),
      code: 'bad_signature',
    },
    {
      comment: 'signature all zero',
      token: withPart(good, 2, base64url(new Uint8Array(64))),
      code: 'bad_signature',
    },
    {
      comment: 'signed by another key under this kid',
      token: rawToken(stranger.signer, JSON.stringify(usual), '{"a":1}'),
      code: 'bad_signature',
    },
    {
      comment: 'payload changed after signing',
      token: withPart(good, 1, base64url(utf8('{"a":2}'))),
      code: 'bad_signature',
    },
    {
      comment: 'another kid, unknown here (J6)',
      token: signJws(stranger.signer, typ, { a: 1 }),
      code: 'bad_signature',
    },
    { comment: 'kid __proto__ (J6)', token: header({ ...usual, kid: '__proto__' }), code: 'bad_signature' },
    {
      comment: 'S of the signature plus the group order',
      token: withPart(good, 2, plusOrder(goodSignature)),
      code: 'bad_signature',
    },
  ]
}

function invalidHeaders() {
  return [
    {
      comment: 'jwk in the header (J3)',
      token: header({ ...usual, jwk: home.signing }),
      code: 'header_not_allowed',
    },
    {
      comment: 'jku in the header (J3)',
      token: header({ ...usual, jku: 'https://example.invalid' }),
      code: 'header_not_allowed',
    },
    { comment: 'crit, unknown (J4)', token: header({ ...usual, crit: ['exp'] }), code: 'header_not_allowed' },
    { comment: 'b64 false (J4)', token: header({ ...usual, b64: false }), code: 'header_not_allowed' },
    { comment: 'an unknown member (J5)', token: header({ ...usual, x: 1 }), code: 'header_not_allowed' },
    { comment: 'no kid', token: header({ alg: 'Ed25519', typ }), code: 'header_not_allowed' },
    { comment: 'kid is a number', token: header({ ...usual, kid: 1 }), code: 'header_not_allowed' },
    { comment: 'no typ (J14)', token: header({ alg: 'Ed25519', kid }), code: 'header_not_allowed' },
    {
      comment: 'the header is an array',
      token: rawToken(home.signer, '[]', '{"a":1}'),
      code: 'header_not_allowed',
    },
    {
      comment: 'the header is null',
      token: rawToken(home.signer, 'null', '{"a":1}'),
      code: 'header_not_allowed',
    },
    {
      comment: 'typ of an envelope (J14)',
      token: signJws(home.signer, jwsTypes.envelope, { a: 1 }),
      code: 'wrong_type',
    },
    {
      comment: 'typ in upper case (J14)',
      token: header({ ...usual, typ: typ.toUpperCase() }),
      code: 'wrong_type',
    },
    {
      comment: 'alg twice (J9)',
      token: rawToken(home.signer, `{"alg":"Ed25519","alg":"Ed25519","kid":"${kid}","typ":"${typ}"}`, '{}'),
      code: 'bad_json',
    },
    {
      comment: 'alg twice, once escaped (J9)',
      token: rawToken(
        home.signer,
        `{"alg":"Ed25519","\\u0061lg":"none","kid":"${kid}","typ":"${typ}"}`,
        '{}',
      ),
      code: 'bad_json',
    },
    {
      comment: 'a blank in the header',
      token: rawToken(home.signer, `{ "alg":"Ed25519","kid":"${kid}","typ":"${typ}"}`, '{}'),
      code: 'bad_json',
    },
    {
      comment: 'a header over 1024 bytes (J6, J12)',
      token: header({ ...usual, kid: 'A'.repeat(1000) }),
      code: 'too_large',
    },
  ]
}

function invalidShapes() {
  return [
    { comment: 'nothing', token: '', code: 'bad_encoding' },
    { comment: 'two parts (J8)', token: `${goodHeader}.${goodPayload}`, code: 'bad_encoding' },
    { comment: 'four parts (J8)', token: `${good}.${goodSignature}`, code: 'bad_encoding' },
    { comment: 'five parts, a JWE (J8)', token: `${good}.AAAA.AAAA`, code: 'bad_encoding' },
    { comment: 'detached payload (J8)', token: withPart(good, 1, ''), code: 'bad_encoding' },
    {
      comment: 'JSON serialisation (J8)',
      token: JSON.stringify({ payload: goodPayload, protected: goodHeader, signature: goodSignature }),
      code: 'bad_encoding',
    },
    { comment: 'padding on the signature (J7)', token: `${good}==`, code: 'bad_encoding' },
    {
      comment: 'a blank inside the payload (J7)',
      token: withPart(good, 1, `${goodPayload.slice(0, 4)} ${goodPayload.slice(4)}`),
      code: 'bad_encoding',
    },
    { comment: 'a line end at the end (J7)', token: `${good}\n`, code: 'bad_encoding' },
    {
      comment: 'unused bits of the signature not zero: a second spelling (J7, J20)',
      token: withPart(good, 2, otherSpelling(goodSignature)),
      code: 'bad_encoding',
    },
    {
      comment: 'unused bits of the payload not zero (J7)',
      token: withPart(good, 1, otherSpelling(goodPayload)),
      code: 'bad_encoding',
    },
  ]
}

function invalidPayloads() {
  const payload = (text: string) => rawToken(home.signer, headerText(home.signer, typ), text)
  return [
    { comment: 'a member of the payload twice (J9)', token: payload('{"a":1,"a":2}'), code: 'bad_json' },
    { comment: 'blanks in the payload', token: payload('{"a": 1}'), code: 'bad_json' },
    { comment: 'a fraction in the payload (J11)', token: payload('{"a":1.0}'), code: 'bad_json' },
    { comment: 'the payload is no JSON', token: payload('a'), code: 'bad_json' },
    { comment: 'text in the payload is not NFC (J10)', token: payload('{"a":"e\u0301"}'), code: 'bad_json' },
  ]
}

/** Sets an unused bit of the last letter. */
function otherSpelling(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return part.slice(0, -1) + alphabet.charAt(alphabet.indexOf(part.slice(-1)) | 1)
}

/** The same signature with S + L: the malleable twin that RFC 8032 §5.1.7 refuses. */
function plusOrder(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url')
  const order = (1n << 252n) + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order
  const half = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
  return base64url(Buffer.concat([bytes.subarray(0, 32), half]))
}

const receipt = {
  iss: host.node,
  aud: home.node,
  epoch: 1,
  seq: 1,
  head: tag,
  iat: startSeconds,
  outcomes: ['applied', 'parked', 'refused:tag_taken'],
}

export function receiptVectors() {
  const sign = (change: object) => signJws(host.signer, jwsTypes.receipt, { ...receipt, ...change })
  return {
    comment: 'Receipts of 440304 (keys.json), read as huiliu-receipt+jws.',
    kid: host.signer.kid,
    valid: [
      {
        comment: 'every outcome',
        token: signReceipt(host.signer, receipt),
        payload: JSON.stringify(receipt),
      },
      {
        comment: 'an outcome code this version does not know is kept as it is',
        token: sign({ outcomes: ['refused:some_later_code'] }),
        payload: JSON.stringify({ ...receipt, outcomes: ['refused:some_later_code'] }),
      },
    ],
    invalid: [
      { comment: 'no outcomes', token: sign({ outcomes: [] }), code: 'bad_field' },
      {
        comment: '257 outcomes',
        token: sign({ outcomes: Array.from({ length: 257 }, () => 'applied') }),
        code: 'bad_field',
      },
      { comment: 'an unknown outcome', token: sign({ outcomes: ['ignored'] }), code: 'bad_field' },
      { comment: 'a refusal without a code', token: sign({ outcomes: ['refused:'] }), code: 'bad_field' },
      { comment: 'seq 0', token: sign({ seq: 0 }), code: 'bad_field' },
      { comment: 'seq 2^31-1', token: sign({ seq: 2 ** 31 - 1 }), code: 'bad_field' },
      { comment: 'epoch 2^31-1', token: sign({ epoch: 2 ** 31 - 1 }), code: 'bad_field' },
      { comment: 'aud is an array (J15)', token: sign({ aud: [home.node] }), code: 'bad_field' },
      { comment: 'head is null', token: sign({ head: null }), code: 'bad_field' },
      { comment: 'an unknown member', token: sign({ note: 'x' }), code: 'bad_field' },
      {
        comment: 'signed as an envelope',
        token: signJws(host.signer, jwsTypes.envelope, receipt),
        code: 'wrong_type',
      },
      {
        comment: 'signed by another region',
        token: signJws(stranger.signer, jwsTypes.receipt, receipt),
        code: 'bad_signature',
      },
    ],
  }
}

const request = {
  iss: host.node,
  aud: home.node,
  iat: startSeconds,
  exp: startSeconds + 300,
  nonce: id(50),
  purpose: { what: 'pull' as const, epoch: 1, after: 0 },
}

export function requestVectors() {
  const compare = { ...request, purpose: { what: 'compare' as const, home: home.node, after: null } }
  const after = { epoch: 1, seq: 0 }
  const beyond = 2 ** 31 - 1
  const others = {
    heads: { ...request, purpose: { what: 'heads' as const } },
    'restore: what the asker had sent': {
      ...request,
      purpose: { what: 'restore' as const, of: 'asked' as const, after },
    },
    'restore: what the asker had taken': {
      ...request,
      purpose: { what: 'restore' as const, of: 'answering' as const, after: { epoch: 2, seq: 7 } },
    },
  }
  const sign = (change: object) => signJws(host.signer, jwsTypes.request, { ...request, ...change })
  const restoreAfter = (place: unknown) => ({ purpose: { what: 'restore', of: 'asked', after: place } })
  const refused = (comment: string, change: object, code: string, now = startSeconds) => ({
    comment,
    now,
    token: sign(change),
    code,
  })
  return {
    comment:
      'Requests of 440304 to 411525, read as huiliu-request+jws at `now` (seconds since 1970); answers the other way.',
    kid: host.signer.kid,
    valid: [
      {
        comment: 'pull',
        now: startSeconds,
        token: signRequest(host.signer, request),
        payload: JSON.stringify(request),
      },
      {
        comment: 'compare',
        now: startSeconds,
        token: signRequest(host.signer, compare),
        payload: JSON.stringify(compare),
      },
      ...Object.entries(others).map(([comment, payload]) => ({
        comment,
        now: startSeconds,
        token: signRequest(host.signer, payload),
        payload: JSON.stringify(payload),
      })),
      {
        comment: 'at its last second',
        now: startSeconds + 300,
        token: sign({}),
        payload: JSON.stringify(request),
      },
      {
        comment: 'from a clock 300 s ahead',
        now: startSeconds - 300,
        token: sign({}),
        payload: JSON.stringify(request),
      },
    ],
    invalid: [
      refused('expired', {}, 'bad_time', startSeconds + 301),
      refused('from a clock 301 s ahead', {}, 'bad_time', startSeconds - 301),
      refused('valid for 301 s (J17)', { exp: startSeconds + 301 }, 'bad_time'),
      refused('expires before it was written', { exp: startSeconds - 1 }, 'bad_time'),
      refused('no nonce', { nonce: undefined }, 'bad_field'),
      refused('an unknown purpose', { purpose: { what: 'everything' } }, 'bad_field'),
      refused(
        'a member of another purpose',
        { purpose: { what: 'pull', epoch: 1, after: 0, home: home.node } },
        'bad_field',
      ),
      refused('a negative number', { purpose: { what: 'pull', epoch: 1, after: -1 } }, 'bad_field'),
      refused('a number 2^31-1', { purpose: { what: 'pull', epoch: 1, after: beyond } }, 'bad_field'),
      refused('of epoch 2^31-1', { purpose: { what: 'pull', epoch: beyond, after: 0 } }, 'bad_field'),
      refused('heads after a number', { purpose: { what: 'heads', after: 0 } }, 'bad_field'),
      refused('restore of neither stream', { purpose: { what: 'restore', after } }, 'bad_field'),
      refused('restore of both streams', { purpose: { what: 'restore', of: 'both', after } }, 'bad_field'),
      refused('restore after a number alone', restoreAfter(0), 'bad_field'),
      refused('restore after epoch 0', restoreAfter({ epoch: 0, seq: 0 }), 'bad_field'),
      refused('restore after epoch 2^31-1', restoreAfter({ epoch: beyond, seq: 0 }), 'bad_field'),
      refused('restore after number 2^31-1', restoreAfter({ epoch: 1, seq: beyond }), 'bad_field'),
      refused('restore for another region', restoreAfter({ ...after, of: stranger.node }), 'bad_field'),
      {
        comment: 'an answer is no request',
        now: startSeconds,
        token: signJws(host.signer, jwsTypes.answer, request),
        code: 'wrong_type',
      },
    ],
    answers: answers(),
  }
}

function answers() {
  const heads = {
    sent: { epoch: 1, seq: 2, head: tag, receipted: 1 },
    received: { epoch: 1, seq: 0, head: null, frozen: false },
  }
  const given: [string, string][] = [
    ['the answer to the pull above: a line with this token, then these bytes', 'line\n'],
    ['the answer to heads', JSON.stringify(heads)],
    ['the answer to restore: an envelope, its records, the receipt behind a plus', 'a.b.c\n{}\nnull\n+d.e.f\n'],
    ['the answer to restore at the end of the stream', ''],
  ]
  return given.map(([comment, body]) => {
    const digest = digestOf(crypto, body)
    const answer = { iss: home.node, aud: host.node, iat: startSeconds, nonce: request.nonce, digest }
    const token = signAnswer(home.signer, answer)
    return { comment, kid: home.signer.kid, token, body, payload: JSON.stringify(answer) }
  })
}
