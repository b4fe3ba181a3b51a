/** Registering an outflow: whom, where to, since when. Few things are required, so that it takes no longer than a line in a sheet. */
import { useQueryClient } from '@tanstack/react-query'
import {
  Alert,
  App,
  AutoComplete,
  Button,
  Drawer,
  Form,
  Grid,
  Input,
  Radio,
  Select,
  type FormInstance,
} from 'antd'
import { useRef, type ComponentRef, type RefObject } from 'react'
import { Link, useNavigate } from 'react-router'
import { ask, useAct, type Answer, type Input as Asked } from '../../shared/ask.ts'
import { DayField, dayRule } from '../../shared/day-field.tsx'
import { useDraft } from '../../shared/draft.tsx'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { useRegions } from '../../shared/regions.ts'
import { words } from './texts.ts'

type Member = Answer<'member.detail'>
interface Fields {
  readonly host: string
  readonly destination: string
  readonly leftOn?: string
  readonly reason?: string
  readonly occupation?: string
  readonly certificateNo?: string
  readonly branch?: string
  readonly contact?: string
  readonly phone?: string
}
type FirstField = RefObject<ComponentRef<typeof Input> | null>
/** By which the button below the drawer belongs to the form. */
const formId = 'outflow'

interface Props {
  readonly member: Member
  readonly open: boolean
  readonly close: () => void
}

export function OutflowDrawer({ member, open, close }: Props) {
  const t = useTexts(words)
  const wide = Grid.useBreakpoint().md ?? true
  const first = useRef<ComponentRef<typeof Input>>(null)
  const { regions } = useRegions()
  const [form] = Form.useForm<Fields>()
  const register = useRegistering(member)
  return (
    <Drawer
      title={t.registerFor(member.name)}
      open={open}
      onClose={close}
      size={wide ? 560 : '100%'}
      afterOpenChange={(shown) => shown && first.current?.focus()}
      destroyOnHidden
      footer={
        <Button type="primary" htmlType="submit" form={formId} block loading={register.busy}>
          {t.save}
        </Button>
      }
    >
      {regions.length === 0 ? (
        <Alert type="warning" showIcon title={t.noRegions} />
      ) : (
        <OutflowForm {...{ member, first, form, register }} />
      )}
    </Drawer>
  )
}

/** Where the address names a region there is an agreement with, it is meant. */
function regionNamed(text: string, regions: readonly { node: string; name: string }[]): string | undefined {
  const plain = (name: string) => name.replace(/(特别行政区|地区|自治州|[省市县区州盟])$/, '')
  return regions.find(({ name }) => text.includes(plain(name)))?.node
}

interface FormProps {
  readonly member: Member
  readonly first: FirstField
  readonly form: FormInstance<Fields>
  readonly register: ReturnType<typeof useRegistering>
}

function OutflowForm({ member, first, form, register }: FormProps) {
  const draft = useDraft(`outflow/${member.id}`, form)
  const { regions } = useRegions()
  const chosen = useRef(false)
  const typed = (changed: Partial<Fields>) => {
    if (changed.host !== undefined) chosen.current = true
    const named = changed.destination && !chosen.current && regionNamed(changed.destination, regions)
    if (named) form.setFieldValue('host', named)
    draft.typed()
  }
  return (
    <Form<Fields>
      id={formId}
      form={form}
      layout="vertical"
      onValuesChange={typed}
      onFinish={(fields) => register.submit(fields, draft.done)}
      scrollToFirstError={{ focus: true }}
      requiredMark
      initialValues={{ branch: member.organisation?.name }}
    >
      {draft.note}
      <MainFields first={first} />
      <OpenAlready member={member} host={Form.useWatch('host', form)} />
      <MoreFields />
      {register.error && <Failure of={register.error} />}
    </Form>
  )
}

function MainFields({ first }: { first: FirstField }) {
  const t = useTexts(words)
  const { options } = useRegions()
  return (
    <>
      <Form.Item
        name="destination"
        label={t.destination}
        extra={t.destinationHint}
        rules={[{ required: true, whitespace: true, message: t.needed }]}
      >
        <Input ref={first} maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item name="host" label={t.peer} rules={[{ required: true, message: t.neededHost }]}>
        {options.length <= 8 ? (
          <Radio.Group optionType="button" options={options} />
        ) : (
          <Select options={options} showSearch={{ optionFilterProp: 'label' }} />
        )}
      </Form.Item>
      <Form.Item name="leftOn" label={t.leftOn} rules={[dayRule(t.dayRule)]}>
        <DayField />
      </Form.Item>
      <Form.Item name="reason" label={t.reason}>
        <AutoComplete options={t.reasons.split(',').map((value) => ({ value }))} maxLength={200} />
      </Form.Item>
    </>
  )
}

function MoreFields() {
  const t = useTexts(words)
  const text = <Input maxLength={200} autoComplete="off" />
  return (
    <>
      <Form.Item name="occupation" label={t.occupation}>
        {text}
      </Form.Item>
      <Form.Item name="certificateNo" label={t.certificateNo}>
        {text}
      </Form.Item>
      <Form.Item name="branch" label={t.organisation} extra={t.branchHint}>
        {text}
      </Form.Item>
      <Form.Item name="contact" label={t.contact}>
        {text}
      </Form.Item>
      <Form.Item
        name="phone"
        label={t.phone}
        extra={t.phoneHint}
        rules={[{ pattern: /^\s*\+?[\d\s-]{5,26}$/, message: t.phoneRule }]}
      >
        <Input maxLength={26} autoComplete="off" inputMode="tel" />
      </Form.Item>
    </>
  )
}

function OpenAlready({ member, host }: { member: Member; host: string | undefined }) {
  const t = useTexts(words)
  const { nameOf } = useRegions()
  const open = member.cases.find((one) => one.peer === host && one.home === 'published')
  if (!open || host === undefined) return null
  return (
    <Alert
      type="warning"
      showIcon
      style={{ marginBottom: 16 }}
      title={t.openAlready(nameOf(host))}
      action={<Link to={`/cases/${open.id}`}>{t.lookAtIt}</Link>}
    />
  )
}

/** Registers, says what came of it, and leads to the case. */
function useRegistering(member: Member) {
  const { message } = App.useApp()
  const t = useTexts(words)
  const client = useQueryClient()
  const navigate = useNavigate()
  const { nameOf } = useRegions()
  const add = useAct('outflow.add')
  const { id, name } = member
  const toCase = async (host: string) => {
    const after = await client.fetchQuery({
      queryKey: ['member.detail', { params: { id } }],
      queryFn: () => ask('member.detail', { params: { id } }),
      staleTime: 0,
    })
    const made = after.cases.find(({ peer, home }) => peer === host && home === 'published')
    if (made) await navigate(`/cases/${made.id}`)
  }
  const submit = (fields: Fields, done: () => void) =>
    add.mutate(
      { params: { id }, body: bodyOf(fields) },
      {
        onSuccess: ({ result }) => {
          done()
          if (result === 'published') message.success(t.published(name, nameOf(fields.host)))
          else if (result === 'amended') message.success(t.amended(name))
          else message.info(t.unchanged)
          void toCase(fields.host)
        },
      },
    )
  return { submit, busy: add.isPending, error: add.error }
}

function bodyOf({ host, destination, phone, ...rest }: Fields): NonNullable<Asked<'outflow.add'>['body']> {
  const filled = Object.fromEntries(
    Object.entries<string | undefined>(rest)
      .map(([key, value]) => [key, value?.trim() ?? ''] as const)
      .filter(([, value]) => value !== ''),
  )
  const number = phone?.replace(/[\s-]/g, '') ?? ''
  return {
    host,
    outflow: { destination: { code: host, text: destination.trim() }, ...filled },
    ...(number === '' ? {} : { phone: number }),
  }
}
