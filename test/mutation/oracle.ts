/**
 * What must hold after every message, whoever wrote it: one answer of a closed set, and of the store exactly as much
 * changed as that answer says. Nothing here asks the code under test what it thinks.
 */
import { getTableName } from 'drizzle-orm'
import { createHash } from 'node:crypto'
import {
  alarms,
  envelopesIn,
  forks,
  leases,
  nonces,
  peerKeys,
  recordsIn,
  refusals,
  streamsIn,
} from '../../node/federation/tables.ts'
import { gateStatus, wireCode } from '../../node/http/errors.ts'
import { type Row } from '../../node/store/port.ts'
import { bodySchemas, gateCodes, recordCodes, type GateCode } from '../../protocol/index.ts'
import { faultOf, frameVerdict } from './minimal.ts'
import { type Message } from './messages.ts'
import { peerOf, xinyang, type Stage } from './stage.ts'

export class Broken extends Error {}

export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what)
}

/** What came back, whichever way it was sent in. */
export interface Answer {
  readonly receipts: readonly string[]
  readonly code: GateCode | undefined
}

export interface Taken {
  readonly row: Row<typeof envelopesIn>
  readonly records: readonly { text: string; outcome: string; known: boolean }[]
}

const knownTypes = new Set(Object.keys(bodySchemas))
/** What a record may change beside the stream itself, once it was applied. */
const domainTables = new Set([
  ...['cases', 'activities', 'queries', 'arrivals', 'waiting_activities', 'records_out', 'audit_heads'],
])
const outcomeForm = /^(applied|parked|refused:([a-z_]{1,40}))$/

export const sha = (data: string | Uint8Array) => createHash('sha256').update(data).digest('base64url')

export function payloadText(token: string): string {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
}

/** A refusal's code as the app says it: status and body belong together, and no defect shows. */
export function codeOfResponse(status: number, body: Uint8Array, stage: Stage): GateCode {
  const text = Buffer.from(body).toString()
  demand(status < 500, `status ${status}`)
  demand(faultOf(text) === undefined, `an error body that is not minimal JSON: ${text}`)
  const { error } = JSON.parse(text) as { error: GateCode }
  demand((gateCodes as readonly string[]).includes(error), `a code that is none: ${error}`)
  demand(gateStatus[error] === status, `${error} with status ${status}`)
  const noted = stage.ledger.inserted(refusals)[0]?.code as GateCode | undefined
  demand(noted === undefined || wireCode(noted) === error, `noted ${noted}, answered ${error}`)
  return noted ?? error
}

/** The lines of a body as tokens, each with the record lines below it. */
export function lettersOf(body: Uint8Array): { token: string; records: string[] }[] {
  const letters: { token: string; records: string[] }[] = []
  for (const line of Buffer.from(body).toString().split('\n'))
    if (line.startsWith('{') || line.startsWith('#')) letters.at(-1)?.records.push(line)
    else letters.push({ token: line, records: [] })
  return letters
}

function tokenHolds(stage: Stage, peer: string, token: string): void {
  demand(stage.signed.has(token), 'a token was taken that nobody signed')
  const [header = '', payload = ''] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString())
  demand(
    faultOf(header) === undefined && faultOf(payload) === undefined,
    'a token was taken that is not minimal JSON',
  )
  const { alg, kid, typ, ...others } = JSON.parse(header) as Record<string, unknown>
  const good = alg === 'Ed25519' && kid === peerOf(stage, peer).keyring.kid && typ === 'huiliu-envelope+jws'
  demand(good && Object.keys(others).length === 0, 'a token was taken under another header')
  const said = JSON.parse(payload) as Record<string, unknown>
  demand(Object.keys(said).sort().join() === 'aud,epoch,iat,iss,prev,records,seq', 'members of the payload')
  demand(said['iss'] === peer && said['aud'] === xinyang, 'taken from or for another')
  for (const name of ['epoch', 'seq', 'iat'])
    demand(Number.isSafeInteger(said[name]), `${name} is no integer`)
}

/** Receipts in the order of the tokens, each over its token and with one outcome per record. */
function receiptsHold(message: Message, receipts: readonly string[]): void {
  const letters = lettersOf(message.body)
  for (const [i, receipt] of receipts.entries()) {
    const letter = letters[i]
    const text = payloadText(receipt)
    demand(faultOf(text) === undefined, 'a receipt that is not minimal JSON')
    const { iss, aud, head, outcomes } = JSON.parse(text) as Record<string, unknown>
    demand(iss === xinyang && aud === message.claimed, 'a receipt from or for another')
    demand(
      head === sha(letter?.token.slice(0, letter.token.lastIndexOf('.')) ?? ''),
      'a receipt over another head',
    )
    demand(
      Array.isArray(outcomes) && outcomes.length === letter?.records.length,
      'not one outcome per record',
    )
    for (const outcome of outcomes as unknown[]) {
      const code = outcomeForm.exec(String(outcome))?.[2]
      const closed = code === undefined || (recordCodes as readonly string[]).includes(code)
      demand(outcomeForm.test(String(outcome)) && closed, `an outcome that is none: ${String(outcome)}`)
    }
  }
}

/** The frame of a record alone decides three things; the rest is for the domain to say. */
function outcomeFits(text: string, outcome: string): void {
  const verdict = frameVerdict(text, knownTypes)
  if (verdict === 'unreadable')
    demand(outcome === 'refused:bad_record', `unreadable (${faultOf(text) ?? 'frame'}) and yet ${outcome}`)
  if (verdict === 'unknown')
    demand(outcome === 'parked' || outcome === 'refused:record_repeated', `unknown and yet ${outcome}`)
}

/**
 * Holds what the ledger says against what was answered. `digests` are those of the peer's records known before; the
 * answer are the envelopes newly taken.
 */
export function holdEnvelopes(
  stage: Stage,
  message: Message,
  answer: Answer,
  streams: { before: Row<typeof streamsIn> | undefined; after: Row<typeof streamsIn> | undefined },
  digests: Set<string>,
): Taken[] {
  const { before, after } = streams
  receiptsHold(message, answer.receipts)
  const rows = stage.ledger.inserted(envelopesIn)
  const newReceipts = rows.map(({ receipt }) => receipt)
  if (message.door === 'envelopes')
    demand(
      newReceipts.every((receipt) => answer.receipts.includes(receipt)),
      'taken without a receipt',
    )
  const forked = stage.ledger.inserted(forks).length
  demand(forked === 0 || answer.code === 'fork' || message.door === 'pulled', 'a fork kept without a refusal')
  demand((after?.seq ?? 0) - (before?.seq ?? 0) === rows.length, 'the stream did not move by what was taken')
  const head = rows.at(-1)?.contentId ?? before?.head ?? null
  demand(
    (after?.head ?? null) === head && after?.epoch === before?.epoch,
    'the head is not that of the last taken',
  )
  const frozen = (before?.frozen ?? false) || answer.code === 'fork' || forked > 0
  demand(after === undefined || after.frozen === frozen, 'frozen without a fork, or a fork without')
  const letters = lettersOf(message.body)
  const taken: Taken[] = []
  let seq = before?.seq ?? 0
  let inserted = 0
  for (const row of rows) {
    demand(row.seq === ++seq && row.peer === message.claimed, 'a number was left out')
    tokenHolds(stage, message.claimed, row.jws)
    const letter = letters.find(({ token }) => token === row.jws)
    demand(letter !== undefined, 'a token was taken that was not sent')
    const { outcomes } = JSON.parse(payloadText(row.receipt)) as { outcomes: string[] }
    const { records } = JSON.parse(payloadText(row.jws)) as { records: { count: number; digest: string } }
    const all = letter.records.map((text) => Buffer.from(sha(text), 'base64url'))
    demand(
      records.count === all.length && records.digest === sha(Buffer.concat(all)),
      'records were taken that are not the signed ones',
    )
    const known = letter.records.map((text, i) => {
      const digest = sha(text)
      const repeated = digests.has(digest)
      digests.add(digest)
      if (!repeated) inserted++
      outcomeFits(text, outcomes[i] ?? '')
      return { text, outcome: outcomes[i] ?? '', known: repeated }
    })
    taken.push({ row, records: known })
  }
  demand(stage.ledger.inserted(recordsIn).length === inserted, 'not one row for each new record')
  holdTables(stage, message, answer, taken, forked)
  return taken
}

/** Domain tables change only when some record was applied; of the audit exactly one line tells of a refusal. */
function holdTables(
  stage: Stage,
  message: Message,
  answer: Answer,
  taken: readonly Taken[],
  forked: number,
): void {
  const { ledger } = stage
  const applied = taken.some(({ records }) => records.some(({ outcome }) => outcome === 'applied'))
  const usual = new Set<string>(
    [envelopesIn, recordsIn, streamsIn, refusals, forks, nonces, leases, alarms].map(getTableName),
  )
  const announced = announcedIn(taken)
  demand(!announced || ledger.touched().includes(getTableName(peerKeys)), 'an announced key was not taken')
  for (const table of ledger.touched())
    demand(
      usual.has(table) ||
        (applied && domainTables.has(table)) ||
        (announced && table === getTableName(peerKeys)),
      `${table} changed, and nothing was applied`,
    )
  demand(
    ledger.entry(envelopesIn).updated + ledger.entry(recordsIn).updated === 0,
    'what was stored was changed',
  )
  const noted = ledger.inserted(refusals).length
  const mayBeSilent = answer.code === 'gap' || answer.code === 'unknown_peer'
  const told = answer.code === undefined ? 0 : 1
  if (message.door === 'envelopes' && !message.viaApp)
    demand(
      noted === told || (mayBeSilent && noted === 0),
      `${noted} lines of audit for ${answer.code ?? 'no refusal'}`,
    )
  demand(
    ledger.entry(streamsIn).updated <= taken.length + (answer.code === 'fork' || forked > 0 ? 1 : 0),
    'the stream was written too often',
  )
}

/** Did the peer's stream pass to another key? A mutated key may happen to be a good one. */
export function announcedIn(taken: readonly Taken[]): boolean {
  return taken.some(({ records }) =>
    records.some(({ text, outcome, known }) => outcome === 'applied' && !known && isAnnouncement(text)),
  )
}

export function isAnnouncement(text: string): boolean {
  return (JSON.parse(text) as { type: string }).type === 'keys.announced'
}

/** What the message itself said must become of it. */
export function holdExpectation(message: Message, answer: Answer, taken: readonly Taken[]): void {
  const { code } = answer
  if (message.taken) {
    demand(
      code === undefined && answer.receipts.length > 0,
      `must be taken, and was refused as ${code ?? 'nothing'}`,
    )
    const outcomes = taken[0]?.records.map(({ outcome }) => outcome) ?? []
    for (const [i, expected] of message.taken.entries())
      demand(
        expected === undefined || outcomes[i] === expected,
        `record ${i}: ${outcomes[i] ?? 'none'}, not ${expected ?? ''}`,
      )
  }
  if (message.codes)
    demand(
      code !== undefined && message.codes.includes(code),
      `${code ?? 'taken'}, not ${message.codes.join(' or ')}`,
    )
  if (message.notCodes)
    demand(
      !(message.notCodes.includes('any') ? code : message.notCodes.includes(code ?? '')),
      `refused as ${code ?? ''}`,
    )
}
