/**
 * Finding tables and reading their rows: what is refused, held, flagged and skipped first, then what is understood.
 */
import { describe, expect, test } from 'vitest'
import { type Cell, type Sheet } from '../../node/workbooks/cells.ts'
import {
  type FieldsOf,
  type InterpretContext,
  type Interpretation,
  WorkbookError,
  type WorkbookErrorDetails,
  type WorkbookKind,
  detectKind,
  interpret,
} from '../../node/workbooks/index.ts'

const WANG = '41159919660413416X'
const LI = '411599199304029900'

type Value = string | number | Cell

function cellOf(value: Value): Cell {
  if (typeof value === 'number') return { kind: 'number', text: String(value), value }
  if (typeof value !== 'string') return value
  return value === '' ? { kind: 'empty', text: '' } : { kind: 'text', text: value }
}

/** A sheet of these rows, one below the other from row 1; an empty list is a blank row. */
function sheet(name: string, ...rows: Value[][]): Sheet {
  const numbered = rows.map((values, index) => ({ row: index + 1, cells: values.map(cellOf) }))
  return { name, rows: numbered.filter(({ cells }) => cells.length > 0) }
}

function refusal(
  kind: WorkbookKind,
  sheets: Sheet[],
  context?: InterpretContext,
): [string, WorkbookErrorDetails] {
  try {
    interpret(kind, sheets, context)
  } catch (error) {
    if (error instanceof WorkbookError) return [error.code, error.details]
    throw error
  }
  return ['none', {}]
}

function faultsOf<F extends keyof FieldsOf>({ rows }: Interpretation<F>): string[][] {
  return rows.map(({ faults }) => faults.map(({ code }) => code))
}

describe('a table is refused', () => {
  test('when there are no headings', () => {
    const prose = sheet('一', ['说明'], ['请于九月底前上报'])
    expect(refusal('roster', [prose])).toEqual(['workbook_no_header', { kind: 'roster' }])
    expect(refusal('roster', [])).toEqual(['workbook_no_header', { kind: 'roster' }])
  })

  test('when a necessary column is missing, naming it and nobody', () => {
    const table = sheet('一', ['姓名', '性别', '联系电话'], ['王五', '男', '15400000000'])
    expect(refusal('roster', [table])).toEqual([
      'workbook_columns_missing',
      { kind: 'roster', fields: ['idNumber'] },
    ])
    expect(refusal('arrivals', [table])[1].fields).toEqual(['idNumber', 'origin'])
  })

  test('when two columns say the same', () => {
    const table = sheet('一', ['姓名', '身份证号', '联系电话', '手机号码'], ['王五', WANG, '', ''])
    expect(refusal('roster', [table])).toEqual([
      'workbook_ambiguous_columns',
      { kind: 'roster', fields: ['phone'], columns: ['C', 'D'] },
    ])
  })

  test('when several sheets hold one, until one is chosen', () => {
    const sheets = [
      sheet('东河镇', ['姓名', '身份证号'], ['王五', WANG]),
      sheet('南岗镇', ['姓名', '身份证号'], ['李四', LI]),
    ]
    expect(refusal('roster', sheets)).toEqual([
      'workbook_several_tables',
      { kind: 'roster', sheets: ['东河镇', '南岗镇'] },
    ])
    expect(interpret('roster', sheets, { sheet: '南岗镇' }).rows[0]?.fields.name).toBe('李四')
    expect(refusal('roster', sheets, { sheet: '西河镇' })[0]).toBe('workbook_no_header')
  })
})

describe('a table is found', () => {
  const HEAD = ['姓名', '身份证号']

  test('below titles and in another sheet than the instructions', () => {
    const instructions = sheet('填表说明', HEAD, ['张某某', WANG])
    const table = sheet(
      'Sheet1',
      ['某地党员花名册'],
      ['填报单位：某地', '', '填报时间'],
      [],
      ['序号', ...HEAD],
      [1, '王五', WANG],
    )
    const found = interpret('roster', [instructions, sheet('空'), table])
    expect([found.sheet, found.headerRow, found.rows.length]).toEqual(['Sheet1', 4, 1])
    expect(found.rows[0]).toMatchObject({ row: 5, ordinal: 1, serial: '1' })
  })

  test('in two rows of headings with groups', () => {
    const table = sheet(
      '一',
      ['序号', '基本情况', '', '', '联系方式'],
      ['', '姓名', '性别', '身份证号', '手机'],
      [1, '王五', '男', WANG, '15400000000'],
    )
    const found = interpret('roster', [table])
    expect(found.headerRow).toBe(2)
    expect(found.columns.map(({ field, column }) => `${column} ${field}`)).toEqual([
      'A serial',
      'B name',
      'C gender',
      'D idNumber',
      'E phone',
    ])
    expect(found.rows).toHaveLength(1)
  })

  test.each([
    ['公民身份号码'],
    ['身份证号码'],
    ['*身份证号'],
    ['身份证号\n码（18位）'],
    [' 身 份 证 号　'],
    ['【必填】身份证号：'],
    ['2.身份证号码'],
  ])('whatever its headings look like: %j', (heading) => {
    const found = interpret('roster', [sheet('一', ['姓 名', heading], ['王五', WANG])])
    expect(found.rows[0]?.fields).toEqual({ name: '王五', idNumber: WANG })
  })

  test('with unknown columns kept beside it, each under a heading of its own', () => {
    const found = interpret('roster', [
      sheet('一', ['备注', ...HEAD, '备注', '籍贯'], ['甲', '王五', WANG, '乙', '丙']),
    ])
    expect(found.extraHeadings).toEqual(['备注', '备注(2)', '籍贯'])
    expect(found.rows[0]?.cells).toEqual({
      备注: '甲',
      姓名: '王五',
      身份证号: WANG,
      '备注(2)': '乙',
      籍贯: '丙',
    })
  })

  test('without the columns that a list of held rows has', () => {
    const found = interpret('roster', [
      sheet('一', [...HEAD, '原行号', '问题', '建议'], ['王五', WANG, '7', '甲', '乙']),
    ])
    expect(found.extraHeadings).toEqual([])
    expect(found.headings).toEqual(HEAD)
  })

  test('with a region beside the organisation', () => {
    const table = sheet('一', [...HEAD, '流出地党组织', '流出地'], ['王五', WANG, '中共某支部', '信阳市'])
    expect(interpret('arrivals', [table]).rows[0]?.fields.origin).toEqual({ text: '信阳市', code: '411500' })
  })

  test('and its kind is told by its headings', () => {
    const roster = sheet('一', ['姓名', '身份证号', '出生年月', '入党时间', '党员类别', '流动去向'], [])
    const outflow = sheet('二', ['姓名', '身份证号', '流入地', '外出时间', '外出原因'], [])
    const arrivals = sheet('三', ['姓名', '身份证号', '流出地', '流入时间'], [])
    const activities = sheet('四', ['姓名', '身份证号', '日期', '类型', '金额'], [])
    expect([[roster], [outflow], [arrivals], [activities]].map(detectKind)).toEqual([
      'roster',
      'outflow',
      'arrivals',
      'activities',
    ])
    expect(detectKind([roster, outflow])).toBeUndefined()
    expect(detectKind([sheet('一', ['说明'])])).toBeUndefined()
    expect(interpret('outflow', [roster, outflow]).sheet).toBe('二')
    expect(interpret('roster', [roster, outflow]).sheet).toBe('一')
  })
})

describe('rows that are no entries', () => {
  test('are skipped with the reason, and never when they may be a person', () => {
    const found = interpret('roster', [
      sheet(
        '一',
        ['序号', '姓名', '身份证号', '入党时间'],
        ['示例', '张某某', LI, '2001年1月'],
        [1, 2, 3, 4],
        [1, '王五', WANG, '2001年1月'],
        [2, ' ', ' ', ''],
        ['序号', '姓 名', '身份证号', '入党时间'],
        ['小计', 1],
        ['合计', LI, LI, ''],
        ['共 1 人'],
        ['填表人：某某', '', '审核人：某某'],
        ['注：以上为截至九月底的数据'],
      ),
    ])
    expect(found.rows.map(({ row }) => row)).toEqual([4, 8])
    expect(found.skipped).toEqual([
      { row: 2, why: 'example' },
      { row: 3, why: 'column-numbers' },
      { row: 5, why: 'blank' },
      { row: 6, why: 'repeated-header' },
      { row: 7, why: 'total' },
      { row: 9, why: 'total' },
      { row: 10, why: 'footer' },
      { row: 11, why: 'footer' },
    ])
  })
})

describe('a roster row', () => {
  const HEAD = ['姓名', '身份证号', '出生年月', '入党时间', '党员类别', '所在党支部', '联系电话']
  const roster = (...rows: Value[][]): Interpretation<'roster'> =>
    interpret('roster', [sheet('一', HEAD, ...rows)])

  test('is held without a name or a usable ID number', () => {
    const found = roster(['', WANG], ['王五', ''], ['王五', '411599199304029901'], ['王五（预备）', LI])
    expect(faultsOf(found)).toEqual([
      ['name-missing'],
      ['id-missing'],
      ['id-bad-checksum'],
      ['name-malformed'],
    ])
    expect(found.rows.every(({ held }) => held)).toBe(true)
  })

  test('is kept with its unreadable fields left empty and flagged', () => {
    const found = roster(['王五', WANG, '八十年代', '不详', '积极分子', '甲'.repeat(201), '123'])
    expect(faultsOf(found)).toEqual([
      ['birth-unreadable', 'joined-unreadable', 'category-unreadable', 'text-too-long', 'phone-unreadable'],
    ])
    expect(found.rows[0]).toMatchObject({ held: false, fields: { name: '王五', idNumber: WANG } })
    expect(found.rows[0]?.faults[1]).toEqual({
      code: 'joined-unreadable',
      severity: 'flagged',
      field: 'joinedOn',
      heading: '入党时间',
      column: 'D',
    })
  })

  test('that repeats another is its duplicate, naming the first', () => {
    const found = roster(
      ['王五', WANG, '', '', '正式党员', '一支部', '15400000000'],
      ['李四', LI],
      [' 王 五', WANG, '', '', '正式', '一支部', ''],
    )
    expect(found.rows[2]).toMatchObject({ held: false, duplicate: true, row: 4 })
    expect(found.rows[2]?.faults[0]).toMatchObject({
      code: 'duplicate-of',
      severity: 'duplicate',
      of: { row: 2, ordinal: 1 },
    })
    expect(found.rows[0]?.faults).toEqual([])
  })

  test('that contradicts another is held with it, and both name each other', () => {
    const found = roster(
      ['王五', WANG, '', '', '', '一支部'],
      ['王六', WANG, '', '', '', '一支部'],
      ['王五', WANG, '', '', '', '二支部'],
    )
    expect(faultsOf(found)).toEqual([['duplicate-conflict'], ['duplicate-conflict'], ['duplicate-conflict']])
    expect(found.rows.map(({ faults }) => faults[0]?.of?.ordinal)).toEqual([2, 1, 1])
    expect(found.rows.every(({ held, duplicate }) => held && !duplicate)).toBe(true)
  })
})

describe('a row of the registers of those who left and arrived', () => {
  const outflow = (place: string): Interpretation<'outflow'> =>
    interpret('outflow', [
      sheet('一', ['姓名', '身份证号', '流动去向', '外出时间'], ['王五', WANG, place, '不详']),
    ])
  const arrivals = (place: string): Interpretation<'arrivals'> =>
    interpret('arrivals', [
      sheet('一', ['姓名', '身份证号', '流出地党组织', '报到时间'], ['王五', WANG, place, '20260619']),
    ])

  test.each([
    ['', 'place-missing'],
    ['某地', 'place-unknown'],
    ['朝阳', 'place-ambiguous'],
  ])('is held when its place is not certain: %j', (place, code) => {
    expect(faultsOf(outflow(place))).toEqual([['left-unreadable', code]])
    expect(outflow(place).rows[0]?.held).toBe(true)
    expect(faultsOf(arrivals(place))).toEqual([[code]])
  })

  test('keeps a place as written, and says which may be meant', () => {
    expect(outflow('朝阳').rows[0]?.fields.destination).toEqual({ text: '朝阳' })
    expect(outflow('朝阳').rows[0]?.faults[1]?.candidates).toContain('北京市朝阳区')
  })

  test.each([
    ['信阳', '411500'],
    ['河南省信阳市', '411500'],
    ['中共信阳市委组织部', '411500'],
    ['信阳市委', '411500'],
    ['中共河南省信阳市浉河区委员会', '411502'],
  ])('has its place: %s', (place, code) => {
    expect(arrivals(place).rows[0]?.fields).toMatchObject({
      origin: { text: place, code },
      arrivedOn: '2026-06-19',
    })
  })
})

describe('an activity', () => {
  const HEAD = ['姓名', '身份证号', '日期', '类型', '内容', '金额(元)']
  const activity = (...rows: Value[][]): Interpretation<'activities'> =>
    interpret('activities', [sheet('一', HEAD, ...rows.map((row) => ['王五', WANG, ...row]))])

  test('is held when its day or its money is not certain', () => {
    const found = activity(
      ['', '党课', '甲'],
      ['不详', '党课', '甲'],
      ['2026-7-1', '党费', '甲', ''],
      ['2026-7-1', '党课', '甲', '二元'],
    )
    expect(faultsOf(found)).toEqual([
      ['date-missing'],
      ['date-unreadable'],
      ['amount-missing'],
      ['amount-unreadable'],
    ])
    expect(found.rows.every(({ held }) => held)).toBe(true)
  })

  test('of an unknown kind is kept with its word', () => {
    const found = activity(
      ['2026-7-1', '红色观影', '建党节'],
      ['2026-7-1', '红色观影', ''],
      ['2026-7-1', '', '建党节'],
    )
    expect(faultsOf(found)).toEqual([['kind-unknown'], ['kind-unknown'], ['kind-missing']])
    expect(found.rows.map(({ fields }) => [fields.kind, fields.title])).toEqual([
      ['other', '红色观影:建党节'],
      ['other', '红色观影'],
      ['other', '建党节'],
    ])
  })

  test('is a duplicate only when everything is the same', () => {
    const dues = ['2026-7-1', '党费', '七月', '2.5']
    const found = activity(dues, ['2026-7-1', '党费', '七月', '3'], dues, ['2026-8-1', '党费', '七月', '2.5'])
    expect(found.rows.map(({ duplicate }) => duplicate)).toEqual([false, false, true, false])
    expect(found.rows[0]?.fields).toEqual({
      name: '王五',
      idNumber: WANG,
      on: '2026-07-01',
      kind: 'dues',
      title: '七月',
      amountFen: 250,
    })
  })

  test('has no amount from a column in another unit', () => {
    const table = sheet(
      '一',
      ['姓名', '身份证号', '日期', '类型', '金额（分）'],
      ['王五', WANG, '2026-7-1', '党费', '250'],
    )
    const found = interpret('activities', [table])
    expect(found.extraHeadings).toEqual(['金额（分）'])
    expect(faultsOf(found)).toEqual([['amount-missing']])
  })
})
