/** Choosing a password: typed twice, judged by the node. Fields `next` and `again`. */
import { Form, Input } from 'antd'
import { texts, useTexts } from './language.tsx'

const words = texts({
  newPassword: { zh: '新密码', en: 'New password' },
  repeat: { zh: '再次输入新密码', en: 'New password again' },
  differs: { zh: '两次输入的密码不同', en: 'The two passwords differ' },
  passwordHint: {
    zh: '至少 10 个字符，可以是一句话；不要用姓名、生日或常见密码。',
    en: 'At least 10 characters; a sentence is fine. No names, birthdays or common passwords.',
  },
})

export function NewPasswordFields() {
  const t = useTexts(words)
  return (
    <>
      <Form.Item
        name="next"
        label={t.newPassword}
        extra={t.passwordHint}
        rules={[{ required: true, min: 10, message: t.passwordHint }]}
      >
        <Input.Password autoComplete="new-password" maxLength={1000} />
      </Form.Item>
      <Form.Item
        name="again"
        label={t.repeat}
        dependencies={['next']}
        rules={[
          ({ getFieldValue }) => ({
            validator: (_, value) =>
              value === getFieldValue('next') ? Promise.resolve() : Promise.reject(new Error(t.differs)),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" maxLength={1000} />
      </Form.Item>
    </>
  )
}
