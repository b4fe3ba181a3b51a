/**
 * A database belongs to one node: the first start writes down whose it is, and every later one compares. A wrong
 * DATABASE_URL, or a forgotten one, must not start a second life under the same name.
 */
import { type NodeId } from '../../protocol/index.ts'
import { StartRefused } from '../errors.ts'
import { type Keyring } from '../keyring.ts'
import { type Store } from '../store/port.ts'
import { identity } from './tables.ts'

/** Throws StartRefused when the database is another node's, or this node's under other keys. The keyring goes on with the key the database names. */
export async function claimDatabase(store: Store, node: NodeId, keyring: Keyring): Promise<void> {
  // An empty database beside several keys was lost: peers may have revoked any of them but the newest.
  const kid = keyring.kids()[0] ?? keyring.kid
  const owner = await store.transaction(async (tx) => {
    await tx.lock(['identity'])
    const [row] = await tx.find(identity, {})
    if (!row) await tx.insert(identity, [{ node, kid }])
    return row ?? { node, kid }
  })
  if (owner.node === node && keyring.holds(owner.kid)) return keyring.use(owner.kid)
  const [why, whyZh] =
    owner.node === node
      ? ['this node with other keys', '本节点的另一套密钥']
      : [`node ${owner.node}`, `节点 ${owner.node}`]
  throw new StartRefused(
    `The database belongs to ${why}: check DATABASE_URL and the data directory (keys/keyring.json).`,
    `该数据库属于${whyZh}：请检查 DATABASE_URL 和数据目录（keys/keyring.json）。`,
  )
}
