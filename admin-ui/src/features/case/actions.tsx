/** The buttons of a case and the drawers behind them. */
import { DownOutlined, PrinterOutlined } from '@ant-design/icons'
import { App, Button, Dropdown, Space } from 'antd'
import { useState } from 'react'
import { type CaseDetail } from '../../../../protocol/index.ts'
import { ArrivalForm, type NewArrival } from '../../shared/arrival-form.tsx'
import { useAct } from '../../shared/ask.ts'
import { sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { useMay } from '../../shared/session.tsx'
import { words } from './texts.ts'
import { VerbForm } from './verb-form.tsx'
import { routeOf, verbsFor, type Verb } from './verbs.ts'

export function CaseActions({ detail }: { detail: CaseDetail }) {
  const [doing, setDoing] = useState<Verb>()
  const may = useMay()
  const t = useTexts(words)
  const erase = useErasing(detail.id)
  const verbs = verbsFor(detail).filter((verb) => may(routeOf[verb]))
  const [first, ...others] = verbs
  const begin = (verb: Verb) => (verb === 'erase' ? erase() : setDoing(verb))
  const close = () => setDoing(undefined)
  return (
    <Space className="no-print">
      {first && (
        <Button type="primary" danger={first === 'erase'} onClick={() => begin(first)}>
          {t[first]}
        </Button>
      )}
      {others.length > 0 && (
        <Dropdown
          trigger={['click']}
          menu={{ items: others.map((verb) => ({ key: verb, label: t[verb], onClick: () => begin(verb) })) }}
        >
          <Button>
            {t.moreActions} <DownOutlined />
          </Button>
        </Dropdown>
      )}
      <Button icon={<PrinterOutlined />} onClick={() => window.print()}>
        {t.print}
      </Button>
      {doing === 'confirm' && (
        <ArrivalForm draft={`arrival/${detail.id}`} close={close} initial={announced(detail)} />
      )}
      {doing !== undefined && doing !== 'confirm' && <VerbForm verb={doing} detail={detail} close={close} />}
    </Space>
  )
}

/** What home has said of him, as far as it is no number. */
function announced({ peer, homeFacts }: CaseDetail): Partial<NewArrival> {
  const { person } = homeFacts
  return {
    home: peer,
    ...(person ? { name: person.name } : {}),
    ...(person?.category === undefined ? {} : { category: person.category }),
  }
}

function useErasing(id: string): () => void {
  const { modal, message } = App.useApp()
  const { language } = useLanguage()
  const erase = useAct('case.erase')
  const t = useTexts(words)
  return () =>
    void modal.confirm({
      title: t.erase,
      content: t.eraseAsk,
      okText: t.erase,
      okButtonProps: { danger: true },
      cancelText: t.cancel,
      onOk: () =>
        erase.mutateAsync({ params: { id }, body: {} }).then(
          () => void message.success(t.done),
          (error: unknown) => void message.error(sentenceOf(error, language)),
        ),
    })
}
