/** A branch met: one activity for everybody who was there; or dues, alike for all or each his own. */
import { SnippetsOutlined } from '@ant-design/icons'
import { App, Button, Card, Form, Progress, type FormInstance } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { Link } from 'react-router'
import { Failure } from '../../../shared/failure.tsx'
import { useDraft } from '../../../shared/draft.tsx'
import { useTexts } from '../../../shared/language.tsx'
import { readYuan } from '../../../shared/money.ts'
import { useOrganisations } from '../../../shared/organisations.tsx'
import { Page } from '../../../shared/page.tsx'
import { activityOf } from '../fields.tsx'
import { words as outer } from '../texts.ts'
import { Grid, type Amount } from './grid.tsx'
import { MeetingFields, type MeetingForm } from './meeting-fields.tsx'
import { type Found } from './names.ts'
import { Pasting } from './pasting.tsx'
import { usePeople } from './people.ts'
import { byAmount, useReporting, type Wanted } from './reporting.ts'
import { Result } from './result.tsx'
import { words } from './texts.ts'

const none: readonly never[] = []

export function MeetingPage() {
  const t = useTexts(words)
  const back = useTexts(outer)
  const [form] = Form.useForm<MeetingForm>()
  const meeting = useMeeting(form)
  const { now, draft, people, present, set, reporting } = meeting
  return (
    <Page title={t.title} hint={<Link to="/activities">{back.back}</Link>}>
      {draft.note}
      <p className="page-hint">{t.hint}</p>
      <Form<MeetingForm>
        form={form}
        layout="vertical"
        scrollToFirstError={{ focus: true }}
        onValuesChange={draft.typed}
        onFinish={(fields) => void meeting.submit(fields)}
        initialValues={{ side: 'host', each: false }}
      >
        <Card size="small" title={t.whatTitle} style={{ marginBottom: 12 }}>
          <MeetingFields />
        </Card>
        <Card
          size="small"
          title={t.whoTitle(present.length, people.length)}
          extra={
            <Button
              icon={<SnippetsOutlined />}
              disabled={people.length === 0}
              onClick={() => meeting.setPasting('')}
            >
              {t.paste}
            </Button>
          }
        >
          {meeting.error && <Failure of={meeting.error} />}
          <p className="page-hint">{t.keys}</p>
          <Grid
            {...{ people, present, side: now.side, loading: meeting.loading }}
            chosen={now.organisation !== undefined}
            setPresent={(ids) => set({ present: ids })}
            amounts={now.eachPays ? now.amounts : undefined}
            setAmount={(id, yuan) => set(withAmount(id, yuan, present, now.amounts))}
          />
        </Card>
        <WorkBar count={present.length} going={reporting.going} />
      </Form>
      {reporting.error !== undefined && <Failure of={reporting.error} />}
      {reporting.outcome && <Result of={reporting.outcome} people={people} again={meeting.again} />}
      {meeting.pasting !== undefined && (
        <Pasting
          begin={meeting.pasting}
          people={people}
          take={meeting.take}
          close={() => meeting.setPasting(undefined)}
        />
      )}
    </Page>
  )
}

function WorkBar({ count, going }: { count: number; going: { done: number; all: number } | undefined }) {
  const t = useTexts(words)
  return (
    <div className="work-bar no-print">
      <Button type="primary" htmlType="submit" loading={going !== undefined}>
        {t.report(count)}
      </Button>
      {going && (
        <>
          <Progress percent={Math.round((100 * going.done) / going.all)} style={{ width: 220 }} />
          <span role="status">{t.going(going.done, going.all)}</span>
        </>
      )}
    </div>
  )
}

/** The meeting as it is being put together, and what can be done with it. */
function useMeeting(form: FormInstance<MeetingForm>) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const draft = useDraft('activities/meeting', form)
  const reporting = useReporting()
  const now = useFormNow(form)
  const { data: people = none, isFetching, error } = usePeople(now.organisation, now.side)
  const [pasting, setPasting] = usePasting(people.length > 0)
  const here = useMemo(() => new Set(people.map(({ id }) => id)), [people])
  const present = now.present.filter((id) => here.has(id))
  const set = (values: Partial<MeetingForm>) => {
    form.setFieldsValue(values)
    draft.typed()
  }
  const submit = async (fields: MeetingForm) => {
    const wanted = wantedOf(fields, present, now.amounts)
    if (typeof wanted === 'number') return void message.error(t.noAmount(wanted))
    if (present.length === 0) return void message.error(t.nobody)
    if (await reporting.run(wanted)) draft.done()
  }
  const take = (found: readonly Found[]) => {
    set(taken(found, present, now))
    setPasting(undefined)
    void message.success(t.pasted(found.length))
  }
  const again = () => {
    reporting.forget()
    set({ present: [], amounts: [], title: '' })
    draft.done()
  }
  const loading = isFetching && people.length === 0
  return {
    ...{ now, draft, reporting, people, present, loading, error, pasting },
    ...{ set, submit, take, again, setPasting },
  }
}

/** What stands in the form now; the branch secretary's one organisation is chosen for him. */
function useFormNow(form: FormInstance<MeetingForm>) {
  const { all } = useOrganisations()
  const only = all.length === 1 ? all[0]?.id : undefined
  const kept = { form, preserve: true } as const
  const organisation = Form.useWatch('organisation', kept) ?? only
  useEffect(() => {
    if (only !== undefined && form.getFieldValue('organisation') === undefined)
      form.setFieldValue('organisation', only)
  }, [form, only])
  const kind = Form.useWatch('kind', kept)
  const each = Form.useWatch('each', kept) ?? false
  return {
    organisation,
    side: Form.useWatch('side', kept) ?? 'host',
    kind,
    eachPays: kind === 'dues' && each,
    present: Form.useWatch('present', kept) ?? none,
    amounts: Form.useWatch('amounts', kept) ?? none,
  }
}

/** Ctrl+V anywhere but in a field begins with what was copied. */
function usePasting(ready: boolean) {
  const [pasting, setPasting] = useState<string>()
  useEffect(() => {
    const heard = (event: ClipboardEvent) => {
      if (!ready || (event.target as HTMLElement | null)?.closest('input:not([type=checkbox]), textarea'))
        return
      const text = event.clipboardData?.getData('text/plain') ?? ''
      if (text.trim() === '') return
      event.preventDefault()
      setPasting(text)
    }
    document.addEventListener('paste', heard)
    return () => document.removeEventListener('paste', heard)
  }, [ready])
  return [pasting, setPasting] as const
}

/** What is to be reported; a number says for how many an amount is missing. */
function wantedOf(
  fields: MeetingForm,
  present: readonly string[],
  amounts: readonly Amount[],
): Wanted[] | number {
  const activity = activityOf(fields)
  if (fields.kind !== 'dues' || fields.each !== true) return [{ activity, cases: present }]
  const fenOf = new Map(
    present.map((id) => [id, readYuan(amounts.find((one) => one.id === id)?.yuan ?? '')] as const),
  )
  const missing = [...fenOf.values()].filter((fen) => fen === undefined).length
  return missing > 0 ? missing : byAmount(activity, fenOf as Map<string, number>)
}

/** Who has paid something was there. */
function withAmount(id: string, yuan: string, present: readonly string[], amounts: readonly Amount[]) {
  return {
    amounts: [...amounts.filter((one) => one.id !== id), { id, yuan }],
    present: present.includes(id) || yuan.trim() === '' ? present : [...present, id],
  }
}

function taken(
  found: readonly Found[],
  present: readonly string[],
  { kind, amounts }: { kind: string | undefined; amounts: readonly Amount[] },
): Partial<MeetingForm> {
  const ids = new Set([...present, ...found.map(({ id }) => id)])
  const paid = found.flatMap(({ id, amount }) => (amount === undefined ? [] : [{ id, yuan: amount }]))
  if (paid.length === 0 || (kind !== undefined && kind !== 'dues')) return { present: [...ids] }
  const others = amounts.filter((one) => !paid.some(({ id }) => id === one.id))
  return { present: [...ids], kind: 'dues', each: true, amounts: [...others, ...paid] }
}
