/** What an administrator does with a peer: pause, thaw, recover, revoke. Each says first what will happen. */
import { DownOutlined, PauseOutlined, PlayCircleOutlined } from '@ant-design/icons'
import { App, Button, Dropdown, Space } from 'antd'
import { useState } from 'react'
import { type RouteName } from '../../../../protocol/index.ts'
import { useAct } from '../../shared/ask.ts'
import { sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { useMay } from '../../shared/session.tsx'
import { useWord } from '../../shared/words.ts'
import { codeWords } from './codes.ts'
import { type PeerDetail } from './peer-detail.ts'
import { words } from './texts.ts'
import { TypedConfirm } from './typed-confirm.tsx'

export function Doing({ peer }: { peer: PeerDetail }) {
  const t = useTexts(words)
  const may = useMay()
  const [revoking, setRevoking] = useState(false)
  const { pause, thaw, recover, revoke, busy } = useDoings(peer, () => setRevoking(false))
  if (!may('peers.pause' satisfies RouteName)) return null
  const items = [
    ...(peer.frozen ? [{ key: 'thaw', label: t.thaw, onClick: thaw }] : []),
    { key: 'recover', label: t.recover, onClick: recover },
    { key: 'revoke', label: t.revoke, danger: true, onClick: () => setRevoking(true) },
  ]
  return (
    <Space wrap>
      <Button
        icon={peer.paused ? <PlayCircleOutlined /> : <PauseOutlined />}
        type={peer.paused ? 'primary' : 'default'}
        loading={busy}
        onClick={pause}
      >
        {peer.paused ? t.resume : t.pause}
      </Button>
      <Dropdown menu={{ items }} trigger={['click']}>
        <Button icon={<DownOutlined />} iconPlacement="end">
          {t.more}
        </Button>
      </Dropdown>
      <TypedConfirm
        open={revoking}
        title={t.revokeOf(peer.name)}
        warning={t.revokeWarning(peer.name)}
        name={peer.name}
        action={t.revoke}
        busy={revoke.isPending}
        error={revoke.error}
        go={revoke.go}
        close={() => setRevoking(false)}
      />
    </Space>
  )
}

function useDoings(peer: PeerDetail, closed: () => void) {
  const t = useTexts(words)
  const { message, modal } = App.useApp()
  const { language } = useLanguage()
  const code = useWord(codeWords)
  const [pausing, thawing] = [useAct('peers.pause'), useAct('peers.thaw')]
  const [recovering, revoking] = [useAct('streams.recover'), useAct('peers.revoke-key')]
  const { node, name } = peer
  const params = { node }
  const onError = (error: Error) => void message.error(sentenceOf(error, language))
  const setPaused = (paused: boolean) =>
    pausing.mutateAsync(
      { params, body: { paused } },
      { onSuccess: () => void message.success(paused ? t.paused(name) : t.resumed(name)), onError },
    )
  const sure = (title: string, content: string, run: () => Promise<unknown>) =>
    void modal.confirm({
      ...{ title, content, okText: title, cancelText: t.cancel },
      onOk: () => run().catch(() => undefined),
    })
  return {
    busy: pausing.isPending,
    pause: () =>
      peer.paused
        ? void setPaused(false).catch(() => undefined)
        : sure(t.pause, t.pauseHint(name), () => setPaused(true)),
    thaw: () =>
      sure(t.thaw, t.thawHint(name), () =>
        thawing.mutateAsync({ params }, { onSuccess: () => void message.success(t.thawed), onError }),
      ),
    recover: () =>
      sure(t.recover, t.recoverHint(name), () =>
        recovering.mutateAsync(
          { body: { peer: node } },
          {
            onSuccess: ({ peers: [one] }) =>
              void (one?.recovered
                ? message.success(t.recovered)
                : message.warning(t.recoverWaits(code(one?.code ?? '')))),
            onError,
          },
        ),
      ),
    revoke: {
      isPending: revoking.isPending,
      error: revoking.error,
      go: () =>
        revoking.mutate(
          { params },
          {
            onSuccess: () => {
              closed()
              void message.success(t.revoked(name))
            },
          },
        ),
    },
  }
}
