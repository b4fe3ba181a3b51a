/** Whose a database is, and which of the node's keys it goes on with. */
import { describe, expect, it } from 'vitest'
import { claimDatabase } from '../../node/federation/identity.ts'
import { openKeyring, type KeyFile, type Keyring } from '../../node/keyring.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { keyringText } from '../harness/keys.ts'
import { shenzhen, xinyang } from '../harness/world.ts'

/** A keyring of a machine: every `open` is a start. */
function keyFile(text = keyringText(xinyang)): { open: () => Keyring } {
  const kept: KeyFile = {
    read: () => Promise.resolve(text),
    write: (next) => {
      text = next
      return Promise.resolve()
    },
  }
  return { open: () => openKeyring(nodeJsCrypto, text, kept) }
}

describe('claiming a database', () => {
  it('refuses that of another node, and that of other keys', async () => {
    const store = new MemoryStore()
    await claimDatabase(store, xinyang, keyFile().open())
    await expect(claimDatabase(store, shenzhen, keyFile().open())).rejects.toThrow(`node ${xinyang}`)
    const others = keyFile(keyringText(shenzhen)).open()
    await expect(claimDatabase(store, xinyang, others)).rejects.toThrow('other keys')
  })

  it('goes on with the key the database names, whatever was added to the file and never used', async () => {
    const store = new MemoryStore()
    const machine = keyFile()
    const keyring = machine.open()
    await claimDatabase(store, xinyang, keyring)
    const { kid } = keyring
    await keyring.addKey(new Uint8Array(32).fill(7))
    const next = machine.open()
    await claimDatabase(store, xinyang, next)
    expect(next.kid).toBe(kid)
  })

  it('goes on with the newest of several keys when the database was lost, for peers may have revoked the older', async () => {
    const machine = keyFile()
    const newest = await machine.open().addKey(new Uint8Array(32).fill(8))
    const keyring = machine.open()
    await claimDatabase(new MemoryStore(), xinyang, keyring)
    expect(keyring.kid).toBe(newest)
  })
})
