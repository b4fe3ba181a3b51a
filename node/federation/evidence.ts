/** The evidence of one case: the signed bytes of both directions with the receipts, in stream order, for anyone to check. */
import {
  digestOfLine,
  isErased,
  type Crypto,
  type Evidence,
  type NodeId,
  type Uuid,
} from '../../protocol/index.ts'
import { type Reader, type Store } from '../store/port.ts'
import { envelopeOf, recordsOf } from './outbox.ts'
import { envelopesIn, recordsIn, recordsOut } from './tables.ts'

type Item = Evidence['items'][number] & { epoch: number; seq: number }

export class EvidenceFile {
  private readonly self: NodeId
  private readonly store: Store
  private readonly crypto: Crypto

  constructor(parts: { self: NodeId; store: Store; crypto: Crypto }) {
    this.self = parts.self
    this.store = parts.store
    this.crypto = parts.crypto
  }

  /** Everything sealed of this case. Records not sealed yet prove nothing and are left out. */
  async ofCase(caseId: Uuid, home: NodeId, host: NodeId): Promise<Evidence> {
    const peer = home === this.self ? host : home
    const items = await this.store.read(async (reader) => [
      ...(await this.sent(reader, caseId)),
      ...(await this.received(reader, caseId, peer)),
    ])
    items.sort(
      (a, b) =>
        (a.from < b.from ? -1 : a.from > b.from ? 1 : 0) ||
        a.epoch - b.epoch ||
        a.seq - b.seq ||
        a.index - b.index,
    )
    const shown = items.map(({ epoch: _epoch, seq: _seq, ...item }) => item)
    return { format: 'huiliu-evidence-1', case: caseId, home, host, items: shown }
  }

  private async sent(reader: Reader, caseId: Uuid): Promise<Item[]> {
    const items: Item[] = []
    for (const { peer, position, text } of await reader.find(recordsOut, { caseId })) {
      const envelope = await envelopeOf(reader, peer, position)
      if (!envelope) continue
      const { jws, epoch, seq, receipt } = envelope
      const rows = await recordsOf(reader, envelope)
      const index = rows.findIndex((row) => row.position === position)
      const digests = rows.map(({ digest }) => digest)
      items.push({ from: this.self, jws, digests, index, record: text, receipt, epoch, seq })
    }
    return items
  }

  /** Of the other party alone: a third region may name the case in a record, and is refused, but it is kept. */
  private async received(reader: Reader, caseId: Uuid, from: NodeId): Promise<Item[]> {
    const items: Item[] = []
    for (const row of await reader.find(recordsIn, { caseId, peer: from })) {
      const { peer, epoch, seq, idx: index } = row
      const envelope = await reader.get(envelopesIn, { peer, epoch, seq })
      if (!envelope) continue
      const { jws, receipt } = envelope
      const lines = envelope.lines.split('\n')
      const digests = lines.map((line) => digestOfLine(this.crypto, line))
      const line = lines[index] ?? ''
      const record = isErased(line) ? null : line
      items.push({ from: peer, jws, digests, index, record, receipt, epoch, seq })
    }
    return items
  }
}
