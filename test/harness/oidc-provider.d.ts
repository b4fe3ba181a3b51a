/** What the tests use of oidc-provider, which brings no types. */
declare module 'oidc-provider' {
  import { type RequestListener } from 'node:http'

  export default class Provider {
    constructor(
      issuer: string,
      configuration: {
        clients: readonly object[]
        pkce: { required: () => boolean }
        cookies: { keys: string[] }
        conformIdTokenClaims: boolean
        claims: Record<string, readonly string[]>
        findAccount: (context: unknown, id: string) => { accountId: string; claims: () => object }
      },
    )
    callback(): RequestListener
  }
}
