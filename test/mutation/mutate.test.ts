/** A bounded run of mutated messages, the same every time; `npm run mutate` has as many and as fresh ones as one likes. */
import { expect, it } from 'vitest'
import { ChunkRun, MessageBroke } from './run.ts'

/** As many as there is time for on a busy machine; on an idle one all of them take three seconds. */
const most = { messages: 3000, ms: 8000 }
const perChunk = 250

it('meets mutated messages with one answer each, and the effects that go with it alone', async () => {
  const seed = 20_261_122
  const until = performance.now() + most.ms
  for (let chunk = 0; chunk < most.messages / perChunk && performance.now() < until; chunk++) {
    const broke = await new ChunkRun(seed, chunk).run(perChunk).then(
      () => undefined,
      (error: unknown) => (error instanceof MessageBroke ? error.message : error),
    )
    expect(broke, `npm run mutate -- --seed ${seed} --chunk ${chunk}`).toBeUndefined()
  }
})
