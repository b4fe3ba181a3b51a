/**
 * A real node as a browser meets it: set up with the printed code, an officer made by the administrator, her page over
 * HTTP with cookies, and all of it still there after a restart.
 */
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient } from '../../node/cli/client.ts'
import { initDataDir, readDataDir, startNode, type RunningNode } from '../../node/process.ts'
import { overviewSchema, whoSchema } from '../../protocol/index.ts'
import { freePort, temporaryFolder } from '../../scripts/network/node-process.ts'
import { Browser, goodPassword } from '../harness/accounts.ts'

let dataDir = ''
let local = 0
let node: RunningNode
const start = () => startNode(dataDir, { databaseUrl: undefined, dataDir, logLevel: 'silent' })

beforeAll(async () => {
  dataDir = await temporaryFolder('screens')
  local = await freePort()
  const federation = { host: '127.0.0.1', port: await freePort() }
  await initDataDir(dataDir, { node: '411500', name: '信阳', federation, local: { port: local } })
  node = await start()
}, 60_000)
afterAll(async () => {
  await node.stop()
  await rm(dataDir, { recursive: true, force: true })
})

async function ask(
  browser: Browser,
  route: string,
  json?: unknown,
): Promise<{ status: number; json: unknown }> {
  const [method = 'GET', path = '/'] = route.split(' ')
  const origin = `http://127.0.0.1:${local}`
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: { cookie: browser.cookie, origin, 'content-type': 'application/json' },
    ...(method === 'POST' ? { body: JSON.stringify(json ?? {}) } : {}),
  })
  browser.keep(response.headers.getSetCookie())
  return { status: response.status, json: await response.json() }
}

it('is set up, used and restarted', { timeout: 60_000 }, async () => {
  const administrator = new Browser()
  const first = { account: 'wang.lei', name: '王磊', password: goodPassword }
  expect(await ask(administrator, 'POST /api/entrance/set-up', { ...first, code: node.setUpCode })).toEqual({
    ...{ status: 200, json: { state: 'signed-in' } },
  })
  const officer = { account: 'li.na', name: '李娜', role: 'officer', organisation: null }
  const made = await ask(administrator, 'POST /api/accounts', officer)
  const { oneTimePassword } = made.json as { oneTimePassword: string }
  const browser = new Browser()
  await ask(browser, 'POST /api/session', { account: 'li.na', password: oneTimePassword })
  expect((await ask(browser, 'GET /api/overview')).json).toMatchObject({
    error: { code: 'password_change_needed' },
  })
  const next = '石榴 quartz nebel 17'
  expect((await ask(browser, 'POST /api/session/password', { current: oneTimePassword, next })).status).toBe(
    200,
  )
  const overview = overviewSchema.parse((await ask(browser, 'GET /api/overview')).json)
  expect(overview.counts).toMatchObject({ members: 0, away: 0, here: 0 })
  expect((await ask(browser, 'GET /api/accounts')).status).toBe(404)

  await node.stop()
  node = await start()
  expect(node.setUpCode).toBeUndefined()
  expect(whoSchema.parse((await ask(browser, 'GET /api/session')).json).account).toMatchObject({
    account: 'li.na',
  })

  const { token } = await readDataDir(dataDir)
  const machine = new ApiClient({ port: local, token })
  expect((await machine.accounts()).map(({ account }) => account)).toEqual(['li.na', 'wang.lei'])
  const reset = await machine.resetPassword((await machine.accounts())[0]?.id ?? '')
  expect((await ask(browser, 'GET /api/session')).status).toBe(401)
  expect(
    (await ask(browser, 'POST /api/session', { account: 'li.na', password: reset.oneTimePassword })).status,
  ).toBe(200)
  await expect(
    machine.addAccount({ account: 'x.y', name: 'x', role: 'branch', organisation: '无此支部' }),
  ).rejects.toMatchObject({
    code: 'account_organisation',
  })
})
