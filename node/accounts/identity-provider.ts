/**
 * The identity provider of the office, by OpenID Connect: the authorization code with PKCE, state and nonce, one exact
 * address to come back to, and an ID token whose signature is checked. What it says of a person is his subject and, if
 * the configuration names one, a claim; nothing else of it is kept.
 */
import * as client from 'openid-client'
import { DomainError } from '../errors.ts'
import { defect, type Log } from '../log.ts'
import { type Clock, type Random } from '../platform.ts'

export interface ProviderOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** A claim that is the account's name here, such as preferred_username; without one accounts are linked by a code. */
  readonly claim?: string | undefined
  /** Beside openid; what the claim needs. */
  readonly scope?: string | undefined
  readonly button: { readonly zh: string; readonly en: string }
}

/** What is kept between the two ways. */
export interface Asked {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}
export interface Vouched {
  /** The issuer and what it calls this person, for ever. */
  readonly subject: string
  readonly claim: string | undefined
}

/** Its addresses and keys are read anew after so long. */
const freshMs = 3_600_000
const timeoutSeconds = 10
const secretBytes = 32

export class IdentityProvider {
  readonly options: ProviderOptions
  private readonly redirectUri: string
  private readonly clock: Clock
  private readonly random: Random
  private readonly log: Log
  private known: { readonly atMs: number; readonly configuration: Promise<client.Configuration> } | undefined

  constructor(parts: {
    options: ProviderOptions
    redirectUri: string
    clock: Clock
    random: Random
    log: Log
  }) {
    this.options = parts.options
    this.redirectUri = parts.redirectUri
    this.clock = parts.clock
    this.random = parts.random
    this.log = parts.log
  }

  /** Where the browser is to go. Throws `oidc_unreachable`. */
  async begin(): Promise<{ url: string; asked: Asked }> {
    const configuration = await this.configuration()
    const asked = { state: this.secret(), nonce: this.secret(), verifier: this.secret() }
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.redirectUri,
      scope: ['openid', this.options.scope ?? ''].join(' ').trim(),
      code_challenge: await client.calculatePKCECodeChallenge(asked.verifier),
      code_challenge_method: 'S256',
      ...{ state: asked.state, nonce: asked.nonce },
    })
    return { url: url.href, asked }
  }

  /** Whom it vouches for. Throws `oidc_refused` for an answer that is not the one to what was asked. */
  async finish(
    asked: Asked,
    answer: { code: string; state: string; iss?: string | undefined },
  ): Promise<Vouched> {
    const configuration = await this.configuration()
    const back = new URL(this.redirectUri)
    for (const [name, value] of Object.entries(answer))
      if (value !== undefined) back.searchParams.set(name, value)
    const tokens = await client
      .authorizationCodeGrant(configuration, back, {
        pkceCodeVerifier: asked.verifier,
        ...{ expectedState: asked.state, expectedNonce: asked.nonce, idTokenExpected: true },
      })
      .catch((error: unknown) => {
        this.failed('an answer of the identity provider was not taken', error)
        throw isSilence(error) ? new DomainError('oidc_unreachable') : new DomainError('oidc_refused')
      })
    const claims = tokens.claims()
    if (!claims) throw new DomainError('oidc_refused')
    const claim = this.options.claim === undefined ? undefined : claims[this.options.claim]
    return { subject: `${claims.iss} ${claims.sub}`, claim: typeof claim === 'string' ? claim : undefined }
  }

  private configuration(): Promise<client.Configuration> {
    const atMs = this.clock.nowMs()
    if (this.known && atMs - this.known.atMs < freshMs) return this.known.configuration
    const { issuer, clientId, clientSecret } = this.options
    // Without TLS only on this machine, for trying it out.
    const here = /^http:\/\/(127\.0\.0\.1|localhost)(:|\/|$)/.test(issuer)
    const execute = [client.enableNonRepudiationChecks, ...(here ? [client.allowInsecureRequests] : [])]
    const configuration = client
      .discovery(new URL(issuer), clientId, clientSecret, undefined, { execute, timeout: timeoutSeconds })
      .catch((error: unknown) => {
        this.known = undefined
        this.failed('the identity provider could not be asked for its addresses and keys', error)
        throw new DomainError('oidc_unreachable')
      })
    this.known = { atMs, configuration }
    return configuration
  }

  /** The issuer stands in the configuration; of the failure its class and code, and what lay beneath. */
  private failed(event: string, error: unknown): void {
    const beneath = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const { code } = defect(beneath)
    this.log.warn(event, code === undefined ? {} : { code })
  }

  private secret(): string {
    return Buffer.from(this.random.bytes(secretBytes)).toString('base64url')
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')
}
