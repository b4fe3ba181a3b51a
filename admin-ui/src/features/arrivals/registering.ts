import { type NewArrival } from '../../shared/arrival-form.tsx'

/** Somebody being registered; with the case home has opened for him, when it has. */
export interface Registering {
  readonly draft: string
  readonly initial: Partial<NewArrival>
  readonly case?: string
}
