/**
 * This node's signing keys over time. A key is rotated in the streams themselves, under the old one; a key that was
 * lost or stolen is replaced, and then every peer must sign a new agreement after comparing the new fingerprint.
 */
import { type Digest, type NodeId } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Keyring } from '../keyring.ts'
import { type Random } from '../platform.ts'
import { type Reader, type Store } from '../store/port.ts'
import { pairLock, type Outbox } from './outbox.ts'
import { type Peers } from './peers.ts'
import { identity, replacedKey, streamsOut } from './tables.ts'

export class OwnKeys {
  private readonly self: NodeId
  private readonly store: Store
  private readonly keyring: Keyring
  private readonly peers: Peers
  private readonly outbox: Outbox
  private readonly random: Random

  constructor(parts: {
    self: NodeId
    store: Store
    keyring: Keyring
    peers: Peers
    outbox: Outbox
    random: Random
  }) {
    this.self = parts.self
    this.store = parts.store
    this.keyring = parts.keyring
    this.peers = parts.peers
    this.outbox = parts.outbox
    this.random = parts.random
  }

  /** A new key, announced to every peer; each stream is signed by it from the envelope after the announcement. */
  async rotate(): Promise<Digest> {
    await this.store.read((reader) => this.demandListener(reader))
    const kid = await this.newKey()
    const key = this.keyring.publicKey(kid)
    if (!key) throw new TypeError('a key that was just added is not there')
    await this.store.transaction(async (tx) => {
      const all = await this.peers.all(tx)
      await tx.lock(['identity', ...all.map(({ node }) => pairLock(node))])
      // Where a stream is not open it waits, and is said when that goes on: if it is then still newer than the key that signs.
      for (const { node } of all)
        await this.outbox.put(tx, node, [
          this.outbox.draft({ type: 'keys.announced', case: null, body: { key } }),
        ])
      await tx.update(identity, { node: this.self }, { kid })
    })
    this.keyring.use(kid)
    return kid
  }

  /** A new key instead of one that is lost or stolen. No stream is signed until its agreement names the new one. */
  async replace(): Promise<Digest> {
    const kid = await this.newKey()
    await this.store.transaction(async (tx) => {
      const known = await tx.find(streamsOut, {})
      await tx.lock(['identity', ...known.map(({ peer }) => `stream-out:${peer}`)])
      for (const { peer } of await tx.find(streamsOut, {}))
        await tx.update(streamsOut, { peer }, { standing: 'closed', kidFrom: replacedKey, formerKid: null })
      await tx.update(identity, { node: this.self }, { kid })
    })
    this.keyring.use(kid)
    return kid
  }

  /** A key that nobody can be told of would be left over: the newest in the file, and known to no peer. */
  private async demandListener(reader: Reader): Promise<void> {
    const all = await this.peers.all(reader)
    const streams = await reader.findIn(
      streamsOut,
      'peer',
      all.map(({ node }) => node),
    )
    const [first] = streams
    if (first && !streams.some(({ standing }) => standing === 'open'))
      throw new DomainError('stream_closed', { region: first.peer })
  }

  /** One at a time, whatever process asks: each adds to the file as the one before has left it. */
  private newKey(): Promise<Digest> {
    return this.store.transaction(async (tx) => {
      await tx.lock(['keyring'])
      return this.keyring.addKey(this.random.bytes(32))
    })
  }
}
