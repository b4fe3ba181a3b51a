/** The entrance: setting up, signing in and out, one's own password, second factor and sessions. */
import { type RouteContract, type Who } from '../../../protocol/index.ts'
import {
  lastUsedMs,
  type Account,
  type Answered,
  type ProviderEntrance,
  type Session,
  type SignedIn,
} from '../../accounts/index.ts'
import { DomainError } from '../../errors.ts'
import { signedIn, type Call, type Desk, type OfficeDoors } from '../route.ts'

type EntranceRoute =
  | 'entrance.look'
  | 'entrance.set-up'
  | 'session.begin'
  | 'session.second-factor'
  | 'oidc.begin'
  | 'oidc.finish'
  | 'oidc.link'
  | 'session.who'
  | 'session.end'
  | 'session.list'
  | 'session.end-other'
  | 'own.password'
  | 'own.second-factor-begin'
  | 'own.second-factor-confirm'
  | 'own.second-factor-end'

export function entranceDesk(doors: OfficeDoors): Desk<EntranceRoute> {
  return { ...gate(doors), ...byProvider(doors), ...ownAccount(doors) }
}

function gate({ accounts, signIn, region, settings, entrance }: OfficeDoors) {
  return {
    'entrance.look': async ({ caller }) => {
      const { officeName, officeContact } = await settings.now()
      return {
        node: region.self,
        name: officeName === '' ? region.name : officeName,
        setUp: !(await accounts.isSetUp()),
        signedIn: caller.signedIn !== undefined,
        contact: officeContact,
        oidc: entrance?.provider.options.button ?? null,
      }
    },
    'entrance.set-up': async (call) => {
      const { visitor, body } = call
      const account = await accounts.setUp(visitor.address, body)
      await call.note('entrance.set-up', account, 'done')
      const { value, cookies } = await signIn.withPassword(visitor, body.account, body.password)
      call.set(cookies)
      await call.note('session.begin', account, 'done')
      return { state: value.state }
    },
    'session.begin': async (call) => {
      const { visitor, body } = call
      try {
        const { value, cookies } = await signIn.withPassword(visitor, body.account, body.password)
        call.set(cookies)
        await call.note(
          'session.begin',
          value.account,
          value.state === 'signed-in' ? 'done' : 'second-factor',
        )
        return { state: value.state }
      } catch (error) {
        await noteRefusal(call, error, await accounts.named(body.account))
        throw error
      }
    },
    'session.second-factor': async (call) => {
      try {
        const { value, cookies } = await signIn.withCode(call.visitor, call.body)
        call.set(cookies)
        await call.note('session.second-factor', value, 'done')
        return { state: 'signed-in' }
      } catch (error) {
        await noteRefusal(call, error, undefined)
        throw error
      }
    },
    'session.who': async (call) => who(await accounts.view(signedIn(call).account), signedIn(call)),
    'session.end': async (call) => {
      const { cookies } = await signIn.signOut(call.visitor)
      call.set(cookies)
      return {}
    },
  } satisfies Partial<Desk<EntranceRoute>>
}

/** The provider's entrance; throws where none is configured. */
export function offered(entrance: ProviderEntrance | undefined): ProviderEntrance {
  if (!entrance) throw new DomainError('oidc_not_offered')
  return entrance
}

function byProvider({ entrance }: OfficeDoors) {
  type Entering = Call<RouteContract>
  const entered = async (
    call: Pick<Entering, 'set' | 'note'>,
    entering: Promise<Answered<Account | undefined>>,
  ) => {
    try {
      const { value, cookies } = await entering
      call.set(cookies)
      if (value) await call.note('session.begin', value, 'done')
      return { state: value ? ('signed-in' as const) : ('not-linked' as const) }
    } catch (error) {
      await noteRefusal(call, error, undefined)
      throw error
    }
  }
  return {
    'oidc.begin': async (call) => {
      const { value, cookies } = await offered(entrance).begin()
      call.set(cookies)
      return { url: value }
    },
    'oidc.finish': async (call) => entered(call, offered(entrance).finish(call.visitor, call.body)),
    'oidc.link': async (call) => entered(call, offered(entrance).link(call.visitor, call.body.code)),
  } satisfies Partial<Desk<EntranceRoute>>
}

function ownAccount({ accounts, signIn }: OfficeDoors) {
  const own = async (session: SignedIn) => ({
    sessions: (await accounts.sessionsOf(session.account.id)).map((one) => sessionView(one, session.session)),
  })
  return {
    'session.list': async (call) => own(signedIn(call)),
    'session.end-other': async (call) => {
      await accounts.endSessions(signedIn(call).account.id, { only: call.params.id })
      return own(signedIn(call))
    },
    'own.password': async (call) => {
      const { current, next } = call.body
      call.set((await signIn.changePassword(call.visitor, signedIn(call), current, next)).cookies)
      return {}
    },
    'own.second-factor-begin': (call) =>
      signIn.beginSecondFactor(call.visitor, signedIn(call), call.body.password),
    'own.second-factor-confirm': async (call) => {
      call.set((await signIn.confirmSecondFactor(call.visitor, signedIn(call), call.body.code)).cookies)
      return {}
    },
    'own.second-factor-end': async (call) => {
      call.set((await signIn.endSecondFactor(call.visitor, signedIn(call), call.body.password)).cookies)
      return {}
    },
  } satisfies Partial<Desk<EntranceRoute>>
}

/** A refused sign-in is written down, with the account if there is one: never the name that was typed. */
async function noteRefusal(
  call: { note(action: string, account: Account | undefined, outcome: string): Promise<void> },
  error: unknown,
  account: Account | undefined,
): Promise<void> {
  // Whoever is told to wait is not written down each time: his guesses must not fill the audit.
  if (!(error instanceof DomainError) || error.code === 'too_many_attempts') return
  await call.note('session.refused', account, error.code)
}

export function sessionView(
  session: Session,
  current: string | undefined,
): {
  id: string
  account: string
  address: string
  program: string
  since: string
  lastUsedAt: string
  current: boolean
} {
  return {
    id: session.id,
    account: session.userId,
    address: session.ipAddress ?? '',
    program: session.userAgent ?? '',
    since: new Date(session.createdAt).toISOString(),
    lastUsedAt: new Date(lastUsedMs(session)).toISOString(),
    current: session.id === current,
  }
}

function who(account: Who['account'], { account: row, session, endsMs }: SignedIn): Who {
  return {
    account,
    session,
    mustChangePassword: row.oneTimeUntil !== null,
    endsAt: new Date(endsMs).toISOString(),
  }
}
