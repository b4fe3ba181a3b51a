/**
 * Reading single values: what is unreadable first, then every spelling found in registers.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cell } from '../../node/workbooks/cells.ts'
import {
  readActivityKind,
  readCategory,
  readDate,
  readFen,
  readIdNumber,
  readName,
  readPhone,
  readText,
} from '../../node/workbooks/values.ts'
import { checkCharacter, checkIdNumber } from '../../protocol/index.ts'

const text = (value: string): Cell =>
  value === '' ? { kind: 'empty', text: '' } : { kind: 'text', text: value }
const number = (value: number): Cell => ({ kind: 'number', text: String(value), value })
const value = <T>(found: T): { is: 'value'; value: T } => ({ is: 'value', value: found })
const UNREADABLE = { is: 'unreadable' }
const EMPTY = { is: 'empty' }

describe('a date', () => {
  test.each([
    '不详',
    '2023年2月30日',
    '2023-13-01',
    '2023-00-10',
    '1900-02-29',
    '93年4月',
    '93.4.2',
    '上世纪八十年代',
    '2011113',
    '2024',
    '2024年',
    '约1990年',
    '1890年1月1日',
    '6/19/2026',
    '2024年3月上旬',
    '二〇二四年十三月',
  ])('is unreadable: %s', (written) => expect(readDate(text(written))).toEqual(UNREADABLE))

  test.each([1993, 0, -5, 99999, 2006.1, 20230230])('is unreadable as the number %s', (written) =>
    expect(readDate(number(written))).toEqual(UNREADABLE),
  )

  test.each(['', ' ', '　'])('is empty: %j', (written) => expect(readDate(text(written))).toEqual(EMPTY))

  test.each([
    ['2024年11月19日', '2024-11-19'],
    ['2024年11月', '2024-11'],
    ['2024年11月份', '2024-11'],
    ['1974-03-09', '1974-03-09'],
    ['20111113', '2011-11-13'],
    ['201111', '2011-11'],
    ['2024/2/19', '2024-02-19'],
    ['2006.9.12', '2006-09-12'],
    ['1991.06', '1991-06'],
    ['1991.6', '1991-06'],
    ['2026/6/19 00:00:00', '2026-06-19'],
    ['2026-06-19T08:30:00.000Z', '2026-06-19'],
    ['２０２４年２月１９日', '2024-02-19'],
    [' 2024 年 2 月 19 日 ', '2024-02-19'],
    ['二〇二四年三月', '2024-03'],
    ['二○二四年十一月二十九日', '2024-11-29'],
    ['一九八七年十月廿一日', '1987-10-21'],
    ['37137', '2001-09-03'],
    ['2000.2.29', '2000-02-29'],
  ])('reads %s', (written, date) => expect(readDate(text(written))).toEqual(value(date)))

  test.each([
    [37137, '2001-09-03'],
    [20111113, '2011-11-13'],
    [199304, '1993-04'],
    [2006.9, '2006-09'],
    [2006.12, '2006-12'],
  ])('reads the number %s', (written, date) => expect(readDate(number(written))).toEqual(value(date)))

  test('reads what Excel stored as a date, with or without its day', () => {
    expect(readDate({ kind: 'date', text: '2024-02-19' })).toEqual(value('2024-02-19'))
    expect(readDate({ kind: 'date', text: '2024-02-19 08:30' })).toEqual(value('2024-02-19'))
    expect(readDate({ kind: 'date', text: '1993-04' })).toEqual(value('1993-04'))
  })

  test('says the same in every spelling', () => {
    const days = fc.date({ min: new Date('1910-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(days, (date) => {
        const iso = date.toISOString().slice(0, 10)
        const [year = '', month = '', day = ''] = iso.split('-')
        const [m, d] = [String(Number(month)), String(Number(day))]
        const spellings = [
          iso,
          `${year}${month}${day}`,
          `${year}年${m}月${d}日`,
          `${year}.${m}.${d}`,
          `${year}/${m}/${d}`,
        ]
        for (const spelling of spellings) expect(readDate(text(spelling))).toEqual(value(iso))
        const serial = Math.floor(date.getTime() / 86_400_000) + 25569
        expect(readDate(number(serial))).toEqual(value(iso))
      }),
    )
  })
})

describe('an ID number', () => {
  const good = '41159919660413416X'

  test.each([
    ['', 'id-missing'],
    [' \t', 'id-missing'],
    ['411599660413416', 'id-15-digits'],
    ['4115991966041341', 'id-malformed'],
    ['41159919660413416XX', 'id-malformed'],
    ['无', 'id-malformed'],
    ['411599196604134160', 'id-bad-checksum'],
    ['4.11599E+17', 'id-as-number'],
    ['4.11599e+17', 'id-as-number'],
    ['４.１１５９９E＋１７', 'id-as-number'],
  ])('is refused: %j', (written, code) => expect(readIdNumber(text(written))).toEqual({ ok: false, code }))

  test('stored as a number is lost, even where the digits happen to fit', () => {
    expect(readIdNumber({ kind: 'number', text: '411599199705146430', value: 411599199705146430 })).toEqual({
      ok: false,
      code: 'id-as-number',
    })
    expect(readIdNumber(number(411599660413416))).toEqual({ ok: false, code: 'id-15-digits' })
  })

  test('around a day that never was is refused', () => {
    const body = '41159919660230416'
    expect(checkIdNumber(body + checkCharacter(body))).toEqual({ ok: false, code: 'id-birth-impossible' })
  })

  test.each([
    good,
    ' 41159919660413416X ',
    '41159919660413416x',
    '\t41159919660413416X',
    "'41159919660413416X",
    '４１１５９９１９６６０４１３４１６Ｘ',
    '411599 19660413 416X',
    '411599-19660413-416X',
  ])('is read from %j', (written) =>
    expect(readIdNumber(text(written))).toEqual({ ok: true, idNumber: good }),
  )

  test('with any one digit changed is never taken for another', () => {
    fc.assert(
      fc.property(fc.nat(16), fc.integer({ min: 1, max: 9 }), (at, by) => {
        const changed = [...good]
        changed[at] = String((Number(changed[at]) + by) % 10)
        expect(checkIdNumber(changed.join('')).ok).toBe(false)
      }),
    )
  })

  test('with two neighbouring digits swapped is never taken for another', () => {
    fc.assert(
      fc.property(fc.nat(15), (at) => {
        const [a = '', b = ''] = good.slice(at)
        if (a === b) return
        expect(checkIdNumber(good.slice(0, at) + b + a + good.slice(at + 2)).ok).toBe(false)
      }),
    )
  })
})

describe('a phone', () => {
  test.each([
    '123',
    '12345678901',
    '1540000000',
    '不详',
    '15400000000/15400000001',
    '8888888',
    '15400000000 张三',
  ])('is unreadable: %s', (written) => expect(readPhone(text(written))).toEqual(UNREADABLE))

  test.each([
    ['154-0000-0000', '15400000000'],
    ['154 0000 0000', '15400000000'],
    ['+86 15400000000', '15400000000'],
    ['0086-154-0000-0000', '15400000000'],
    ['８６１５４００００００００', '15400000000'],
    ['(0376)6363636', '03766363636'],
    ['010-88888888', '01088888888'],
  ])('is read from %s', (written, phone) => expect(readPhone(text(written))).toEqual(value(phone)))

  test('is read from a number', () => expect(readPhone(number(15400000000))).toEqual(value('15400000000')))
})

describe('a membership category', () => {
  test('is unreadable as any other word, or as 是 under a heading that asks nothing', () => {
    expect(readCategory(text('发展对象'), '党员类别')).toEqual(UNREADABLE)
    expect(readCategory(text('是'), '党员类别')).toEqual(UNREADABLE)
  })

  test.each([
    ['正式党员', '党员类别', 'full'],
    ['预备', '人员类别', 'probationary'],
    ['是', '是否预备党员', 'probationary'],
    ['否', '是否预备党员', 'full'],
    ['是', '是否正式党员', 'full'],
    ['否', '是否正式党员', 'probationary'],
  ])('%s under %s is %s', (written, heading, category) =>
    expect(readCategory(text(written), heading)).toEqual(value(category)),
  )
})

describe('an amount', () => {
  test.each(['-2', '2.555', '1,23', '二元', '2+3', '1e3', '100美元', '99999999999', '.5'])(
    'is unreadable: %s',
    (written) => expect(readFen(text(written))).toEqual(UNREADABLE),
  )

  test.each([
    ['2.5', 250],
    ['2.50', 250],
    ['¥2.5', 250],
    ['￥2.5元', 250],
    ['２．５', 250],
    ['1,200.00', 120000],
    ['0', 0],
    ['28.0', 2800],
    ['2.3', 230],
    ['12元整', 1200],
  ])('%s is %i fen', (written, fen) => expect(readFen(text(written))).toEqual(value(fen)))

  test('has no rounding error', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000), (fen) => {
        expect(readFen(number(fen / 100))).toEqual(value(fen))
        expect(readFen(text((fen / 100).toFixed(2)))).toEqual(value(fen))
      }),
    )
  })
})

describe('a name', () => {
  test.each(['王', '王五2', '王五（预备）', '王?', '王□', '甲'.repeat(51), '602'])(
    'is unreadable: %s',
    (written) => expect(readName(text(written))).toEqual(UNREADABLE),
  )

  test.each([
    ['王 五', '王五'],
    [' 王　五 ', '王五'],
    ['阿不都•热西提', '阿不都·热西提'],
    ['阿不都 · 热西提', '阿不都·热西提'],
    ['阿不都.热西提', '阿不都·热西提'],
    ['阿不都．热西提', '阿不都·热西提'],
    ['John  Smith', 'John Smith'],
    ['𠮷野', '𠮷野'],
    ['王\u200b五', '王五'],
  ])('%j is %s', (written, name) => expect(readName(text(written))).toEqual(value(name)))

  test('read once more is the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'王五阿·•. 　Ab\t') }), (written) => {
        const read = readName(text(written))
        if (read.is === 'value') expect(readName(text(read.value))).toEqual(read)
      }),
    )
  })
})

describe('other texts', () => {
  test('are unreadable when far too long, and else on one line', () => {
    expect(readText(text('长'.repeat(201)))).toEqual(UNREADABLE)
    expect(readText(text(' 中共\n支部\u0007 委员会 '))).toEqual(value('中共 支部 委员会'))
  })

  const marks = '\u0300'.repeat(30)
  test.each([`x${marks}\u0300`, `x${marks}\u200d\u0300`, `\u0958${marks}`])(
    'and names are unreadable with more combining marks in a row than a record may hold: %j',
    (written) => {
      expect(readText(text(written))).toEqual(UNREADABLE)
      expect(readName(text(`${written}x`))).toEqual(UNREADABLE)
    },
  )

  test('may have as many as a record may hold', () =>
    expect(readText(text(`x${marks}`))).toEqual(value(`x${marks}`)))

  test('for the kind of activity are words of a list', () => {
    expect(readActivityKind(text('三会一课'))).toEqual(UNREADABLE)
    expect(readActivityKind(text('缴纳党费'))).toEqual(value('dues'))
    expect(readActivityKind(text(' 主题党日活动（七月）'))).toEqual(value('themeDay'))
    expect(readActivityKind(text('其他'))).toEqual(value('other'))
  })
})
