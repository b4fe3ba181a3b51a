/** Days and moments as an office writes them. Days are calendar days without a zone; moments are shown in local time. */
import { Tooltip } from 'antd'
import { inLanguage, texts, useLanguage, useTexts, type Language } from './language.tsx'

const days = texts({
  day: {
    zh: (year: number, month: number, date: number) => `${year}年${month}月${date}日`,
    en: (year: number, month: number, date: number) => `${year}-${two(month)}-${two(date)}`,
  },
  month: {
    zh: (year: number, month: number) => `${year}年${month}月`,
    en: (year: number, month: number) => `${year}-${two(month)}`,
  },
})

/** 2026-03-05 → 2026年3月5日; 2026-03 → 2026年3月. English keeps the day as it is. */
export function longDay(day: string, language: Language): string {
  const [year = 0, month = 0, date] = day.split('-').map(Number)
  const t = inLanguage(days, language)
  return date === undefined ? t.month(year, month) : t.day(year, month, date)
}

const two = (number: number) => String(number).padStart(2, '0')

/** 2026-11-22 14:05, by the clock of who looks. */
export function shortMoment(moment: string): string {
  const at = new Date(moment)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
}

const words = texts({
  now: { zh: '刚刚', en: 'just now' },
  minutes: { zh: (n: number) => `${n} 分钟前`, en: (n: number) => `${n} min ago` },
  hours: { zh: (n: number) => `${n} 小时前`, en: (n: number) => `${n} h ago` },
  days: { zh: (n: number) => `${n} 天前`, en: (n: number) => `${n} days ago` },
})

/** How long ago, with the moment itself for who wants it exactly. */
export function Age({ of }: { of: string }) {
  const t = useTexts(words)
  const minutes = Math.floor((Date.now() - new Date(of).getTime()) / 60_000)
  const said =
    minutes < 1
      ? t.now
      : minutes < 60
        ? t.minutes(minutes)
        : minutes < 48 * 60
          ? t.hours(Math.floor(minutes / 60))
          : t.days(Math.floor(minutes / 1440))
  return (
    <Tooltip title={shortMoment(of)}>
      <time dateTime={of}>{said}</time>
    </Tooltip>
  )
}

export function Moment({ at }: { at: string }) {
  return <time dateTime={at}>{shortMoment(at)}</time>
}

export function LongDay({ day }: { day: string | null }) {
  const { language } = useLanguage()
  return day === null ? <>—</> : <time dateTime={day}>{longDay(day, language)}</time>
}

/** Today where the office is. */
export function today(): string {
  return shortMoment(new Date().toISOString()).slice(0, 10)
}

/**
 * A day as people type it — 2026-3-5, 20260305, 2026.3.5, 2026年3月5日, 3.5 (this year), or a month alone — as
 * YYYY-MM-DD or YYYY-MM; undefined when it is none.
 */
export function readDay(typed: string, year = new Date().getFullYear()): string | undefined {
  const text = typed
    .trim()
    .replace(/[/.．。年月]/g, '-')
    .replace(/[日号]/g, '')
    .replace(/-+$/, '')
  const packed = /^(\d{4})(\d{2})(\d{2})?$/.exec(text)
  const parts = packed ? packed.slice(1).filter((part) => part !== undefined) : text.split(/[-\s]+/)
  if (parts.some((part) => !/^\d{1,4}$/.test(part)) || parts.length > 3) return undefined
  const [first = '', second, third] = parts
  if (first.length === 4) return dayOf(Number(first), second, third)
  return third === undefined && second !== undefined ? dayOf(year, first, second) : undefined
}

function dayOf(year: number, month: string | undefined, date: string | undefined): string | undefined {
  const [m, d] = [Number(month), Number(date ?? 1)]
  const real = new Date(Date.UTC(year, m - 1, d))
  if (year < 1900 || real.getUTCMonth() !== m - 1 || real.getUTCDate() !== d) return undefined
  return date === undefined ? `${year}-${two(m)}` : `${year}-${two(m)}-${two(d)}`
}
