/**
 * What keeps other sites out of the screens: requests with an effect come from a page of ours, in a form no plain form
 * can send (attacks.md W5); and every answer says what a browser may do with it (W7, W14).
 */
import { type CsrfClass } from '../../protocol/index.ts'
import { type ErrorCode } from '../errors.ts'

const contentTypes: Record<Exclude<CsrfClass, 'read'>, string> = {
  query: 'application/json',
  json: 'application/json',
  file: 'application/octet-stream',
}

export class Site {
  private readonly origins: ReadonlySet<string>
  private readonly hosts: ReadonlySet<string>
  private readonly secure: boolean

  /** `origin` is where browsers reach the screens; on `port` they are reached from this machine as well. */
  constructor(origin: string, port: number) {
    this.origins = new Set([origin, `http://127.0.0.1:${port}`, `http://localhost:${port}`])
    this.hosts = new Set([...this.origins].map((one) => new URL(one).host))
    this.secure = origin.startsWith('https:')
  }

  /**
   * Why a request that comes with cookies or nothing is not heard. One with the token of this machine is not asked: no
   * browser sends that by itself.
   */
  refusal(csrf: CsrfClass, header: (name: string) => string | undefined): ErrorCode | undefined {
    // A name that leads here by a trick of DNS is not one of ours.
    if (!this.isOurs(header('host'))) return 'cross_site'
    const site = header('sec-fetch-site')
    if (csrf === 'read') return site === 'cross-site' || site === 'same-site' ? 'cross_site' : undefined
    const from = header('origin')
    if (site === undefined && from === undefined) return 'cross_site'
    if (site !== undefined && site !== 'same-origin') return 'cross_site'
    if (from !== undefined && !this.origins.has(from)) return 'cross_site'
    const type = (header('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
    return type === contentTypes[csrf] ? undefined : 'wrong_content_type'
  }

  /** Is this the name of ours by which a browser has come? */
  isOurs(host: string | undefined): boolean {
    return this.hosts.has(host ?? '')
  }

  /** Headers of every answer. An answer of the API is data: nothing in it is run, framed, guessed at or kept. */
  headers(): Record<string, string> {
    return {
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
      ...(this.secure ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
    }
  }
}
