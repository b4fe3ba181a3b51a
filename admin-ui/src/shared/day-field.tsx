/** A day (or a month, where the paper has no day), typed as people type it or picked from a calendar. */
import { CalendarOutlined } from '@ant-design/icons'
import { Button, Calendar, Input, Popover, Space } from 'antd'
import dayjs from 'dayjs'
import { useEffect, useState } from 'react'
import { texts, useTexts } from './language.tsx'
import { readDay } from './moments.tsx'

const words = texts({
  calendar: { zh: '日历', en: 'Calendar' },
  example: { zh: '如 2026-3-5 或 20260305', en: 'such as 2026-3-5 or 20260305' },
})

interface Props {
  readonly id?: string
  /** YYYY-MM-DD or YYYY-MM; what cannot be read is handed on as typed, and the form's rule refuses it. */
  readonly value?: string
  readonly onChange?: (day: string | undefined) => void
  /** Where no form's label stands beside it. */
  readonly label?: string
}

export function DayField({ id, value, onChange, label }: Props) {
  const [typed, setTyped] = useState(value ?? '')
  const [open, setOpen] = useState(false)
  const t = useTexts(words)
  useEffect(() => setTyped(value ?? ''), [value])
  const give = (text: string) => {
    const day = readDay(text) ?? text.trim()
    // Also where the day is the one that was there: then nothing else would bring it into its one spelling.
    setTyped(day)
    onChange?.(day === '' ? undefined : day)
  }
  const picked = (day: dayjs.Dayjs) => {
    onChange?.(day.format('YYYY-MM-DD'))
    setOpen(false)
  }
  const shown = value !== undefined && dayjs(value).isValid() ? dayjs(value) : dayjs()
  return (
    <Space.Compact block>
      <Input
        {...(id === undefined ? {} : { id })}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => give(typed)}
        onPressEnter={() => give(typed)}
        placeholder={label ?? t.example}
        {...(label === undefined ? {} : { 'aria-label': label, allowClear: true })}
        autoComplete="off"
      />
      <Popover
        trigger="click"
        open={open}
        onOpenChange={setOpen}
        content={
          <div style={{ width: 290 }}>
            <Calendar
              fullscreen={false}
              value={shown}
              onSelect={(day, { source }) => source === 'date' && picked(day)}
            />
          </div>
        }
        destroyOnHidden
      >
        <Button icon={<CalendarOutlined />} aria-label={t.calendar} />
      </Popover>
    </Space.Compact>
  )
}

/** A rule of a form: a day there is, or also a month alone. */
export function dayRule(message: string, monthToo = true) {
  const wanted = monthToo ? /^\d{4}-\d{2}(-\d{2})?$/ : /^\d{4}-\d{2}-\d{2}$/
  return {
    validator: (_: unknown, value: string | undefined) =>
      value === undefined || value === '' || (wanted.test(value) && readDay(value) === value)
        ? Promise.resolve()
        : Promise.reject(new Error(message)),
  }
}
