/** What there is to say of an activity, alike for one person and for a branch. */
import { Form, Input, Select } from 'antd'
import { activityKinds, type Activity, type ActivityKind } from '../../../../protocol/index.ts'
import { DayField, dayRule } from '../../shared/day-field.tsx'
import { useTexts } from '../../shared/language.tsx'
import { readYuan } from '../../shared/money.ts'
import { activityWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

export interface Fields {
  readonly on: string
  readonly kind: ActivityKind
  readonly title?: string
  /** Of dues: yuan as typed. */
  readonly amount?: string
}

export function activityOf({ on, kind, title, amount }: Fields): Activity {
  const words = title?.trim() ?? ''
  return {
    on,
    kind,
    ...(words === '' ? {} : { title: words }),
    ...(kind === 'dues' ? { amountFen: readYuan(amount ?? '') ?? 0 } : {}),
  }
}

export function amountRule(message: string) {
  return {
    validator: (_: unknown, typed: string | undefined) =>
      readYuan(typed ?? '') === undefined ? Promise.reject(new Error(message)) : Promise.resolve(),
  }
}

export function ActivityFields() {
  const t = useTexts(words)
  return (
    <>
      <KindField />
      <DayItem />
      <TitleField />
      {Form.useWatch<ActivityKind>('kind') === 'dues' && (
        <Form.Item name="amount" label={t.amount} required rules={[amountRule(t.amountRule)]}>
          <Input inputMode="decimal" autoComplete="off" />
        </Form.Item>
      )}
    </>
  )
}

export function KindField() {
  const t = useTexts(words)
  const word = useWord(activityWords)
  return (
    <Form.Item name="kind" label={t.kind} rules={[{ required: true, message: t.needed }]}>
      <Select
        options={activityKinds.map((value) => ({ value, label: word(value) }))}
        showSearch={{ optionFilterProp: 'label' }}
        listHeight={420}
      />
    </Form.Item>
  )
}

export function DayItem() {
  const t = useTexts(words)
  return (
    <Form.Item name="on" label={t.on} rules={[{ required: true, message: t.needed }, dayRule(t.dayRule)]}>
      <DayField />
    </Form.Item>
  )
}

export function TitleField() {
  const t = useTexts(words)
  return (
    <Form.Item name="title" label={t.activityTitle}>
      <Input maxLength={200} autoComplete="off" />
    </Form.Item>
  )
}
