/** Planted defects of standing, epochs, keys, recovery and positions: the other half of plants.ts. */
import { type Plant } from './plant.ts'

const standing = 'node/federation/standing.ts'
const heads = 'node/federation/heads.ts'
const sealer = 'node/federation/sealer.ts'
const inbox = 'node/federation/inbox.ts'
const recovery = 'node/federation/recovery.ts'
const restoration = 'node/federation/restoration.ts'

export const plantsOfLosses: readonly Plant[] = [
  {
    name: 'stale-head-not-noticed',
    file: standing,
    find: 'return this.heads.judge(direction, peer, stream, contentIn(reader, direction, peer))',
    replace: "return Promise.resolve('level')",
    why: 'after a restore, or as a copy, the node signs on without a look at its head store',
    under: 'F12,F13',
  },
  {
    name: 'peer-not-believed-to-have-more',
    file: standing,
    find: `const more = (await seenMoreSent(tx, peer, theirs))
        ? 'out'
        : seenMoreReceipts(into, theirs)
          ? 'in'
          : undefined`,
    replace: 'const more = undefined as Direction | undefined',
    why: 'a node without its head store signs anew what its peer has already',
    under: 'F12',
  },
  {
    name: 'head-moved-before-the-commit',
    file: sealer,
    find: 'await tx.update(streamsOut, { peer }, moved)',
    replace:
      "await tx.update(streamsOut, { peer }, moved)\n    await this.standing.advance('out', peer, reached)",
    why: 'a crash in between looks like a restored database',
  },
  {
    name: 'head-never-moved',
    file: heads,
    find: 'const swapped = await this.files.swap(name, before, next)',
    replace: 'const swapped = before !== undefined || (await this.files.swap(name, before, next))',
    why: 'the head store stays at the beginning, so nothing is ever behind it',
    under: 'F12,F13',
  },
  {
    name: 'revoked-key-accepted',
    file: 'node/federation/peers.ts',
    find: 'if (into && known.length > 0) await this.endKeys(tx, peer, into, true)',
    replace: 'if (into === null) await this.endKeys(tx, peer, into, true)',
    why: 'after a new agreement the lost key still signs',
    under: 'F3,F15,F16',
  },
  {
    name: 'revocation-without-end',
    file: 'node/federation/peers.ts',
    find: 'await this.endKeys(tx, node, into, true)',
    replace: 'await Promise.resolve()',
    why: 'a key that an operator has revoked still signs',
    under: 'F3,F15,F16',
  },
  {
    name: 'not-judged-again-under-the-lock',
    file: inbox,
    find: 'const holds = this.gate.stillHolds(peer, proven)',
    replace: 'const holds = { ok: true } as const',
    why: 'a key that is revoked between the proof and the commit still signs',
    under: 'F15,F16',
  },
  {
    name: 'key-from-the-wrong-place',
    file: 'node/federation/peers.ts',
    find: `({ from, until }: PeerKey, place: StreamPlace): boolean {
  return !isBefore(place, from) && (until === null || !isBefore(until, place))`,
    replace: `({ until, revoked }: PeerKey, place: StreamPlace): boolean {
  return !revoked || until === null || !isBefore(until, place)`,
    why: 'a key signs envelopes before its first and after its last place',
  },
  {
    name: 'epoch-after-any-head',
    file: 'node/federation/envelopes-in.ts',
    find: 'return after.epoch === epoch && after.seq === seq && after.head === head',
    replace: 'return after.epoch <= epoch || seq < 0 || head === undefined',
    why: 'an epoch is taken that says it begins elsewhere',
  },
  {
    name: 'position-drawn-before-the-lock',
    file: 'node/http/case-desk.ts',
    find: '      await tx.lock([pairLock(row.peer)])\n',
    replace: `      const [early = 0] = await tx.positions(1)
      await tx.lock([pairLock(row.peer)])
      const { positions } = tx
      let drawn = false
      tx.positions = async (count) => {
        const rest = await positions.call(tx, drawn ? count : count - 1)
        const all = drawn ? rest : [early, ...rest]
        drawn = true
        return all
      }
`,
    why: 'a record appears behind the mark up to which all is sealed',
  },
  {
    name: 'sealed-beyond-a-gap',
    file: sealer,
    find: 'const after = stream.sealedPosition',
    replace: 'const after = stream.sealedPosition + (stream.seq % 7 === 6 ? 1 : 0)',
    why: 'sealing goes on behind a record that was never sealed',
  },
  {
    name: 'recovery-answers-again',
    file: 'node/flows/retelling.ts',
    find: 'if (!denied.has(query.id)) await',
    replace: 'await',
    why: 'what was answered before a loss is answered once more after it',
  },
  {
    name: 'recovery-forgets-an-answer',
    file: 'node/federation/recovery.ts',
    find: 'await restoration.resume(this.outbox)',
    replace: 'await Promise.resolve()',
    why: 'what was heard and not answered before a loss is never answered',
  },
  {
    name: 'retold-in-any-order',
    file: 'node/federation/retelling.ts',
    find: '(await this.tx.find(recordsIn, { peer, caseId })).sort(byPlace)',
    replace:
      '(await this.tx.find(recordsIn, { peer, caseId })).sort((a, b) => (a.digest < b.digest ? -1 : 1))',
    why: 'after a loss a case is folded from its records in another order',
  },
  {
    name: 'recovery-drops-the-unconfirmed',
    file: recovery,
    find: 'waiting.map((row, i) => ({ ...row, position: positions[i] ?? 0, outcome: null })),',
    replace: 'waiting.slice(1).map((row, i) => ({ ...row, position: positions[i] ?? 0, outcome: null })),',
    why: 'what the peer had not confirmed is not said again',
  },
  {
    name: 'waiting-said-in-another-order',
    file: recovery,
    find: 'waiting.map((row, i) => ({ ...row, position: positions[i] ?? 0, outcome: null })),',
    replace:
      '[...waiting].reverse().map((row, i) => ({ ...row, position: positions[i] ?? 0, outcome: null })),',
    why: 'what the peer had not confirmed is said again in another order',
  },
  {
    name: 'receipts-judged-again',
    file: restoration,
    find: "const outcomes = this.parts.proofs.ownOutcomes(this.node, proven.proven, receipt ?? '')\n    const items",
    replace: `const stated = this.parts.proofs.ownOutcomes(this.node, proven.proven, receipt ?? '')
    const outcomes = stated.map((one): Outcome => (one.startsWith('refused:') ? 'applied' : one))
    const items`,
    why: 'what we had refused counts as applied after a loss',
    under: 'F12,F16',
  },
  {
    name: 'receipt-signed-anew-in-recovery',
    file: restoration,
    find: "await this.keepTheirs(proven.proven, items, outcomes, receipt ?? '')",
    replace: `const { payload, contentId: head } = proven.proven
    const words = { ...payload, iss: this.parts.self, aud: this.node, head, outcomes }
    const { epoch: e, seq: s } = payload
    const anew = { iss: words.iss, aud: words.aud, epoch: e, seq: s, head, iat: payload.iat + 7, outcomes }
    await this.keepTheirs(proven.proven, items, outcomes, signReceipt(this.parts.keyring.signerOf(this.kid), anew))`,
    why: 'what was receipted before a loss has another receipt after it',
  },
  {
    name: 'fork-in-an-ended-epoch-freezes',
    file: inbox,
    find: 'const stops = epoch >= stream.epoch && !stream.frozen',
    replace: 'const stops = !stream.frozen',
    why: 'a second story of an epoch that was given up stops the new one',
  },
  {
    name: 'erased-comes-back',
    file: 'node/federation/stream-records.ts',
    find: 'lines[idx] = erasedLine(digest)',
    replace: 'lines[idx] = String(lines[idx])',
    why: 'the text of an erased record stays at its reader',
  },
]
