/** What a benchmark's node says of itself; all are totals since it started. */
export interface NodeFigures {
  readonly cpuMicros: number
  /** Of its own PostgreSQL, where that can be known. */
  readonly serverMicros: number | undefined
  readonly peakMb: number
  /** Bytes of all bodies posted to peers. */
  readonly sentBytes: number
  /** Bytes of the records written by the benchmark. */
  readonly recordBytes: number
}

/** From the first commit at the sender: to its last one, and to the last receipt. */
export interface WriteTimes {
  readonly writtenSeconds: number
  readonly seconds: number
}

/** Milliseconds, one of each per record written alone on an idle node. */
export interface SingleTimes {
  /** The same row, inserted by a transaction of its own: the floor. */
  readonly commits: readonly number[]
  /** From the commit to the peer's signed receipt for it. */
  readonly receipts: readonly number[]
}
