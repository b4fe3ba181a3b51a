/**
 * Where the table is in a workbook, and which column holds what.
 *
 * Offices put a merged title and a line about the reporting unit above the headings, and totals, signatures and notes
 * below the rows; they word the headings in many ways, break them over two lines or two rows, and put instructions on a
 * sheet of their own. All that is recognised here by what is written, never by position.
 *
 * What is not certain is refused and a person decides: two columns that say the same, a missing column without which
 * the table says nothing, two sheets with a table of this kind. A column nobody knows is kept as an extra one.
 */
import { type Cell, type Sheet, type SheetRow, columnLetters } from './cells.ts'
import { WorkbookError } from './errors.ts'
import { type FIELDS_OF, type Field, REQUIRED_FIELDS, WORKBOOK_KINDS, type WorkbookKind } from './fields.ts'

export interface Column {
  field: Field
  /** The heading as written, without blanks and line breaks. */
  heading: string
  /** The letters over it. */
  column: string
  index: number
}

export type ExtraColumn = Omit<Column, 'field'>

export interface Table {
  kind: WorkbookKind
  sheet: string
  /** The sheet row of the headings, the lower one where they take two rows. */
  headerRow: number
  columns: Column[]
  extras: ExtraColumn[]
  /** All rows below the headings, the ones to be skipped included. */
  rows: SheetRow[]
}

/**
 * The columns which write.ts adds to a list of held rows. A reader passes over them, so that the corrected list can be
 * imported as it is.
 */
export const ANNOTATION_HEADINGS = ['原行号', '问题', '建议'] as const

/** Rows with something in them that are searched for headings, from the top of each sheet. */
const MAX_ROWS_ABOVE_HEADINGS = 60
/** One word that happens to be a heading is no header row. */
const MIN_KNOWN_HEADINGS = 2

/** A sheet named like this explains the table; its one example row is nobody. */
const EXPLAINING_SHEET = /说明|示例|样例|样表|范例|填表|填报要求|字典|下拉|选项|参考|代码/

const NAME = ['姓名', '党员姓名', '名字', '党员', '本人姓名', '流动党员姓名', '人员姓名']
const ID_NUMBER = [
  '公民身份号码',
  '公民身份证号码',
  '公民身份证号',
  '居民身份证号码',
  '居民身份证号',
  '身份证号码',
  '身份证号',
  '身份证',
  '身份号码',
  '身份证件号码',
  '证件号码',
  '党员身份证号',
  '党员身份证号码',
]
const SERIAL = ['序号', '编号', '序', '号', 'NO', 'NO.', 'No.', 'No']
const BRANCH = [
  '所在党支部',
  '所在支部',
  '所属党支部',
  '所属支部',
  '党支部',
  '党支部名称',
  '支部名称',
  '支部',
  '所在党组织',
  '所属党组织',
  '所在党组织名称',
  '党组织名称',
  '组织关系所在党支部',
  '组织关系所在党组织',
  '组织关系所在支部',
  '现所在党支部',
  '所在党支部名称',
]
const PHONE = [
  '联系电话',
  '联系方式',
  '手机',
  '手机号',
  '手机号码',
  '电话',
  '电话号码',
  '移动电话',
  '本人电话',
  '本人联系电话',
  '本人联系方式',
  '党员联系电话',
  '联系手机',
]
const CATEGORY = [
  '党员类别',
  '人员类别',
  '党员类型',
  '类别',
  '是否预备党员',
  '是否为预备党员',
  '是否正式党员',
  '是否为正式党员',
  '正式/预备',
  '正式或预备',
  '正式预备',
]

/** The wordings of each field, by kind. The same word can mean two things in two kinds (类别, 时间). */
const HEADINGS: { [K in WorkbookKind]: Record<(typeof FIELDS_OF)[K][number], readonly string[]> } = {
  roster: {
    serial: SERIAL,
    name: NAME,
    idNumber: ID_NUMBER,
    gender: ['性别'],
    ethnicity: ['民族', '族别'],
    bornOn: ['出生年月', '出生日期', '出生年月日', '出生时间', '生日'],
    education: ['学历', '文化程度', '学历情况', '最高学历', '文化', '受教育程度', '学历学位'],
    joinedOn: [
      '入党时间',
      '入党日期',
      '入党年月',
      '入党年月日',
      '加入党组织时间',
      '加入党组织日期',
      '加入中共党组织日期',
      '何时入党',
      '加入中国共产党时间',
    ],
    category: CATEGORY,
    branch: BRANCH,
    phone: PHONE,
  },
  outflow: {
    serial: SERIAL,
    name: NAME,
    idNumber: ID_NUMBER,
    branch: [...BRANCH, '流出地党支部', '流出党支部', '流出地党组织', '原所在党支部'],
    certificateNo: [
      '流动证编号',
      '流动证号',
      '流动党员活动证编号',
      '流动党员活动证号',
      '流动党员活动证号码',
      '活动证编号',
      '活动证号',
      '活动证号码',
      '流动党员证编号',
      '流动党员证号',
    ],
    reason: ['外出原因', '流出原因', '流动原因', '外出事由', '流动事由', '外出缘由', '流动类型', '外出类别'],
    leftOn: [
      '外出时间',
      '外出日期',
      '流出时间',
      '流出日期',
      '流动时间',
      '流动日期',
      '离开时间',
      '外出起始时间',
      '流动起始时间',
      '外出年月',
      '流出年月',
    ],
    destination: [
      '流入地',
      '流动去向',
      '流出去向',
      '外出去向',
      '去向',
      '流向',
      '流动方向',
      '外出地点',
      '外出地',
      '外出地址',
      '流入地区',
      '流入地点',
      '流入地市',
      '流动地点',
      '流动地',
      '流动地区',
      '外出地区',
      '务工地',
      '务工地点',
      '流入省市',
      '流入城市',
      '流往地',
      '流往何地',
    ],
    occupation: [
      '从事职业',
      '职业',
      '现从事职业',
      '从业情况',
      '从事行业',
      '从事工作',
      '务工岗位',
      '现从事工作',
      '工作岗位',
    ],
    phone: PHONE,
    contact: [
      '联系人',
      '党组织联系人',
      '党支部联系人',
      '支部联系人',
      '联系党员',
      '流出地联系人',
      '流出地党组织联系人',
      '流出地党支部联系人',
      '联系人姓名',
    ],
  },
  arrivals: {
    serial: SERIAL,
    name: NAME,
    idNumber: ID_NUMBER,
    origin: [
      '流出地党组织',
      '流出地',
      '流出地区',
      '流出地点',
      '流出地市',
      '流出省市',
      '流出单位',
      '来源地',
      '来自何地',
      '从何地流入',
      '何地流入',
      '原所在地',
      '原所在地区',
      '组织关系所在地',
      '流出地党委',
      '流出地组织部门',
    ],
    arrivedOn: [
      '流入时间',
      '流入日期',
      '流入年月',
      '报到时间',
      '报到日期',
      '到达时间',
      '到达日期',
      '来本地时间',
      '接收时间',
      '接收日期',
      '纳入管理时间',
      '纳管时间',
      '编入时间',
    ],
    branch: [
      ...BRANCH,
      '编入党支部',
      '编入支部',
      '编入党组织',
      '现编入党支部',
      '编入的党支部',
      '流入地党支部',
      '流入党支部',
      '流入地党组织',
      '接收党支部',
      '接收党组织',
      '纳入党支部',
      '纳入管理党支部',
    ],
    employer: [
      '从业单位',
      '工作单位',
      '单位',
      '现工作单位',
      '务工单位',
      '就业单位',
      '所在单位',
      '工作单位及职务',
      '从业单位名称',
      '工作单位名称',
    ],
    phone: PHONE,
    category: CATEGORY,
  },
  activities: {
    serial: SERIAL,
    name: NAME,
    idNumber: ID_NUMBER,
    on: [
      '日期',
      '时间',
      '活动日期',
      '活动时间',
      '开展时间',
      '开展日期',
      '参加时间',
      '参加日期',
      '交纳时间',
      '交纳日期',
      '缴纳时间',
      '缴纳日期',
      '发生日期',
    ],
    kind: [
      '类型',
      '类别',
      '活动类型',
      '活动类别',
      '活动形式',
      '项目',
      '活动项目',
      '事项',
      '形式',
      '活动种类',
      '种类',
    ],
    title: [
      '内容',
      '活动内容',
      '主题',
      '活动主题',
      '活动名称',
      '名称',
      '摘要',
      '具体内容',
      '活动情况',
      '说明',
    ],
    amount: [
      '金额',
      '党费金额',
      '交纳金额',
      '缴纳金额',
      '交纳党费金额',
      '缴纳党费金额',
      '党费',
      '实交金额',
      '实缴金额',
      '交纳党费',
      '缴纳党费',
    ],
  },
}

/** Amounts are read as 元; a column that says another unit in its note is left alone rather than read wrongly. */
const OTHER_UNIT = /[(（\[【][^)）\]】]*[分角千万][^)）\]】]*[)）\]】]/

const FIELD_BY_HEADING: ReadonlyMap<WorkbookKind, ReadonlyMap<string, Field>> = new Map(
  WORKBOOK_KINDS.map((kind) => [
    kind,
    new Map(
      Object.entries(HEADINGS[kind]).flatMap(([field, wordings]) =>
        wordings.map((wording) => [headingKey(wording), field as Field] as const),
      ),
    ),
  ]),
)

/** A heading as a person reads it: on one line, without blanks. */
function headingText(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, '')
}

/** A heading as it is compared: half-width, without notes in brackets, stars, numbering and a colon at the end. */
function headingKey(text: string): string {
  const plain = headingText(text)
    .normalize('NFKC')
    .replace(/^\d+[.、]/, '')
  const withoutNotes = plain.replace(/[([{【〔<《][^)\]}】〕>》]*[)\]}】〕>》]/g, '')
  return (withoutNotes === '' ? plain : withoutNotes).replace(/[*★☆※#:;。]/g, '').toUpperCase()
}

function fieldOf(kind: WorkbookKind, heading: string): Field | undefined {
  const field = FIELD_BY_HEADING.get(kind)?.get(headingKey(heading))
  return field === 'amount' && OTHER_UNIT.test(heading) ? undefined : field
}

interface Heading {
  text: string
  index: number
}

/** A row, or two rows, that can be the headings of a table of this kind. */
interface Candidate {
  kind: WorkbookKind
  sheet: Sheet
  /** Where the rows below the headings begin in sheet.rows. */
  below: number
  headerRow: number
  headings: Heading[]
  known: ReadonlySet<Field>
}

function headingsOf(cells: readonly Cell[]): Heading[] {
  return cells.flatMap(({ text }, index) =>
    headingText(text) === '' ? [] : [{ text: headingText(text), index }],
  )
}

/** Grouped headings: the lower row where it has text, else the cell above, which then spans both rows. */
function stacked(upper: readonly Cell[], lower: readonly Cell[]): Heading[] {
  const below = new Map(headingsOf(lower).map((heading) => [heading.index, heading]))
  const above = headingsOf(upper).filter(({ index }) => !below.has(index))
  return [...above, ...below.values()].sort((a, b) => a.index - b.index)
}

function candidate(kind: WorkbookKind, sheet: Sheet, at: number, headings: Heading[]): Candidate | undefined {
  const known = new Set(
    headings.map(({ text }) => fieldOf(kind, text)).filter((field) => field !== undefined),
  )
  if (known.size < MIN_KNOWN_HEADINGS || !(known.has('name') || known.has('idNumber'))) return undefined
  return { kind, sheet, below: at + 1, headerRow: sheet.rows[at]?.row ?? 0, headings, known }
}

/** The likeliest headings on a sheet: those with the most known fields; one row rather than two, the first of equals. */
function likeliest(kind: WorkbookKind, sheet: Sheet): Candidate | undefined {
  const top = sheet.rows.slice(0, MAX_ROWS_ABOVE_HEADINGS)
  const single = top.map(({ cells }, at) => candidate(kind, sheet, at, headingsOf(cells)))
  const double = top.map(({ row, cells }, at) => {
    const above = top[at - 1]
    if (above === undefined || above.row !== row - 1) return undefined
    return candidate(kind, sheet, at, stacked(above.cells, cells))
  })
  let best: Candidate | undefined
  for (const found of [...single, ...double])
    if (found !== undefined && found.known.size > (best?.known.size ?? 0)) best = found
  return best
}

function isComplete({ kind, known }: Candidate): boolean {
  return REQUIRED_FIELDS[kind].every((field) => known.has(field))
}

/** The kind whose headings a sheet fits best, or undefined when it fits none or two equally. */
function kindOfSheet(sheet: Sheet): WorkbookKind | undefined {
  const fits = WORKBOOK_KINDS.flatMap((kind) => likeliest(kind, sheet) ?? [])
    .filter(isComplete)
    .sort((a, b) => b.known.size - a.known.size)
  const [best, next] = fits
  return best !== undefined && best.known.size > (next?.known.size ?? 0) ? best.kind : undefined
}

function rowsBelow({ sheet, below }: Candidate): number {
  return sheet.rows.length - below
}

function explains({ name }: Sheet): boolean {
  return EXPLAINING_SHEET.test(name)
}

/**
 * The kind of workbook these sheets are, judged by the headings. Undefined when nothing fits or when two kinds fit
 * equally well; then a person says.
 */
export function detectKind(sheets: readonly Sheet[]): WorkbookKind | undefined {
  const telling = sheets.filter((sheet) => !explains(sheet))
  const kinds = new Set((telling.length > 0 ? telling : sheets).flatMap((sheet) => kindOfSheet(sheet) ?? []))
  const [only] = kinds
  return kinds.size === 1 ? only : undefined
}

/**
 * Finds the table of this kind, on the named sheet if one is named. Throws WorkbookError: 'workbook_no_header',
 * 'workbook_columns_missing', 'workbook_ambiguous_columns', 'workbook_several_tables'.
 */
export function findTable(kind: WorkbookKind, sheets: readonly Sheet[], sheetName?: string): Table {
  const wanted = sheetName === undefined ? sheets : sheets.filter(({ name }) => name === sheetName)
  const candidates = wanted.flatMap((sheet) => likeliest(kind, sheet) ?? [])
  const complete = candidates.filter(isComplete)
  if (complete.length === 0) throw incomplete(kind, candidates)
  return tableOf(chooseSheet(kind, complete))
}

function incomplete(kind: WorkbookKind, candidates: readonly Candidate[]): WorkbookError {
  const [nearest] = [...candidates].sort((a, b) => b.known.size - a.known.size)
  if (nearest === undefined) return new WorkbookError('workbook_no_header', { kind })
  const fields = REQUIRED_FIELDS[kind].filter((field) => !nearest.known.has(field))
  return new WorkbookError('workbook_columns_missing', { kind, fields })
}

function chooseSheet(kind: WorkbookKind, complete: readonly Candidate[]): Candidate {
  const preferred = [
    (found: Candidate) => !explains(found.sheet),
    (found: Candidate) => rowsBelow(found) > 0,
    // An outflow register also has names and ID numbers, as a roster does.
    (found: Candidate) => kindOfSheet(found.sheet) === kind,
  ].reduce((left, test) => (left.some(test) ? left.filter(test) : left), complete)
  const [first, second] = preferred
  if (first === undefined || second !== undefined)
    throw new WorkbookError('workbook_several_tables', {
      kind,
      sheets: preferred.map(({ sheet }) => sheet.name),
    })
  return first
}

function tableOf({ kind, sheet, headings, headerRow, below }: Candidate): Table {
  const columns: Column[] = []
  const extras: ExtraColumn[] = []
  const annotations: readonly string[] = ANNOTATION_HEADINGS
  for (const { text, index } of headings) {
    if (annotations.includes(text)) continue
    const column = { heading: text, column: columnLetters(index), index }
    const field = fieldOf(kind, text)
    if (field === undefined) extras.push(column)
    else columns.push({ field, ...column })
  }
  return {
    kind,
    sheet: sheet.name,
    headerRow,
    ...settleClaims(kind, columns, extras),
    rows: sheet.rows.slice(below),
  }
}

/** Wordings that say the region itself where a second column with the party organisation's name stands beside it. */
const RATHER = new Set(
  ['流出地', '流出地区', '流出省市', '流出地市', '流入地', '流动去向', '所在党支部', '编入党支部'].map(
    headingKey,
  ),
)

/** Each field has one column. A second serial number is only an extra; any other second claim is for a person. */
function settleClaims(
  kind: WorkbookKind,
  claims: readonly Column[],
  extras: readonly ExtraColumn[],
): { columns: Column[]; extras: ExtraColumn[] } {
  const columns: Column[] = []
  const passed: ExtraColumn[] = [...extras]
  for (const field of new Set(claims.map((claim) => claim.field))) {
    const rivals = claims.filter((claim) => claim.field === field)
    const plain = rivals.filter(({ heading }) => RATHER.has(headingKey(heading)))
    const [chosen, ...others] = plain.length === 1 ? plain : field === 'serial' ? rivals.slice(0, 1) : rivals
    if (chosen === undefined) continue
    if (others.length > 0)
      throw new WorkbookError('workbook_ambiguous_columns', {
        kind,
        fields: [field],
        columns: rivals.map(({ column }) => column),
      })
    columns.push(chosen)
    for (const { heading, column, index } of rivals)
      if (index !== chosen.index) passed.push({ heading, column, index })
  }
  return { columns: columns.sort(byIndex), extras: passed.sort(byIndex) }
}

function byIndex(a: { index: number }, b: { index: number }): number {
  return a.index - b.index
}

export type SkipReason = 'blank' | 'total' | 'repeated-header' | 'column-numbers' | 'example' | 'footer'

const TOTAL = /^(?:本页|全部|以上)?(?:合计|总计|小计|共计|总数|累计|汇总)|^共.{0,8}[人名条项]/
const FOOTER =
  /^(?:填表|填报|制表|审核|审批|负责|经办|录入|登记|复核|统计|报送|联系|主管|分管|单位)[^:：]{0,8}[:：]|^(?:备注|注|说明|填表说明|填报说明)\d*[:：]|^(?:注|备注)\d*[.、]/
const EXAMPLE = /^[(（]?(?:示例|样例|范例|例|例如|样本|填写示例)[)）:：]?$/

/** Fewer digits than this in the ID number column are a count below the column, not a damaged ID number. */
const MIN_ID_DIGITS = 10

/**
 * Why a row below the headings is no entry, or undefined when it is one. A row with something like an ID number is
 * skipped only as an example: a person must never be passed over in silence.
 */
export function skipReason(table: Table, { cells }: SheetRow): SkipReason | undefined {
  const own = [...table.columns, ...table.extras]
  const serial = table.columns.find(({ field }) => field === 'serial')
  const filled = own.filter(({ index }) => headingText(cells[index]?.text ?? '') !== '')
  // Forms come with their rows numbered in advance.
  if (filled.every(({ index }) => index === serial?.index)) return closingRow(cells) ?? 'blank'
  if (repeatsHeadings(filled, cells)) return 'repeated-header'
  const [first] = headingsOf(cells)
  if (first !== undefined && EXAMPLE.test(first.text)) return 'example'
  if (
    filled.length > 2 &&
    filled.every(({ index }) => /^\d{1,3}$/.test(headingText(cells[index]?.text ?? '')))
  )
    return 'column-numbers'
  const id = table.columns.find(({ field }) => field === 'idNumber')
  const idDigits = (cells[id?.index ?? -1]?.text ?? '').normalize('NFKC').replace(/\D/g, '')
  if (idDigits.length >= MIN_ID_DIGITS) return undefined
  return closingRow(cells)
}

function closingRow(cells: readonly Cell[]): 'total' | 'footer' | undefined {
  const [first] = headingsOf(cells)
  if (first === undefined) return undefined
  if (TOTAL.test(first.text)) return 'total'
  return FOOTER.test(first.text) ? 'footer' : undefined
}

function repeatsHeadings(filled: readonly ExtraColumn[], cells: readonly Cell[]): boolean {
  const same = filled.filter(
    ({ heading, index }) => headingKey(cells[index]?.text ?? '') === headingKey(heading),
  )
  return same.length >= MIN_KNOWN_HEADINGS && same.length * 2 >= filled.length
}
