/**
 * The people of the vectors: two regions and a stranger with keys from fixed seeds, fixed times and ids, and one valid
 * body of every record type. Public test keys: nothing anywhere may trust them.
 */
import * as nodeCrypto from 'node:crypto'
import {
  base64url,
  thumbprint,
  uuidV7,
  utf8,
  type BodyOf,
  type ExchangeKey,
  type FactRecord,
  type NodeId,
  type RecordType,
  type Signer,
  type SigningKey,
  type Uuid,
} from '../../protocol/index.ts'
import { nodeJsCrypto } from '../../node/platform.ts'

export const crypto = nodeJsCrypto

/** 2026-01-01T00:00:00Z. */
export const startSeconds = 1_767_225_600

export interface Actor {
  readonly node: NodeId
  readonly name: string
  readonly signingSeed: string
  readonly exchangeSeed: string
  readonly signing: SigningKey
  readonly exchange: ExchangeKey
  readonly publicKey: Uint8Array
  readonly signer: Signer
  /** The X25519 output with another actor. */
  shared(other: Actor): Uint8Array
}

/** PrivateKeyInfo of RFC 8410 §7 is this prefix, the last byte of the curve's OID, and the seed. */
function privateKey(curve: 'ed25519' | 'x25519', seed: Uint8Array): nodeCrypto.KeyObject {
  const prefix = `302e020100300506032b65${curve === 'ed25519' ? '70' : '6e'}04220420`
  const key = Buffer.concat([Buffer.from(prefix, 'hex'), seed])
  return nodeCrypto.createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

function publicPart(key: nodeCrypto.KeyObject): string {
  return String(nodeCrypto.createPublicKey(key).export({ format: 'jwk' })['x'])
}

function actor(node: NodeId, name: string, number: number): Actor {
  const signingSeed = new Uint8Array(32).fill(number)
  const exchangeSeed = new Uint8Array(32).fill(number + 100)
  const signingKey = privateKey('ed25519', signingSeed)
  const exchangeKey = privateKey('x25519', exchangeSeed)
  const signing: SigningKey = { kty: 'OKP', crv: 'Ed25519', x: publicPart(signingKey) }
  const exchange: ExchangeKey = { kty: 'OKP', crv: 'X25519', x: publicPart(exchangeKey) }
  return {
    node,
    name,
    signingSeed: base64url(signingSeed),
    exchangeSeed: base64url(exchangeSeed),
    signing,
    exchange,
    publicKey: Buffer.from(signing.x, 'base64url'),
    signer: {
      kid: thumbprint(crypto, signing),
      sign: (message) => nodeCrypto.sign(null, message, signingKey),
    },
    shared: (other) => {
      const publicKey = nodeCrypto.createPublicKey({ key: other.exchange, format: 'jwk' })
      return nodeCrypto.diffieHellman({ privateKey: exchangeKey, publicKey })
    },
  }
}

export const home = actor('411525', '固始县', 1)
export const host = actor('440304', '福田区', 2)
export const stranger = actor('330106', '西湖区', 3)
/** Another key of 411525, which it announces. */
const laterKey = actor(home.node, home.name, 4)

/** The nth id of the vectors: n milliseconds after the start, its chance all n. */
export function id(n: number): Uuid {
  return uuidV7(startSeconds * 1000 + n, new Uint8Array(10).fill(n % 256))
}

export const caseId = id(1)
export const queryId = id(2)
export const tag = base64url(new Uint8Array(32).fill(7))
const branch = { id: id(3), name: '园岭街道流动党员第一支部' }

export const bodies: { [T in RecordType]: BodyOf<T> } = {
  'identity.queried': { tag, name: '龚胜平', arrivedOn: '2025-09-01' },
  'identity.asserted': { query: queryId, tag, person: { name: '龚胜平', category: 'full' } },
  'identity.denied': { query: queryId, reason: 'unknown' },
  'flow.published': {
    tag,
    person: { name: '龚胜平', category: 'full', phone: '13800000000' },
    outflow: {
      destination: { code: host.node, text: '广东省深圳市福田区' },
      leftOn: '2025-08',
      reason: '务工',
      occupation: '电工',
      certificateNo: '豫0001',
      branch: '城关党支部',
      contact: '李志强',
    },
  },
  'flow.amended': { person: { name: '龚光平', category: 'full', phone: '13800000000' } },
  'flow.returned': { returnedOn: '2026-03-01' },
  'flow.closed': { reason: 'returned', note: '已回原籍' },
  'notice.sent': { on: '2026-01-10', subject: '换届选举', text: '请于一月二十日前\n回执。' },
  'flow.arrived': {
    person: { name: '龚光平', phone: '13900000000' },
    match: 'probable',
    deviations: [
      { field: 'name', home: '龚胜平', host: '龚光平' },
      { field: 'phone', home: '13800000000', host: '13900000000' },
    ],
    arrivedOn: '2025-09-01',
    employer: '福田电力',
  },
  'flow.disputed': { reason: 'not-arrived', note: '电话无人接听' },
  'flow.placed': { branch, on: '2025-09-15' },
  'flow.relocated': { branch: { ...branch, name: '园岭街道流动党员第二支部' }, on: '2025-12' },
  'flow.departed': { departedOn: '2026-02-20', destination: '河南省固始县' },
  'activity.recorded': { activity: { on: '2025-10-01', kind: 'dues', title: '十月党费', amountFen: 1200 } },
  'activity.corrected': {
    corrects: id(4),
    activity: { on: '2025-10-01', kind: 'dues', amountFen: 1300 },
  },
  'outcome.settled': { epoch: 1, seq: 3, index: 0, digest: tag, outcome: 'refused:case_closed' },
  'keys.announced': { key: laterKey.signing },
  'epoch.opened': { after: { epoch: 1, seq: 3, head: tag }, reason: 'recovered' },
  'record.erased': { epoch: 1, seq: 3, index: 0, digest: tag },
  'audit.head': { entries: 4711, head: tag },
}

const withoutCase: readonly RecordType[] = [
  'identity.queried',
  'identity.denied',
  'outcome.settled',
  'keys.announced',
  'epoch.opened',
  'audit.head',
]

/** A record of a type with its sample body, or another; `n` makes its id. */
export function fact<T extends RecordType>(type: T, n = 10, body: BodyOf<T> = bodies[type]): FactRecord<T> {
  const ofCase = withoutCase.includes(type) ? null : caseId
  return {
    id: id(n),
    type,
    v: 1,
    case: ofCase,
    at: '2026-01-01T00:00:00Z',
    by: '411525',
    body,
  } as FactRecord<T>
}

export function factText<T extends RecordType>(type: T, n?: number, body?: BodyOf<T>): string {
  return JSON.stringify(fact(type, n, body))
}

/** A token of exactly these texts under a true signature: for headers and payloads that `signJws` would never write. */
export function rawToken(signer: Signer, header: string, payload: string): string {
  const input = `${base64url(utf8(header))}.${base64url(utf8(payload))}`
  return `${input}.${base64url(signer.sign(utf8(input)))}`
}

export function headerText(signer: Signer, typ: string): string {
  return JSON.stringify({ alg: 'Ed25519', kid: signer.kid, typ })
}

/** The same token with one part replaced. */
export function withPart(token: string, part: 0 | 1 | 2, text: string): string {
  return token.split('.').with(part, text).join('.')
}
