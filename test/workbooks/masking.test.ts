/** Cells as a screen shows them: no number of a person whole, wherever it stands, and every other word readable. */
import { describe, expect, it } from 'vitest'
import { hiddenCells, maskedCells, unmasked } from '../../node/workbooks/masking.ts'

const summary = {
  columns: [
    { field: 'name', heading: '姓名', column: 'A' },
    { field: 'idNumber', heading: '公民身份号码', column: 'B' },
    { field: 'phone', heading: '联系电话', column: 'C' },
    { field: 'contact', heading: '联系人', column: 'D' },
  ],
} as const
const shown = (cells: Record<string, string>) => maskedCells({ columns: [...summary.columns] }, cells)
const columns = { columns: [...summary.columns] }

describe('a cell', () => {
  it.each([
    ['公民身份号码', '411500196803123456', '411***********3456'],
    ['公民身份号码', '41150019680312345', '411**********2345'],
    ['公民身份号码', '4.11500196803E+17', '4.1**********E+17'],
    ['公民身份号码', '12345', '*****'],
    ['联系电话', '138 1234 5678', '138******5678'],
    ['联系电话', '0376-1234567', '037*****4567'],
    // In the wrong column, and between words.
    ['姓名', '411500196803123456', '411***********3456'],
    ['联系人', '张三 13812345678', '张三 138****5678'],
    ['备注', '原号41150019680312345X有误', '原号411***********345X有误'],
    ['备注', '旧证411500680312345。', '旧证411********2345。'],
  ])('under %s: %s is shown as %s', (heading, text, masked) => {
    expect(shown({ [heading]: text })).toEqual({ [heading]: masked })
  })

  it.each([
    ['公民身份号码', '待补'],
    ['公民身份号码', ''],
    ['联系电话', '无'],
    ['姓名', '王磊'],
    ['备注', '2026年3月第12号'],
  ])('under %s: %s is shown as it is', (heading, text) => {
    expect(shown({ [heading]: text })).toEqual({ [heading]: text })
  })
})

describe('a row that comes back', () => {
  const before = { 姓名: '王磊', 公民身份号码: '411500196803123456', 联系电话: '13812345678' }

  it('is as it was where it came back as it was shown, and new where it was changed', () => {
    expect(unmasked(columns, before, { ...shown(before), 姓名: '王雷' })).toEqual({ ...before, 姓名: '王雷' })
    expect(unmasked(columns, before, { 联系电话: '13900000000' })).toEqual({ 联系电话: '13900000000' })
    expect(unmasked(columns, before, { 联系电话: '' })).toEqual({ 联系电话: '' })
    // Another mask is no number, and is judged as what it is.
    expect(unmasked(columns, before, { 联系电话: '139****0000' })).toEqual({ 联系电话: '139****0000' })
  })

  it('shows in the clear only what was masked', () => {
    const { 姓名: _name, ...numbers } = before
    expect(hiddenCells(columns, before)).toEqual(numbers)
    expect(hiddenCells(columns, { 姓名: '王磊', 联系电话: '无' })).toEqual({})
  })
})
