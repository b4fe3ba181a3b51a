/** The form of one verb of a case, and what is sent when it is filled in. */
import { Alert, App, Form, Input, InputNumber, Select } from 'antd'
import {
  activityKinds,
  closingReasons,
  disputeReasons,
  type ActivityKind,
  type CaseDetail,
  type RouteName,
} from '../../../../protocol/index.ts'
import { withoutEmpty } from '../../shared/arrival-form.tsx'
import { useAct, type Input as Asked } from '../../shared/ask.ts'
import { BranchField } from '../../shared/branch-field.tsx'
import { DayField, dayRule } from '../../shared/day-field.tsx'
import { DrawerForm } from '../../shared/drawer-form.tsx'
import { useTexts } from '../../shared/language.tsx'
import { today } from '../../shared/moments.tsx'
import { activityWords, closingWords, disputeWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'
import { routeOf, type Verb } from './verbs.ts'

/** All that any of the forms asks. */
interface Values {
  readonly on?: string | undefined
  readonly reason?: string | undefined
  readonly note?: string | undefined
  readonly subject?: string | undefined
  readonly text?: string | undefined
  readonly branch?: string | undefined
  readonly destination?: string | undefined
  readonly leftOn?: string | undefined
  readonly occupation?: string | undefined
  readonly certificateNo?: string | undefined
  readonly contact?: string | undefined
  readonly kind?: ActivityKind
  readonly title?: string | undefined
  readonly amount?: number
}
type FormVerb = Exclude<Verb, 'confirm' | 'erase'>

export function VerbForm({ verb, detail, close }: { verb: Verb; detail: CaseDetail; close: () => void }) {
  const { message } = App.useApp()
  const act = useAct<RouteName>(routeOf[verb])
  const t = useTexts(words)
  const send = async (values: Values) => {
    const id = verb === 'published' ? (detail.member ?? '') : detail.id
    const body = bodyOf(verb as FormVerb, detail, withoutEmpty(values))
    await act.mutateAsync({ params: { id }, body } as unknown as Asked<RouteName>)
    void message.success(t.done)
  }
  return (
    <DrawerForm<Values>
      title={t[verb]}
      draft={`case/${detail.id}/${verb}`}
      close={close}
      initial={initialOf(verb, detail)}
      danger={verb === 'close'}
      saveText={t[verb]}
      send={send}
    >
      {verb === 'close' && <Alert type="warning" showIcon title={t.closeAsk} style={{ marginBottom: 12 }} />}
      <VerbFields verb={verb} />
    </DrawerForm>
  )
}

function initialOf(verb: Verb, { homeFacts, hostFacts }: CaseDetail): Partial<Values> {
  const { outflow } = homeFacts
  if (verb === 'amend' && outflow) return withoutEmpty({ ...outflow, destination: outflow.destination.text })
  if (verb === 'published') return { leftOn: hostFacts.arrivedOn ?? '' }
  if (verb === 'report') return { on: today(), kind: 'branchAssembly' }
  return { on: today() }
}

/** As the contract wants it. */
function bodyOf(verb: FormVerb, detail: CaseDetail, values: Values): object {
  const { on, reason, note, subject, text, branch, kind, title, amount } = values
  const more = note === undefined ? {} : { note }
  switch (verb) {
    case 'published':
      return { host: detail.peer, outflow: outflowOf(detail, values) }
    case 'amend':
      return { outflow: outflowOf(detail, values) }
    case 'return':
      return { returnedOn: on }
    case 'close':
    case 'disputing':
      return { reason, ...more }
    case 'notice':
      return { on, subject, text }
    case 'placing':
    case 'relocate':
      return { branch, on }
    case 'depart':
      return {
        departedOn: on,
        ...(values.destination === undefined ? {} : { destination: values.destination }),
      }
    case 'report':
      return {
        ...{ on, kind },
        ...(title === undefined ? {} : { title }),
        ...(kind === 'dues' ? { amountFen: Math.round((amount ?? 0) * 100) } : {}),
      }
  }
}

function outflowOf({ peer, homeFacts }: CaseDetail, values: Values): object {
  const { destination = '', leftOn, reason, occupation, certificateNo, branch, contact } = values
  const code = homeFacts.outflow?.destination.code ?? peer
  return withoutEmpty({
    ...{ destination: { code, text: destination } },
    ...{ leftOn, reason, occupation, certificateNo, branch, contact },
  })
}

function VerbFields({ verb }: { verb: Verb }) {
  const t = useTexts(words)
  const [closing, dispute] = [useWord(closingWords), useWord(disputeWords)]
  const needed = { required: true, message: t.needed }
  if (verb === 'amend' || verb === 'published') return <OutflowFields />
  if (verb === 'report') return <ActivityFields />
  const reasons = verb === 'close' ? closingReasons : verb === 'disputing' ? disputeReasons : undefined
  return (
    <>
      {reasons && (
        <>
          <Form.Item name="reason" label={verb === 'close' ? t.closedFor : t.dispute} rules={[needed]}>
            <Select
              options={reasons.map((value) => ({
                value,
                label: verb === 'close' ? closing(value) : dispute(value),
              }))}
            />
          </Form.Item>
          <Form.Item name="note" label={t.note}>
            <Input.TextArea maxLength={200} rows={3} />
          </Form.Item>
        </>
      )}
      {(verb === 'placing' || verb === 'relocate') && (
        <Form.Item name="branch" label={t.branch} rules={[needed]}>
          <BranchField />
        </Form.Item>
      )}
      {!reasons && (
        <Form.Item
          name="on"
          label={t.on}
          rules={[needed, dayRule(t.badDay, verb === 'placing' || verb === 'relocate')]}
        >
          <DayField />
        </Form.Item>
      )}
      {verb === 'depart' && (
        <Form.Item name="destination" label={t.to}>
          <Input maxLength={200} />
        </Form.Item>
      )}
      {verb === 'notice' && (
        <>
          <Form.Item name="subject" label={t.noticeSubject} rules={[needed]}>
            <Input maxLength={200} />
          </Form.Item>
          <Form.Item name="text" label={t.noticeText} rules={[needed]}>
            <Input.TextArea maxLength={2000} rows={8} />
          </Form.Item>
        </>
      )}
    </>
  )
}

function OutflowFields() {
  const t = useTexts(words)
  const line = (name: keyof Values, label: string) => (
    <Form.Item name={name} label={label}>
      <Input maxLength={200} autoComplete="off" />
    </Form.Item>
  )
  return (
    <>
      <Form.Item name="destination" label={t.destination} rules={[{ required: true, message: t.needed }]}>
        <Input maxLength={200} autoFocus autoComplete="off" />
      </Form.Item>
      <Form.Item name="leftOn" label={t.leftOn} rules={[dayRule(t.badDay)]}>
        <DayField />
      </Form.Item>
      {line('reason', t.reason)}
      {line('occupation', t.occupation)}
      {line('certificateNo', t.certificateNo)}
      {line('branch', t.homeBranch)}
      {line('contact', t.contact)}
    </>
  )
}

function ActivityFields() {
  const t = useTexts(words)
  const word = useWord(activityWords)
  const kind = Form.useWatch<ActivityKind | undefined>('kind')
  return (
    <>
      <Form.Item name="kind" label={t.kind} rules={[{ required: true, message: t.needed }]}>
        <Select options={activityKinds.map((value) => ({ value, label: word(value) }))} />
      </Form.Item>
      <Form.Item name="on" label={t.on} rules={[{ required: true, message: t.needed }, dayRule(t.badDay)]}>
        <DayField />
      </Form.Item>
      {kind === 'dues' ? (
        <Form.Item name="amount" label={t.amount} rules={[{ required: true, message: t.needed }]}>
          <InputNumber min={0} max={10_000_000} precision={2} style={{ width: '100%' }} />
        </Form.Item>
      ) : (
        <Form.Item name="title" label={t.subject}>
          <Input maxLength={200} />
        </Form.Item>
      )}
    </>
  )
}
