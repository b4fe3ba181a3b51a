/** Colours and measures: quiet, dense enough for tables, with contrast that everybody can read (WCAG AA). */
import { type ThemeConfig } from 'antd'

export const look: ThemeConfig = {
  token: {
    colorPrimary: '#1d4f91',
    colorLink: '#1d4f91',
    colorError: '#b3261e',
    colorSuccess: '#1e7a3c',
    colorWarning: '#9a6200',
    colorWarningBg: '#fff8ea',
    colorWarningBorder: '#f0cf8e',
    colorTextSecondary: '#4b5563',
    colorTextTertiary: '#5b6472',
    colorTextDescription: '#4b5563',
    colorTextPlaceholder: '#667085',
    colorTextDisabled: '#667085',
    borderRadius: 4,
    fontFamily:
      "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', system-ui, sans-serif",
  },
  components: {
    Table: { cellPaddingBlockSM: 6, cellPaddingInlineSM: 8, headerBg: '#eef2f7' },
    Layout: { headerBg: '#8f1d17', headerHeight: 48, siderBg: '#ffffff', bodyBg: '#f5f6f8' },
    Menu: { itemHeight: 36 },
  },
}
