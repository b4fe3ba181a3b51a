/** What an administrator does to an account, each asked about first. */
import { App } from 'antd'
import { type AccountView } from '../../../../protocol/index.ts'
import { useAct } from '../../shared/ask.ts'
import { sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { passwordTold, type Told } from './one-time.tsx'
import { words } from './texts.ts'

export function useDoings(account: AccountView, tell: (told: Told) => void) {
  const t = useTexts(words)
  const { message, modal } = App.useApp()
  const { language } = useLanguage()
  const change = useAct('accounts.change')
  const password = useAct('accounts.reset-password')
  const factor = useAct('accounts.reset-second-factor')
  const linkCode = useAct('accounts.link-code')
  const unlink = useAct('accounts.unlink')
  const params = { id: account.id }
  const onError = (error: Error) => void message.error(sentenceOf(error, language))
  // What is told once is told when it comes, also if the row was drawn anew meanwhile.
  const sure = (title: string, content: string, run: () => Promise<unknown>) =>
    void modal.confirm({
      ...{ title, content, okText: title, cancelText: t.cancel },
      onOk: () => run().catch(() => undefined),
    })
  const setDisabled = (disabled: boolean) =>
    change.mutateAsync(
      { params, body: { disabled } },
      { onSuccess: () => void message.success(disabled ? t.isDisabled : t.isEnabled), onError },
    )
  return {
    disable: () => sure(t.disable, t.disableHint(account.name), () => setDisabled(true)),
    enable: () => void setDisabled(false).catch(() => undefined),
    resetPassword: () =>
      sure(t.reset, t.resetHint(account.name), () =>
        password.mutateAsync({ params }).then((answer) => tell(passwordTold(answer)), onError),
      ),
    resetFactor: () =>
      sure(t.resetFactor, t.resetFactorHint(account.name), () =>
        factor.mutateAsync({ params }, { onSuccess: () => void message.success(t.factorGone), onError }),
      ),
    giveLinkCode: () =>
      sure(t.link, t.linkHint(account.name), () =>
        linkCode
          .mutateAsync({ params })
          .then(({ code, until }) => tell({ kind: 'linkCode', account, secret: code, until }), onError),
      ),
    unlink: () =>
      sure(t.unlink, t.unlinkHint(account.name), () =>
        unlink.mutateAsync({ params }, { onSuccess: () => void message.success(t.unlinked), onError }),
      ),
  }
}
