/** Section 3, 4 and 6: every spelling of a token but the one is refused, in the order of the reader's steps. */
import base64urlVectors from '../../../test/vectors/base64url.json' with { type: 'json' }
import jsonVectors from '../../../test/vectors/json.json' with { type: 'json' }
import { base64url, jwsTypes, limits, signJws, utf8, type SealedEnvelope } from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { bodyOf, newTag, type Peer } from '../peer.ts'
import { demandRefusal, refusalCheck, type Row } from './refusals.ts'

/** An envelope that the node would take next: asked about somebody whom no roster has. */
export function honest(peer: Peer): SealedEnvelope {
  return peer.seal({}, peer.record('identity.queried', null, { tag: newTag(), name: '测试' }))
}

/** The honest envelope with its token spelled otherwise. */
function respelled(change: (token: string) => string): Row['body'] {
  return (peer) => {
    const { jws, records } = honest(peer)
    return bodyOf({ jws: change(jws), records })
  }
}

/** The honest envelope under another header, with a true signature over it. */
function headed(change: (good: Record<string, unknown>, peer: Peer) => unknown): Row['body'] {
  return (peer) => {
    const { jws, records } = honest(peer)
    const header = change({ alg: 'Ed25519', kid: peer.keyring.kid, typ: jwsTypes.envelope }, peer)
    const text = typeof header === 'string' ? header : JSON.stringify(header)
    const input = `${base64url(utf8(text))}.${jws.split('.')[1] ?? ''}`
    return bodyOf({ jws: `${input}.${base64url(peer.signer.sign(utf8(input)))}`, records })
  }
}

/** A token over this very payload, with a true signature. */
export function signed(change: (good: string) => string | Uint8Array): Row['body'] {
  return (peer) => {
    const { payload, records } = honest(peer)
    return bodyOf({ jws: peer.token(jwsTypes.envelope, change(JSON.stringify(payload))), records })
  }
}

const asBase64 = (text: string) => Buffer.from(text, 'base64url').toString('base64')
const parts = (token: string, change: (list: string[]) => string[]) => change(token.split('.')).join('.')
/** A header of this many bytes. */
const longHeader = (bytes: number) =>
  headed((good) => {
    const rest = JSON.stringify({ ...good, kid: '' }).length
    return { ...good, kid: 'k'.repeat(bytes - rest) }
  })

const spellings: readonly Row[] = [
  {
    id: 'token.padding',
    says: 'A token with padding',
    code: 'bad_encoding',
    body: respelled((t) => `${t}==`),
  },
  {
    id: 'token.alphabet',
    says: 'A token in the other base64 alphabet',
    code: 'bad_encoding',
    body: respelled((token) => parts(token, ([h = '', p = '']) => [h, p, asBase64('-_'.repeat(43))])),
  },
  {
    id: 'token.unused-bits',
    says: 'A signature whose last character has unused bits set',
    code: 'bad_encoding',
    body: respelled((t) => t.slice(0, -1) + String.fromCharCode(t.charCodeAt(t.length - 1) + 1)),
  },
  { id: 'token.blank', says: 'A blank after a token', code: 'bad_encoding', body: respelled((t) => `${t} `) },
  {
    id: 'token.two-parts',
    says: 'A token of two parts',
    code: 'bad_encoding',
    body: respelled((token) => parts(token, (list) => list.slice(0, 2))),
  },
  {
    id: 'token.four-parts',
    says: 'A token of four parts',
    code: 'bad_encoding',
    body: respelled((t) => `${t}.AA`),
  },
  {
    id: 'token.no-header',
    says: 'A token with an empty header',
    code: 'bad_encoding',
    body: respelled((token) => parts(token, ([, p = '', s = '']) => ['', p, s])),
  },
  {
    id: 'token.detached',
    says: 'A token with an empty payload',
    code: 'bad_encoding',
    body: respelled((token) => parts(token, ([h = '', , s = '']) => [h, '', s])),
  },
  {
    id: 'token.no-signature',
    says: 'A token with an empty signature',
    code: 'bad_signature',
    body: respelled((token) => parts(token, ([h = '', p = '']) => [h, p, ''])),
  },
  {
    id: 'token.short-signature',
    says: 'A signature of 63 bytes',
    code: 'bad_signature',
    body: respelled((token) => parts(token, ([h = '', p = '', s = '']) => [h, p, s.slice(0, 84)])),
  },
  {
    id: 'token.flipped-signature',
    says: 'A signature with one bit changed',
    code: 'bad_signature',
    body: respelled((token) => parts(token, ([h = '', p = '', s = '']) => [h, p, flip(s)])),
  },
  {
    id: 'token.other-s',
    says: 'The same signature with S above the group order',
    code: 'bad_signature',
    body: respelled((token) => parts(token, ([h = '', p = '', s = '']) => [h, p, raised(s)])),
  },
  {
    id: 'token.flipped-payload',
    says: 'A payload with one bit changed after it was signed',
    code: 'bad_signature',
    body: respelled((token) => parts(token, ([h = '', p = '', s = '']) => [h, flip(p), s])),
  },
]

const headers: readonly Row[] = [
  {
    id: 'header.blanks',
    says: 'A header with blanks',
    code: 'bad_json',
    body: headed((h) => JSON.stringify(h, null, 1)),
  },
  {
    id: 'header.twice',
    says: 'A header with a member twice',
    code: 'bad_json',
    body: headed((h) => JSON.stringify(h).replace('{', '{"alg":"none",')),
  },
  {
    id: 'header.list',
    says: 'A header that is a list',
    code: 'header_not_allowed',
    body: headed((h) => [h]),
  },
  {
    id: 'header.null',
    says: 'A header that is null',
    code: 'header_not_allowed',
    body: headed(() => 'null'),
  },
  {
    id: 'header.jwk',
    says: 'A key in the header',
    code: 'header_not_allowed',
    body: headed((h, peer) => ({ ...h, jwk: peer.keyring.signing })),
  },
  {
    id: 'header.jku',
    says: 'An address of keys in the header',
    code: 'header_not_allowed',
    body: headed((h) => ({ ...h, jku: 'http://127.0.0.1/' })),
  },
  {
    id: 'header.crit',
    says: 'An extension in the header',
    code: 'header_not_allowed',
    body: headed((h) => ({ ...h, crit: ['b64'], b64: false })),
  },
  {
    id: 'header.no-typ',
    says: 'A header without typ',
    code: 'header_not_allowed',
    body: headed(({ alg, kid }) => ({ alg, kid })),
  },
  {
    id: 'header.kid-list',
    says: 'A kid that is a list',
    code: 'header_not_allowed',
    body: headed((h) => ({ ...h, kid: [h['kid']] })),
  },
  ...['none', 'EdDSA', 'HS256', 'ed25519'].map((alg): Row => ({
    id: `header.alg-${alg.toLowerCase()}${alg === 'ed25519' ? '-lower' : ''}`,
    says: `The algorithm ${alg}, though the signature holds`,
    code: 'bad_signature',
    body: headed((h) => ({ ...h, alg })),
  })),
  {
    id: 'header.alg-before-kid',
    says: 'A wrong alg is met before a kid that is no text',
    code: 'bad_signature',
    body: headed((h) => ({ ...h, alg: 'none', kid: 1 })),
  },
  {
    id: 'header.unknown-kid',
    says: 'A kid that nobody has',
    code: 'bad_signature',
    body: headed((h) => ({ ...h, kid: newTag() })),
  },
  {
    id: 'header.proto-kid',
    says: 'A kid named like a member of every object',
    code: 'bad_signature',
    body: headed((h) => ({ ...h, kid: '__proto__' })),
  },
  ...(['receipt', 'request', 'answer', 'agreement'] as const).map((purpose): Row => ({
    id: `header.typ-${purpose}`,
    says: `A good token of the purpose ${purpose} posted as an envelope`,
    code: 'wrong_type',
    body: (peer) => {
      const { payload, records } = honest(peer)
      return bodyOf({ jws: signJws(peer.signer, jwsTypes[purpose], payload), records })
    },
  })),
  {
    id: 'limit.header-at',
    section: 20,
    says: 'A header of exactly headerBytes is read, and its kid is nobody’s',
    code: 'bad_signature',
    body: longHeader(limits.headerBytes),
  },
  {
    id: 'limit.header-over',
    section: 20,
    says: 'A header one byte over headerBytes',
    code: 'too_large',
    body: longHeader(limits.headerBytes + 1),
  },
]

const order: readonly Row[] = [
  {
    id: 'token.json-after-signature',
    says: 'A payload that is no JSON under a signature that does not hold: the signature is met first',
    code: 'bad_signature',
    body: (peer) => {
      const token = peer.token(jwsTypes.envelope, '{')
      return utf8(`${token.slice(0, token.lastIndexOf('.') + 1)}${base64url(new Uint8Array(64))}\n{}\n`)
    },
  },
  {
    id: 'token.json-under-signature',
    says: 'A payload that is no JSON under a signature that holds',
    code: 'bad_json',
    body: signed(() => '{'),
  },
]

function flip(part: string): string {
  return (part.startsWith('A') ? 'B' : 'A') + part.slice(1)
}

/** S plus the group order: the same point to a reader that does not look. */
function raised(part: string): string {
  const bytes = Buffer.from(part, 'base64url')
  const groupOrder = (1n << 252n) + 27742317777372353535851937790883648493n
  let s = groupOrder
  for (let i = 0; i < 32; i++) s += BigInt(bytes[32 + i] ?? 0) << BigInt(8 * i)
  for (let i = 0; i < 32; i++) bytes[32 + i] = Number((s >> BigInt(8 * i)) & 255n)
  return bytes.toString('base64url')
}

type Text = { text?: string; hex?: string; comment: string }
const bytesOf = ({ text, hex }: Text) => (hex === undefined ? (text ?? '') : Buffer.from(hex, 'hex'))

/** Every vector of a file as a payload or a part of a token, each refused with this code. */
const vectors: readonly Check[] = [
  {
    id: 'json.refused',
    section: 4,
    says: `Each of ${jsonVectors.invalid.length} texts that are not minimal JSON (test/vectors/json.json), as a signed payload: bad_json.`,
    codes: ['bad_json'],
    run: (world) =>
      world.unchanged(world.first, async () => {
        for (const vector of jsonVectors.invalid as Text[]) {
          // An empty part is refused as no token before anybody reads JSON in it.
          if (bytesOf(vector).length === 0) continue
          demandRefusal(await world.first.post(signed(() => bytesOf(vector))(world.first, world)), 'bad_json')
        }
      }),
  },
  {
    id: 'json.read',
    section: 4,
    says: `Each of ${jsonVectors.valid.length} texts that are minimal JSON but no envelope: bad_field, not bad_json.`,
    codes: ['bad_field'],
    run: (world) =>
      world.unchanged(world.first, async () => {
        for (const vector of jsonVectors.valid as Text[])
          demandRefusal(
            await world.first.post(signed(() => bytesOf(vector))(world.first, world)),
            'bad_field',
          )
      }),
  },
  {
    id: 'base64url.refused',
    section: 3,
    says: `Each of ${base64urlVectors.invalid.length} other spellings (test/vectors/base64url.json) as the signature of a token: bad_encoding.`,
    codes: ['bad_encoding'],
    run: (world) =>
      world.unchanged(world.first, async () => {
        // A line end in a token makes two lines of it, and the first of them is well spelled.
        for (const { text } of base64urlVectors.invalid.filter((vector) => !vector.text.includes('\n'))) {
          const respell = respelled((token) => parts(token, ([h = '', p = '']) => [h, p, text]))
          demandRefusal(await world.first.post(respell(world.first, world)), 'bad_encoding')
        }
      }),
  },
]

export const tokenChecks: readonly Check[] = [
  ...vectors,
  ...[...spellings, ...headers, ...order].map((row) => refusalCheck(6, row)),
]
