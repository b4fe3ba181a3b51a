/** Who is being registered: typed by hand, corrected, or taken over from what home has announced. */
import { type NewArrival } from '../../shared/arrival-form.tsx'

/** Somebody being registered; with the case home has opened for him, when it has. */
export interface Registering {
  readonly draft: string
  readonly initial: Partial<NewArrival>
  readonly case?: string
}
