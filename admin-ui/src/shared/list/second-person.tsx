/** A list too long to leave on one person's word: what it is for, and the request to a second person. */
import { App, Form, Input, Modal, Select } from 'antd'
import { useNavigate } from 'react-router'
import { exportPurposes, type ExportedList, type RouteName } from '../../../../protocol/index.ts'
import { useAct, type Input as Asked } from '../ask.ts'
import { Failure } from '../failure.tsx'
import { texts, useTexts } from '../language.tsx'
import { exportPurposeWords, useWord } from '../words.ts'
import { type Question } from './reading.ts'

const words = texts({
  title: { zh: '请第二人批准导出', en: 'Ask a second person' },
  why: {
    zh: '所列人数较多，须由组织部另一位同志或系统管理员批准，批准后 24 小时内可下载。',
    en: 'The list is long: another officer or an administrator must allow it. Then it can be fetched for 24 hours.',
  },
  purpose: { zh: '用途', en: 'What for' },
  words: { zh: '补充说明（给批准人看）', en: 'More about it, for who decides' },
  needed: { zh: '请选择用途', en: 'Choose what it is for' },
  ask: { zh: '提出申请', en: 'Ask' },
  cancel: { zh: '取消', en: 'Cancel' },
  asked: {
    zh: (rows: number) => `已申请导出 ${rows} 行，批准后在“导出申请”中下载`,
    en: (rows: number) => `Asked for ${rows} rows; fetch them under Exports once they are allowed`,
  },
})

const lists: Partial<Record<RouteName, ExportedList['list']>> = {
  'cases.export': 'cases',
  'members.export': 'members',
  'activities.ledger-export': 'ledger',
}

export function SecondPerson({
  route,
  question,
  open,
  close,
}: {
  route: RouteName
  question: Question
  open: boolean
  close: () => void
}) {
  const t = useTexts(words)
  const word = useWord(exportPurposeWords)
  const { message } = App.useApp()
  const navigate = useNavigate()
  const [form] = Form.useForm<{ purpose: (typeof exportPurposes)[number]; words?: string }>()
  const asking = useAct('exports.ask')
  const list = lists[route]
  const submit = ({ purpose, words: said }: { purpose: string; words?: string }) =>
    asking.mutate(
      // The question is what the list's own route was asked; the node reads it by the same form.
      {
        body: {
          purpose,
          ...(said === undefined || said.trim() === '' ? {} : { words: said.trim() }),
          wanted: { list, query: question },
        },
      } as unknown as Asked<'exports.ask'>,
      {
        onSuccess: ({ rows }) => {
          close()
          void message.success(t.asked(rows))
          void navigate('/exports')
        },
      },
    )
  return (
    <Modal
      title={t.title}
      open={open}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t.ask}
      cancelText={t.cancel}
      okButtonProps={{ loading: asking.isPending }}
      destroyOnHidden
    >
      <p>{t.why}</p>
      <Form form={form} layout="vertical" onFinish={submit} requiredMark={false}>
        <Form.Item name="purpose" label={t.purpose} rules={[{ required: true, message: t.needed }]}>
          <Select autoFocus options={exportPurposes.map((value) => ({ value, label: word(value) }))} />
        </Form.Item>
        <Form.Item name="words" label={t.words}>
          <Input.TextArea rows={2} maxLength={200} showCount autoComplete="off" />
        </Form.Item>
      </Form>
      {asking.error && <Failure of={asking.error} />}
    </Modal>
  )
}
