/** Every check, in the order of a run. Those that end a stream come last; a new one goes into the file of its section. */
import { type Check } from './check.ts'
import { budgetChecks } from './checks/budgets.ts'
import { deliveryChecks, lastChecks } from './checks/delivery.ts'
import { epochChecks } from './checks/epochs.ts'
import { erasureChecks } from './checks/erasure.ts'
import { envelopeChecks } from './checks/envelopes.ts'
import { hostingChecks } from './checks/hosting.ts'
import { keyChecks, ownKeyChecks } from './checks/keys.ts'
import { limitChecks } from './checks/limits.ts'
import { recordChecks } from './checks/records.ts'
import { readingChecks, requestChecks } from './checks/requests.ts'
import { freshChecks, restoringChecks } from './checks/restoring.ts'
import { forkChecks, streamChecks } from './checks/streams.ts'
import { tokenChecks } from './checks/tokens.ts'

export const checks: readonly Check[] = [
  ...freshChecks,
  ...streamChecks,
  ...envelopeChecks,
  ...tokenChecks,
  ...requestChecks,
  ...recordChecks,
  ...hostingChecks,
  ...limitChecks,
  ...budgetChecks,
  ...deliveryChecks,
  ...keyChecks,
  ...ownKeyChecks,
  ...epochChecks,
  ...erasureChecks,
  ...readingChecks,
  ...restoringChecks,
  ...forkChecks,
  ...lastChecks,
]
