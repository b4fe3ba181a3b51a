/**
 * What must hold after every step, checked on what the step changed. None of these knows how a node does its work:
 * they compare what one node has with what the other really said, and facts with the records they are made of.
 */
import {
  isHomeEvent,
  isHostEvent,
  readRecord,
  stepHome,
  stepHost,
  type FactRecord,
  type NodeId,
} from '../../protocol/index.ts'
import { envelopeClaims, placeOf, queueOf, receiptClaims, type Ledger, type Stream } from './ledger.ts'
import { type Commit, type Judged, type Receipted, type Sealed, type Written } from './observed.ts'
import { type Sighting } from './sightings.ts'

/** Each invariant's name, with what it says. A violation names one of these. */
export const invariants = {
  'positions-follow-causes': 'records for a peer are committed in the order of their positions',
  'sealed-as-written': 'sealed envelopes hold all written records, each once, in the order they were written',
  'nothing-unverified': 'what is taken in was sealed by the node that it is said to come from, for this node',
  'gapless-prefix': 'the copy of a stream is a gapless prefix of what its issuer sealed',
  'acknowledged-is-there':
    'a stored receipt answers this very envelope, and the receiver has it with that receipt',
  'one-receipt': 'a place in a stream is answered with the same bytes for ever',
  'receipt-is-committed': 'a receipt leaves a node only when what it says is committed',
  'receipt-tells-outcomes': 'a receipt says of each record what was done with it',
  'applied-once': 'no content is judged twice, and what was refused stays refused',
  'case-in-order':
    'records of a case are applied in the order they were written; none overtakes a parked one',
  'facts-are-records': 'both sides of a case are exactly the fold of what was written and applied',
  'closed-stays-closed': 'a closed case is never open again',
  'one-open-case': 'a person has one open case per home and host',
  'honest-not-refused': 'a record of an honest node is never refused',
  'no-fork': 'honest nodes never fork, and no honest stream is frozen',
  'nothing-rewritten': 'what was written, sealed or received is not changed and not removed',
  'no-lost-update': 'no transaction overwrites what another committed since it was read',
  'no-unexpected-error': 'no work ends in an error other than those that faults make and officers are told',
  converges:
    'when faults have stopped, nodes become level, with empty outboxes and equal views of every case',
} as const
export type Invariant = keyof typeof invariants

/** What the checks need to know of the world. */
export interface Witness {
  readonly ledger: Ledger
  isHonest(node: NodeId): boolean
  /** Runs the production core, so that its side of a stream is in the ledger. */
  isOurs(node: NodeId): boolean
  violate(invariant: Invariant, detail: string): void
  saw(sighting: Sighting): void
}

export function checkCommit(world: Witness, node: NodeId, commit: Commit): void {
  const touched = new Set<string>()
  const reports = new Set<string>()
  for (const broken of commit.broken) world.violate('nothing-rewritten', `${node}: ${broken}`)
  for (const written of commit.written) checkWritten(world, node, written, touched, reports)
  for (const sealed of commit.sealed) checkSealed(world, node, sealed)
  for (const taken of commit.taken) checkTaken(world, node, taken)
  for (const judged of commit.judged) checkJudged(world, node, judged, touched, reports)
  for (const taken of commit.taken) checkOutcomes(world, node, taken)
  for (const receipted of commit.receipted) checkReceipted(world, node, receipted)
  for (const { peer, seq } of commit.forks) checkFork(world, node, peer, seq)
  for (const peer of commit.frozen)
    if (world.isHonest(peer)) world.violate('no-fork', `${node} froze the stream of ${peer}`)
  checkCases(world, node, commit, touched)
  checkActivities(world, node, commit, reports)
}

function checkFork(world: Witness, node: NodeId, peer: NodeId, seq: number): void {
  if (world.isHonest(peer)) world.violate('no-fork', `${node} keeps a fork of ${peer} at ${seq}`)
  else world.saw('fork kept')
}

function checkWritten(
  world: Witness,
  node: NodeId,
  written: Written,
  touched: Set<string>,
  reports: Set<string>,
): void {
  const stream = world.ledger.stream(node, written.peer)
  if (written.position <= stream.lastPosition)
    world.violate(
      'positions-follow-causes',
      `${node}>${written.peer}: ${written.type} at ${written.position} after ${stream.lastPosition}`,
    )
  stream.lastPosition = Math.max(stream.lastPosition, written.position)
  const read = readRecord(written.text)
  if (!read.ok || !read.known)
    return world.violate('sealed-as-written', `${node} wrote what is no record: ${written.type}`)
  noticeWritten(world, stream, read.record)
  stream.written.push(written)
  fold(world, node, read.record, touched, reports)
}

function checkSealed(world: Witness, node: NodeId, sealed: Sealed): void {
  const stream = world.ledger.stream(node, sealed.peer)
  const { iss, aud, seq, records } = envelopeClaims(sealed.jws)
  const where = `${node}>${sealed.peer} ${sealed.seq}`
  if (iss !== node || aud !== sealed.peer || seq !== sealed.seq || seq !== stream.sealed.length + 1)
    return world.violate('sealed-as-written', `${where} is sealed as ${iss}>${aud} ${seq}`)
  for (const [i, digest] of records.entries())
    if (stream.written[stream.sealedRecords + i]?.digest !== digest)
      return world.violate('sealed-as-written', `${where}: record ${i} is not the next that was written`)
  stream.sealed.push({ contentId: sealed.contentId, digests: records })
  stream.sealedRecords += records.length
}

function checkTaken(world: Witness, node: NodeId, taken: Receipted): void {
  const { ledger } = world
  const stream = ledger.stream(taken.peer, node)
  const where = `${taken.peer}>${node} ${taken.seq}`
  const { seq, prev, records } = envelopeClaims(taken.jws)
  const sealed = stream.sealed[taken.seq - 1]
  const really = world.isHonest(taken.peer)
    ? sealed?.contentId === taken.contentId
    : stream.signed.has(taken.contentId)
  if (!really) world.violate('nothing-unverified', `${where} was not sealed by ${taken.peer} for ${node}`)
  if (seq !== stream.taken.length + 1 || prev !== (stream.taken.at(-1)?.contentId ?? null))
    world.violate('gapless-prefix', `${where} after ${stream.taken.length}`)
  stream.taken.push({ contentId: taken.contentId, receipt: taken.receipt })
  stream.takenRecords += records.length
  if (ledger.gaps.delete(`${taken.peer}>${node}`)) world.saw('gap answered and refilled')
  checkReceiptBytes(world, stream, taken.seq, taken.receipt)
}

/** The same place, the same bytes, in the store and on the wire. */
export function checkReceiptBytes(world: Witness, stream: Stream, seq: number, receipt: string): void {
  const before = stream.receipts.get(seq)
  if (before === undefined) stream.receipts.set(seq, receipt)
  else if (before !== receipt)
    world.violate('one-receipt', `${stream.issuer}>${stream.receiver} ${seq} has another receipt than before`)
}

function checkJudged(
  world: Witness,
  node: NodeId,
  judged: Judged,
  touched: Set<string>,
  reports: Set<string>,
): void {
  const { ledger } = world
  const stream = ledger.stream(judged.peer, node)
  const where = `${judged.peer}>${node} ${judged.seq}/${judged.idx} ${judged.type}`
  const known = stream.judged.get(judged.digest)
  const place = placeOf(judged)
  if (judged.before === undefined) {
    if (known) world.violate('applied-once', `${where} was judged before`)
    stream.judged.set(judged.digest, { place, outcome: judged.outcome, first: judged.outcome })
  } else {
    if (known?.outcome !== 'parked' || judged.outcome === 'parked')
      world.violate('applied-once', `${where}: ${known?.outcome} became ${judged.outcome}`)
    if (known) known.outcome = judged.outcome
    if (judged.outcome === 'applied') world.saw('parked record settled')
  }
  if (judged.outcome.startsWith('refused:') && world.isHonest(judged.peer))
    world.violate('honest-not-refused', `${where}: ${judged.outcome}`)
  checkOrder(world, stream, judged, where)
  const read = judged.outcome === 'applied' ? readRecord(judged.text ?? '') : undefined
  if (!read?.ok || !read.known) return
  noticeJudged(world, node, judged.peer, read.record)
  fold(world, node, read.record, touched, reports)
}

function checkOrder(world: Witness, stream: Stream, judged: Judged, where: string): void {
  if (judged.caseId === null) return
  const book = queueOf(stream, judged.caseId)
  const place = placeOf(judged)
  book.parked.delete(place)
  if (judged.outcome === 'parked') {
    book.parked.add(place)
    return world.saw('record parked')
  }
  for (const earlier of book.parked)
    if (earlier < place) world.violate('case-in-order', `${where} overtook a parked record of its case`)
  if (judged.outcome !== 'applied') return
  if (place <= book.lastApplied) world.violate('case-in-order', `${where} was applied after a later record`)
  book.lastApplied = place
}

function checkOutcomes(world: Witness, node: NodeId, taken: Receipted): void {
  const stream = world.ledger.stream(taken.peer, node)
  const { records } = envelopeClaims(taken.jws)
  const said = receiptClaims(taken.receipt)
  const where = `${taken.peer}>${node} ${taken.seq}`
  if (said.head !== taken.contentId || said.outcomes.length !== records.length)
    return world.violate('receipt-tells-outcomes', `${where} has a receipt of something else`)
  const repeated = new Set<string>()
  for (const [idx, digest] of records.entries()) {
    const judged = stream.judged.get(digest)
    const outcome = said.outcomes[idx] ?? ''
    const first = judged?.place === placeOf({ seq: taken.seq, idx }) && !repeated.has(digest)
    repeated.add(digest)
    if (!judged || (first ? outcome !== judged.first : !outcome.startsWith('refused:')))
      world.violate('receipt-tells-outcomes', `${where}/${idx}: ${outcome} of what is ${judged?.first}`)
  }
}

function checkReceipted(world: Witness, node: NodeId, receipted: Receipted): void {
  const stream = world.ledger.stream(node, receipted.peer)
  const { seq, contentId, receipt, peer } = receipted
  const sealed = stream.sealed[seq - 1]
  const said = receiptClaims(receipt)
  const answers =
    said.iss === peer &&
    said.aud === node &&
    said.seq === seq &&
    said.head === contentId &&
    said.outcomes.length === sealed?.digests.length
  if (!answers) world.violate('acknowledged-is-there', `${node}>${peer} ${seq}: a receipt of something else`)
  if (!world.isOurs(peer)) return
  const taken = stream.taken[seq - 1]
  if (taken?.contentId !== contentId || taken.receipt !== receipt)
    world.violate('acknowledged-is-there', `${node}>${peer} ${seq} is receipted and not there`)
}

/** A record changes its own side's facts and the activities of its case, and nothing else does. */
function fold(
  world: Witness,
  node: NodeId,
  record: FactRecord,
  touched: Set<string>,
  reports: Set<string>,
): void {
  if (record.type === 'activity.recorded' || record.type === 'activity.corrected')
    return foldActivity(world, node, record, reports)
  if (record.case === null || (!isHomeEvent(record) && !isHostEvent(record))) return
  const book = world.ledger.book(node, record.case)
  touched.add(record.case)
  const step = isHomeEvent(record) ? stepHome(book.home, record) : stepHost(book.host, record)
  if (!step.ok)
    return world.violate('facts-are-records', `${node}: ${record.type} on ${record.case} is ${step.code}`)
  if (isHomeEvent(record)) book.home = step.facts as typeof book.home
  else book.host = step.facts as typeof book.host
}

function foldActivity(
  world: Witness,
  node: NodeId,
  record: FactRecord<'activity.recorded' | 'activity.corrected'>,
  reports: Set<string>,
): void {
  const { activity } = record.body
  const id = record.type === 'activity.recorded' ? record.id : record.body.corrects
  const said =
    activity &&
    JSON.stringify([activity.kind, activity.on, activity.title ?? null, activity.amountFen ?? null])
  const before = world.ledger.due.get(`${node}|${id}`)
  world.ledger.due.set(`${node}|${id}`, { said: said ?? before?.said ?? '', withdrawn: said === null })
  reports.add(id)
}

function checkCases(world: Witness, node: NodeId, commit: Commit, touched: Set<string>): void {
  const { ledger } = world
  for (const { before, after } of commit.cases) {
    if (!before) ledger.desk(node).cases.push(after.id)
    ledger.rows.set(`${node}|${after.id}`, after)
    touched.add(after.id)
    if (before && !before.open && (after.open || after.homeFacts !== before.homeFacts))
      world.violate('closed-stays-closed', `${node}: case ${after.id}`)
    const person = `${node}|${after.peer}|${after.side}|${after.tag}`
    const open = ledger.open.get(person) ?? new Set()
    if (after.open) open.add(after.id)
    else open.delete(after.id)
    ledger.open.set(person, open)
    if (open.size > 1) world.violate('one-open-case', `${node}: ${[...open].join(', ')}`)
  }
  for (const id of touched) {
    const row = ledger.rows.get(`${node}|${id}`)
    const book = ledger.book(node, id)
    if (row?.homeFacts !== JSON.stringify(book.home) || row.hostFacts !== JSON.stringify(book.host))
      world.violate('facts-are-records', `${node}: case ${id} is not what its records say`)
  }
}

function checkActivities(world: Witness, node: NodeId, commit: Commit, reports: Set<string>): void {
  const { ledger } = world
  for (const { id, caseId, withdrawn, said } of commit.activities) {
    if (!ledger.held.has(`${node}|${id}`)) ledger.desk(node).reports.push({ id, caseId })
    ledger.held.set(`${node}|${id}`, { said, withdrawn })
    reports.add(id)
  }
  for (const id of reports) {
    const due = ledger.due.get(`${node}|${id}`)
    const held = ledger.held.get(`${node}|${id}`)
    if (due?.said !== held?.said || due?.withdrawn !== held?.withdrawn)
      world.violate('facts-are-records', `${node}: activity ${id} is not what its records say`)
  }
}

function noticeWritten(world: Witness, stream: Stream, record: FactRecord): void {
  const { ledger } = world
  switch (record.type) {
    case 'flow.disputed':
      return world.saw('disputed')
    case 'identity.denied':
      return void ledger.denied.add(record.body.query)
    case 'identity.asserted':
      if (record.body.query !== null && ledger.denied.has(record.body.query))
        world.saw('denial, then assertion')
      return
    case 'flow.closed': {
      const back = ledger.stream(stream.receiver, stream.issuer)
      const onItsWay = back.written.slice(back.takenRecords)
      if (onItsWay.some(({ caseId }) => caseId === record.case))
        world.saw('case closed with a record in flight')
      return
    }
    default:
      return
  }
}

function noticeJudged(world: Witness, node: NodeId, peer: NodeId, record: FactRecord): void {
  if (record.type !== 'identity.queried') return
  const back = world.ledger.stream(node, peer)
  const onItsWay = back.written.slice(back.takenRecords)
  if (onItsWay.some(({ type }) => type === 'flow.published')) world.saw('query crossing a publication')
}
