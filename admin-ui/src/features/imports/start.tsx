/** From a file or copied cells to an import: chosen, previewed, then run. */
import { useEffect, useState } from 'react'
import { App } from 'antd'
import { useTexts } from '../../shared/language.tsx'
import { Page } from '../../shared/page.tsx'
import { Choosing } from './choosing.tsx'
import { Earlier } from './earlier.tsx'
import { glanceAt, type Chosen } from './glance.ts'
import { asCsv, readCells } from './pasted.ts'
import { Preview } from './preview.tsx'
import { words } from './texts.ts'

const mostMegabytes = 20

export function StartPage() {
  const t = useTexts(words)
  const { message } = App.useApp()
  const [chosen, setChosen] = useState<Chosen>()
  const take = async (name: string, bytes: Uint8Array<ArrayBuffer>) => {
    if (bytes.length > mostMegabytes * 1024 * 1024) return void message.error(t.tooLarge(mostMegabytes))
    const glance = await glanceAt(name, bytes)
    setChosen((before) => ({ ...glance, name, bytes, number: (before?.number ?? 0) + 1 }))
  }
  const takeFile = async (file: File) => take(file.name, new Uint8Array(await file.arrayBuffer()))
  const takeCells = (text: string) => void take(t.pastedName, asCsv(readCells(text)))
  usePasted(takeFile, takeCells)
  return (
    <Page title={t.title} hint={t.hint}>
      {chosen ? (
        <Preview key={chosen.number} chosen={chosen} other={() => setChosen(undefined)} />
      ) : (
        <Choosing takeFile={takeFile} takeCells={takeCells} />
      )}
      <Earlier />
    </Page>
  )
}

/** Ctrl+V anywhere on the page, of a file or of cells. */
function usePasted(takeFile: (file: File) => Promise<void>, takeCells: (text: string) => void): void {
  useEffect(() => {
    const heard = (event: ClipboardEvent) => {
      const [file] = event.clipboardData?.files ?? []
      const text = event.clipboardData?.getData('text/plain') ?? ''
      const inField = (event.target as HTMLElement | null)?.closest('input, textarea') ?? false
      // A spreadsheet puts a picture of the cells beside their text.
      if (text.includes('\t')) takeCells(text)
      else if (file && !file.type.startsWith('image/')) void takeFile(file)
      else if (!inField && text.includes('\n')) takeCells(text)
      else return
      event.preventDefault()
    }
    document.addEventListener('paste', heard)
    return () => document.removeEventListener('paste', heard)
  })
}
