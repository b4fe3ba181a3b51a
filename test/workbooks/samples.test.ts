/**
 * The sample workbooks of scripts/samples: everything that expected.json counts about the files comes out of them.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type WorkbookKind, detectKind, interpret, readSheetsHere } from '../../node/workbooks/index.ts'
import { compare } from './comparison.ts'

const SAMPLES = new URL('../../scripts/samples/', import.meta.url)
const FILES: Record<WorkbookKind, string> = {
  roster: '信阳-党员花名册.xlsx',
  outflow: '信阳-流出党员登记表.xlsx',
  arrivals: '深圳-流入党员登记表.xlsx',
  activities: '深圳-2026年三季度活动.csv',
}
const Counts = z.looseObject({ rows: z.number() })
const expected = z
  .looseObject({
    roster: z.looseObject({
      rows: z.number(),
      held: z.number(),
      duplicates: z.number(),
      faults: z.record(z.string(), z.number()),
    }),
    outflow: Counts,
    arrivals: Counts,
    activities: Counts,
    faultRows: z.array(
      z.object({ file: z.string(), row: z.number(), fault: z.string(), of: z.number().optional() }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('expected.json', SAMPLES), 'utf8')))

async function read<K extends WorkbookKind>(kind: K) {
  const sheets = await readSheetsHere(
    new Uint8Array(readFileSync(new URL(FILES[kind], SAMPLES))),
    FILES[kind],
  )
  expect(detectKind(sheets)).toBe(kind)
  return interpret(kind, sheets)
}

describe('the sample roster', () => {
  test('has the expected rows held, repeated and flagged, and no other', async () => {
    const { rows, skipped } = await read('roster')
    expect(rows).toHaveLength(602)
    expect(rows.filter(({ held }) => held)).toHaveLength(expected.roster.held)
    expect(rows.filter(({ duplicate }) => duplicate)).toHaveLength(expected.roster.duplicates)
    expect(skipped).toEqual([{ row: 606, why: 'total' }])
    const faults = rows.flatMap(({ ordinal, faults }) =>
      faults.map(({ code, of }) => ({
        file: 'roster',
        row: ordinal,
        fault: code,
        ...(of && { of: of.ordinal }),
      })),
    )
    expect(faults).toEqual(expected.faultRows)
    // The ordinal is the serial number that the office wrote.
    expect(rows.map(({ serial }) => Number(serial))).toEqual(rows.map(({ ordinal }) => ordinal))
  })

  test('has nothing else unreadable: every kept row is complete', async () => {
    const { rows } = await read('roster')
    for (const { fields, faults, ordinal } of rows.filter(({ held }) => !held)) {
      const missing = faults.some(({ code }) => code === 'joined-unreadable') ? 9 : 10
      expect([ordinal, Object.keys(fields).length]).toEqual([ordinal, missing])
    }
  })
})

test.each(['outflow', 'arrivals', 'activities'] as const)(
  'the sample %s has the expected rows and no fault',
  async (kind) => {
    const { rows } = await read(kind)
    expect(rows).toHaveLength(expected[kind].rows)
    expect(rows.flatMap(({ faults }) => faults)).toEqual([])
  },
)

test('what the samples say together is what expected.json counts', async () => {
  const files = {
    roster: await read('roster'),
    outflow: await read('outflow'),
    arrivals: await read('arrivals'),
    activities: await read('activities'),
  }
  expect(expected).toMatchObject(compare(files, '深圳'))
})
