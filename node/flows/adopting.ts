/** One side takes the other's word for attributes in which the two differ. */
import { type DeviationField, type HostFacts } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'

type Adopted = { name?: string; category?: 'full' | 'probationary'; phone?: string }

/** What `whose` side holds of these attributes, as far as it deviates. Throws `no_deviation` when none of them does. */
export function adopted(
  { deviations }: HostFacts,
  whose: 'home' | 'host',
  fields: readonly DeviationField[],
): Adopted {
  const taken = deviations.filter(({ field }) => fields.includes(field))
  if (taken.length === 0) throw new DomainError('no_deviation')
  return Object.fromEntries(taken.map((deviation) => [deviation.field, deviation[whose]]))
}
