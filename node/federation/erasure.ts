/**
 * Erasure: what this side has said of a closed case is removed here and, on our signed word, at the peer. Digests and
 * outcomes stay, so that the chain and every other record remain provable.
 */
import { type NodeId, type Uuid } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Transaction } from '../store/port.ts'
import { type ForgetSide } from './handlers.ts'
import { envelopeOf, recordsOf, type Outbox } from './outbox.ts'
import { recordsOut } from './tables.ts'

export class Erasure {
  private readonly self: NodeId
  private readonly outbox: Outbox
  private readonly forget: ForgetSide

  constructor(parts: { self: NodeId; outbox: Outbox; forget: ForgetSide }) {
    this.self = parts.self
    this.outbox = parts.outbox
    this.forget = parts.forget
  }

  /**
   * Erases our records of a closed case; the number of them. Throws DomainError: `not_delivered_yet` while one of them
   * is on its way, or the case's own reason. The caller holds the pair lock.
   */
  async eraseCase(tx: Transaction, peer: NodeId, caseId: Uuid): Promise<number> {
    // The courier writes outcomes into the same rows, under this lock.
    await tx.lock([`stream-out:${peer}`])
    const written = await tx.find(recordsOut, { peer, caseId }, { orderBy: 'position' })
    const rows = written.filter(({ text, type }) => text !== null && type !== 'record.erased')
    const places = []
    for (const { position, digest } of rows) {
      const envelope = await envelopeOf(tx, peer, position)
      if (!envelope?.receipted) throw new DomainError('not_delivered_yet')
      const index = (await recordsOf(tx, envelope)).findIndex((row) => row.position === position)
      places.push({ epoch: envelope.epoch, seq: envelope.seq, index, digest })
    }
    const forgotten = await this.forget(tx, peer, caseId, this.self)
    if (forgotten.outcome === 'refused') throw new DomainError(forgotten.code)
    for (const { position } of rows) await tx.update(recordsOut, { peer, position }, { text: null })
    const drafts = places.map((body) => this.outbox.draft({ type: 'record.erased', case: caseId, body }))
    await this.outbox.write(tx, peer, drafts)
    return rows.length
  }
}
