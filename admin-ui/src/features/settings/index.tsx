/** Settings: what the administrator changes here, and what stands in the configuration file. */
import { App, Button, Card, Descriptions, Form, Input, InputNumber, Skeleton } from 'antd'
import { numberSettings, routes, type SettingsView, type SettingValues } from '../../../../protocol/index.ts'
import { useAct, useAsk } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { Page } from '../../shared/page.tsx'
import { words } from './texts.ts'

export function SettingsPage() {
  const t = useTexts(words)
  const { data, error, refetch } = useAsk('settings.look', {})
  return (
    <Page title={t.title} hint={t.hint}>
      {error && <Failure of={error} again={() => void refetch()} />}
      {!data && !error && <Skeleton active paragraph={{ rows: 8 }} />}
      {data && (
        <>
          <Changeable settings={data.changeable} />
          <Fixed fixed={data.fixed} />
        </>
      )}
    </Page>
  )
}

function valuesOf(settings: SettingsView['changeable']): SettingValues {
  const { officeName, officeContact } = settings
  const numbers = Object.fromEntries(numberSettings.map((name) => [name, settings[name].value]))
  return { ...(numbers as Omit<SettingValues, 'officeName' | 'officeContact'>), officeName, officeContact }
}

function Changeable({ settings }: { settings: SettingsView['changeable'] }) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const change = useAct('settings.change')
  const now = valuesOf(settings)
  const submit = (wanted: SettingValues) => {
    const names = Object.keys(now) as (keyof SettingValues)[]
    const changed = names.filter((name) => wanted[name] !== now[name])
    if (changed.length === 0) return void message.info(t.unchanged)
    const body = Object.fromEntries(changed.map((name) => [name, wanted[name]]))
    change.mutate({ body }, { onSuccess: () => void message.success(t.saved) })
  }
  return (
    <Card size="small" className="section narrow" title={<h2>{t.changeable}</h2>}>
      <Form<SettingValues> layout="vertical" initialValues={now} onFinish={submit} requiredMark={false}>
        {numberSettings.map((name) => {
          const { least, most, shipped } = settings[name]
          const bounds = t.bounds(least, most, shipped)
          return (
            <Form.Item
              key={name}
              name={name}
              label={t[name]}
              extra={`${t[`${name}Hint`]} ${bounds}`}
              rules={[{ required: true, type: 'integer', min: least, max: most, message: bounds }]}
            >
              <InputNumber precision={0} style={{ width: 120 }} />
            </Form.Item>
          )
        })}
        <Form.Item name="officeName" label={t.officeName} extra={t.officeNameHint}>
          <Input maxLength={60} autoComplete="off" />
        </Form.Item>
        <Form.Item name="officeContact" label={t.officeContact} extra={t.officeContactHint}>
          <Input maxLength={120} autoComplete="off" />
        </Form.Item>
        {change.error && <Failure of={change.error} />}
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t.save}
        </Button>
      </Form>
    </Card>
  )
}

function Fixed({ fixed }: { fixed: SettingsView['fixed'] }) {
  const t = useTexts(words)
  const { least, most } = fixed.passwordLength
  const item = (key: string, label: string, children: React.ReactNode) => ({ key, label, children })
  return (
    <Card size="small" className="section" title={<h2>{t.fixed}</h2>}>
      <Descriptions
        size="small"
        column={{ xs: 1, md: 2 }}
        items={[
          item('node', t.node, fixed.node),
          item('name', t.name, fixed.name),
          item('origin', t.origin, <span className="breaks">{fixed.origin}</span>),
          item('url', t.federationUrl, <span className="breaks">{fixed.federationUrl}</span>),
          item('proxies', t.proxies, fixed.trustedProxies.join('、') || t.none),
          item('password', t.password, t.passwordSaid(least, most)),
          item('oidc', t.oidc, fixed.oidc ?? t.none),
          item(
            'docs',
            t.docs,
            <a href={routes['contract.page'].path} target="_blank" rel="noreferrer">
              {t.openDocs}
            </a>,
          ),
        ]}
      />
    </Card>
  )
}
