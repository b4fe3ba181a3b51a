/** Crashes at every call are `npm run simulate -- --crashes`; here every twelfth, other ones of each flow. */
import { expect, it } from 'vitest'
import { enumerateCrashes, flows } from './crashes.ts'

it('loses and doubles nothing, at whatever call of a flow a node crashes', { timeout: 60_000 }, async () => {
  const found = await enumerateCrashes({ every: 12 })
  expect(found.failures).toEqual([])
  expect(found.flows.map(({ flow }) => flow)).toEqual(flows.map(({ name }) => name))
  expect(found.flows.reduce((sum, { crashes }) => sum + crashes, 0)).toBeGreaterThan(150)
})
