/**
 * The sentences about faults and refusals: each says where, what and how to mend it, and none is left half filled.
 */
import { describe, expect, test } from 'vitest'
import {
  type Fault,
  type FaultCode,
  SEVERITY_OF,
  WorkbookError,
  type WorkbookErrorCode,
  describeFault,
  describeWorkbookError,
} from '../../node/workbooks/index.ts'

const CODES = Object.keys(SEVERITY_OF) as FaultCode[]
const REFUSALS: WorkbookErrorCode[] = [
  'workbook_too_large',
  'workbook_too_many_rows',
  'workbook_too_many_columns',
  'workbook_too_slow',
  'workbook_not_a_workbook',
  'workbook_old_format',
  'workbook_encrypted',
  'workbook_unreadable',
  'workbook_unsafe_paths',
  'workbook_encoding',
  'workbook_no_header',
  'workbook_columns_missing',
  'workbook_ambiguous_columns',
  'workbook_several_tables',
]
const LEFT_OPEN = /undefined|null|NaN|\[object|\s{2}|^$/

describe.each(CODES)('the fault %s', (code) => {
  const bare: Fault = { code, severity: SEVERITY_OF[code] }
  const full: Fault = {
    ...bare,
    field: 'idNumber',
    heading: '身份证号',
    column: 'F',
    of: { row: 9, ordinal: 6 },
    candidates: ['甲', '乙'],
  }

  test.each([bare, full])('has its sentences in both languages', (fault) => {
    for (const language of ['zh', 'en'] as const) {
      const { where, what, mend } = describeFault(12, fault, language)
      for (const sentence of [where, what, mend]) expect(sentence).not.toMatch(LEFT_OPEN)
      expect(what + mend).toMatch(language === 'zh' ? /。$/ : /[.)]$/)
    }
  })
})

test('a fault says where it is and names the other row', () => {
  const fault: Fault = {
    code: 'duplicate-of',
    severity: 'duplicate',
    heading: '身份证号',
    column: 'F',
    of: { row: 9, ordinal: 6 },
  }
  expect(describeFault(12, fault, 'zh')).toMatchObject({
    where: '第 12 行 F 列「身份证号」',
    what: '与第 9 行（第 6 条）重复，未再次存入。',
  })
  expect(describeFault(12, fault, 'en')).toMatchObject({
    where: 'row 12, column F (身份证号)',
    what: 'This repeats row 9 (entry 6) and was not stored again.',
  })
})

test.each(REFUSALS)('the refusal %s has its sentences in both languages', (code) => {
  const error = new WorkbookError(code, {
    kind: 'outflow',
    fields: ['idNumber', 'destination'],
    columns: ['C', 'D'],
    sheets: ['一', '二'],
    limit: 5,
  })
  for (const language of ['zh', 'en'] as const) {
    const { what, mend } = describeWorkbookError(error, language)
    for (const sentence of [what, mend]) expect(sentence).not.toMatch(LEFT_OPEN)
  }
})

test('a refusal names kinds, columns and sheets', () => {
  const missing = new WorkbookError('workbook_columns_missing', {
    kind: 'outflow',
    fields: ['idNumber', 'destination'],
  })
  expect(describeWorkbookError(missing, 'zh').what).toBe('流出党员登记表缺少必需的列：公民身份号码、流入地。')
  const twice = new WorkbookError('workbook_ambiguous_columns', { fields: ['phone'], columns: ['C', 'D'] })
  expect(describeWorkbookError(twice, 'en').what).toBe('Columns C, D all look like “phone”.')
})
