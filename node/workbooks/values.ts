/**
 * From what a cell says to a value: dates, ID numbers, phones, money, names, in all the spellings found in registers.
 *
 * One rule holds for all: what is not certainly readable is unreadable. Nothing is completed, repaired or rounded,
 * because a wrong value that looks right is worse than an empty one that somebody is asked about.
 */
import { type IdNumberFault, checkIdNumber, hasLongMarkRun, normaliseIdNumber } from '../../protocol/index.ts'
import { type Cell } from './cells.ts'

/** A value, nothing there, or something that cannot be read. */
export type Read<T> = { is: 'value'; value: T } | { is: 'empty' } | { is: 'unreadable' }

const EMPTY = { is: 'empty' } as const
const UNREADABLE = { is: 'unreadable' } as const

function value<T>(found: T): Read<T> {
  return { is: 'value', value: found }
}

/** Half-width and without any blanks, tabs and invisible characters. */
function compact(text: string): string {
  return text.normalize('NFKC').replace(/[\s\p{Cf}]/gu, '')
}

// Dates

const FIRST_YEAR = 1900
const LAST_YEAR = 2099
/**
 * Excel counts days from 1900. Only days from 1910 to 2099 are taken for such a count: a number below is rather a year
 * (1993 would be the 15th of June 1905), and nobody in a register was born earlier.
 */
const FIRST_SERIAL = 3654
const LAST_SERIAL = 73050
/** Day 25569 of Excel is the first of January 1970. */
const SERIAL_OF_1970 = 25569
const DAY_MS = 86_400_000

const SEPARATOR = '[-‐‑–—./年月]'
const FULL_DATE = new RegExp(`^(\\d{4})${SEPARATOR}(\\d{1,2})${SEPARATOR}(\\d{1,2})[日号.]?$`)
const MONTH_DATE = new RegExp(`^(\\d{4})${SEPARATOR}(\\d{1,2})(?:月份?|\\.)?$`)
const TIME = /[T\s]*\d{1,2}(?::|时)\d{1,2}(?:(?::|分)\d{1,2}(?:\.\d+)?秒?)?分?Z?$/

/**
 * A date as 'YYYY-MM-DD', or 'YYYY-MM' where only the month is given. Reads the spellings of registers (2024年11月19日,
 * 1974-03-09, 20111113, 2006.9.12, 二〇二四年三月, full-width digits, a time behind), Excel's dates and its day counts.
 * Unreadable: days that never were, two-digit years, years alone, anything in words.
 */
export function readDate(cell: Cell): Read<string> {
  if (cell.kind === 'number') return readDateNumber(cell.value, cell.text)
  const text = cell.text.normalize('NFKC').trim()
  if (text === '') return EMPTY
  return readDateText(westernDigits(compact(text.replace(TIME, ''))))
}

function readDateNumber(number: number, text: string): Read<string> {
  if (Number.isInteger(number)) return text.length >= 6 ? readDateText(text) : dateOfSerial(number)
  const [, year = '', month = ''] = /^(\d{4})\.(\d{1,2})$/.exec(text) ?? []
  // The number 2006.1 is January or, with its zero lost, October. Larger months and 2006.01 leave no doubt.
  if (year !== '' && month !== '1') return monthDate(Number(year), Number(month))
  return year === '' ? dateOfSerial(Math.floor(number)) : UNREADABLE
}

function readDateText(text: string): Read<string> {
  const full = FULL_DATE.exec(text) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(text)
  if (full !== null) return fullDate(Number(full[1]), Number(full[2]), Number(full[3]))
  const month = MONTH_DATE.exec(text) ?? /^(\d{4})(\d{2})$/.exec(text)
  if (month !== null) return monthDate(Number(month[1]), Number(month[2]))
  return /^\d{5}(?:\.\d+)?$/.test(text) ? dateOfSerial(Math.floor(Number(text))) : UNREADABLE
}

function fullDate(year: number, month: number, day: number): Read<string> {
  const date = new Date(Date.UTC(year, month - 1, day))
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return exists && isYear(year) ? value(date.toISOString().slice(0, 10)) : UNREADABLE
}

function monthDate(year: number, month: number): Read<string> {
  if (!isYear(year) || month < 1 || month > 12) return UNREADABLE
  return value(`${year}-${String(month).padStart(2, '0')}`)
}

function dateOfSerial(serial: number): Read<string> {
  if (serial < FIRST_SERIAL || serial > LAST_SERIAL) return UNREADABLE
  return value(new Date((serial - SERIAL_OF_1970) * DAY_MS).toISOString().slice(0, 10))
}

function isYear(year: number): boolean {
  return year >= FIRST_YEAR && year <= LAST_YEAR
}

/** 二〇二四年十一月十九日 as 2024年11月19日. Years are spelled digit by digit, months and days as numbers. */
function westernDigits(text: string): string {
  if (!/^[〇零○oO一二三四五六七八九]{4}年/.test(text)) return text
  const year = [...text.slice(0, 4)].map(chineseDigit).join('')
  return (
    year +
    text.slice(4).replace(/[一二三四五六七八九十廿卅〇零]+/g, (number) => String(chineseNumber(number)))
  )
}

function chineseDigit(character: string): number {
  return Math.max(0, '〇一二三四五六七八九'.indexOf(character))
}

function chineseNumber(text: string): number {
  const spelled = text.replace('廿', '二十').replace('卅', '三十')
  const [tens, ones] = spelled.includes('十') ? spelled.split('十') : ['0', spelled]
  return (tens === '' ? 1 : chineseDigit(tens ?? '')) * 10 + chineseDigit(ones?.at(-1) ?? '')
}

// ID numbers

export type IdRead = { ok: true; idNumber: string } | { ok: false; code: IdNumberFault | 'id-as-number' }

/** The digits a number cell keeps; from the sixteenth on they are invented. */
const EXACT_DIGITS = 15

/**
 * The ID number in a cell. 'id-as-number' means that Excel took it for a number and the last digits are lost, whether
 * it still is one or was saved as 4.11599E+17.
 */
export function readIdNumber(cell: Cell): IdRead {
  const text = normaliseIdNumber(cell.text)
  const lostDigits = cell.kind === 'number' && text.replace(/\D/g, '').length > EXACT_DIGITS
  if (lostDigits || /^\d(?:\.\d+)?E\+?\d{2}$/.test(text)) return { ok: false, code: 'id-as-number' }
  return checkIdNumber(cell.text)
}

// Phones

const MOBILE = /^1[3-9]\d{9}$/
const LANDLINE = /^0\d{2,3}\d{7,8}$/

/** A mobile number or a landline with its area code, digits only. Two numbers in one cell are unreadable. */
export function readPhone(cell: Cell): Read<string> {
  const text = compact(cell.text)
  if (text === '') return EMPTY
  if (!/^(?:\+|00)?[\d\-‐‑–—()'"]+$/.test(text)) return UNREADABLE
  const digits = text.replace(/\D/g, '')
  const national = digits.replace(/^(?:00)?86(?=1\d{10}$)/, '')
  return MOBILE.test(national) || LANDLINE.test(national) ? value(national) : UNREADABLE
}

// Membership category

export type Category = 'full' | 'probationary'

const FULL = ['正式', '正式党员', '中共正式党员', '中共党员']
const PROBATIONARY = ['预备', '预备党员', '中共预备党员']
const YES = ['是', '√', 'Y', 'YES', 'TRUE', '对']
const NO = ['否', '×', 'X', 'N', 'NO', 'FALSE', '不是']

/** Full or probationary member. What 是 and 否 mean, the heading says (是否预备党员, 是否正式党员). */
export function readCategory(cell: Cell, heading: string): Read<Category> {
  const text = compact(cell.text).toUpperCase()
  if (text === '') return EMPTY
  if (FULL.includes(text)) return value('full')
  if (PROBATIONARY.includes(text)) return value('probationary')
  if (!YES.includes(text) && !NO.includes(text)) return UNREADABLE
  if (!heading.includes('是否')) return UNREADABLE
  const asksForProbationary = heading.includes('预备')
  return value(YES.includes(text) === asksForProbationary ? 'probationary' : 'full')
}

// Money

/** Ten million yuan in fen. More in one entry is a slip. */
const MAX_FEN = 1_000_000_000

/** An amount in yuan as fen. Unreadable: negative, more than two decimals, another unit, several amounts. */
export function readFen(cell: Cell): Read<number> {
  const text = compact(cell.text)
  if (text === '') return EMPTY
  const plain = text.replace(/^(?:[¥￥]|RMB|CNY|人民币)/i, '').replace(/(?:元整?|圆整?)$/, '')
  const [, whole = '', decimals = ''] = /^(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d{1,2})0*)?$/.exec(plain) ?? []
  if (whole === '') return UNREADABLE
  // Digits are moved, not multiplied: 2.3 * 100 is 229.99999999999997.
  const fen = Number(whole.replaceAll(',', '') + decimals.padEnd(2, '0'))
  return fen <= MAX_FEN ? value(fen) : UNREADABLE
}

// Names and other texts

const HAN_OR_DOT = '[\\p{Script=Han}\\p{Co}·]'
const MIDDLE_DOTS = /(?<=[\p{Script=Han}])\s*[·•・‧∙⋅●．.]\s*(?=[\p{Script=Han}])/gu
const BLANK_IN_CHINESE = new RegExp(`(?<=${HAN_OR_DOT})[\\s\\p{Cf}]+(?=${HAN_OR_DOT})`, 'gu')
/** Letters of any script, the dot of minority names, and the private-use characters in which rare names were stored. */
const PERSON_NAME = /^[\p{L}\p{M}\p{Co}·' -]{2,50}$/u

/**
 * A person's name: 王 五 as 王五, 阿不都•热西提 with the one middle dot ·. Unreadable: one character, more than fifty, digits,
 * brackets, question marks left by a lost character.
 */
export function readName(cell: Cell): Read<string> {
  if (hasLongMarkRun(cell.text)) return UNREADABLE
  const text = cell.text
    .normalize('NFC')
    .replace(/[\s\u3000]+/g, ' ')
    .trim()
  if (text.replace(/\p{Cf}/gu, '') === '') return EMPTY
  const name = text
    .replace(MIDDLE_DOTS, '·')
    .replace(BLANK_IN_CHINESE, '')
    .replace(/\p{Cf}/gu, '')
  return PERSON_NAME.test(name) && !hasLongMarkRun(name) ? value(name) : UNREADABLE
}

/** Longer texts than this are not what a column of a register is for. */
export const MAX_TEXT_LENGTH = 200

/** Any other text, trimmed, on one line, without control characters. Unreadable only when far too long, or no writing. */
export function readText(cell: Cell): Read<string> {
  const written = cell.text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim()
  if (hasLongMarkRun(written)) return UNREADABLE
  const text = written.normalize('NFC')
  if (text === '') return EMPTY
  // A letter that NFC takes apart may make a run longer.
  return [...text].length <= MAX_TEXT_LENGTH && !hasLongMarkRun(text) ? value(text) : UNREADABLE
}

// Activities

export const ACTIVITY_KINDS = {
  dues: [
    '党费',
    '交纳党费',
    '缴纳党费',
    '交党费',
    '缴党费',
    '党费交纳',
    '党费缴纳',
    '党费收缴',
    '收缴党费',
    '党费收取',
  ],
  branchAssembly: [
    '支部党员大会',
    '党员大会',
    '支部大会',
    '党支部党员大会',
    '支部全体党员大会',
    '党员会议',
    '党员会',
  ],
  branchCommittee: [
    '支部委员会',
    '支委会',
    '支部委员会会议',
    '支委会会议',
    '支委会议',
    '党支部委员会',
    '支部委员会议',
    '支委',
  ],
  groupMeeting: ['党小组会', '党小组会议', '党小组', '小组会', '小组会议'],
  lecture: ['党课', '上党课', '讲党课', '听党课', '党课学习', '专题党课', '党课教育'],
  themeDay: [
    '主题党日',
    '主题党日活动',
    '支部主题党日',
    '党日活动',
    '党员活动日',
    '固定党日',
    '主题党日+',
    '支部主题党日活动',
  ],
  volunteer: ['志愿服务', '志愿服务活动', '志愿者服务', '志愿者活动', '志愿活动', '党员志愿服务'],
  organisationLife: ['组织生活会', '专题组织生活会', '年度组织生活会'],
  appraisal: ['民主评议', '民主评议党员', '党员民主评议', '评议党员', '党员评议'],
  study: [
    '学习',
    '集中学习',
    '理论学习',
    '政治学习',
    '学习教育',
    '专题学习',
    '学习培训',
    '线上学习',
    '党员学习',
  ],
  contact: ['联系', '谈心谈话', '谈话', '谈心', '联系党员', '电话联系', '日常联系', '走访联系'],
  report: ['思想汇报', '汇报思想', '书面汇报', '汇报思想和工作情况', '定期汇报'],
  other: ['其他', '其它', '其他活动', '其它活动'],
} as const satisfies Record<string, readonly string[]>

export type ActivityKind = keyof typeof ACTIVITY_KINDS

const KIND_BY_WORD: ReadonlyMap<string, ActivityKind> = new Map(
  Object.entries(ACTIVITY_KINDS).flatMap(([kind, words]) =>
    words.map((word) => [word, kind as ActivityKind] as const),
  ),
)

/** The kind of activity a word means. Unreadable: a word that means none of them. */
export function readActivityKind(cell: Cell): Read<ActivityKind> {
  const text = compact(cell.text).replace(/\([^)]*\)/g, '')
  if (text === '') return EMPTY
  const kind = KIND_BY_WORD.get(text)
  return kind === undefined ? UNREADABLE : value(kind)
}
