/**
 * Registering somebody who reports here. Home has announced him or not: the ID number from his card, which never leaves
 * this node, is what the two regions recognise him by.
 */
import { App, Form, Input, Select } from 'antd'
import { checkIdNumber } from '../../../protocol/index.ts'
import { useAct, type Input as Asked } from './ask.ts'
import { BranchField } from './branch-field.tsx'
import { DayField, dayRule } from './day-field.tsx'
import { DrawerForm } from './drawer-form.tsx'
import { texts, useTexts } from './language.tsx'
import { today } from './moments.tsx'
import { useRegions } from './regions.ts'
import { categoryWords, useWord } from './words.ts'

const words = texts({
  title: { zh: '确认报到', en: 'Confirm the arrival' },
  announced: {
    zh: '请核对本人身份证后填写身份证号。号码只存在本节点，不会发给流出地。',
    en: 'Check the ID card and type its number. The number stays on this node and is not sent to home.',
  },
  idNumber: { zh: '身份证号', en: 'ID number' },
  badIdNumber: {
    zh: '身份证号不正确，请核对 18 位号码',
    en: 'This is no ID number; check its 18 characters',
  },
  home: { zh: '流出地', en: 'Home region' },
  name: { zh: '姓名', en: 'Name' },
  category: { zh: '党员类别', en: 'Category' },
  phone: { zh: '联系电话', en: 'Phone' },
  badPhone: { zh: '电话只填数字，5 至 20 位', en: '5 to 20 digits' },
  arrivedOn: { zh: '报到日期', en: 'Arrived on' },
  badDay: { zh: '请填写日期，如 2026-3-5', en: 'A day such as 2026-3-5' },
  branch: { zh: '编入党支部', en: 'Branch' },
  employer: { zh: '工作单位', en: 'Employer' },
  needed: { zh: '请填写此项', en: 'Fill this in' },
  save: { zh: '确认报到', en: 'Confirm' },
  done: { zh: '已登记，正在与流出地核对身份', en: 'Registered; identity is being checked with home' },
})

export type NewArrival = NonNullable<Asked<'arrivals.add'>['body']>

interface Props {
  readonly draft: string
  readonly close: () => void
  /** What is known of him: from home's word, or from our register. */
  readonly initial?: Partial<NewArrival>
  readonly sent?: () => void
}

export function ArrivalForm({ draft, close, initial, sent }: Props) {
  const { message } = App.useApp()
  const add = useAct('arrivals.add')
  const t = useTexts(words)
  const send = async (values: NewArrival) => {
    await add.mutateAsync({ body: withoutEmpty(values) })
    void message.success(t.done)
    sent?.()
  }
  return (
    <DrawerForm<NewArrival>
      title={t.title}
      draft={draft}
      close={close}
      initial={{ arrivedOn: today(), ...initial }}
      saveText={t.save}
      send={send}
    >
      <p className="page-hint">{t.announced}</p>
      <Fields />
    </DrawerForm>
  )
}

function Fields() {
  const t = useTexts(words)
  const category = useWord(categoryWords)
  const { options } = useRegions()
  const needed = { required: true, message: t.needed }
  return (
    <>
      <Form.Item
        name="idNumber"
        label={t.idNumber}
        normalize={(typed: string) => typed.replace(/\s/g, '').toUpperCase()}
        validateTrigger="onBlur"
        rules={[
          needed,
          {
            validator: (_, value: string) =>
              value === undefined || value === '' || checkIdNumber(value).ok
                ? Promise.resolve()
                : Promise.reject(new Error(t.badIdNumber)),
          },
        ]}
      >
        <Input autoFocus autoComplete="off" className="number" maxLength={18} />
      </Form.Item>
      <Form.Item name="home" label={t.home} rules={[needed]}>
        <Select options={options} showSearch={{ optionFilterProp: 'label' }} />
      </Form.Item>
      <Form.Item name="name" label={t.name} rules={[needed]}>
        <Input autoComplete="off" maxLength={50} />
      </Form.Item>
      <Form.Item name="arrivedOn" label={t.arrivedOn} rules={[dayRule(t.badDay)]}>
        <DayField />
      </Form.Item>
      <Form.Item name="branch" label={t.branch}>
        <BranchField />
      </Form.Item>
      <Form.Item name="employer" label={t.employer}>
        <Input autoComplete="off" maxLength={200} />
      </Form.Item>
      <Form.Item name="category" label={t.category}>
        <Select
          allowClear
          options={(['full', 'probationary'] as const).map((value) => ({ value, label: category(value) }))}
        />
      </Form.Item>
      <Form.Item name="phone" label={t.phone} rules={[{ pattern: /^\+?\d{5,20}$/, message: t.badPhone }]}>
        <Input autoComplete="off" inputMode="tel" maxLength={21} />
      </Form.Item>
    </>
  )
}

/** Fields that were left empty are not asked at all. */
export function withoutEmpty<T extends object>(values: T): T {
  const filled = Object.entries(values).filter(
    ([, value]) =>
      value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === ''),
  )
  return Object.fromEntries(
    filled.map(([key, value]) => [key, typeof value === 'string' ? value.trim() : (value as unknown)]),
  ) as T
}
