/**
 * What the tool itself knows of its cases with the node: both sides' facts, folded from the records that were said and
 * applied. Digests of shared views are computed from here, never from anything the node told about them.
 */
import {
  digestOf,
  isHomeEvent,
  isHostEvent,
  noHomeFacts,
  noHostFacts,
  readRecord,
  sharedView,
  stepHome,
  stepHost,
  type CaseActivity,
  type Digest,
  type FactRecord,
  type HomeFacts,
  type HostFacts,
  type NodeId,
  type Uuid,
} from '../../protocol/index.ts'
import { realPlatform } from '../../node/platform.ts'

export interface KnownCase {
  readonly home: NodeId
  homeFacts: HomeFacts
  hostFacts: HostFacts
  readonly activities: Map<Uuid, CaseActivity>
}

export class CaseBook {
  readonly cases = new Map<Uuid, KnownCase>()
  /** Cases from before this run: of them only what the node said is known here. */
  readonly inherited = new Set<Uuid>()

  /** A record that its reader has applied; `writer` is the node that said it. */
  hear(writer: NodeId, text: string): void {
    const read = readRecord(text)
    if (!read.ok || !read.known || read.record.case === null) return
    const { record } = read
    const id = record.case ?? ''
    const known = this.cases.get(id) ?? this.open(id, writer, record)
    if (!known) return
    const side = writer === known.home ? 'home' : 'host'
    if (record.type === 'record.erased') forget(known, side)
    else if (record.type === 'activity.recorded' || record.type === 'activity.corrected')
      this.report(known, record, side)
    else if (writer === known.home && isHomeEvent(record)) {
      const step = stepHome(known.homeFacts, record)
      if (step.ok) known.homeFacts = step.facts
    } else if (writer !== known.home && isHostEvent(record)) {
      const step = stepHost(known.hostFacts, record)
      if (step.ok) known.hostFacts = step.facts
    }
  }

  /** Cases of which this home is home, with the digest of their shared view, in ascending order of id. */
  digests(home: NodeId): { id: Uuid; digest: Digest }[] {
    return [...this.cases]
      .filter(([, known]) => known.home === home)
      .map(([id, known]) => ({ id, digest: digestOf(realPlatform.crypto, this.view(id, known)) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  private view(id: Uuid, { homeFacts, hostFacts, activities }: KnownCase): string {
    return sharedView(id, homeFacts, hostFacts, [...activities.values()])
  }

  private open(id: Uuid, writer: NodeId, record: FactRecord): KnownCase | undefined {
    if (record.type !== 'identity.asserted' && record.type !== 'flow.published') return undefined
    const fresh = { home: writer, homeFacts: noHomeFacts, hostFacts: noHostFacts, activities: new Map() }
    this.cases.set(id, fresh)
    return fresh
  }

  private report(known: KnownCase, record: FactRecord, by: 'home' | 'host'): void {
    if (record.type === 'activity.recorded')
      known.activities.set(record.id, { id: record.id, by, activity: record.body.activity })
    if (record.type !== 'activity.corrected') return
    const { corrects, activity } = record.body
    if (activity === null) known.activities.delete(corrects)
    else known.activities.set(corrects, { id: corrects, by, activity })
  }
}

/** Section 12: of an erased side home's state remains, and nothing else. */
function forget(known: KnownCase, side: 'home' | 'host'): void {
  const { state } = known.homeFacts
  if (side === 'home') known.homeFacts = { ...noHomeFacts, state }
  else known.hostFacts = noHostFacts
  for (const [id, { by }] of known.activities) if (by === side) known.activities.delete(id)
}
