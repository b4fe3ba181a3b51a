/** Who comes here: announced by home and not here yet, reported and being checked, and those who are here. */
import { PlusOutlined } from '@ant-design/icons'
import { Button, Tabs } from 'antd'
import { useState } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import { ArrivalForm } from '../../shared/arrival-form.tsx'
import { useTexts } from '../../shared/language.tsx'
import { Page } from '../../shared/page.tsx'
import { useMay } from '../../shared/session.tsx'
import { Announced } from './announced.tsx'
import { Here } from './here.tsx'
import { Register } from './register.tsx'
import { type Registering } from './registering.ts'
import { words } from './texts.ts'

export function ArrivalsPage() {
  const t = useTexts(words)
  const may = useMay()
  const navigate = useNavigate()
  const [address, setAddress] = useSearchParams()
  const [registering, setRegistering] = useState<Registering>()
  // A state of the register or a meaning of a case in the address says which list is meant.
  const implied = address.has('state') ? 'register' : address.has('meaning') ? 'here' : 'announced'
  const tab = address.get('tab') ?? implied
  return (
    <Page
      title={t.title}
      actions={
        may('arrivals.add') && (
          <Button
            type="primary"
            icon={<PlusOutlined />}
            onClick={() => setRegistering({ draft: 'arrival/new', initial: {} })}
          >
            {t.add}
          </Button>
        )
      }
    >
      <Tabs
        activeKey={tab}
        onChange={(key) => setAddress({ tab: key }, { replace: true })}
        destroyOnHidden
        items={[
          { key: 'announced', label: t.announced, children: <Announced register={setRegistering} /> },
          { key: 'register', label: t.register, children: <Register register={setRegistering} /> },
          { key: 'here', label: t.here, children: <Here /> },
        ]}
      />
      {registering && (
        <ArrivalForm
          key={registering.draft}
          draft={registering.draft}
          initial={registering.initial}
          close={() => setRegistering(undefined)}
          sent={() => {
            if (registering.case === undefined) setAddress({ tab: 'register' }, { replace: true })
            else void navigate(`/cases/${registering.case}`)
          }}
        />
      )}
    </Page>
  )
}
