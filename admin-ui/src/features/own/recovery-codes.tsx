/** Recovery codes, once: on paper, in the clipboard, and then gone. */
import { CopyOutlined, PrinterOutlined } from '@ant-design/icons'
import { Alert, App, Button, Card, Space } from 'antd'
import { useTexts } from '../../shared/language.tsx'
import { copyText } from '../../shared/list/copying.ts'
import { words } from './texts.ts'

export function RecoveryCodes({ codes, kept }: { codes: readonly string[]; kept: () => void }) {
  const t = useTexts(words)
  const { message } = App.useApp()
  return (
    <Card size="small" className="section narrow">
      <Alert type="warning" showIcon title={t.codesHint} className="section" />
      <ol className="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <Space wrap className="no-print">
        <Button icon={<PrinterOutlined />} onClick={() => window.print()}>
          {t.print}
        </Button>
        <Button
          icon={<CopyOutlined />}
          onClick={() => void copyText(codes.join('\n')).then(() => message.success(t.copied))}
        >
          {t.copy}
        </Button>
        <Button type="primary" onClick={kept}>
          {t.keptSafe}
        </Button>
      </Space>
    </Card>
  )
}
