/** Where an account is signed in, and ending that. */
import { Button, Table, Tag } from 'antd'
import { type Answer } from './ask.ts'
import { texts, useTexts } from './language.tsx'
import { Age, Moment } from './moments.tsx'

export type Session = Answer<'session.list'>['sessions'][number]

const words = texts({
  since: { zh: '登录时间', en: 'Since' },
  used: { zh: '最近使用', en: 'Last used' },
  address: { zh: '网络地址', en: 'Address' },
  program: { zh: '浏览器', en: 'Browser' },
  thisOne: { zh: '本次登录', en: 'This one' },
  end: { zh: '结束', en: 'End' },
  actions: { zh: '操作', en: 'Actions' },
  none: { zh: '没有登录中的会话', en: 'Not signed in anywhere' },
})

const browsers: readonly (readonly [string, RegExp])[] = [
  ['WeChat', /MicroMessenger\/(\d+)/],
  ['Edge', /Edg\w*\/(\d+)/],
  ['Firefox', /Firefox\/(\d+)/],
  ['Chrome', /Chrome\/(\d+)/],
  ['Safari', /Version\/(\d+).*Safari/],
]
const systems = ['Windows', 'Android', 'iPhone', 'iPad', 'Mac OS', 'Linux'] as const
/** What names itself otherwise is shown by its beginning. */
const beginning = 40

/** As people know it: “Chrome 140, Windows”. */
function programNamed(program: string): string {
  const [name, version] =
    browsers
      .map(([each, pattern]) => [each, pattern.exec(program)?.[1]] as const)
      .find(([, found]) => found !== undefined) ?? []
  if (name === undefined) return program.slice(0, beginning)
  const system = systems.find((each) => program.includes(each))
  return `${name} ${version}${system === undefined ? '' : `, ${system}`}`
}

export function Sessions({
  sessions,
  busy,
  end,
}: {
  sessions: readonly Session[] | undefined
  busy: boolean
  end: (session: Session) => void
}) {
  const t = useTexts(words)
  return (
    <Table<Session>
      size="small"
      pagination={false}
      loading={sessions === undefined}
      rowKey="id"
      dataSource={[...(sessions ?? [])]}
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: t.none }}
      columns={[
        { title: t.since, render: (_, { since }) => <Moment at={since} /> },
        { title: t.used, render: (_, { lastUsedAt }) => <Age of={lastUsedAt} /> },
        { title: t.address, dataIndex: 'address' },
        {
          title: t.program,
          render: (_, { program }) => <span title={program}>{programNamed(program)}</span>,
        },
        {
          title: t.actions,
          render: (_, session) =>
            session.current ? (
              <Tag color="green">{t.thisOne}</Tag>
            ) : (
              <Button size="small" disabled={busy} onClick={() => end(session)}>
                {t.end}
              </Button>
            ),
        },
      ]}
    />
  )
}
