/**
 * The pulse: one short word for each kind of thing there is, which is another one as soon as something of the kind may
 * have changed. A page asks for it every few seconds and reads anew only what is concerned.
 */
import * as z from 'zod'
import { type CallerRole } from './contract.ts'

export const pulseKinds = [
  'cases',
  'arrivals',
  'members',
  'activities',
  'organisations',
  'imports',
  'peers',
  'alarms',
  'exports',
] as const
export type PulseKind = (typeof pulseKinds)[number]

const people: readonly CallerRole[] = ['officer', 'committee', 'branch', 'operator']
const overseers: readonly CallerRole[] = ['administrator', 'officer', 'auditor', 'operator']
/** Who may know that something of the kind has changed: whoever may see it. For the others its word is empty. */
export const pulseReaders: Readonly<Record<PulseKind, readonly CallerRole[]>> = {
  cases: people,
  arrivals: people,
  members: people,
  activities: people,
  organisations: [...new Set([...people, ...overseers])],
  imports: ['officer', 'operator'],
  peers: overseers,
  alarms: overseers,
  exports: ['administrator', 'officer', 'committee'],
}

export const pulseSchema = z.strictObject({
  stamps: z.strictObject(
    Object.fromEntries(pulseKinds.map((kind) => [kind, z.string()])) as Record<PulseKind, z.ZodString>,
  ),
})
export type Pulse = z.infer<typeof pulseSchema>
