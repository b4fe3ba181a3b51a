/**
 * What must hold after every step, checked on what the step changed. None of these knows how a node does its work:
 * they compare what one node has with what the other really said, and facts with the records they are made of.
 */
import {
  isErased,
  readRecord,
  thumbprint,
  type FactRecord,
  type NodeId,
  type RecordType,
  type StreamHead,
} from '../../protocol/index.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { checkActivities, checkCases, fold, type Touched } from './facts.ts'
import {
  digestsOf,
  envelopeClaims,
  isOver,
  kidOf,
  placeOf,
  queueOf,
  receiptClaims,
  type EnvelopeClaims,
  type Ledger,
  type Stream,
} from './ledger.ts'
import {
  type Commit,
  type Judged,
  type Receipted,
  type Sealed,
  type Taken,
  type Written,
} from './observed.ts'
import { type Witness } from './witness.ts'

export function checkCommit(world: Witness, node: NodeId, commit: Commit): void {
  const touched: Touched = { cases: new Set(), reports: new Set() }
  noticeDisplaced(world, node, commit)
  // A stream that was taken back is looked at as a whole when this is done (audit.ts).
  const again = new Set(commit.recovered)
  const anew = <Of extends { peer: string }>(rows: readonly Of[]) =>
    again.size === 0 ? rows : rows.filter(({ peer }) => !again.has(peer))
  for (const { what, peer } of commit.broken)
    if (peer === undefined || !again.has(peer)) world.violate('nothing-rewritten', `${node}: ${what}`)
  for (const written of commit.written) keepText(world.ledger, written.digest, written.text)
  for (const written of anew(commit.written)) checkWritten(world, node, written, touched)
  for (const sealed of anew(commit.sealed)) checkSealed(world, node, sealed)
  for (const taken of commit.taken) keepTexts(world.ledger, node, taken)
  for (const taken of anew(commit.taken)) checkTaken(world, node, taken)
  for (const judged of anew(commit.judged)) checkJudged(world, node, judged, touched)
  for (const taken of anew(commit.taken)) checkOutcomes(world, node, taken)
  for (const receipted of anew(commit.receipted)) checkReceipted(world, node, receipted)
  for (const { peer, seq } of commit.forks) checkFork(world, node, peer, seq)
  for (const peer of commit.frozen) checkFrozen(world, node, peer, commit.forks)
  const { cases } = commit
  checkCases(world, node, { ...commit, cases: cases.filter(({ after }) => !again.has(after.peer)) }, touched)
  if (again.size === 0) checkActivities(world, node, commit, touched)
  checkAlarms(world, node, commit)
}

function keepText(ledger: Ledger, digest: string, text: string): void {
  if (text !== '' && !isErased(text)) ledger.texts.set(digest, text)
}

/** What is received in a recovery, or by a second life, is said for good as much as anything. */
export function keepTexts(ledger: Ledger, node: NodeId, { peer, lines, receipt }: Taken): void {
  for (const [i, digest] of digestsOf(lines).entries()) keepText(ledger, digest, lines[i] ?? '')
  ledger.stream(peer, node).everReceipts.add(receipt)
}

function checkAlarms(world: Witness, node: NodeId, { alarms }: Commit): void {
  for (const { kind, peer, subject } of alarms) {
    if (kind === 'behind') {
      world.saw('restored or doubled, and noticed')
      const told = /\d\/\d+$/.test(subject)
      world.saw(told ? 'noticed by a peer’s heads' : 'noticed by the head store before anything was signed')
    }
    const caused =
      kind === 'behind' || kind === 'key_missing'
        ? world.shaken.has(node)
        : kind === 'peer_behind'
          ? world.shaken.has(peer) || !world.isOurs(peer)
          : kind === 'replay_differs'
            ? world.shaken.has(node) && (subject.startsWith('unsaid') || !world.isHonest(peer))
            : true
    if (!caused) world.violate('no-false-alarm', `${node}: ${kind} ${peer} ${subject}`)
    if (kind === 'replay_differs' && subject.startsWith('unsaid')) {
      world.ledger.unsaid.add(`${node}|${peer}`)
      world.saw('something unsaid for good')
    }
  }
}

/** An id that two peers' streams open belongs to one of them: what the other said of it is left out, and a person told. */
function noticeDisplaced({ ledger }: Witness, node: NodeId, { alarms }: Commit): void {
  for (const { peer, subject } of alarms) {
    const displaced = /^displaced (.*)$/.exec(subject)?.[1]
    if (displaced !== undefined) ledger.displace(node, peer, displaced)
  }
}

function checkFork(world: Witness, node: NodeId, peer: NodeId, seq: number): void {
  if (!world.isHonest(peer)) world.saw('fork kept')
  else if (world.forked.has(peer)) world.saw('fork of two lives kept')
  else world.violate('no-fork', `${node} keeps a fork of ${peer} at ${seq}`)
}

function checkFrozen(world: Witness, node: NodeId, peer: NodeId, found: Commit['forks']): void {
  if (world.isHonest(peer) && !world.forked.has(peer))
    return world.violate('no-fork', `${node} froze the stream of ${peer}`)
  const epoch = world.ledger.stream(peer, node).taken.at(-1)?.epoch ?? 1
  if (!found.some((fork) => fork.peer === peer && fork.epoch >= epoch))
    world.violate('no-fork', `${node} froze the stream of ${peer} in epoch ${epoch} for what was given up`)
}

function checkWritten(world: Witness, node: NodeId, written: Written, touched: Touched): void {
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
  fold(world, node, read.record, touched)
}

function checkSealed(world: Witness, node: NodeId, sealed: Sealed): void {
  const stream = world.ledger.stream(node, sealed.peer)
  const claims = envelopeClaims(sealed.jws)
  const { iss, aud, epoch, seq, records } = claims
  const where = `${node}>${sealed.peer} ${sealed.epoch}/${sealed.seq}`
  stream.signed.add(sealed.contentId)
  if (iss !== node || aud !== sealed.peer || seq !== sealed.seq || epoch !== sealed.epoch)
    return world.violate('sealed-as-written', `${where} is sealed as ${iss}>${aud} ${epoch}/${seq}`)
  const next = stream.written.slice(stream.sealedRecords, stream.sealedRecords + records.count)
  const digests = next.map(({ digest }) => digest)
  demandNext(world, stream.sealed.at(-1), claims, digests, where)
  if (!isOver(claims, digests))
    return world.violate('sealed-as-written', `${where}: not the next records that were written`)
  stream.sealed.push({ epoch, seq, contentId: sealed.contentId, digests })
  stream.sealedRecords += digests.length
}

/** Does this envelope come right after that one? In the same epoch, or as the beginning of a later one that names it. */
export function demandNext(
  world: Witness,
  last: (StreamHead & { contentId?: string }) | { epoch: number; seq: number; contentId: string } | undefined,
  { epoch, seq, prev }: Pick<EnvelopeClaims, 'epoch' | 'seq' | 'prev'>,
  [first]: readonly string[],
  where: string,
): void {
  const before = { epoch: last?.epoch ?? 1, seq: last?.seq ?? 0, head: last?.contentId ?? null }
  if (epoch === before.epoch) {
    if (seq !== before.seq + 1 || prev !== before.head)
      world.violate('gapless-prefix', `${where} comes after ${before.epoch}/${before.seq} ${before.head}`)
    return
  }
  const opening = recordAt(world.ledger, first, 'epoch.opened')
  const { after } = opening?.body ?? { after: undefined }
  const named = after?.epoch === before.epoch && after.seq === before.seq && after.head === before.head
  if (epoch < before.epoch || seq !== 1 || prev !== before.head || !named)
    world.violate(
      'epoch-after-head',
      `${where} after ${JSON.stringify(before)} says ${JSON.stringify(after)}`,
    )
  else {
    world.saw('epoch opened')
    if (opening?.body.reason === 'fork') world.saw('fork healed')
  }
}

export function recordAt<T extends RecordType>(
  ledger: Ledger,
  digest: string | undefined,
  type: T,
): FactRecord<T> | undefined {
  const text = digest === undefined ? undefined : ledger.texts.get(digest)
  if (!text?.includes(`"type":"${type}"`)) return undefined
  const read = readRecord(text)
  return read.ok && read.known && read.record.type === type ? (read.record as FactRecord<T>) : undefined
}

function checkTaken(world: Witness, node: NodeId, taken: Taken): void {
  const { ledger } = world
  const stream = ledger.stream(taken.peer, node)
  const where = `${taken.peer}>${node} ${taken.epoch}/${taken.seq}`
  const claims = envelopeClaims(taken.jws)
  const { epoch, seq } = claims
  const digests = digestsOf(taken.lines)
  if (!isOver(claims, digests)) world.violate('nothing-unverified', `${where} holds other records`)
  if (!stream.signed.has(taken.contentId))
    world.violate('nothing-unverified', `${where} was not sealed by ${taken.peer} for ${node}`)
  if (epoch !== taken.epoch || seq !== taken.seq)
    world.violate('gapless-prefix', `${where} is ${epoch}/${seq}`)
  demandNext(world, stream.taken.at(-1), claims, digests, where)
  const kid = kidOf(taken.jws)
  demandKey(world, stream, kid, where)
  const { receipt, contentId } = taken
  // What was receipted before its key was revoked holds, and comes back as it was.
  if (world.revoked.has(`${node} ${taken.peer} ${kid}`) && stream.receipts.get(contentId) !== receipt)
    world.violate('right-key', `${where} is signed by a key that was revoked there`)
  stream.taken.push({
    epoch,
    seq,
    contentId,
    digests,
    receipt,
    kid: nextKey(world, kid, digests, receipt),
    step: world.steps,
  })
  stream.takenRecords += digests.length
  if (ledger.gaps.delete(`${taken.peer}>${node}`)) world.saw('gap answered and refilled')
  checkReceiptBytes(world, stream, contentId, receipt)
}

/** The key in force after the last envelope signs the next one, unless an agreement has put another in its place. */
export function demandKey({ replacing, violate }: Witness, stream: Stream, kid: string, where: string): void {
  const before = stream.taken.at(-1)?.kid
  if (before !== undefined && before !== kid && !replacing.has(`${stream.issuer} ${kid}`))
    violate('right-key', `${where} is signed by ${kid}, and ${before} signs there`)
}

/** The key that signs after an envelope: its own, or one it has announced. */
export function nextKey(world: Witness, kid: string, digests: readonly string[], receipt: string): string {
  let next = kid
  for (const [i, digest] of digests.entries()) {
    const announced = recordAt(world.ledger, digest, 'keys.announced')
    if (!announced || receiptClaims(receipt).outcomes[i] !== 'applied') continue
    next = thumbprint(nodeJsCrypto, announced.body.key)
    world.saw('key rotated in flight')
  }
  return next
}

/** The same place, the same bytes, in the store and on the wire. Two lives may have receipted one envelope a second apart. */
export function checkReceiptBytes(world: Witness, stream: Stream, id: string, receipt: string): void {
  const before = stream.receipts.get(id)
  if (before === undefined) stream.receipts.set(id, receipt)
  else if (before !== receipt && !stream.twice.has(id))
    world.violate('one-receipt', `${stream.issuer}>${stream.receiver} ${id} has another receipt than before`)
}

function checkJudged(world: Witness, node: NodeId, judged: Judged, touched: Touched): void {
  const { ledger } = world
  const stream = ledger.stream(judged.peer, node)
  const where = `${judged.peer}>${node} ${judged.epoch}/${judged.seq}/${judged.idx} ${judged.type}`
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
  // Two lives with two head stores do not know what the other has said; whoever answers the wrong one is refused.
  const knowing = !world.doubled.has(node)
  if (
    judged.outcome.startsWith('refused:') &&
    world.isHonest(judged.peer) &&
    knowing &&
    !namedAlready(world, judged) &&
    !takenByHostile(world, node, judged)
  )
    world.violate('honest-not-refused', `${where}: ${judged.outcome}`)
  checkOrder(world, stream, judged, where)
  const read = judged.outcome === 'applied' ? readRecord(ledger.texts.get(judged.digest) ?? '') : undefined
  if (!read?.ok || !read.known || ledger.isDisplaced(node, judged.peer, read.record.case)) return
  noticeJudged(world, node, judged.peer, read.record)
  fold(world, node, read.record, touched)
}

/** After a loss the id of a case is free for whoever uses it first; only a hostile peer uses one that it has seen elsewhere. */
function takenByHostile(world: Witness, node: NodeId, { caseId, outcome }: Judged): boolean {
  const used = ({ issuer, receiver, queues }: Stream) =>
    receiver === node && !world.isHonest(issuer) && (queues.get(caseId ?? '')?.lastApplied ?? 0) > 0
  return outcome === 'refused:case_unknown' && world.shaken.has(node) && [...world.ledger.all()].some(used)
}

/** A key that an agreement has named meanwhile needs no announcement any more. */
function namedAlready({ ledger, replacing }: Witness, { digest, peer }: Judged): boolean {
  const key = recordAt(ledger, digest, 'keys.announced')?.body.key
  return key !== undefined && replacing.has(`${peer} ${thumbprint(nodeJsCrypto, key)}`)
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

function checkOutcomes(world: Witness, node: NodeId, taken: Taken): void {
  const stream = world.ledger.stream(taken.peer, node)
  const digests = digestsOf(taken.lines)
  const said = receiptClaims(taken.receipt)
  const where = `${taken.peer}>${node} ${taken.epoch}/${taken.seq}`
  if (said.head !== taken.contentId || said.outcomes.length !== digests.length)
    return world.violate('receipt-tells-outcomes', `${where} has a receipt of something else`)
  const repeated = new Set<string>()
  const { epoch, seq } = taken
  for (const [idx, digest] of digests.entries()) {
    const judged = stream.judged.get(digest)
    const outcome = said.outcomes[idx] ?? ''
    const first = judged?.place === placeOf({ epoch, seq, idx }) && !repeated.has(digest)
    repeated.add(digest)
    if (!first && world.isHonest(taken.peer))
      world.violate('said-once', `${where}/${idx} says again what stands at ${judged?.place}`)
    if (!judged || (first ? outcome !== judged.first : !outcome.startsWith('refused:')))
      world.violate('receipt-tells-outcomes', `${where}/${idx}: ${outcome} of what is ${judged?.first}`)
  }
}

function checkReceipted(world: Witness, node: NodeId, receipted: Receipted): void {
  const stream = world.ledger.stream(node, receipted.peer)
  const { epoch, seq, contentId, receipt, peer } = receipted
  const sealed = stream.sealed.findLast((one) => one.epoch === epoch && one.seq === seq)
  const said = receiptClaims(receipt)
  const answers =
    said.iss === peer &&
    said.aud === node &&
    said.epoch === epoch &&
    said.seq === seq &&
    said.head === contentId &&
    said.outcomes.length === sealed?.digests.length
  if (!answers) world.violate('acknowledged-is-there', `${node}>${peer} ${seq}: a receipt of something else`)
  stream.receipted.set(contentId, receipt)
  if (!world.isOurs(peer)) return
  const taken = stream.taken.findLast((one) => one.contentId === contentId)
  // A receiver that lost its database may have lost it since; it gets it back from this very receipt.
  const there = taken ? taken.receipt === receipt || stream.twice.has(contentId) : world.shaken.has(peer)
  if (!there || !stream.everReceipts.has(receipt))
    world.violate('acknowledged-is-there', `${node}>${peer} ${seq} is receipted and not there`)
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
