/** One planted defect: a text of a production source, what stands there instead, and why that is wrong. */
export interface Plant {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly why: string
  /** Kinds of faults that bring it out soon, as `--faults` lists them; all of them when absent. */
  readonly under?: string
}
