/**
 * Planted defects: each is one change to one source of the production core that the simulator must find by its general
 * invariants. `find` stands exactly once in the file. Adding one is adding a row.
 */
import { type Plant } from './plant.ts'
import { plantsOfLosses } from './plants-of-losses.ts'

const inbox = 'node/federation/inbox.ts'
const applying = 'node/federation/applying.ts'
const courier = 'node/federation/courier.ts'
const receipts = 'node/federation/receipts.ts'
const sealer = 'node/federation/sealer.ts'
const gate = 'node/federation/gate.ts'
const stream = 'protocol/stream.ts'

export const plants: readonly Plant[] = [
  {
    name: 'duplicate-applied',
    file: applying,
    find: ': repeatedOutcome(before)',
    replace:
      ": before.startsWith('refused:') ? before : await this.applyOne(tx, peer, item, blocked, { ...at, idx: item.idx })",
    why: 'the same content in another place is applied again',
  },
  {
    name: 'signature-not-verified',
    file: gate,
    find: 'const verified = verifyJws(this.crypto, read.jws, key.publicKey)',
    replace: 'const verified = verifyJws({ ...this.crypto, verify: () => true }, read.jws, key.publicKey)',
    why: 'effects of bytes whose signature was never checked',
  },
  {
    name: 'issuer-not-compared',
    file: gate,
    find: 'if (payload.iss !== peer.node)',
    replace: 'if (payload.iss === this.self)',
    why: 'a peer speaks in the name of another',
  },
  {
    name: 'wrong-audience-accepted',
    file: gate,
    find: "if (payload.aud !== this.self) return refuse('wrong_audience', 'meant for another node')",
    replace: '',
    why: 'what was said to another node is taken in here',
  },
  {
    name: 'digests-not-checked',
    file: 'protocol/envelope.ts',
    find: 'return listDigest(crypto, digests) === digest',
    replace: "return listDigest(crypto, digests) !== ''",
    why: 'records that are not the signed ones have effects',
  },
  {
    name: 'answer-before-commit',
    file: inbox,
    find: 'const taken = await this.takeInOne(peer.node, batch)',
    replace: `let early: string[] = []
    const { append } = this
    this.append = async (...all) => {
      const done = await append.apply(this, all)
      early.push(done.receipt)
      return done
    }
    const taken = await this.takeInOne(peer.node, batch).catch((error: unknown): Taken => {
      if (early.length === 0) throw error
      return { receipts: early, refusal: undefined }
    })
    early = []
    this.append = append`,
    why: 'a receipt leaves though its transaction was rolled back',
  },
  {
    name: 'fork-accepted',
    file: stream,
    find: "if (payload.prev !== head) return refuse('fork'",
    replace: "if (payload.prev === undefined) return refuse('fork'",
    why: 'another past under the next number is taken as the same story',
  },
  {
    name: 'gap-skipped',
    file: stream,
    find: 'if (payload.seq > seq + 1)',
    replace: 'if (payload.seq > seq + 100)',
    why: 'envelopes in between are never asked for',
  },
  {
    name: 'new-receipt-for-a-repeat',
    file: inbox,
    find: 'if (stored?.contentId === proven.contentId) return { ok: true, receipt: stored.receipt }',
    replace: `if (stored?.contentId === proven.contentId) {
      const { length } = proven.digests
      const iat = Math.floor(this.clock.nowMs() / 1000)
      const outcomes = Array.from({ length }, (): Outcome => 'applied')
      const said = { iss: this.self, aud: stream.peer, epoch, seq, head: proven.contentId, iat, outcomes }
      return { ok: true, receipt: signReceipt(await this.peers.signerFor(tx, stream.peer), said) }
    }`,
    why: 'a repeat is answered with other bytes than the first time',
  },
  {
    name: 'parked-overtaken',
    file: applying,
    find: 'const behindParked = caseId !== null && blocked.has(caseId)',
    replace: 'const behindParked = caseId === undefined',
    why: 'a record is applied though an earlier one of its case waits',
  },
  {
    name: 'settled-out-of-order',
    file: 'node/federation/parked.ts',
    find: 'parked.sort((a, b) => a.epoch - b.epoch || a.seq - b.seq || a.idx - b.idx)',
    replace: 'parked.sort((a, b) => b.epoch - a.epoch || b.seq - a.seq || b.idx - a.idx)',
    why: 'after an upgrade what waited is applied the last first',
  },
  {
    name: 'refused-accepted-later',
    file: applying,
    find: "return before.startsWith('refused:') ? before : 'refused:record_repeated'",
    replace: "return before.startsWith('refused:') ? 'applied' : 'refused:record_repeated'",
    why: 'what was refused is said to be applied when it comes again',
  },
  {
    name: 'outbox-in-a-second-transaction',
    file: 'node/region.ts',
    find: '  return { ids, vault, peers, alarms, standing, lease, courier, outbox, ownKeys }',
    replace: `  const write = outbox.write.bind(outbox)
  outbox.write = (tx, peer, records) => {
    const later = () =>
      store.transaction(async (other) => {
        await other.lock(['pair:' + peer])
        await write(other, peer, records)
      })
    tx.afterCommit(() => void later().catch(() => undefined))
    return Promise.resolve()
  }
  return { ids, vault, peers, alarms, standing, lease, courier, outbox, ownKeys }`,
    why: 'a crash between two commits loses what was to be said',
  },
  {
    name: 'no-pair-lock-at-the-desk',
    file: 'node/http/case-desk.ts',
    find: '      await tx.lock([pairLock(row.peer)])\n',
    replace: '',
    why: 'an officer writes while a message of that peer is taken in',
  },
  {
    name: 'no-pair-lock-in-the-inbox',
    file: inbox,
    find: 'await tx.lock([pairLock(node), `stream-in:${node}`])',
    replace: 'await tx.lock([`stream-in:${node}`])',
    why: 'a message of the peer is taken in while an officer writes',
  },
  {
    name: 'sealed-without-envelope',
    file: sealer,
    find: 'for (const batch of packed(waiting, most)) {',
    replace: `for (const batch of packed(waiting, most)) {
      if (batch.length === 3) batch.pop()`,
    why: 'records count as sealed and are in no envelope',
  },
  {
    name: 'sealed-in-any-order',
    file: sealer,
    find: 'const parcels: Parcel[] = []',
    replace:
      'waiting.sort((one, other) => (one.digest < other.digest ? -1 : 1))\n    const parcels: Parcel[] = []',
    why: 'records leave in another order than they were written',
  },
  {
    name: 'receipt-head-not-compared',
    file: receipts,
    find: 'const same = head === envelope.contentId && outcomes.length === envelope.records',
    replace: 'const same = head !== undefined && outcomes.length === envelope.records',
    why: 'a receipt of something else counts as delivery',
  },
  {
    name: 'receipt-number-not-compared',
    file: receipts,
    find: 'epoch === envelope.epoch && seq === envelope.seq',
    replace: 'epoch === envelope.epoch && seq > 0',
    why: 'a receipt for another number counts as delivery',
  },
  {
    name: 'closed-case-goes-on',
    file: 'protocol/case.ts',
    find: "    'flow.closed': no('case_closed'),\n    'notice.sent': no('case_closed'),",
    replace: "    'flow.closed': no('case_closed'),\n    'notice.sent': to('closed'),",
    why: 'a closed case takes further records of home',
  },
  {
    name: 'reply-lost-in-memory',
    file: courier,
    find: '        if (route.again) {\n          route.again = false\n          this.wake(peer)\n        }',
    replace: '        route.again = false\n        this.stopped = true',
    why: 'the courier stops after its first run',
  },
  ...plantsOfLosses,
]

export function plantNamed(name: string): Plant {
  const plant = plants.find((one) => one.name === name)
  if (!plant) throw new RangeError(`no plant is called ${name}: ${plants.map((one) => one.name).join(', ')}`)
  return plant
}

/** The source with the defect in it. Throws when the text to be changed is not there exactly once. */
export function planted(plant: Plant, source: string): string {
  if (source.split(plant.find).length !== 2)
    throw new RangeError(`the text of plant ${plant.name} does not stand exactly once in ${plant.file}`)
  return source.replace(plant.find, () => plant.replace)
}
