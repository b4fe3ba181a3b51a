/** Who may know that something has changed: whoever may see it. */
import { expect, it } from 'vitest'
import { pulseKinds, pulseReaders, pulseSchema, roles } from '../../protocol/index.ts'

it('tells administrators and auditors nothing of people, and everybody something', () => {
  for (const kind of ['cases', 'arrivals', 'members', 'activities', 'imports'] as const)
    for (const role of ['administrator', 'auditor'] as const)
      expect([kind, pulseReaders[kind].includes(role)]).toEqual([kind, false])
  for (const role of roles) expect(pulseKinds.some((kind) => pulseReaders[kind].includes(role))).toBe(true)
})

it('has a word for each kind and no other', () => {
  const stamps = Object.fromEntries(pulseKinds.map((kind) => [kind, '']))
  expect(pulseSchema.safeParse({ stamps }).success).toBe(true)
  expect(pulseSchema.safeParse({ stamps: { ...stamps, accounts: '' } }).success).toBe(false)
  expect(pulseSchema.safeParse({ stamps: { cases: '' } }).success).toBe(false)
})
