/**
 * Accounts and signing in over any store, with cheap password hashing, and a browser that keeps its cookies. The
 * sign-in library reads the machine's clock, so tests move that one (`vi.setSystemTime`) and the node's follows it.
 */
import { Accounts, Passwords, SignIn, type Answered, type Visitor } from '../../node/accounts/index.ts'
import { Organisations } from '../../node/organisations/index.ts'
import { idsFrom, type Clock } from '../../node/platform.ts'
import { Rates } from '../../node/rates.ts'
import { Settings } from '../../node/settings/index.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Store } from '../../node/store/port.ts'
import { openVault } from '../../node/vault.ts'
import { seededRandom } from './random.ts'

export const machineClock: Clock = { nowMs: () => Date.now() }
export const goodPassword = '明湖 lantern 四十七 orbit'

export function openAccounts(store: Store = new MemoryStore(), origin = 'http://127.0.0.1:7311') {
  const random = seededRandom(7)
  const ids = idsFrom(machineClock, random)
  const vault = openVault(Buffer.alloc(32, 9), random)
  const passwords = new Passwords(random, { costLog2: 4 })
  const attempts = new Rates(machineClock)
  const organisations = new Organisations({ ids, regionName: '信阳' })
  const settings = new Settings({ store, clock: machineClock })
  const accounts = new Accounts({
    settings,
    store,
    vault,
    passwords,
    attempts,
    organisations,
    clock: machineClock,
    ids,
  })
  const signIn = new SignIn({
    ...{ settings, store, vault, passwords, attempts, clock: machineClock, ids, origin },
    issuer: '汇流 信阳',
  })
  return { store, accounts, signIn, organisations, attempts, settings }
}

/** A browser: sends back the cookies it was given, as long as they live. */
export class Browser implements Visitor {
  readonly jar = new Map<string, string>()
  /** The last Set-Cookie headers, as they came. */
  set: readonly string[] = []
  address: string
  readonly userAgent = 'Firefox'

  constructor(address = '10.0.0.1') {
    this.address = address
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  take<T>({ value, cookies }: Answered<T>): T {
    this.keep(cookies)
    return value
  }

  keep(cookies: readonly string[]): void {
    this.set = cookies
    for (const cookie of cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/max-age=0\b/i.test(cookie)) this.jar.delete(name)
      else this.jar.set(name, value)
    }
  }
}
