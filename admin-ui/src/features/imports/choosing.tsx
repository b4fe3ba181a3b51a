/** Where a file is dropped or chosen, and cells are pasted. */
import { InboxOutlined } from '@ant-design/icons'
import { Card, Input, Upload } from 'antd'
import { useTexts } from '../../shared/language.tsx'
import { words } from './texts.ts'

interface Props {
  readonly takeFile: (file: File) => Promise<void>
  readonly takeCells: (text: string) => void
}

export function Choosing({ takeFile, takeCells }: Props) {
  const t = useTexts(words)
  return (
    <div className="two-sides" style={{ marginBottom: 16 }}>
      <Upload.Dragger
        accept=".xlsx,.csv,.txt"
        showUploadList={false}
        beforeUpload={(file) => {
          void takeFile(file)
          return false
        }}
      >
        <p className="ant-upload-drag-icon">
          <InboxOutlined />
        </p>
        <p className="ant-upload-text">{t.choose}</p>
        <p className="ant-upload-hint">{t.kinds}</p>
      </Upload.Dragger>
      <Card size="small" title={t.paste}>
        <Input.TextArea
          value=""
          onChange={(event) => event.target.value.trim() !== '' && takeCells(event.target.value)}
          placeholder={t.pasteHint}
          aria-label={t.pasteField}
          rows={6}
        />
      </Card>
    </div>
  )
}
