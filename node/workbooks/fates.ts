/**
 * What becomes of a row that could be read: taken, nothing new, or set aside for a reason that lies outside the row.
 * The sentences for those reasons stand here, closed over the codes, in both languages of the office.
 */
import { type FaultSentences, type Language } from './texts.ts'

export type OutsideCode =
  'member-not-on-roster' | 'home-has-not-confirmed' | 'person-not-known-here' | 'no-agreement'

/** A row that may be the one meant: in which workbook, where, and why it is not usable itself. */
export interface LikelyMatch {
  readonly where: 'roster-held' | 'roster-other-id'
  readonly row?: number
  readonly code?: string
}

export type Fate =
  | { state: 'accepted' | 'unchanged'; region?: string }
  | { state: 'waiting'; code: OutsideCode; ref: string; match?: LikelyMatch }
  | { state: 'held'; code: OutsideCode; match?: LikelyMatch }

type Texts = Record<Language, { what: string; mend: string }>

const outsideTexts: Record<OutsideCode, Texts> = {
  'member-not-on-roster': {
    zh: {
      what: '花名册中没有这个身份证号的党员，本行暂存，未发布。',
      mend: '请核对身份证号，或改正并重新导入花名册；党员入册后本行自动发布。',
    },
    en: {
      what: 'No member on the roster has this ID number; the row is kept and not published.',
      mend: 'Check the ID number, or correct the roster and import it again; the row is then published by itself.',
    },
  },
  'home-has-not-confirmed': {
    zh: {
      what: '流出地尚未确认此人，本行暂存，未发送。',
      mend: '无需重复导入；流出地确认后本行自动发送。如身份证号有误，请改正流入登记表后重新导入。',
    },
    en: {
      what: 'The home region has not confirmed this person; the row is kept and not sent.',
      mend: 'No need to import again: it is sent once home confirms. If the ID number is wrong, correct the arrivals register.',
    },
  },
  'person-not-known-here': {
    zh: {
      what: '流入登记表和本地流出名单中都没有这个身份证号。',
      mend: '请先导入流入党员登记表，或核对身份证号后重新导入本行。',
    },
    en: {
      what: 'Neither the arrivals register nor our members who are away have this ID number.',
      mend: 'Import the arrivals register first, or check the ID number and import this row again.',
    },
  },
  'no-agreement': {
    zh: {
      what: '与该地区尚未签订共管协议，本行不能发送。',
      mend: '请先与该地区签订共管协议（huiliu peer propose），再重新导入。',
    },
    en: {
      what: 'There is no co-management agreement with that region, so the row cannot be sent.',
      mend: 'Conclude an agreement with that region (huiliu peer propose) and import the row again.',
    },
  },
}

export function describeOutside(
  row: number,
  fate: { code: OutsideCode; match?: LikelyMatch },
  language: Language,
): FaultSentences {
  const { what, mend } = outsideTexts[fate.code][language]
  const where = language === 'zh' ? `第 ${row} 行` : `row ${row}`
  return { what, where, mend: mend + likely(fate.match, language) }
}

function likely(match: LikelyMatch | undefined, language: Language): string {
  if (match === undefined) return ''
  if (match.where === 'roster-other-id')
    return language === 'zh'
      ? ' 花名册中有同名党员，身份证号不同。'
      : ' The roster has a member of the same name with another ID number.'
  const { row = 0, code = '' } = match
  return language === 'zh'
    ? ` 可能是花名册第 ${row} 行的同名党员（该行因 ${code} 待改正）。`
    : ` It is probably the member of the same name in row ${row} of the roster, which is held (${code}).`
}
