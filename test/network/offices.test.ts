/** The scenario on folders of other offices: other regions, headings, sheets and spellings, made anew from a seed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeOffice, type OfficeExpectation } from '../workbooks/offices.ts'
import { scenario } from './run-scenario.ts'

/** Set OFFICE_SEEDS=1,2,3 to replay. */
const seeds =
  process.env['OFFICE_SEEDS']?.split(',').map(Number) ??
  [0, 1].map(() => Math.floor(Math.random() * 1_000_000))

describe('the scenario on another office’s folder', { timeout: 120_000 }, () => {
  it.each(seeds)('counts what the workbooks of seed %i hold', async (seed) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'huiliu-office-'))
    try {
      const { roster, outflow, arrivals, activities, expected } = await makeOffice(seed)
      for (const { name, bytes } of [roster, outflow, arrivals, activities])
        await writeFile(path.join(folder, name), bytes)
      const { code, result, stderr } = await scenario(folder)
      expect({ code, result }, `seed ${seed}\n${stderr}`).toEqual({ code: 0, result: counts(expected) })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

/** A field in which nobody deviates is not listed. */
function counts({ faultRows: _rows, ...expected }: OfficeExpectation): object {
  const { deviationFields } = expected.comparison
  const deviating = Object.fromEntries(Object.entries(deviationFields).filter(([, cases]) => cases > 0))
  return { ...expected, comparison: { ...expected.comparison, deviationFields: deviating } }
}
