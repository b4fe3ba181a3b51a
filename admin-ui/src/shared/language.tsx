/**
 * The two languages of the screens. A text is written once with both its forms side by side, so that a missing one is a
 * type error; a text with numbers or names in it is a pair of functions.
 */
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'

export type Language = 'zh' | 'en'
type Pair = Readonly<Record<Language, unknown>>
export type Texts = Readonly<Record<string, Pair>>
type InLanguage<T extends Texts> = { readonly [K in keyof T]: T[K]['zh'] }

/** Declares texts: `texts({ title: { zh: '流出登记', en: 'Outflow' } })`. */
export function texts<
  T extends Record<
    string,
    { zh: string; en: string } | { zh: (...given: never[]) => string; en: (...given: never[]) => string }
  >,
>(pairs: T): T {
  return pairs
}

interface Choice {
  readonly language: Language
  choose(language: Language): void
}
const Chosen = createContext<Choice>({ language: 'zh', choose: () => undefined })
/** The language is the one thing this program keeps in the browser: it says nothing of anybody. */
const keptUnder = 'huiliu-language'

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, choose] = useState<Language>(() =>
    localStorage.getItem(keptUnder) === 'en' ? 'en' : 'zh',
  )
  useEffect(() => {
    localStorage.setItem(keptUnder, language)
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  }, [language])
  const choice = useMemo(() => ({ language, choose }), [language])
  return <Chosen value={choice}>{children}</Chosen>
}

export function useLanguage(): Choice {
  return useContext(Chosen)
}

export function useTexts<T extends Texts>(all: T): InLanguage<T> {
  const { language } = useLanguage()
  return useMemo(() => inLanguage(all, language), [all, language])
}

export function inLanguage<T extends Texts>(all: T, language: Language): InLanguage<T> {
  return Object.fromEntries(Object.entries(all).map(([key, pair]) => [key, pair[language]])) as InLanguage<T>
}
