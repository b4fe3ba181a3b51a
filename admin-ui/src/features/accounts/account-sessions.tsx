/** Where somebody is signed in, for who answers for the accounts. */
import { App, Button, Drawer } from 'antd'
import { type AccountView } from '../../../../protocol/index.ts'
import { useAct, useAsk } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { Sessions } from '../../shared/sessions.tsx'
import { words } from './texts.ts'

export function AccountSessions({ account, close }: { account: AccountView; close: () => void }) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const params = { id: account.id }
  const { data, error, refetch } = useAsk('accounts.sessions', { params })
  const ending = useAct('accounts.end-sessions')
  const end = (session: string | null) =>
    ending.mutate({ params, body: { session } }, { onSuccess: () => void message.success(t.ended) })
  return (
    <Drawer
      open
      onClose={close}
      size={720}
      title={t.sessionsOf(account.name)}
      extra={
        <Button danger disabled={!data?.sessions.length} onClick={() => end(null)}>
          {t.endAll}
        </Button>
      }
    >
      {(error ?? ending.error) && <Failure of={error ?? ending.error} again={() => void refetch()} />}
      <Sessions sessions={data?.sessions} busy={ending.isPending} end={({ id }) => end(id)} />
    </Drawer>
  )
}
