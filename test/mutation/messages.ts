/**
 * Messages to our node: envelopes as an honest peer writes them, and every way of spoiling them before and after they
 * are signed. What must become of a message is said with it only as far as the specification says it beyond doubt.
 */
import { digestOf, jwsTypes, limits, listDigest, utf8, type NodeId } from '../../protocol/index.ts'
import { nodeJsCrypto as crypto } from '../../node/platform.ts'
import { byteKinds, byteMutations } from './byte-mutations.ts'
import { type Chance } from './chance.ts'
import { faultOf } from './minimal.ts'
import { guangzhou, headerOf, peerOf, shenzhen, dongguan, sign, xinyang, type Stage } from './stage.ts'
import { anyDraft, draft, honest, type Draft, type Teller } from './stories.ts'
import { mutatedJson, treeKinds } from './tree-mutations.ts'

export type Signing = 'untouched' | 'before' | 'after'
export type Door = 'envelopes' | 'requests' | 'agreement' | 'receipts' | 'pulled' | 'compared'

export interface Message {
  readonly door: Door
  readonly kind: string
  readonly signing: Signing
  /** The name it is posted under. */
  readonly claimed: string
  readonly body: Uint8Array
  /** Through the Hono app with its limits and status codes, or straight to the inbox. */
  readonly viaApp: boolean
  /** It must be taken; then, what its records must come to, as far as known. */
  readonly taken?: readonly (string | undefined)[]
  /** It must be refused with one of these. */
  readonly codes?: readonly string[]
  /** It must not be refused with these. */
  readonly notCodes?: readonly string[]
}

export interface Scene {
  readonly stage: Stage
  readonly chance: Chance
  readonly tellers: ReadonlyMap<NodeId, Teller>
  /** Bodies that were taken, to be posted again and to be spliced. */
  readonly posted: Uint8Array[]
  /** Requests that were answered: their nonces are spent. */
  readonly asked: Message[]
  readonly viaApp: boolean
}

export function tellerIn(scene: Scene, node: NodeId): Teller {
  const teller = scene.tellers.get(node)
  if (!teller) throw new TypeError(`nobody tells for ${node}`)
  return teller
}

/** Whose turn it is: mostly Shenzhen's. */
export function speakerIn({ chance }: Scene): NodeId {
  return chance.bool(0.8) ? shenzhen : dongguan
}

interface Letter {
  readonly iss: NodeId
  readonly aud: NodeId
  readonly epoch: number
  readonly seq: number
  readonly prev: string | null
  readonly iat: number
  readonly records: { readonly count: number; readonly digest: string }
}

/** The payload of the next envelope of a peer's stream. */
export function nextPayload(stage: Stage, node: NodeId, records: readonly string[]): Letter {
  const { seq, head } = peerOf(stage, node)
  const digests = records.map((text) => digestOf(crypto, text))
  const signed = { count: records.length, digest: listDigest(crypto, digests) }
  return { iss: node, aud: xinyang, epoch: 1, seq: seq + 1, prev: head, iat: 1_772_323_200, records: signed }
}

export function bodyFrom(token: string, records: readonly string[]): Uint8Array {
  return utf8([token, ...records, ''].join('\n'))
}

function sealed(scene: Scene, node: NodeId, records: readonly string[], other: object = {}): Uint8Array {
  const payload = { ...nextPayload(scene.stage, node, records), ...other }
  const header = JSON.stringify(headerOf(scene.stage, node, jwsTypes.envelope))
  return bodyFrom(sign(scene.stage, node, header, JSON.stringify(payload)), records)
}

const textsOf = (drafts: readonly Draft[]) => drafts.map((draft) => JSON.stringify(draft))

export function poolOf({ chance, tellers }: Scene): string[] {
  const all = [...tellers.values()].flatMap(({ lore, said }) => [
    ...[...lore.ours, ...lore.theirs, ...lore.tags, ...lore.queries, ...said.slice(-5)],
    ...lore.parked.map(({ digest }) => digest),
  ])
  return [
    ...all,
    shenzhen,
    dongguan,
    xinyang,
    guangzhou,
    '999999',
    'applied',
    'parked',
    chance.uuid(),
    chance.digest(),
  ]
}

/** Whether lines and sizes let the records travel as they are, so that only their content decides. */
function travels(token: string, records: readonly string[]): boolean {
  const sizes = records.map((text) => utf8(text).length)
  return (
    token.length <= limits.jwsBytes &&
    records.length <= limits.recordsPerEnvelope &&
    records.every((text) => text.startsWith('{') && !text.includes('\n')) &&
    sizes.every((size) => size <= limits.recordBytes) &&
    sizes.reduce((sum, size) => sum + size, 0) <= limits.envelopeRecordBytes
  )
}

const tokenOf = (body: Uint8Array) => Buffer.from(body).toString().split('\n', 1)[0] ?? ''

export function untouched(scene: Scene): Message {
  const node = speakerIn(scene)
  const { drafts, outcomes } = honest(tellerIn(scene, node))
  tellerIn(scene, node).said.push(...drafts.map(({ id }) => id))
  const common = { door: 'envelopes', signing: 'untouched', claimed: node, viaApp: scene.viaApp } as const
  if (scene.posted.length > 0 && scene.chance.bool(0.1)) {
    const body = scene.chance.pick(scene.posted)
    const claimed = (JSON.parse(payloadOf(body)) as Letter).iss
    return { ...common, kind: 'posted again', claimed, body, notCodes: ['any'] }
  }
  return { ...common, kind: 'honest story', body: sealed(scene, node, textsOf(drafts)), taken: outcomes }
}

function payloadOf(body: Uint8Array): string {
  return Buffer.from(tokenOf(body).split('.')[1] ?? '', 'base64url').toString()
}

/** Good records, honest or in no order. */
function someRecords(scene: Scene, node: NodeId): Draft[] {
  const teller = tellerIn(scene, node)
  const drafts = scene.chance.bool()
    ? honest(teller).drafts
    : Array.from({ length: 1 + scene.chance.int(3) }, () => anyDraft(teller))
  return drafts
}

type Made = Pick<Message, 'body'> & Partial<Message>
type Spoil = (scene: Scene, node: NodeId) => Made | undefined

function spoiledRecord(kind: string): Spoil {
  return (scene, node) => {
    const drafts = someRecords(scene, node)
    const place = scene.chance.int(drafts.length)
    const text = mutatedJson(kind, drafts[place], scene.chance, poolOf(scene))
    if (text === undefined) return undefined
    const records = textsOf(drafts).with(place, text)
    const body = sealed(scene, node, records)
    return { body, ...(travels(tokenOf(body), records) ? { taken: records.map(() => undefined) } : {}) }
  }
}

function spoiledPayload(kind: string): Spoil {
  return (scene, node) => {
    const records = textsOf(someRecords(scene, node))
    const payload = nextPayload(scene.stage, node, records)
    const text = mutatedJson(kind, payload, scene.chance, poolOf(scene))
    if (text === undefined) return undefined
    const header = JSON.stringify(headerOf(scene.stage, node, jwsTypes.envelope))
    const token = sign(scene.stage, node, header, text)
    return { body: bodyFrom(token, records), ...expectedOfJson(token, text) }
  }
}

/** A signed text that is not minimal JSON is `bad_json` and nothing else, and no other is. */
export function expectedOfJson(token: string, text: string): Partial<Message> {
  if (token.length > limits.jwsBytes) return { codes: ['too_large'] }
  if (text === '') return { codes: ['bad_encoding'] }
  return faultOf(text) === undefined ? { notCodes: ['bad_json'] } : { codes: ['bad_json'] }
}

function spoiledHeader(kind: string): Spoil {
  return (scene, node) => {
    const records = textsOf(someRecords(scene, node))
    const header = headerOf(scene.stage, node, jwsTypes.envelope)
    const text = mutatedJson(kind, header, scene.chance, poolOf(scene))
    if (text === undefined) return undefined
    const token = sign(scene.stage, node, text, JSON.stringify(nextPayload(scene.stage, node, records)))
    const long = utf8(text).length > limits.headerBytes
    return {
      body: bodyFrom(token, records),
      ...(long ? { codes: ['too_large'] } : expectedOfJson(token, text)),
    }
  }
}

/** Spoils the payload's place in its stream, or whom it is from and for. */
const placed =
  (change: (letter: Letter, chance: Chance) => object): Spoil =>
  (scene, node) => {
    const records = textsOf(someRecords(scene, node))
    const letter = nextPayload(scene.stage, node, records)
    return { body: sealed(scene, node, records, change(letter, scene.chance)) }
  }

/** Changes the texts beside it, all of them signed. */
const worded =
  (change: (texts: string[], scene: Scene, node: NodeId) => string[]): Spoil =>
  (scene, node) => {
    const records = change(textsOf(someRecords(scene, node)), scene, node)
    const body = sealed(scene, node, records)
    return { body, ...(travels(tokenOf(body), records) ? { taken: records.map(() => undefined) } : {}) }
  }

const draftChanged = (change: (draft: Draft, scene: Scene, teller: Teller) => object): Spoil =>
  worded((texts, scene, node) => {
    const place = scene.chance.int(texts.length)
    const draft = JSON.parse(texts[place] ?? '{}') as Draft
    return texts.with(place, JSON.stringify({ ...draft, ...change(draft, scene, tellerIn(scene, node)) }))
  })

/** A record of exactly so many bytes, of a type of tomorrow. */
function recordOf(bytes: number, chance: Chance): string {
  const frame = {
    id: chance.uuid(),
    type: 'future.thing',
    v: 1,
    case: null,
    at: '2026-03-01T08:00:00Z',
    by: 'a',
  }
  const short = JSON.stringify({ ...frame, body: { pad: '' } })
  return JSON.stringify({ ...frame, body: { pad: 'x'.repeat(bytes - short.length) } })
}

/** Rare in proportion to what they cost: a fork ends the world, and a full envelope is 256 records. */
const wordings: Record<string, { weight?: number; spoil: Spoil }> = {
  'records in no order': { weight: 12, spoil: worded((texts, { chance }) => chance.shuffled(texts)) },
  'any records': {
    weight: 12,
    spoil: worded((_t, scene, node) =>
      textsOf(Array.from({ length: 1 + scene.chance.int(6) }, () => anyDraft(tellerIn(scene, node)))),
    ),
  },
  'record twice': { weight: 4, spoil: worded((texts, { chance }) => [...texts, chance.pick(texts)]) },
  'record taken before': {
    weight: 6,
    spoil: worded((texts, scene, node) => {
      const { taken } = tellerIn(scene, node)
      return taken.length === 0 ? [...texts, ...texts] : [...texts, scene.chance.pick(taken)]
    }),
  },
  'id used before': {
    weight: 6,
    spoil: draftChanged((draft, { chance }, { said }) => ({
      id: said.length > 0 ? chance.pick(said) : draft.id,
    })),
  },
  'report told twice otherwise': {
    weight: 6,
    spoil: worded((texts, scene, node) => {
      const teller = tellerIn(scene, node)
      const about = scene.chance.pick(teller.lore.ours)
      const [one, other] = [
        draft(teller, 'activity.recorded', about),
        draft(teller, 'activity.recorded', about),
      ]
      return [...textsOf([draft(teller, 'flow.arrived', about), one, { ...other, id: one.id }]), ...texts]
    }),
  },
  'case of another': {
    weight: 6,
    spoil: draftChanged((_d, scene) => ({
      case: scene.chance.pick(poolOf(scene).filter((text) => text.length === 36)),
    })),
  },
  'case where none belongs': {
    weight: 3,
    spoil: draftChanged((draft, { chance }) => ({ case: draft.case === null ? chance.uuid() : null })),
  },
  'type of tomorrow': { weight: 3, spoil: draftChanged(() => ({ type: 'future.thing' })) },
  'version of tomorrow': {
    weight: 3,
    spoil: draftChanged((_d, { chance }) => ({ v: chance.pick([0, 2, 1000, 1001, 1.5, '1']) })),
  },
  'body of another type': {
    weight: 6,
    spoil: draftChanged((_d, _s, teller) => ({ body: anyDraft(teller).body })),
  },
  'type named like an object’s member': {
    spoil: draftChanged((_d, { chance }) => ({
      type: chance.pick(['has.own', 'to.string', '__proto__', 'constructor', 'flow.published ']),
    })),
  },
  'tag of another case': {
    weight: 4,
    spoil: draftChanged(({ body }, scene, { lore }) => ({
      body: { ...body, tag: scene.chance.pick(lore.tags) },
    })),
  },
  'record at its limit': {
    spoil: worded((texts, { chance }) => [
      ...texts,
      recordOf(limits.recordBytes - chance.int(3) + 1, chance),
    ]),
  },
  'records at their number': {
    weight: 0.1,
    spoil: worded((_t, { chance }) =>
      Array.from({ length: limits.recordsPerEnvelope + chance.int(2) }, () => recordOf(200, chance)),
    ),
  },
  'records at their size': {
    weight: 0.02,
    spoil: worded((_t, { chance }) => {
      const rest = Array.from({ length: 64 }, (_, i) =>
        recordOf(limits.recordBytes - (i === 0 ? chance.int(2) : 0), chance),
      )
      return chance.bool() ? rest : [...rest, recordOf(200, chance)]
    }),
  },
  'place: later': {
    weight: 3,
    spoil: placed(({ seq }, chance) => ({
      seq: seq + chance.pick([1, 2, 1000, 2 ** 31, limits.streamNumber - seq]),
    })),
  },
  'place: earlier (fork)': {
    weight: 0.3,
    spoil: placed(({ seq }, chance) => ({ seq: 1 + chance.int(seq) })),
  },
  'place: other predecessor (fork)': {
    weight: 0.3,
    spoil: placed((_l, chance) => ({ prev: chance.pick([null, chance.digest()]) })),
  },
  'place: other epoch': {
    weight: 3,
    spoil: placed((_l, chance) => ({
      epoch: chance.pick([2, 3, limits.streamNumber, 2 ** 31 - 1, 2 ** 53 - 2, 0, -1]),
    })),
  },
  'label: any time': {
    weight: 2,
    spoil: placed((_l, chance) => ({ iat: chance.pick([0, 1, 2 ** 31, 2 ** 53 - 1, -1, 0.5]) })),
  },
  'from another': {
    weight: 2,
    spoil: placed((_l, chance) => ({
      iss: chance.pick([shenzhen, dongguan, guangzhou, xinyang, '999999', '0', null]),
    })),
  },
  'for another': {
    weight: 2,
    spoil: placed((_l, chance) => ({ aud: chance.pick([shenzhen, dongguan, '999999', [xinyang], null]) })),
  },
  'other digest': {
    weight: 4,
    spoil: placed(({ records: { count, digest } }, chance) => {
      const counts = [count, count + 1, count - 1, 0, limits.recordsPerEnvelope, 2 ** 31]
      const other = { count: chance.pick(counts), digest: chance.bool() ? digest : chance.digest() }
      return { records: chance.pick<unknown>([other, [digest], [], digest, { ...other, digest: undefined }]) }
    }),
  },
  'another’s key': {
    weight: 3,
    spoil: (scene, node) => {
      const records = textsOf(someRecords(scene, node))
      const other = scene.chance.pick([shenzhen, dongguan, guangzhou].filter((name) => name !== node))
      const header = JSON.stringify(
        headerOf(scene.stage, scene.chance.bool() ? node : other, jwsTypes.envelope),
      )
      const token = sign(scene.stage, other, header, JSON.stringify(nextPayload(scene.stage, node, records)))
      scene.stage.signed.delete(token)
      return { body: bodyFrom(token, records), codes: ['bad_signature'] }
    },
  },
  'token of another purpose': {
    weight: 2,
    spoil: (scene, node) => {
      const records = textsOf(someRecords(scene, node))
      const typ = scene.chance.pick([jwsTypes.receipt, jwsTypes.request, jwsTypes.answer, jwsTypes.agreement])
      const header = JSON.stringify(headerOf(scene.stage, node, typ))
      const token = sign(scene.stage, node, header, JSON.stringify(nextPayload(scene.stage, node, records)))
      return { body: bodyFrom(token, records), codes: ['wrong_type'] }
    },
  },
  'posted by another': {
    weight: 3,
    spoil: (scene, node) => {
      const names = [
        dongguan,
        shenzhen,
        guangzhou,
        '999999',
        '',
        'x',
        `${node}0`,
        '__proto__',
        'a'.repeat(300),
      ]
      const claimed = scene.chance.pick(
        names.filter((name) => name !== node && (name !== '' || !scene.viaApp)),
      )
      const codes = ['bad_signature', 'unknown_peer', 'suspended']
      return { body: sealed(scene, node, textsOf(someRecords(scene, node))), claimed, codes }
    },
  },
}

interface Kind {
  readonly kind: string
  readonly weight: number
  readonly spoil: Spoil
}
const kindsOf = (name: string, total: number, make: (kind: string) => Spoil): Kind[] =>
  treeKinds.map((kind) => ({ kind: `${name}: ${kind}`, weight: total / treeKinds.length, spoil: make(kind) }))

/** Every kind of spoiling an envelope before it is signed, with its share. */
const beforeKinds: readonly Kind[] = [
  ...kindsOf('record', 50, spoiledRecord),
  ...kindsOf('payload', 18, spoiledPayload),
  ...kindsOf('header', 6, spoiledHeader),
  ...Object.entries(wordings).map(([kind, { weight = 1, spoil }]) => ({ kind, weight: weight / 4.5, spoil })),
]

export function spoiledBefore(scene: Scene): Message {
  const node = speakerIn(scene)
  const { kind, spoil } = scene.chance.weighted(beforeKinds)
  const made = spoil(scene, node)
  if (!made) return untouched(scene)
  return { door: 'envelopes', kind, signing: 'before', claimed: node, viaApp: scene.viaApp, ...made }
}

export function spoiledAfter(scene: Scene): Message {
  const { chance } = scene
  const node = speakerIn(scene)
  const bytes = sealed(scene, node, textsOf(someRecords(scene, node)))
  const other =
    scene.posted.length > 0 && chance.bool(0.8)
      ? chance.pick(scene.posted)
      : sealed(scene, node, textsOf(someRecords(scene, node)))
  const kind = chance.pick(byteKinds)
  const body = byteMutations[kind]?.({ bytes, other }, chance)
  const common = { door: 'envelopes', claimed: node, viaApp: scene.viaApp } as const
  // What came out as it went in is no mutation, and is not counted as one.
  if (!body || Buffer.compare(body, bytes) === 0 || Buffer.compare(body, other) === 0)
    return { ...common, kind: 'as it was', signing: 'untouched', body: bytes, taken: [] }
  return { ...common, kind, signing: 'after', body }
}
