/** Which branch, what, when; of dues also whether all pay the same. */
import { Col, Form, Input, Radio, Row } from 'antd'
import { type ActivityKind } from '../../../../../protocol/index.ts'
import { useTexts } from '../../../shared/language.tsx'
import { OrganisationPicker } from '../../../shared/organisations.tsx'
import { amountRule, DayItem, KindField, TitleField, type Fields } from '../fields.tsx'
import { words as outer } from '../texts.ts'
import { type Amount } from './grid.tsx'
import { type Side } from './people.ts'
import { words } from './texts.ts'

export interface MeetingForm extends Fields {
  readonly organisation?: string
  readonly side?: Side
  readonly each?: boolean
  readonly present?: readonly string[]
  /** A list and no record: records of what is kept have no more than 200 members. */
  readonly amounts?: readonly Amount[]
}

export function MeetingFields() {
  const t = useTexts(words)
  const { needed } = useTexts(outer)
  const dues = Form.useWatch<ActivityKind>('kind') === 'dues'
  return (
    <Row gutter={16}>
      <Col xs={24} lg={12}>
        <Form.Item name="organisation" label={t.organisation} rules={[{ required: true, message: needed }]}>
          <OrganisationPicker />
        </Form.Item>
      </Col>
      <Col xs={24} lg={12}>
        <Form.Item name="side" label={t.side}>
          <Radio.Group
            optionType="button"
            options={[
              { value: 'host', label: t.here },
              { value: 'home', label: t.away },
            ]}
          />
        </Form.Item>
      </Col>
      <Col xs={24} md={12} lg={6}>
        <KindField />
      </Col>
      <Col xs={24} md={12} lg={6}>
        <DayItem />
      </Col>
      <Col xs={24} lg={12}>
        <TitleField />
      </Col>
      {dues && <DuesFields />}
    </Row>
  )
}

function DuesFields() {
  const t = useTexts(words)
  const each = Form.useWatch<boolean>('each') ?? false
  return (
    <>
      <Col xs={24} md={12} lg={6}>
        <Form.Item name="each" label={t.amounts}>
          <Radio.Group
            optionType="button"
            options={[
              { value: false, label: t.same },
              { value: true, label: t.each },
            ]}
          />
        </Form.Item>
      </Col>
      {!each && (
        <Col xs={24} md={12} lg={6}>
          <Form.Item name="amount" label={t.amount} required rules={[amountRule(t.amountRule)]}>
            <Input inputMode="decimal" autoComplete="off" />
          </Form.Item>
        </Col>
      )}
    </>
  )
}
