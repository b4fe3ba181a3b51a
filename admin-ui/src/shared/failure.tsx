/** What went wrong, in the user's language, with what to do; for a whole page, or for a place in one. */
import { Alert, Button } from 'antd'
import { Component, type ReactNode } from 'react'
import { ask, Refused } from './ask.ts'
import { texts, useLanguage, useTexts, type Language } from './language.tsx'

const words = texts({
  again: { zh: '重试', en: 'Try again' },
  defect: {
    zh: '页面出现内部错误。请刷新页面；若仍如此，请告知信息人员。',
    en: 'This page has a defect. Reload it; tell your IT if it stays so.',
  },
})

export function sentenceOf(error: unknown, language: Language): string {
  return error instanceof Refused ? error.sentence(language) : words.defect[language]
}

export function Failure({ of, again }: { of: unknown; again?: (() => void) | undefined }) {
  const { language } = useLanguage()
  const t = useTexts(words)
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={sentenceOf(of, language)}
      action={
        again && (
          <Button size="small" onClick={again}>
            {t.again}
          </Button>
        )
      }
    />
  )
}

/** Keeps the frame standing when a page falls. */
export class Fallen extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined }

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error }
  }

  /** A page whose program could not be loaded is not loaded twice by a browser: the whole is, once the node is back. */
  private async again(): Promise<void> {
    if (!(this.state.error instanceof Refused)) return this.setState({ error: undefined })
    const isBack = await ask('entrance.look', {}).then(
      () => true,
      () => false,
    )
    if (isBack) location.reload()
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children
    return <Failure of={this.state.error} again={() => void this.again()} />
  }
}
