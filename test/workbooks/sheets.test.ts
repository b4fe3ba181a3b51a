/**
 * Reading files: what is refused and with which code, then what workbooks and CSVs say.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import readXlsxFile from 'read-excel-file/universal'
import { describe, expect, test } from 'vitest'
import { MAX_ENTRIES, MAX_PACKED_BYTES } from '../../node/workbooks/archive.ts'
import { columnIndex, columnLetters } from '../../node/workbooks/cells.ts'
import { WorkbookError, readSheetsHere } from '../../node/workbooks/index.ts'
import { MAX_ROWS } from '../../node/workbooks/xlsx.ts'
import { archiveOf, sheetXml, workbookEntries, workbookOf } from './archives.ts'

const SAMPLES = new URL('../../scripts/samples/', import.meta.url)
const sample = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, SAMPLES)))
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const ONE_CELL = sheetXml('<row r="1"><c r="A1" t="inlineStr"><is><t>一</t></is></c></row>')

async function codeOf(bytes: Uint8Array, name = 'x.xlsx'): Promise<string> {
  try {
    await readSheetsHere(bytes, name)
    return 'read'
  } catch (error) {
    if (error instanceof WorkbookError) return error.code
    throw error
  }
}

async function texts(bytes: Uint8Array, name = 'x.xlsx'): Promise<string[][]> {
  const [sheet] = await readSheetsHere(bytes, name)
  return sheet?.rows.map(({ cells }) => cells.map(({ text }) => text)) ?? []
}

describe('a file that is no workbook', () => {
  test.each([
    ['nothing', utf8('')],
    ['blanks', utf8(' \r\n')],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13)],
    ['a web page saved as .xls', utf8('\r\n<html><table><tr><td>姓名</td></tr></table></html>')],
    ['a PDF', utf8('%PDF-1.7')],
    ['a Word document', archiveOf([{ name: 'word/document.xml', content: '<a/>' }])],
  ])('is refused: %s', async (_, bytes) =>
    expect(await codeOf(bytes, '花名册.xlsx')).toBe('workbook_not_a_workbook'),
  )

  test('is told apart from an old and from a protected one', async () => {
    const ole2 = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0]
    expect(await codeOf(Uint8Array.from(ole2))).toBe('workbook_old_format')
    const stream = [...Buffer.from('EncryptedPackage', 'utf16le')]
    expect(await codeOf(Uint8Array.from([...ole2, ...stream]))).toBe('workbook_encrypted')
  })

  test('is never mistaken because of its name', async () => {
    expect(await texts(utf8('姓名,性别\n王五,男'), '花名册.xlsx')).toEqual([
      ['姓名', '性别'],
      ['王五', '男'],
    ])
    expect(await texts(workbookOf({ sheets: { 一: ONE_CELL } }), '花名册.csv')).toEqual([['一']])
  })
})

describe('a hostile archive is refused', () => {
  const entries = workbookEntries({ sheets: { 一: ONE_CELL } })

  test('when it is too large before unpacking', async () => {
    const large = new Uint8Array(MAX_PACKED_BYTES + 1)
    large.set([0x50, 0x4b, 3, 4])
    expect(await codeOf(large)).toBe('workbook_too_large')
  })

  test('when it declares too much, though nobody would unpack the entry', async () => {
    const media = { name: 'xl/media/image1.png', content: 'x', declaredSize: 101 * 1024 * 1024 }
    expect(await codeOf(archiveOf([...entries, media]))).toBe('workbook_too_large')
  })

  test('when it has too many entries', async () => {
    const many = Array.from({ length: MAX_ENTRIES }, (_, index) => ({
      name: `xl/media/${index}`,
      content: '',
    }))
    expect(await codeOf(archiveOf([...entries, ...many]))).toBe('workbook_too_large')
  })

  test('when it declares less than it holds', async () => {
    const lies = entries.map((entry) =>
      /sheet|s1/.test(entry.name) ? { ...entry, declaredSize: 10 } : entry,
    )
    expect(await codeOf(archiveOf(lies))).toBe('workbook_unreadable')
  })

  test('when it declares more than it holds', async () => {
    const lies = entries.map((entry) => ({ ...entry, declaredSize: 10_000 }))
    expect(await codeOf(archiveOf(lies))).toBe('workbook_unreadable')
  })

  test('when an entry is encrypted', async () => {
    expect(await codeOf(archiveOf(entries.map((entry) => ({ ...entry, encrypted: true }))))).toBe(
      'workbook_encrypted',
    )
  })

  test.each(['../evil.xml', '/etc/passwd', 'xl/../../evil', 'C:\\evil', '..\\evil', 'xl/\u0000.xml'])(
    'when an entry points out of it: %j',
    async (name) =>
      expect(await codeOf(archiveOf([...entries, { name, content: '' }]))).toBe('workbook_unsafe_paths'),
  )

  test('when two entries have the same name', async () => {
    expect(await codeOf(archiveOf([...entries, ...entries]))).toBe('workbook_unreadable')
  })

  test('wherever it is cut off or changed, or it is read as before', async () => {
    const honest = workbookOf({ sheets: { 一: ONE_CELL } })
    await fc.assert(
      fc.asyncProperty(
        fc.nat(honest.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, by, cut) => {
          const changed = cut ? honest.slice(0, at) : Uint8Array.from(honest)
          if (!cut) changed[at] = (changed[at] ?? 0) ^ by
          // Any code will do; what must not happen is another error.
          expect(await codeOf(changed)).toMatch(/^(?:workbook_\w+|read)$/)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a hostile sheet is refused', () => {
  const cell = (attributes: string): string => `<c ${attributes}><v>1</v></c>`
  test.each([
    ['a row far below', `<row r="1048576">${cell('r="A1048576"')}</row>`, 'workbook_too_many_rows'],
    ['a row that is empty and far below', '<row r="1048576"/>', 'workbook_too_many_rows'],
    ['a row that hides its number', `<row r="&#57;99999999">${cell('')}</row>`, 'workbook_too_many_rows'],
    ['a column far to the right', `<row r="1">${cell('r="XFD1"')}</row>`, 'workbook_too_many_columns'],
    [
      'a column that hides its letters',
      `<row r="1">${cell('r="&#90;ZZZZZ1"')}</row>`,
      'workbook_too_many_columns',
    ],
    [
      'a cell that says it is in another row',
      `<row r="1">${cell('r="A40000"')}</row>`,
      'workbook_unreadable',
    ],
    ['rows out of order', `<row r="2"/><row r="1"/>`, 'workbook_unreadable'],
    ['cells out of order', `<row r="1">${cell('r="B1"')}${cell('r="A1"')}</row>`, 'workbook_unreadable'],
    ['a tag inside a value', `<row r="1"><c a="<" r="ZZZZZZ1"><v>1</v></c></row>`, 'workbook_unreadable'],
    ['a tag that never ends', '<row '.repeat(1000), 'workbook_unreadable'],
    ['elements within elements', '<a>'.repeat(1000), 'workbook_unreadable'],
    [
      'a text without end',
      `<row r="1"><c t="inlineStr"><is><t>${'&lt;'.repeat(100_000)}</t></is></c></row>`,
      'workbook_unreadable',
    ],
    ['a tag without end', `<row ${'a="" '.repeat(10_000)}/>`, 'workbook_unreadable'],
  ])('%s', async (_, rows, code) =>
    expect(await codeOf(workbookOf({ sheets: { 一: sheetXml(rows) } }))).toBe(code),
  )

  test('with entities of its own', async () => {
    const billion = `<!DOCTYPE a [<!ENTITY b "1"><!ENTITY c "&b;&b;">]>${ONE_CELL}`
    expect(await codeOf(workbookOf({ sheets: { 一: billion } }))).toBe('workbook_unreadable')
  })

  test('with too many rows', async () => {
    const rows = '<row><c><v>1</v></c></row>'
    expect(await codeOf(workbookOf({ sheets: { 一: sheetXml(rows.repeat(MAX_ROWS + 1)) } }))).toBe(
      'workbook_too_many_rows',
    )
  })

  test('with too many cells in all sheets together', async () => {
    const row = `<row>${'<c><v>1</v></c>'.repeat(199)}</row>`
    const sheet = sheetXml(row.repeat(6000))
    expect(await codeOf(workbookOf({ sheets: { 一: sheet, 二: sheet } }))).toBe('workbook_too_large')
  }, 30_000)
})

describe('a workbook', () => {
  const styles = `<styleSheet><numFmts><numFmt numFmtId="176" formatCode="yyyy&quot;年&quot;m&quot;月&quot;;@"/>
    <numFmt numFmtId="177" formatCode="yyyy/m/d"/></numFmts><cellStyleXfs><xf numFmtId="176"/></cellStyleXfs>
    <cellXfs><xf numFmtId="0"/><xf numFmtId="176"/><xf numFmtId="177"><alignment/></xf><xf numFmtId="57"/></cellXfs></styleSheet>`

  test('gives every kind of cell as a person sees it', async () => {
    const rows = `<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2"><v>411599197005146430</v></c><c r="C2"><v>2.2999999999999998</v></c>
      <c r="D2" t="b"><v>1</v></c><c r="E2" t="e"><v>#N/A</v></c><c r="F2" t="str"><f>A1</f><v>&lt;甲&gt;</v></c>
      <c r="G2" t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r></is></c><c r="H2"><v>1.9553944048E10</v></c></row>`
    const bytes = workbookOf({
      sheets: { 一: sheetXml(rows) },
      styles,
      texts: '<sst><si><t xml:space="preserve"> 王_x000D_\n五 </t></si></sst>',
    })
    expect(await readSheetsHere(bytes, '')).toEqual([
      {
        name: '一',
        rows: [
          {
            row: 2,
            cells: [
              { kind: 'text', text: ' 王\r\n五 ' },
              { kind: 'number', text: '411599197005146430', value: 411599197005146430 },
              { kind: 'number', text: '2.3', value: 2.3 },
              { kind: 'boolean', text: 'TRUE', value: true },
              { kind: 'error', text: '#N/A' },
              { kind: 'text', text: '<甲>' },
              { kind: 'text', text: '甲乙' },
              { kind: 'number', text: '19553944048', value: 19553944048 },
            ],
          },
        ],
      },
    ])
  })

  test('gives dates as they are shown, with or without their day', async () => {
    const cells = ['1', '2', '3', '0'].map((style) => `<c s="${style}"><v>34060</v></c>`).join('')
    const bytes = workbookOf({
      sheets: { 一: sheetXml(`<row>${cells}<c s="2"><v>34060.5</v></c></row>`) },
      styles,
    })
    expect(await texts(bytes)).toEqual([['1993-04', '1993-04-01', '1993-04', '34060', '1993-04-01 12:00']])
  })

  test('may count its days from 1904', async () => {
    const bytes = workbookOf({
      sheets: { 一: sheetXml('<row><c s="2"><v>32598</v></c></row>') },
      styles,
      workbookPr: '<workbookPr date1904="1"/>',
    })
    expect(await texts(bytes)).toEqual([['1993-04-01']])
  })

  test('gives the visible sheets, in their order', async () => {
    const sheets = {
      一: ONE_CELL,
      '二|state="hidden"': ONE_CELL,
      '三|state="veryHidden"': ONE_CELL,
      '四 &amp; 五': ONE_CELL,
    }
    expect((await readSheetsHere(workbookOf({ sheets }), '')).map(({ name }) => name)).toEqual([
      '一',
      '四 & 五',
    ])
  })

  test('need not say where its cells are, nor have formats for all of them', async () => {
    const rows =
      '<!-- it\'s < a > comment --><row><c s="99"><v>1</v></c><c/><c><v>2</v></c></row><row r="5"><c><v>3</v></c></row>'
    const [sheet] = await readSheetsHere(workbookOf({ sheets: { 一: sheetXml(rows) } }), '')
    expect(sheet?.rows.map(({ row, cells }) => [row, cells.map(({ text }) => text)])).toEqual([
      [1, ['1', '', '2']],
      [5, ['3']],
    ])
  })

  test('may write its texts as character data', async () => {
    const rows =
      '<row><c t="inlineStr"><is><t>甲<![CDATA[<乙> & ]]>丙</t></is></c><c><v>1<!-- -->2</v></c></row>'
    expect(await texts(workbookOf({ sheets: { 一: sheetXml(rows) } }))).toEqual([['甲<乙> & 丙', '12']])
  })

  test('may have formats far to the right of the table', async () => {
    const rows = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row>'
    expect(await texts(workbookOf({ sheets: { 一: sheetXml(rows) } }))).toEqual([['1']])
  })

  test('is read as read-excel-file alone reads it', async () => {
    const bytes = sample('信阳-党员花名册.xlsx')
    const [expected] = await readXlsxFile(bytes.buffer as ArrayBuffer, { trim: false })
    const [sheet] = await readSheetsHere(bytes, '')
    const shown = (value: unknown): string =>
      value instanceof Date ? value.toISOString().slice(0, 10) : String(value ?? '')
    for (const { row, cells } of sheet?.rows ?? []) {
      const values: readonly unknown[] = expected?.data[row - 1] ?? []
      cells.forEach((cell, index) => {
        // Only there the digits are kept that JavaScript would round.
        if (cell.kind === 'number') expect(cell.value).toBe(values[index])
        else expect(cell.text).toBe(shown(values[index]))
      })
    }
  })
})

describe('a CSV', () => {
  const TABLE = [
    ['姓名', '金额'],
    ['王五', '2.5'],
  ]

  test('is refused in another encoding, or with a quote that never ends', async () => {
    expect(await codeOf(Uint8Array.of(0x41, 0xff, 0xff, 0x2c), 'x.csv')).toBe('workbook_encoding')
    expect(await codeOf(utf8(`a,"${'b\n'.repeat(100_000)}`), 'x.csv')).toBe('workbook_unreadable')
    expect(await codeOf(utf8('a,'.repeat(300) + 'b'), 'x.csv')).toBe('workbook_too_many_columns')
  })

  test.each([
    ['UTF-8', utf8('姓名,金额\r\n王五,2.5\r\n')],
    ['UTF-8 with a mark', utf8('\uFEFF姓名,金额\n王五,2.5')],
    [
      'GB18030',
      Uint8Array.from([
        0xd0, 0xd5, 0xc3, 0xfb, 0x2c, 0xbd, 0xf0, 0xb6, 0xee, 0x0a, 0xcd, 0xf5, 0xce, 0xe5, 0x2c, 0x32, 0x2e,
        0x35,
      ]),
    ],
    ['UTF-16', new Uint8Array(Buffer.from('\uFEFF姓名\t金额\r\n王五\t2.5', 'utf16le'))],
    ['semicolons', utf8('姓名;金额\n王五;2.5')],
    ['tabs', utf8('姓名\t金额\n王五\t2.5')],
    ['a line that names the separator', utf8('sep=;\n姓名;金额\n王五;2.5')],
    ['quotes', utf8('"姓名","金额"\n"王五","2.5"')],
  ])('is read with %s', async (_, bytes) => expect(await texts(bytes, 'x.csv')).toEqual(TABLE))

  test('keeps row numbers over blank lines, and is named after its file', async () => {
    const [sheet] = await readSheetsHere(utf8('姓名\n\n王五\n'), 'C:\\导入\\花名册.csv')
    expect(sheet?.name).toBe('花名册')
    expect(sheet?.rows.map(({ row }) => row)).toEqual([1, 3])
  })

  test('loses what only keeps digits and formulas as text', async () => {
    expect(await texts(utf8(`="0376",\t41,'=1+1,'=,"'@a",'quoted'`), 'x.csv')).toEqual([
      ['0376', '\t41', '=1+1', '=', '@a', "'quoted'"],
    ])
  })
})

test('columns have letters', () => {
  expect([0, 25, 26, 51, 52, 199].map(columnLetters)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'GR'])
  fc.assert(fc.property(fc.nat(20_000), (index) => columnIndex(columnLetters(index)) === index))
})
