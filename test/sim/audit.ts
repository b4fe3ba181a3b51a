/**
 * A pair of nodes looked at as a whole, from one of the two databases: after it was put back, after a recovery, and at
 * the end of a run. What it says must hold together by itself, agree with what was really said, and lack nothing that
 * the other still has; from here on the ledger goes by it.
 */
import { erasedLine, isErased, readRecord, type NodeId } from '../../protocol/index.ts'
import { compareActivity, compareCase, fold, keepActivity, keepCase, type Touched } from './facts.ts'
import { checkReceiptBytes, demandKey, demandNext, nextKey, recordAt } from './invariants.ts'
import { type Witness } from './witness.ts'
import {
  digestsOf,
  envelopeClaims,
  isOver,
  kidOf,
  placeOf,
  queueOf,
  receiptClaims,
  type SealedThere,
  type Stream,
  type TakenThere,
} from './ledger.ts'
import { type Commit, type Pair } from './observed.ts'

export type Occasion = 'put back' | 'recovered' | 'end'

export function audit(
  world: Witness,
  node: NodeId,
  peer: NodeId,
  pair: Pair,
  occasion: Occasion,
  commit?: Commit,
): void {
  const { ledger } = world
  const out = ledger.stream(node, peer)
  const into = ledger.stream(peer, node)
  const before = { written: out.written, receipted: out.receipted, taken: into.taken }
  learn(world, pair)
  readOut(world, out, pair)
  readInto(world, into, pair)
  if (occasion === 'put back') lostReceipts(into, before.taken)
  else {
    const unsaid = commit?.alarms.some(
      ({ kind, subject }) => kind === 'replay_differs' && subject.startsWith('unsaid'),
    )
    if (!unsaid) keepsWritten(world, out, before.written)
    keepsReceipts(world, out, into, before)
    for (const { contentId, receipt } of into.taken) checkReceiptBytes(world, into, contentId, receipt)
    sayOnce(world, out)
    if (occasion === 'recovered') noticeSaidAgain(world, out, before.written)
    erased(world, out, into, pair)
    if (occasion === 'end') answered(world, out, into)
  }
  refold(world, node, peer, pair, occasion)
}

function learn({ ledger }: Witness, { records, received }: Pair): void {
  for (const { digest, text } of records)
    if (text !== null && !ledger.texts.has(digest)) ledger.texts.set(digest, text)
  for (const line of received.flatMap(({ lines }) => lines.split('\n'))) {
    const [digest = ''] = isErased(line) ? [] : digestsOf([line])
    if (digest !== '' && !ledger.texts.has(digest)) ledger.texts.set(digest, line)
  }
}

/** Our own half: envelopes in one chain, over records in the order of their positions. */
function readOut(world: Witness, out: Stream, { records, sent }: Pair): void {
  out.written = [...records]
  out.lastPosition = records.at(-1)?.position ?? 0
  out.receipted = new Map()
  const sealed: SealedThere[] = []
  let at = 0
  for (const { epoch, seq, contentId, jws, receipt } of sent) {
    const where = `${out.issuer}>${out.receiver} ${epoch}/${seq}`
    const claims = envelopeClaims(jws)
    const digests = records.slice(at, at + claims.records.count).map(({ digest }) => digest)
    at += claims.records.count
    demandNext(world, sealed.at(-1), claims, digests, where)
    if (!isOver(claims, digests)) world.violate('sealed-as-written', `${where} is not what was written`)
    sealed.push({ epoch, seq, contentId, digests })
    out.signed.add(contentId)
    if (receipt !== null) out.receipted.set(contentId, receipt)
  }
  out.sealed = sealed
  out.sealedRecords = at
}

/** The copy of the peer's stream: one chain under the right keys, with the outcomes its receipts state. */
function readInto(world: Witness, into: Stream, { received, judged }: Pair): void {
  into.taken = []
  into.takenRecords = 0
  into.judged = new Map()
  into.queues = new Map()
  for (const row of judged) {
    const place = placeOf(row)
    into.judged.set(row.digest, { place, outcome: row.outcome, first: row.outcome })
    if (row.caseId === null) continue
    const queue = queueOf(into, row.caseId)
    if (row.parked) queue.parked.add(place)
    else if (row.outcome === 'applied') queue.lastApplied = Math.max(queue.lastApplied, place)
  }
  for (const { epoch, seq, contentId, jws, lines, receipt } of received) {
    const where = `${into.issuer}>${into.receiver} ${epoch}/${seq}`
    const claims = envelopeClaims(jws)
    const digests = digestsOf(lines.split('\n'))
    if (!into.signed.has(contentId)) world.violate('nothing-unverified', `${where} was never sealed`)
    if (!isOver(claims, digests)) world.violate('nothing-unverified', `${where} holds other records`)
    demandNext(world, into.taken.at(-1), claims, digests, where)
    const kid = kidOf(jws)
    demandKey(world, into, kid, where)
    into.taken.push({
      epoch,
      seq,
      contentId,
      digests,
      receipt,
      kid: nextKey(world, kid, digests, receipt),
      step: world.steps,
    })
    into.takenRecords += digests.length
    into.everReceipts.add(receipt)
    tellsOutcomes(world, into, { epoch, seq, digests }, receipt, where)
  }
}

function tellsOutcomes(
  world: Witness,
  into: Stream,
  { epoch, seq, digests }: Pick<SealedThere, 'epoch' | 'seq' | 'digests'>,
  receipt: string,
  where: string,
): void {
  const { outcomes } = receiptClaims(receipt)
  for (const [idx, digest] of digests.entries()) {
    const judged = into.judged.get(digest)
    if (judged?.place !== placeOf({ epoch, seq, idx })) continue
    const said = outcomes[idx] ?? ''
    if (judged.outcome !== said && said !== 'parked')
      world.violate('receipt-tells-outcomes', `${where}/${idx}: ${said} of what is ${judged.outcome}`)
    judged.first = said
  }
}

/** Receipts that were lost, and that the peer had not got either, may be given once more. */
function lostReceipts(into: Stream, before: readonly TakenThere[]): void {
  const kept = new Set(into.taken.map(({ contentId }) => contentId))
  for (const { contentId } of before)
    if (!kept.has(contentId) && !into.receipted.has(contentId)) into.twice.add(contentId)
}

/** What the database held before it was recovered, said or still to be said, is in it. */
function keepsWritten(world: Witness, out: Stream, before: Stream['written']): void {
  const now = new Set(out.written.map(({ digest }) => digest))
  const settles = (digest: string) => recordAt(world.ledger, digest, 'outcome.settled')?.body.digest
  const settled = new Set(out.written.map(({ digest }) => settles(digest)).filter((one) => one !== undefined))
  // A question that was answered before is not answered again.
  const answers = (digest: string) =>
    recordAt(world.ledger, digest, 'identity.asserted')?.body.query ??
    recordAt(world.ledger, digest, 'identity.denied')?.body.query
  const answered = new Set(out.written.map(({ digest }) => answers(digest)).filter((one) => one))
  for (const { digest, type } of before) {
    if (type === 'epoch.opened' || type === 'keys.announced') continue
    if (!now.has(digest) && !settled.has(settles(digest) ?? '') && !answered.has(answers(digest) ?? ''))
      world.violate(
        'survives-loss',
        `${out.issuer}>${out.receiver}: ${type} ${digest} was written and is gone`,
      )
  }
}

function noticeSaidAgain(world: Witness, out: Stream, before: Stream['written']): void {
  const known = new Set(before.map(({ digest }) => digest))
  const waiting = out.written.slice(out.sealedRecords)
  if (waiting.some(({ digest, type }) => known.has(digest) && type !== 'epoch.opened'))
    world.saw('waiting record said again in a new epoch')
}

/** Receipts on both sides of both streams are those that were given. */
function keepsReceipts(
  world: Witness,
  out: Stream,
  into: Stream,
  before: { receipted: ReadonlyMap<string, string>; taken: readonly TakenThere[] },
): void {
  for (const [id, receipt] of before.receipted)
    if (out.receipted.get(id) !== receipt)
      world.violate('survives-loss', `${out.issuer}>${out.receiver}: the receipt of ${id} is gone`)
  for (const [i, { contentId, receipt }] of before.taken.entries())
    if (into.taken[i]?.contentId !== contentId || into.taken[i]?.receipt !== receipt)
      world.violate('survives-loss', `${into.issuer}>${into.receiver}: ${contentId} was taken and is gone`)
  if (!world.isOurs(out.receiver)) return
  let at = 0
  for (const { contentId } of out.sealed) {
    const receipt = out.receipted.get(contentId)
    if (receipt === undefined) continue
    const taken = out.taken[at++]
    if (taken?.contentId !== contentId || (taken.receipt !== receipt && !out.twice.has(contentId)))
      if (!world.shaken.has(out.receiver))
        world.violate(
          'survives-loss',
          `${out.issuer}>${out.receiver}: ${contentId} is not what its receiver took`,
        )
  }
  for (const { contentId, receipt } of into.taken) {
    const stored = into.receipted.get(contentId)
    if (stored !== undefined && stored !== receipt && !into.twice.has(contentId))
      world.violate(
        'one-receipt',
        `${into.issuer}>${into.receiver}: ${contentId} has another receipt at its issuer`,
      )
  }
}

/** Each record once, and one answer of a kind to each question. */
function sayOnce(world: Witness, out: Stream): void {
  const said = new Set<string>()
  for (const { digest, type } of out.written) {
    const asserted =
      type === 'identity.asserted' ? recordAt(world.ledger, digest, 'identity.asserted')?.body.query : null
    const denied = recordAt(world.ledger, digest, 'identity.denied')?.body.query
    const settled = recordAt(world.ledger, digest, 'outcome.settled')?.body.digest
    const names = [
      digest,
      asserted && `asserted ${asserted}`,
      denied && `denied ${denied}`,
      settled && `settled ${settled}`,
    ]
    for (const name of names) {
      if (!name) continue
      if (said.has(name)) world.violate('said-once', `${out.issuer}>${out.receiver}: ${type} ${name}`)
      said.add(name)
    }
  }
}

/** Whoever took a question has answered it, unless his answer no longer fitted and a person was told so. */
function answered(world: Witness, out: Stream, into: Stream): void {
  const { ledger } = world
  if (!world.isOurs(into.issuer) || world.dead.has(into.issuer)) return
  if (ledger.unsaid.has(`${out.issuer}|${out.receiver}`)) return
  const answers = new Set<string | null | undefined>()
  for (const { digest } of out.written)
    answers
      .add(recordAt(ledger, digest, 'identity.asserted')?.body.query)
      .add(recordAt(ledger, digest, 'identity.denied')?.body.query)
  for (const [digest, { outcome }] of into.judged) {
    const question = outcome === 'applied' ? recordAt(ledger, digest, 'identity.queried') : undefined
    if (question && !answers.has(question.id))
      world.violate('answered', `${into.issuer}>${into.receiver}: question ${question.id} has no answer`)
  }
}

/** What was erased on the word of its writer has no text, here or there. */
function erased(world: Witness, out: Stream, into: Stream, { records, received }: Pair): void {
  const texts = new Map(records.map(({ digest, text }) => [digest, text]))
  for (const { digest } of out.written) {
    const gone = recordAt(world.ledger, digest, 'record.erased')?.body.digest
    if (gone !== undefined && texts.get(gone) !== null)
      world.violate('erased-stays-erased', `${out.issuer} has the text of ${gone} for ${out.receiver} again`)
  }
  const lines = new Map(received.map(({ epoch, seq, lines: text }) => [`${epoch}/${seq}`, text.split('\n')]))
  for (const [digest, { outcome }] of into.judged) {
    const gone = outcome === 'applied' ? recordAt(world.ledger, digest, 'record.erased')?.body : undefined
    if (gone && lines.get(`${gone.epoch}/${gone.seq}`)?.[gone.index] !== erasedLine(gone.digest))
      world.violate(
        'erased-stays-erased',
        `${into.receiver} has the text of ${gone.digest} of ${into.issuer} again`,
      )
  }
}

/** Facts anew, from the records that are there, in the order of each stream. */
function refold(world: Witness, node: NodeId, peer: NodeId, pair: Pair, occasion: Occasion): void {
  const { ledger } = world
  ledger.forgetPair(node, peer)
  const touched: Touched = { apart: true, cases: new Set(), reports: new Set() }
  const desk = ledger.desk(node)
  const known = new Set(desk.cases)
  for (const row of pair.cases) {
    keepCase(world, node, row)
    touched.cases.add(row.id)
    if (!known.has(row.id)) desk.cases.push(row.id)
  }
  for (const row of pair.activities) {
    keepActivity(world, node, row)
    touched.reports.add(row.id)
  }
  const applied = pair.judged
    .filter(({ outcome }) => outcome === 'applied')
    .sort((a, b) => placeOf(a) - placeOf(b))
  const here = new Set(pair.cases.map(({ id }) => id))
  // A case that the peer has refused because it knew another of the person is given up, with all that was said of it.
  const said = pair.records.filter(
    ({ outcome, caseId }) => outcome?.startsWith('refused:case_') !== true || here.has(caseId ?? ''),
  )
  for (const { digest } of [...said, ...applied]) {
    const read = readRecord(ledger.texts.get(digest) ?? '')
    if (!read.ok || !read.known || ledger.isDisplaced(node, peer, read.record.case)) continue
    fold(world, node, read.record, touched)
  }
  // In the end every honest peer that is there has sent its erasures too.
  const told = occasion === 'end' && world.isHonest(peer) && !world.dead.has(peer)
  const blank = told ? new Set<string>() : blankCases(world, pair)
  for (const id of blank) adopt(world, node, id)
  for (const id of touched.cases)
    if (!blank.has(id) || ledger.rows.has(`${node}|${id}`)) compareCase(world, node, id)
  for (const id of touched.reports) if (!blank.has(caseOf(world, node, id))) compareActivity(world, node, id)
}

function caseOf({ ledger }: Witness, node: NodeId, report: string): string {
  const name = `${node}|${report}`
  return (ledger.held.get(name) ?? ledger.due.get(name))?.caseId ?? ''
}

/** Cases of which a text is gone: until its erasure is heard nobody can know what it said. */
function blankCases({ ledger }: Witness, { records, received }: Pair): Set<string> {
  const blank = records.filter(({ text }) => text === null).map(({ digest }) => digest)
  for (const { lines } of received) blank.push(...digestsOf(lines.split('\n').filter(isErased)))
  const cases = new Set<string>()
  for (const digest of blank) {
    const read = readRecord(ledger.texts.get(digest) ?? '')
    if (read.ok && read.known && read.record.case !== null) cases.add(read.record.case)
  }
  return cases
}

function adopt({ ledger }: Witness, node: NodeId, id: string): void {
  const row = ledger.rows.get(`${node}|${id}`)
  // Of a case that nobody here knows but by its erased words nothing is told until its erasure is heard.
  if (!row) return ledger.forgetCase(node, id)
  const book = ledger.book(node, id)
  book.home = JSON.parse(row.homeFacts) as typeof book.home
  book.host = JSON.parse(row.hostFacts) as typeof book.host
  const by = new Map<string, NodeId | null>()
  for (const [name, due] of ledger.due)
    if (due.caseId === id && name.startsWith(node)) {
      by.set(name, due.by)
      ledger.due.delete(name)
    }
  for (const [name, held] of ledger.held)
    if (held.caseId === id && name.startsWith(node))
      ledger.due.set(name, { ...held, by: by.get(name) ?? null })
}
