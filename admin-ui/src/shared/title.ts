/** The title of the browser's tab: which page of which region, never whose, because titles end up in histories. */
import { useEffect } from 'react'
import { texts, useTexts } from './language.tsx'

const words = texts({
  tab: {
    zh: (page: string, region: string) => `${page} - ${region} - 汇流`,
    en: (page: string, region: string) => `${page} - ${region} - Huiliu`,
  },
})

export function useTitle(page: string, region: string): void {
  const t = useTexts(words)
  useEffect(() => {
    document.title = t.tab(page, region)
  }, [t, page, region])
}
