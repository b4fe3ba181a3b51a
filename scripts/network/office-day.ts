/**
 * The main job as offices play it, over HTTP: agreements between home and every host, workbooks in, and waiting until
 * both sides have said all they had to say. A node may be away or die in between; what was asked of it is asked again.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ImportReport, type PeerState } from '../../protocol/index.ts'
import { ApiRefused } from '../../node/cli/client.ts'
import { importOrder, type Office, type OfficeFile, type OfficeFolder } from './folder.ts'
import { type NodeProcess } from './node-process.ts'

const patienceMs = 180_000
const pollMs = 100

/** A running node as an office sees it; its own process or, in tests, this one. */
export type OfficeNode = Pick<NodeProcess, 'client' | 'federationUrl'>
export type Network = ReadonlyMap<string, OfficeNode>
export interface Played {
  readonly office: Office
  readonly file: OfficeFile
  readonly report: ImportReport
}

/** Agreements between home and every host that has none yet; both operators' parts are played here. */
export async function concludeAgreements(folder: OfficeFolder, network: Network): Promise<void> {
  const home = nodeOf(network, folder.home)
  for (const host of folder.hosts) {
    const other = nodeOf(network, host)
    const known = await home.client.peers()
    if (known.some(({ node }) => node === host.node)) continue
    const [ours, theirs] = [await home.client.node(), await other.client.node()]
    const proposal = await home.client.propose({
      card: await other.client.card(),
      fingerprint: theirs.fingerprint,
      replyDays: 15,
      queriesPerDay: 1000,
      years: 3,
    })
    const signed = await other.client.sign({
      document: proposal.document,
      url: home.federationUrl,
      fingerprint: ours.fingerprint,
    })
    await home.client.sign({
      document: signed.document,
      url: other.federationUrl,
      fingerprint: theirs.fingerprint,
    })
  }
}

/** Imports all workbooks of these offices in the usual order. */
export async function importWorkbooks(offices: readonly Office[], network: Network): Promise<Played[]> {
  const played: Played[] = []
  for (const kind of importOrder)
    for (const office of offices)
      for (const file of office.files.filter((candidate) => candidate.kind === kind)) {
        const bytes = await readFile(file.path)
        const report = await persistently(() =>
          nodeOf(network, office).client.import(kind, bytes, path.basename(file.path)),
        )
        played.push({ office, file, report })
      }
  return played
}

/** Waits until nothing is under way anywhere: outboxes empty, receipts stored, nothing changing any more. */
export async function untilLevel(network: Network): Promise<void> {
  let before = ''
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await delay(pollMs)) {
    const states = await persistently(() =>
      Promise.all([...network.values()].map((node) => node.client.peers())),
    )
    const now = JSON.stringify(states.map((peers) => peers.map(({ sent, received }) => [sent, received])))
    if (states.flat().every(({ unsent }) => unsent === 0) && isMirrored(network, states) && now === before)
      return
    before = now
  }
  throw new Error(`streams were not level after ${patienceMs / 1000} s`)
}

function isMirrored(network: Network, states: readonly PeerState[][]): boolean {
  const nodes = [...network.keys()]
  const at = (from: string, to: string) => states[nodes.indexOf(from)]?.find(({ node }) => node === to)
  return nodes.every((from) =>
    (states[nodes.indexOf(from)] ?? []).every(
      ({ node: to, sent }) => at(to, from)?.received.seq === sent.seq,
    ),
  )
}

/** Tries again while the node is away or has failed: an import is safe to repeat. A clear refusal is final. */
export async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ; await delay(pollMs)) {
    try {
      return await work()
    } catch (error) {
      if ((error instanceof ApiRefused && error.status < 500) || Date.now() > deadline) throw error
    }
  }
}

export function nodeOf<Node extends OfficeNode>(network: ReadonlyMap<string, Node>, office: Office): Node {
  const node = network.get(office.node)
  if (!node) throw new TypeError(`no node of ${office.name}`)
  return node
}
