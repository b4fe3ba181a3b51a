/** A document that goes between two offices: handed out by file or clipboard, taken in the same ways. */
import { CopyOutlined, DownloadOutlined, UploadOutlined } from '@ant-design/icons'
import { App, Button, Input, Space, Upload } from 'antd'
import { useTexts } from '../../shared/language.tsx'
import { copyText } from '../../shared/list/copying.ts'
import { saveFile } from '../../shared/saving.ts'
import { words } from './texts.ts'

/** No document of the protocol is longer; a wrong file is not read into a form. */
const longest = 64 * 1024

export function HandOut({ text, file }: { text: string; file: string }) {
  const { message } = App.useApp()
  const t = useTexts(words)
  return (
    <Space wrap>
      <Button
        icon={<DownloadOutlined />}
        onClick={() => {
          saveFile(text, file, 'application/json')
          message.success(t.saved(file))
        }}
      >
        {t.save}
      </Button>
      <Button
        icon={<CopyOutlined />}
        onClick={() => void copyText(text).then(() => message.success(t.copied))}
      >
        {t.copyText}
      </Button>
    </Space>
  )
}

export function TakeIn({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (text: string) => void
}) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const read = async (file: File) => {
    if (file.size > longest) void message.error(t.tooLong)
    else onChange(await file.text())
  }
  return (
    <div className="take-in">
      <Upload
        accept=".json,.txt"
        showUploadList={false}
        beforeUpload={(file) => {
          void read(file)
          return false
        }}
      >
        <Button icon={<UploadOutlined />}>{t.load}</Button>
      </Upload>
      <Input.TextArea
        rows={4}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder={t.pasteHere}
        aria-label={label}
        maxLength={longest}
        autoComplete="off"
        spellCheck={false}
      />
    </div>
  )
}
