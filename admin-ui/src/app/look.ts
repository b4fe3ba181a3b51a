/** Colours and measures: quiet, dense enough for tables, with contrast that everybody can read (WCAG AA). */
import { type ThemeConfig } from 'antd'
import { type Language } from '../shared/language.tsx'

const look: ThemeConfig = {
  token: {
    colorPrimary: '#1d4f91',
    colorLink: '#1d4f91',
    colorError: '#b3261e',
    colorSuccess: '#1e7a3c',
    colorWarning: '#9a6200',
    // Grounds of notes and of what is chosen: the library would mix grey ones from colours this dark.
    colorPrimaryBg: '#e6eef8',
    colorPrimaryBgHover: '#d8e5f4',
    colorSuccessBg: '#edf7ef',
    colorSuccessBorder: '#a5d3b1',
    colorWarningBg: '#fff6e5',
    colorWarningBorder: '#e5c07b',
    colorErrorBg: '#fdeeec',
    colorErrorBorder: '#eba9a4',
    colorTextSecondary: '#4b5563',
    colorTextTertiary: '#5b6472',
    colorTextDescription: '#4b5563',
    colorTextPlaceholder: '#667085',
    colorTextDisabled: '#667085',
    borderRadius: 4,
  },
  components: {
    Table: { cellPaddingBlockSM: 6, cellPaddingInlineSM: 8, headerBg: '#eef2f7' },
    Layout: { headerBg: '#8f1d17', headerHeight: 48, siderBg: '#ffffff', bodyBg: '#f5f6f8' },
    Menu: { itemHeight: 36 },
  },
}

/** Quotation marks are a whole character wide in Chinese fonts, so English is set in another first. */
const fonts: Readonly<Record<Language, string>> = {
  zh: "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', system-ui, sans-serif",
  en: "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif",
}

export function lookIn(language: Language): ThemeConfig {
  return { ...look, token: { ...look.token, fontFamily: fonts[language] } }
}
