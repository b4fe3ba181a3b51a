/**
 * What the clerk reads about a fault or a refusal: what is wrong, where, and how to mend it, in Chinese and English.
 *
 * The tables are closed over the codes, so a new code without its sentences does not compile. The sentences hold
 * headings, columns, row numbers and places, never what a cell says about a person.
 */
import { type WorkbookError, type WorkbookErrorCode, type WorkbookErrorDetails } from './errors.ts'
import { type Fault, type FaultCode } from './faults.ts'
import { type Field, type WorkbookKind } from './fields.ts'

export type Language = 'zh' | 'en'

export interface Sentences {
  what: string
  mend: string
}

export interface FaultSentences extends Sentences {
  where: string
}

type Bilingual<T> = Record<Language, (about: T) => Sentences>

export const KIND_NAMES: Record<WorkbookKind, Record<Language, string>> = {
  roster: { zh: '党员花名册', en: 'membership roster' },
  outflow: { zh: '流出党员登记表', en: 'register of members who left' },
  arrivals: { zh: '流入党员登记表', en: 'register of members who arrived' },
  activities: { zh: '活动记录', en: 'record of activities' },
}

export const FIELD_NAMES: Record<Field, Record<Language, string>> = {
  serial: { zh: '序号', en: 'serial number' },
  name: { zh: '姓名', en: 'name' },
  idNumber: { zh: '公民身份号码', en: 'ID number' },
  gender: { zh: '性别', en: 'gender' },
  ethnicity: { zh: '民族', en: 'ethnicity' },
  bornOn: { zh: '出生年月', en: 'date of birth' },
  education: { zh: '学历', en: 'education' },
  joinedOn: { zh: '入党时间', en: 'date of joining' },
  category: { zh: '党员类别', en: 'membership category' },
  branch: { zh: '所在党支部', en: 'Party branch' },
  phone: { zh: '联系电话', en: 'phone' },
  certificateNo: { zh: '流动证编号', en: 'certificate number' },
  reason: { zh: '外出原因', en: 'reason for leaving' },
  leftOn: { zh: '外出时间', en: 'date of leaving' },
  destination: { zh: '流入地', en: 'destination' },
  occupation: { zh: '从事职业', en: 'occupation' },
  contact: { zh: '联系人', en: 'contact person' },
  origin: { zh: '流出地', en: 'place of origin' },
  arrivedOn: { zh: '流入时间', en: 'date of arrival' },
  employer: { zh: '从业单位', en: 'employer' },
  on: { zh: '日期', en: 'date' },
  kind: { zh: '类型', en: 'kind' },
  title: { zh: '内容', en: 'subject' },
  amount: { zh: '金额', en: 'amount' },
}

function same(what: string, mend: string): () => Sentences {
  return () => ({ what, mend })
}

function other({ of }: Fault, language: Language): string {
  if (of === undefined) return language === 'zh' ? '另一行' : 'another row'
  return language === 'zh' ? `第 ${of.row} 行（第 ${of.ordinal} 条）` : `row ${of.row} (entry ${of.ordinal})`
}

function candidates({ candidates: places = [] }: Fault, language: Language): string {
  if (places.length === 0) return ''
  return language === 'zh' ? `可能是：${places.join('、')}。` : ` It may mean: ${places.join(', ')}.`
}

const DATE_MEND_ZH = '请填写公历年月日，如 2024年2月19日 或 2024-02-19；只知道年月的，填 2024年2月。'
const DATE_MEND_EN =
  'Enter year, month and day, such as 2024-02-19, or year and month if the day is not known.'

function unreadableDate(field: Field): Bilingual<Fault> {
  const { zh, en } = FIELD_NAMES[field]
  return {
    zh: same(`${zh}无法识别，该项已留空。`, DATE_MEND_ZH),
    en: same(`The ${en} cannot be read and was left empty.`, DATE_MEND_EN),
  }
}

const FAULT_TEXTS: Record<FaultCode, Bilingual<Fault>> = {
  'id-missing': {
    zh: same('没有公民身份号码。', '请按身份证补填 18 位号码。'),
    en: same('The ID number is missing.', 'Enter the 18 characters of the identity card.'),
  },
  'id-as-number': {
    zh: same(
      '公民身份号码被存成了数字，后几位已经丢失。',
      '请先把该列单元格格式设为“文本”，再按身份证重新录入；丢失的数字无法从表中恢复。',
    ),
    en: same(
      'The ID number was stored as a number and its last digits are lost.',
      'Format the column as text and enter the number again from the card; the file no longer contains it.',
    ),
  },
  'id-15-digits': {
    zh: same('公民身份号码是 15 位的旧号码。', '请按现行身份证填写 18 位号码。'),
    en: same('This is an old ID number of 15 digits.', 'Enter the 18 characters of the present card.'),
  },
  'id-malformed': {
    zh: same('公民身份号码不是 18 位号码。', '请对照身份证检查位数和字符，只有最后一位可以是 X。'),
    en: same(
      'The ID number does not have 18 characters of the right form.',
      'Compare it with the card; only the last character may be an X.',
    ),
  },
  'id-bad-checksum': {
    zh: same('公民身份号码的校验位不符，其中有录错的数字。', '请逐位对照身份证核对。系统不会代为改正。'),
    en: same(
      'The check character of the ID number is wrong, so a digit was mistyped.',
      'Compare it with the card digit by digit. The system does not correct it.',
    ),
  },
  'id-birth-impossible': {
    zh: same('公民身份号码中的出生日期不存在。', '请对照身份证核对第 7 至 14 位。'),
    en: same(
      'The date of birth inside the ID number does not exist.',
      'Compare digits 7 to 14 with the card.',
    ),
  },
  'name-missing': {
    zh: same('没有姓名。', '请补填姓名。'),
    en: same('The name is missing.', 'Enter the name.'),
  },
  'name-malformed': {
    zh: same('姓名无法识别。', '请只填姓名（2 至 50 字），不要带数字、括号或说明；生僻字请勿用问号代替。'),
    en: same(
      'The name cannot be read.',
      'Enter the name alone (2 to 50 characters), without digits, brackets, notes or question marks.',
    ),
  },
  'duplicate-of': {
    zh: (fault) => ({
      what: `与${other(fault, 'zh')}重复，未再次存入。`,
      mend: '不需要处理；如不是同一人，请核对号码。',
    }),
    en: (fault) => ({
      what: `This repeats ${other(fault, 'en')} and was not stored again.`,
      mend: 'Nothing needs doing, unless these are two people; then check the ID numbers.',
    }),
  },
  'duplicate-conflict': {
    zh: (fault) => ({
      what: `公民身份号码与${other(fault, 'zh')}相同，但内容不一致。`,
      mend: '请核对这两行：号码录错的改正号码，同一人的只保留正确的一行。',
    }),
    en: (fault) => ({
      what: `The ID number is the same as in ${other(fault, 'en')}, but the rows disagree.`,
      mend: 'Check both rows: correct the ID number that is wrong, or keep only the right row of the same person.',
    }),
  },
  'birth-unreadable': unreadableDate('bornOn'),
  'joined-unreadable': unreadableDate('joinedOn'),
  'left-unreadable': unreadableDate('leftOn'),
  'arrived-unreadable': unreadableDate('arrivedOn'),
  'category-unreadable': {
    zh: same('党员类别无法识别，该项已留空。', '请填写“正式党员”或“预备党员”。'),
    en: same('The membership category cannot be read and was left empty.', 'Enter 正式党员 or 预备党员.'),
  },
  'phone-unreadable': {
    zh: same('联系电话无法识别，该项已留空。', '请填写一个 11 位手机号，或带区号的固定电话。'),
    en: same(
      'The phone number cannot be read and was left empty.',
      'Enter one mobile number of 11 digits, or a landline with its area code.',
    ),
  },
  'text-too-long': {
    zh: same('内容过长，该项已留空。', '请缩短到 200 字以内。'),
    en: same('The text is too long and was left empty.', 'Shorten it to 200 characters.'),
  },
  'place-missing': {
    zh: same('没有填写地区。', '请填写到市（州、地区）一级，如“广东省深圳市”。'),
    en: same('The place is missing.', 'Enter the prefecture, such as 广东省深圳市.'),
  },
  'place-unknown': {
    zh: (fault) => ({
      what: '地区名称无法识别。',
      mend: `${candidates(fault, 'zh')}请填写行政区划全称，如“广东省深圳市”。`,
    }),
    en: (fault) => ({
      what: 'The place is not known.',
      mend: `Enter its full name, such as 广东省深圳市.${candidates(fault, 'en')}`,
    }),
  },
  'place-ambiguous': {
    zh: (fault) => ({ what: '有多个同名地区。', mend: `${candidates(fault, 'zh')}请写明上级地区。` }),
    en: (fault) => ({
      what: 'Several places have this name.',
      mend: `Write the province or prefecture in front.${candidates(fault, 'en')}`,
    }),
  },
  'date-missing': {
    zh: same('没有填写日期。', DATE_MEND_ZH),
    en: same('The date is missing.', DATE_MEND_EN),
  },
  'date-unreadable': {
    zh: same('日期无法识别。', DATE_MEND_ZH),
    en: same('The date cannot be read.', DATE_MEND_EN),
  },
  'kind-missing': {
    zh: same('没有填写活动类型，暂按“其他”。', '请填写类型，如“主题党日”“党费”。'),
    en: same(
      'The kind of activity is missing and was taken as “other”.',
      'Enter the kind, such as 主题党日 or 党费.',
    ),
  },
  'kind-unknown': {
    zh: same('活动类型不在目录中，暂按“其他”，原词保留在内容前。', '如属目录中的类型，请改用目录中的名称。'),
    en: same(
      'The kind of activity is not in the list; it was taken as “other” and its word kept before the subject.',
      'If it is one of the listed kinds, use the name in the list.',
    ),
  },
  'amount-missing': {
    zh: same('党费没有金额。', '请填写金额，单位为元。'),
    en: same('The dues have no amount.', 'Enter the amount in yuan.'),
  },
  'amount-unreadable': {
    zh: same('金额无法识别。', '请填写以元为单位的数字，最多两位小数，不能为负数。'),
    en: same('The amount cannot be read.', 'Enter yuan as a number with at most two decimals, not negative.'),
  },
}

/** The sentences about a fault in this sheet row. */
export function describeFault(row: number, fault: Fault, language: Language): FaultSentences {
  return { where: whereIs(row, fault, language), ...FAULT_TEXTS[fault.code][language](fault) }
}

function whereIs(row: number, { column, heading }: Fault, language: Language): string {
  const place = column === undefined || heading === undefined ? undefined : { column, heading }
  if (language === 'zh')
    return `第 ${row} 行${place === undefined ? '' : ` ${place.column} 列「${place.heading}」`}`
  return `row ${row}${place === undefined ? '' : `, column ${place.column} (${place.heading})`}`
}

function names(fields: readonly Field[] | undefined, language: Language): string {
  return (fields ?? []).map((field) => FIELD_NAMES[field][language]).join(language === 'zh' ? '、' : ', ')
}

function kindName({ kind }: WorkbookErrorDetails, language: Language): string {
  return kind === undefined ? '' : KIND_NAMES[kind][language]
}

function list(items: readonly (string | number)[] | undefined, language: Language): string {
  return (items ?? []).join(language === 'zh' ? '、' : ', ')
}

const ERROR_TEXTS: Record<WorkbookErrorCode, Bilingual<WorkbookErrorDetails>> = {
  workbook_too_large: {
    zh: same('文件过大。', '请删去图片和无关的工作表，或分成几个文件导入。压缩后不得超过 10 MB。'),
    en: same(
      'The file is too large.',
      'Remove pictures and other sheets, or split it into several files. It may have 10 MB at most.',
    ),
  },
  workbook_too_many_rows: {
    zh: ({ limit }) => ({
      what: `工作表超过 ${limit ?? ''} 行。`,
      mend: '请选中表格以下的空白行，整行删除后保存；确有这么多数据的，分成几个文件导入。',
    }),
    en: ({ limit }) => ({
      what: `A sheet has more than ${limit ?? ''} rows.`,
      mend: 'Select the blank rows below the table, delete them and save; if there really are so many, split the file.',
    }),
  },
  workbook_too_many_columns: {
    zh: ({ limit }) => ({
      what: `工作表超过 ${limit ?? ''} 列。`,
      mend: '请删除表格右侧的空白列和无关列后保存。',
    }),
    en: ({ limit }) => ({
      what: `A sheet has more than ${limit ?? ''} columns.`,
      mend: 'Delete the blank and unrelated columns to the right of the table and save.',
    }),
  },
  workbook_too_slow: {
    zh: same('读取文件用时过长，已停止。', '请删去图片、公式和无关的工作表后另存，再导入。'),
    en: same(
      'Reading the file took too long and was stopped.',
      'Remove pictures, formulas and other sheets, save, and try again.',
    ),
  },
  workbook_not_a_workbook: {
    zh: same('这不是 Excel 工作簿或 CSV 文件。', '请用 Excel 或 WPS 打开，另存为 .xlsx 后导入。'),
    en: same(
      'This is neither an Excel workbook nor a CSV.',
      'Open it in Excel or WPS, save it as .xlsx and try again.',
    ),
  },
  workbook_old_format: {
    zh: same('这是旧格式的文件（.xls 或 .et）。', '请用 Excel 或 WPS 打开，另存为 .xlsx 后导入。'),
    en: same(
      'This is a file of the old format (.xls or .et).',
      'Open it in Excel or WPS, save it as .xlsx and try again.',
    ),
  },
  workbook_encrypted: {
    zh: same('文件设有密码。', '请取消打开密码后另存，再导入。'),
    en: same('The file is protected with a password.', 'Remove the password, save and try again.'),
  },
  workbook_unreadable: {
    zh: same('文件已损坏，无法读取。', '请用 Excel 或 WPS 打开，确认内容完整后另存为 .xlsx，再导入。'),
    en: same('The file is damaged.', 'Open it in Excel or WPS, check it, save it as .xlsx and try again.'),
  },
  workbook_unsafe_paths: {
    zh: same(
      '文件内部结构异常，可能不是由表格软件生成的。',
      '请向提供文件的人核实来源，不要继续使用该文件。',
    ),
    en: same(
      'The inside of the file is not what a spreadsheet program writes.',
      'Ask where the file comes from, and do not use it.',
    ),
  },
  workbook_encoding: {
    zh: same('CSV 文件的编码无法识别。', '请用 Excel 打开，另存为“CSV UTF-8”或 .xlsx 后导入。'),
    en: same(
      'The encoding of the CSV is not known.',
      'Open it in Excel, save it as “CSV UTF-8” or .xlsx and try again.',
    ),
  },
  workbook_no_header: {
    zh: (details) => ({
      what: `没有找到${kindName(details, 'zh')}的表头。`,
      mend: '表头行应有“姓名”“公民身份号码”等列名。请检查是否选错了文件或种类。',
    }),
    en: (details) => ({
      what: `No headings of a ${kindName(details, 'en')} were found.`,
      mend: 'One row must hold headings such as 姓名 and 公民身份号码. Check whether this is the right file and kind.',
    }),
  },
  workbook_columns_missing: {
    zh: (details) => ({
      what: `${kindName(details, 'zh')}缺少必需的列：${names(details.fields, 'zh')}。`,
      mend: '请补上这些列，或把列名改成通用的写法。',
    }),
    en: (details) => ({
      what: `The ${kindName(details, 'en')} lacks these columns: ${names(details.fields, 'en')}.`,
      mend: 'Add them, or give them their usual headings.',
    }),
  },
  workbook_ambiguous_columns: {
    zh: (details) => ({
      what: `${list(details.columns, 'zh')} 列都像是“${names(details.fields, 'zh')}”。`,
      mend: '请只保留一列，或把另一列的列名改得更明确。',
    }),
    en: (details) => ({
      what: `Columns ${list(details.columns, 'en')} all look like “${names(details.fields, 'en')}”.`,
      mend: 'Keep one of them, or give the others clearer headings.',
    }),
  },
  workbook_several_tables: {
    zh: ({ sheets }) => ({
      what: `有多个工作表可以导入：${list(sheets, 'zh')}。`,
      mend: '请选择要导入的工作表，逐个导入。',
    }),
    en: ({ sheets }) => ({
      what: `Several sheets hold such a table: ${list(sheets, 'en')}.`,
      mend: 'Choose the sheet to import, one after the other.',
    }),
  },
}

/** The sentences about a refusal. */
export function describeWorkbookError({ code, details }: WorkbookError, language: Language): Sentences {
  return ERROR_TEXTS[code][language](details)
}
