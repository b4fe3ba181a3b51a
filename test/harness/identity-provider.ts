/** A real OpenID provider on this machine, and a browser that signs in at it as a person would. */
import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export interface TestProvider {
  readonly issuer: string
  /** What it calls a person (subject) and what he calls himself (preferred_username). */
  readonly names: Map<string, string>
  close(): Promise<void>
}

export async function openProvider(redirectUri: string): Promise<TestProvider> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const names = new Map<string, string>()
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: 'huiliu', client_secret: 'a secret of the office', redirect_uris: [redirectUri] },
        ...{ grant_types: ['authorization_code'], response_types: ['code'] },
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    pkce: { required: () => true },
    cookies: { keys: ['for tests'] },
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'preferred_username'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: names.get(id) }),
    }),
  })
  server.on('request', provider.callback())
  return {
    ...{ issuer, names },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Follows the provider's pages to their end: where the browser is sent back to. */
export async function signInAt(url: string, subject: string, backTo: string): Promise<URLSearchParams> {
  const jar = new Map<string, string>()
  const ask = async (address: string, form?: Record<string, string>) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(address, {
      redirect: 'manual',
      headers: { cookie, ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
      ...(form ? { method: 'POST', body: new URLSearchParams(form).toString() } : {}),
    })
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      jar.set(name, value)
    }
    return { location: answer.headers.get('location'), text: await answer.text() }
  }
  let at = url
  for (let i = 0; i < 12; i++) {
    let { location, text } = await ask(at)
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1]
    if (prompt !== undefined)
      ({ location, text } = await ask(at, { prompt, login: subject, password: 'any' }))
    if (location === null) throw new Error(`the provider stopped: ${text.slice(0, 300)}`)
    at = new URL(location, at).href
    if (at.startsWith(backTo)) return new URL(at).searchParams
  }
  throw new Error('the provider goes round in circles')
}
