/**
 * The record there are most of, a reported activity, read in one pass where it stands in the plain order of its members
 * and needs no escape. It accepts less than `readRecord` does otherwise and never anything else: what it leaves is read
 * the long way, and what it takes would have been read to the same there (test/protocol/plain-report.test.ts). The long
 * way costs ten times as much, at both ends of every stream.
 */
import { activityKinds, maxAmountFen, type Activity, type ActivityKind } from './activity.ts'
import { dayExists, dayPattern, instantPattern, monthPattern } from './fields.ts'
import { authorPattern, uuidPattern, type Uuid } from './ids.ts'
import { isNormal, isPlainAscii } from './json.ts'
import { limits } from './limits.ts'

const within = (pattern: RegExp) => pattern.source.slice(1, -1)
/** No quotation mark, no backslash, no control character; surrogates are for the long way. */
const plainText = `[^"\\\\\\u0000-\\u001f\\ud800-\\udfff]{1,${limits.textLength}}`

const plainReport = new RegExp(
  `^{"id":"(${within(uuidPattern)})","type":"activity\\.recorded","v":1,"case":"(${within(uuidPattern)})",` +
    `"at":"(${within(instantPattern)})","by":"(${within(authorPattern)})","body":{"activity":{` +
    `"on":"(${within(dayPattern)}|${within(monthPattern)})","kind":"([a-zA-Z]+)"` +
    `(?:,"title":"(${plainText})")?(?:,"amountFen":(0|[1-9]\\d{0,9}))?}}}$`,
)
const kinds: ReadonlySet<string> = new Set(activityKinds)

/** As `readRecord` gives it. */
export interface PlainReport {
  id: Uuid
  type: 'activity.recorded'
  v: 1
  case: Uuid
  at: string
  by: string
  body: { activity: Activity }
}

/** The report on this line, or undefined where the long way must judge. */
export function readPlainReport(text: string): PlainReport | undefined {
  const found = plainReport.exec(text)
  if (!found) return undefined
  const [, id = '', caseId = '', at = '', by = '', on = '', kind = '', title, amount] = found
  if (!kinds.has(kind) || (kind === 'dues') !== (amount !== undefined)) return undefined
  if (!dayExists(at.slice(0, 10)) || (on.length === 10 && !dayExists(on))) return undefined
  if (title !== undefined && !isPlainTitle(title)) return undefined
  const activity: Activity = { on, kind: kind as ActivityKind }
  if (title !== undefined) activity.title = title
  if (amount !== undefined) activity.amountFen = Number(amount)
  if ((activity.amountFen ?? 0) > maxAmountFen) return undefined
  return { id, type: 'activity.recorded', v: 1, case: caseId, at, by, body: { activity } }
}

function isPlainTitle(title: string): boolean {
  return title === title.trim() && (isPlainAscii(title) || isNormal(title))
}
