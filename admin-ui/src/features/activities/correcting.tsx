/** Correcting a report of one's own: the whole of it as it should be. */
import { App, Form, Modal } from 'antd'
import { useAct } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { yuan } from '../../shared/money.ts'
import { type ActivityRow } from './columns.ts'
import { ActivityFields, activityOf, type Fields } from './fields.tsx'
import { words } from './texts.ts'

export function Correcting({ row, done }: { row: ActivityRow; done: () => void }) {
  const { message } = App.useApp()
  const t = useTexts(words)
  const [form] = Form.useForm<Fields>()
  const act = useAct('case.correct')
  const submit = (fields: Fields) =>
    act.mutate(
      { params: { id: row.case }, body: { corrects: row.id, activity: activityOf(fields) } },
      {
        onSuccess: () => {
          void message.success(t.corrected)
          done()
        },
      },
    )
  return (
    <Modal
      title={t.correctTitle(row.name)}
      open
      onCancel={done}
      onOk={() => form.submit()}
      okText={t.save}
      cancelText={t.cancel}
      confirmLoading={act.isPending}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        onFinish={submit}
        initialValues={{
          on: row.on,
          kind: row.kind,
          title: row.title ?? undefined,
          amount: row.amountFen === null ? undefined : yuan(row.amountFen),
        }}
      >
        <ActivityFields />
        <button type="submit" hidden />
        {act.error && <Failure of={act.error} />}
      </Form>
    </Modal>
  )
}
