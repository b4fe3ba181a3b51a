/** Signed requests to our node, and agreement documents handed to its operator: good ones, and every way of spoiling them. */
import { AgreementError } from '../../node/federation/peers.ts'
import { nonces, refusals, streamsIn } from '../../node/federation/tables.ts'
import { fingerprint, jwsTypes, thumbprint, utf8, type Family, type NodeId } from '../../protocol/index.ts'
import { nodeJsCrypto as crypto } from '../../node/platform.ts'
import { postTo } from '../harness/network.ts'
import { byteKinds, byteMutations } from './byte-mutations.ts'
import { type Chance } from './chance.ts'
import { expectedOfJson, poolOf, speakerIn, type Message, type Scene } from './messages.ts'
import {
  codeOfResponse,
  demand,
  holdExpectation,
  lettersOf,
  payloadText,
  sha,
  type Answer,
} from './oracle.ts'
import {
  dongguan,
  headerOf,
  loreOf,
  peerOf,
  shenzhen,
  sign,
  signedJson,
  streamRow,
  termsWith,
  xinyang,
  type Stage,
} from './stage.ts'
import { faultOf } from './minimal.ts'
import { mutatedJson, treeKinds } from './tree-mutations.ts'

const nowSeconds = (stage: Stage) => Math.floor(stage.clock.nowMs() / 1000)

function requestPayload(stage: Stage, node: NodeId, chance: Chance): object {
  const home = chance.pick([node, xinyang])
  const after = chance.bool() ? null : chance.pick([...loreOf(stage, node).ours, chance.uuid()])
  const pull = { what: 'pull', epoch: chance.bool(0.9) ? 1 : 2, after: chance.int(6) }
  const of = chance.pick(['asked', 'answering'])
  const purpose = chance.pick<object>([
    pull,
    { what: 'compare', home, after },
    { what: 'heads' },
    { what: 'restore', of, after: { epoch: 1, seq: chance.int(6) } },
  ])
  const iat = nowSeconds(stage) - chance.int(100)
  return { iss: node, aud: xinyang, iat, exp: iat + 200 + chance.int(101), nonce: chance.uuid(), purpose }
}

/** A request: good, spoiled before it was signed, or after. */
export function request(scene: Scene, signing: Message['signing']): Message {
  const { stage, chance } = scene
  const node = speakerIn(scene)
  const common = { door: 'requests', claimed: node, viaApp: scene.viaApp } as const
  const payload = requestPayload(stage, node, chance)
  const text = JSON.stringify(payload)
  const good = utf8(signedJson(stage, node, jwsTypes.request, text) + (chance.bool() ? '\n' : ''))
  const kind = chance.pick(signing === 'after' ? byteKinds : treeKinds)
  if (signing === 'before') {
    const ofHeader = chance.bool(0.1)
    const header = headerOf(stage, node, jwsTypes.request)
    const spoiled = mutatedJson(kind, ofHeader ? header : payload, chance, poolOf(scene))
    if (spoiled !== undefined) {
      const token = ofHeader
        ? sign(stage, node, spoiled, text)
        : signedJson(stage, node, jwsTypes.request, spoiled)
      const expected = ofHeader ? {} : expectedOfJson(token, spoiled)
      return { ...common, kind: `request: ${kind}`, signing, body: utf8(token), ...expected }
    }
  }
  if (signing === 'after') {
    const other = utf8(
      signedJson(stage, node, jwsTypes.request, JSON.stringify(requestPayload(stage, node, chance))),
    )
    const body = byteMutations[kind]?.({ bytes: good, other }, chance)
    if (body && ![good, other].some((bytes) => Buffer.compare(bytes, body) === 0))
      return { ...common, kind: `request: ${kind}`, signing, body }
  }
  if (scene.asked.length > 0 && chance.bool(0.2)) {
    const { claimed, body } = chance.pick(scene.asked)
    return {
      ...common,
      kind: 'request: asked again',
      signing: 'untouched',
      claimed,
      body,
      // What was asked more than five minutes ago is refused for its time already.
      codes: ['replayed_nonce', 'bad_time'],
    }
  }
  const message: Message = {
    ...common,
    kind: 'request: good',
    signing: 'untouched',
    body: good,
    notCodes: ['any'],
  }
  scene.asked.push(message)
  return message
}

export async function sendRequest(stage: Stage, message: Message): Promise<string> {
  const before = await streamRow(stage, message.claimed)
  const { code, text } = await ask(stage, message)
  const after = await streamRow(stage, message.claimed)
  const { ledger } = stage
  const { heardMs: _before, ...was } = before ?? { heardMs: 0 }
  const { heardMs: _after, ...is } = after ?? { heardMs: 0 }
  demand(JSON.stringify(was) === JSON.stringify(is), 'a request moved a stream')
  const allowed = ['nonces', 'refusals', 'streams_in', 'leases', 'alarms', 'peer_keys']
  for (const table of ledger.touched()) demand(allowed.includes(table), `a request changed ${table}`)
  const spent = ledger.inserted(nonces)
  demand(spent.length <= 1 && ledger.entry(streamsIn).updated <= spent.length, 'heard without a good request')
  if (text === undefined) demand(ledger.inserted(refusals).length <= 1, 'more than one line of audit')
  else holdAnswer(stage, message, text)
  const answer: Answer = { receipts: text === undefined ? [] : ['answered'], code }
  holdExpectation(message, answer, [])
  return code ?? 'answered'
}

async function ask(stage: Stage, message: Message): Promise<{ code: Answer['code']; text?: string }> {
  if (message.viaApp) {
    const path = `/federation/v1/${encodeURIComponent(message.claimed)}/requests`
    const { status, body } = await postTo(stage.us.app, path, message.body)
    if (status === 200) return { code: undefined, text: Buffer.from(body).toString() }
    return { code: codeOfResponse(status, body, stage) }
  }
  const answered = await stage.us.region.requests.answer(message.claimed, message.body)
  return answered.ok ? { code: undefined, text: answered.text } : { code: answered.code }
}

/** An answer is given to a request that was signed as it stands, names it, and shows the asker its own stream alone. */
function holdAnswer(stage: Stage, message: Message, text: string): void {
  const token = Buffer.from(message.body).toString().replace(/\n$/, '')
  demand(stage.signed.has(token), 'a request was answered that nobody signed so')
  demand(faultOf(payloadText(token)) === undefined, 'a request was answered that is not minimal JSON')
  const asked = JSON.parse(payloadText(token)) as {
    nonce: string
    iss: string
    exp: number
    purpose: { what: string }
  }
  const end = text.indexOf('\n')
  const answer = JSON.parse(payloadText(text.slice(0, end))) as Record<string, unknown>
  const body = text.slice(end + 1)
  demand(answer['nonce'] === asked.nonce && answer['aud'] === message.claimed, 'an answer to another request')
  // How far it is a node says whatever the asker's clock shows.
  const timely = asked.purpose.what === 'heads' || asked.exp >= nowSeconds(stage)
  demand(asked.iss === message.claimed && timely, 'answered for another, or too late')
  demand(
    answer['digest'] === sha(body) && answer['iss'] === xinyang,
    'an answer that is not bound to its body',
  )
  if (asked.purpose.what !== 'pull') return
  for (const letter of lettersOf(utf8(body)).filter((each) => each.token !== ''))
    demand(
      (JSON.parse(payloadText(letter.token)) as { aud: string }).aud === message.claimed,
      'another’s stream was shown',
    )
}

const foshan: NodeId = '440600'
const agreementCodes = new Set([
  ...['agreement_unreadable', 'agreement_terms', 'agreement_signature', 'weak_key', 'bad_key'],
  ...['agreement_other_fingerprint', 'agreement_not_ours', 'agreement_incomplete', 'agreement_key_revoked'],
])

/** Coordinates that are no keys to be enrolled: of small order, not reduced, of another length. */
const badCoordinates = [
  ...['AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ...['7P_______________________________________38', '7f_______________________________________38'],
  ...[
    '______________________________________________',
    '',
    'A'.repeat(42),
    'A'.repeat(44),
    '_'.repeat(42) + '8',
  ],
]

/** An agreement document as the other side's file, with the fingerprint of the key that is in it or of another. */
export function agreement(scene: Scene, signing: Message['signing']): Message {
  const { stage, chance } = scene
  const all: Family[] = ['identity', 'flow', 'activity', 'peer']
  const who = chance.pick([foshan, foshan, shenzhen, dongguan])
  const families = chance.bool() ? all : all.slice(0, 1 + chance.int(4))
  const terms = termsWith(stage, who, chance.uuid(), families)
  const key = who === foshan ? shenzhen : who
  const pool = [...poolOf(scene), ...badCoordinates]
  const kind = chance.pick(signing === 'after' ? byteKinds : treeKinds)
  const text = signing === 'before' ? mutatedJson(kind, terms, chance, pool) : undefined
  const token = signedJson(stage, key, jwsTypes.agreement, text ?? JSON.stringify(terms))
  const [header = '', payload = '', signature = ''] = token.split('.')
  const document = { payload, signatures: [{ protected: header, signature }] }
  const bytes = utf8(JSON.stringify(document) + '\n')
  const common = { door: 'agreement', claimed: who, viaApp: chance.bool(0.05) } as const
  if (text !== undefined) return { ...common, kind: `agreement: ${kind}`, signing: 'before', body: bytes }
  if (signing === 'after') {
    const outer = chance.bool(0.3) ? mutatedJson(chance.pick(treeKinds), document, chance, pool) : undefined
    const body = outer === undefined ? byteMutations[kind]?.({ bytes, other: bytes }, chance) : utf8(outer)
    const name = outer === undefined ? kind : 'document mutated'
    if (body && Buffer.compare(body, bytes) !== 0)
      return { ...common, kind: `agreement: ${name}`, signing, body }
  }
  return {
    ...common,
    kind: 'agreement: good',
    signing: 'untouched',
    body: bytes,
    viaApp: false,
    notCodes: ['any'],
  }
}

/** `viaApp` means here that the operator heard another fingerprint. */
export async function signAgreement(stage: Stage, message: Message): Promise<string> {
  const document = Buffer.from(message.body).toString()
  const { signing } = peerOf(stage, message.claimed === foshan ? shenzhen : message.claimed).keyring
  const heard = message.viaApp ? fingerprint(sha('another')) : fingerprint(thumbprint(crypto, signing))
  let code: string | undefined
  try {
    await stage.us.region.sign({ document, url: 'http://440600.test', fingerprint: heard })
  } catch (error) {
    if (!(error instanceof AgreementError)) throw error
    code = error.code
  }
  demand(code === undefined || agreementCodes.has(code), `a code that is none: ${code ?? ''}`)
  if (code !== undefined)
    demand(stage.ledger.touched().length === 0, `refused as ${code}, and something changed`)
  if (code === undefined) {
    demand(!message.viaApp, 'signed on another fingerprint')
    holdDocument(stage, document)
  }
  demand(!(message.notCodes && code !== undefined), `a good agreement was refused as ${code ?? ''}`)
  return code ?? 'signed'
}

/** What was signed bears the other side's signature over minimal JSON of exactly the members there are. */
function holdDocument(stage: Stage, document: string): void {
  const { payload, signatures } = JSON.parse(document) as {
    payload: string
    signatures: { protected: string; signature: string }[]
  }
  for (const { protected: header, signature } of signatures)
    demand(stage.signed.has(`${header}.${payload}.${signature}`), 'signed over a signature that is none')
  const text = payloadText(`.${payload}`)
  demand(faultOf(text) === undefined, 'terms that are not minimal JSON were signed')
  const members = Object.keys(JSON.parse(text) as object)
    .sort()
    .join()
  demand(
    members === 'families,from,id,keyVersion,parties,queriesPerDay,replyDays,rulePack,until',
    'members of the terms',
  )
}
