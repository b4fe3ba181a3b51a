/** The screens of a node: language, look, who is signed in, and the pages. */
import { nonce } from './nonce.ts'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { App, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { StrictMode, useMemo } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'
import { Refused } from '../shared/ask.ts'
import { LanguageProvider, useLanguage } from '../shared/language.tsx'
import { Door } from './door.tsx'
import { lookIn } from './look.ts'
import './style.css'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 60_000,
      refetchOnWindowFocus: true,
      // A refusal stays one; only silence is worth asking again.
      retry: (count, error) => count < 2 && error instanceof Refused && error.code === 'unreachable',
    },
  },
})

function Look({ children }: { children: React.ReactNode }) {
  const { language } = useLanguage()
  const theme = useMemo(() => lookIn(language), [language])
  return (
    <ConfigProvider
      locale={language === 'zh' ? zhCN : enUS}
      theme={theme}
      csp={{ nonce }}
      button={{ autoInsertSpace: false }}
    >
      <App message={{ maxCount: 3 }}>{children}</App>
    </ConfigProvider>
  )
}

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <LanguageProvider>
        <Look>
          <QueryClientProvider client={client}>
            <BrowserRouter>
              <Door />
            </BrowserRouter>
          </QueryClientProvider>
        </Look>
      </LanguageProvider>
    </StrictMode>,
  )
