/** What stands around every page: the region's name, the pages one's role has, language, and one's own account. */
import { LogoutOutlined, MenuOutlined, UserOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Drawer, Dropdown, Grid, Layout, Menu, Result, Spin } from 'antd'
import { Suspense, useState } from 'react'
import { Link, Navigate, Route, Routes, useLocation } from 'react-router'
import { ask } from '../shared/ask.ts'
import { Fallen } from '../shared/failure.tsx'
import { texts, useLanguage, useTexts } from '../shared/language.tsx'
import { usePulse } from '../shared/pulse.ts'
import { forgetAll, mayAsk, useSession } from '../shared/session.tsx'
import { roleWords, useWord } from '../shared/words.ts'
import { type PageDefinition } from '../shared/definition.ts'
import { pages } from './pages.ts'

const words = texts({
  product: { zh: '汇流', en: 'Huiliu' },
  pages: { zh: '页面', en: 'Pages' },
  skip: { zh: '跳到正文', en: 'Skip to the page' },
  own: { zh: '我的账号', en: 'My account' },
  signOut: { zh: '退出登录', en: 'Sign out' },
  other: { zh: 'English', en: '中文' },
  nowhere: { zh: '没有这个页面', en: 'There is no such page' },
  nowhereHint: {
    zh: '它可能不属于您的角色。请从左侧菜单选择。',
    en: 'It may not be for your role. Choose from the menu.',
  },
})

export function Frame() {
  const wide = Grid.useBreakpoint().md ?? true
  const [open, setOpen] = useState(false)
  const { region, who } = useSession()
  const t = useTexts(words)
  usePulse()
  const mine = pages.filter(({ needs }) => mayAsk(who.account.role, needs))
  const menu = <PageMenu pages={mine} chosen={() => setOpen(false)} />
  return (
    <Layout style={{ minHeight: '100dvh' }}>
      <a className="skip-link" href="#page">
        {t.skip}
      </a>
      <Layout.Header className="frame-header">
        {!wide && (
          <Button type="text" icon={<MenuOutlined />} aria-label={t.pages} onClick={() => setOpen(true)} />
        )}
        <span className="region">
          {region}
          {wide && ` · ${t.product}`}
        </span>
        <span className="grow" />
        <LanguageButton />
        <OwnMenu />
      </Layout.Header>
      <Layout>
        {wide ? (
          <Layout.Sider width={190} className="frame-sider">
            {menu}
          </Layout.Sider>
        ) : (
          <Drawer open={open} onClose={() => setOpen(false)} placement="left" size={240} title={t.pages}>
            {menu}
          </Drawer>
        )}
        <Layout.Content className="frame-content" id="page">
          <PageRoutes pages={mine} />
        </Layout.Content>
      </Layout>
    </Layout>
  )
}

function PageMenu({ pages, chosen }: { pages: readonly PageDefinition[]; chosen: () => void }) {
  const { language } = useLanguage()
  const { pathname } = useLocation()
  const t = useTexts(words)
  const here = pages.find(({ path }) => path !== '/' && pathname.startsWith(path)) ?? pages[0]
  const items = pages.flatMap(({ path, menu, icon }) =>
    menu === undefined ? [] : [{ key: path, icon, label: <Link to={path}>{menu[language]}</Link> }],
  )
  return (
    <nav aria-label={t.pages}>
      <Menu items={items} selectedKeys={here ? [here.path] : []} onClick={chosen} style={{ border: 0 }} />
    </nav>
  )
}

function PageRoutes({ pages }: { pages: readonly PageDefinition[] }) {
  const { pathname } = useLocation()
  const t = useTexts(words)
  const first = pages[0]?.path
  // Who has no overview begins with the first page of his own.
  if (pathname === '/' && first !== undefined && first !== '/') return <Navigate to={first} replace />
  return (
    <Fallen key={pathname}>
      <Suspense fallback={<Spin size="large" style={{ display: 'block', marginTop: 80 }} />}>
        <Routes>
          {pages.map(({ path, Show }) => (
            <Route key={path} path={path === '/' ? path : `${path}/*`} element={<Show />} />
          ))}
          <Route path="*" element={<Result status="404" title={t.nowhere} subTitle={t.nowhereHint} />} />
        </Routes>
      </Suspense>
    </Fallen>
  )
}

function LanguageButton() {
  const { language, choose } = useLanguage()
  const t = useTexts(words)
  return (
    <Button
      type="text"
      lang={language === 'zh' ? 'en' : 'zh-CN'}
      onClick={() => choose(language === 'zh' ? 'en' : 'zh')}
    >
      {t.other}
    </Button>
  )
}

function OwnMenu() {
  const { account } = useSession().who
  const client = useQueryClient()
  const word = useWord(roleWords)
  const t = useTexts(words)
  const items = [
    {
      key: 'role',
      label: `${word(account.role)}${account.organisation ? ` · ${account.organisation.name}` : ''}`,
      disabled: true,
    },
    { key: 'own', icon: <UserOutlined />, label: <Link to="/own">{t.own}</Link> },
    { key: 'out', icon: <LogoutOutlined />, label: t.signOut },
  ]
  const signOut = () => void ask('session.end', {}).finally(() => forgetAll(client))
  return (
    <Dropdown menu={{ items, onClick: ({ key }) => key === 'out' && signOut() }} trigger={['click']}>
      <Button type="text" icon={<UserOutlined />}>
        {account.name}
      </Button>
    </Dropdown>
  )
}
