/** The digest of an audit entry: over all of it, whatever the order of its members. */
import { describe, expect, it } from 'vitest'
import { nodeJsCrypto } from '../../node/platform.ts'
import { auditHash, type AuditEntry } from '../../protocol/index.ts'

const entry: Omit<AuditEntry, 'hash'> = {
  ...{ seq: 1, at: '2026-03-01T00:00:00.000Z', account: 'a', role: 'officer', action: 'case.close' },
  ...{
    subject: 'c',
    outcome: 'begun',
    about: null,
    detail: { reason: 'death', n: 1 },
    address: '',
    prev: null,
  },
}

describe('the digest of an entry', () => {
  it('is the same for the same entry in another order', () => {
    const turned = Object.fromEntries(Object.entries(entry).reverse()) as typeof entry
    expect(auditHash(nodeJsCrypto, turned)).toBe(auditHash(nodeJsCrypto, entry))
    expect(auditHash(nodeJsCrypto, entry)).toMatch(/^[\w-]{43}$/)
  })

  it('changes with every member', () => {
    const others: Partial<AuditEntry>[] = [
      { seq: 2 },
      { at: '2026-03-01T00:00:00.001Z' },
      { account: 'b' },
      { role: 'auditor' },
      { action: 'case.place' },
      { subject: 'd' },
      { outcome: 'done' },
      { about: 1 },
      { detail: { reason: 'death' } },
      { address: '10.0.0.1' },
      { prev: auditHash(nodeJsCrypto, entry) },
    ]
    const hashes = [{}, ...others].map((change) => auditHash(nodeJsCrypto, { ...entry, ...change }))
    expect(new Set(hashes).size).toBe(others.length + 1)
  })
})
