/** Accounts as administrators keep them, and the audit as auditors read it. */
import { type AuditEntry } from '../../../protocol/index.ts'
import { type Audit } from '../../audit/index.ts'
import { type Region } from '../../region.ts'
import { type Desk, type OfficeDoors } from '../route.ts'
import { headView } from './back.ts'
import { offered, sessionView } from './entrance.ts'

type AccountRoute =
  | 'accounts.list'
  | 'accounts.create'
  | 'accounts.change'
  | 'accounts.reset-password'
  | 'accounts.reset-second-factor'
  | 'accounts.link-code'
  | 'accounts.unlink'
  | 'accounts.sessions'
  | 'accounts.end-sessions'
  | 'audit.list'
  | 'audit.verify'

export function accountDesk({ accounts, audit, region, entrance }: OfficeDoors): Desk<AccountRoute> {
  const sessionsOf = async (id: string) => ({
    sessions: (await accounts.sessionsOf(id)).map((session) => sessionView(session, undefined)),
  })
  return {
    'accounts.list': async () => ({
      accounts: await Promise.all((await accounts.list()).map((account) => accounts.view(account))),
    }),
    'accounts.create': async ({ body }) => {
      const { account, oneTimePassword } = await accounts.create(body)
      return { account: await accounts.view(account), oneTimePassword }
    },
    'accounts.change': async ({ params, body }) => accounts.view(await accounts.change(params.id, body)),
    'accounts.reset-password': async ({ params }) => {
      const { account, oneTimePassword } = await accounts.resetPassword(params.id)
      return { account: await accounts.view(account), oneTimePassword }
    },
    'accounts.reset-second-factor': async ({ params }) =>
      accounts.view(await accounts.resetSecondFactor(params.id)),
    'accounts.link-code': async ({ params }) => {
      const { code, untilMs } = await offered(entrance).giveCode(params.id)
      return { code, until: new Date(untilMs).toISOString() }
    },
    'accounts.unlink': async ({ params }) => {
      await offered(entrance).unlink(params.id)
      return accounts.view(await accounts.find(params.id))
    },
    'accounts.sessions': async ({ params }) => {
      await accounts.find(params.id)
      return sessionsOf(params.id)
    },
    'accounts.end-sessions': async ({ params, body }) => {
      await accounts.find(params.id)
      await accounts.endSessions(params.id, body.session === null ? { butNot: null } : { only: body.session })
      return sessionsOf(params.id)
    },
    'audit.list': async ({ query }) => {
      const { after, limit, account, subject } = query
      const number = Number(after)
      const page = { limit: limit + 1, account, subject }
      const entries = await audit.page({ ...page, after: Number.isSafeInteger(number) ? number : undefined })
      const names = new Map((await accounts.list()).map(({ id, name }) => [id, name]))
      const shown = entries.slice(0, limit).map((entry) => ({ ...entry, who: whoOf(entry, names) }))
      return { items: shown, next: entries.length > limit ? String(shown.at(-1)?.seq ?? '') : null }
    },
    'audit.verify': async () => ({ ...(await audit.verify()), peers: await witnesses(region, audit) }),
  }
}

function whoOf({ account, role }: AuditEntry, names: ReadonlyMap<string, string>): string {
  return account === '' ? role : (names.get(account) ?? account)
}

/** What each peer has confirmed of our audit last, and whether it still is so. */
async function witnesses({ store, peers, witness }: Region, audit: Audit) {
  const told = await store.read(async (reader) => {
    const all = []
    for (const { node, name } of await peers.all(reader))
      all.push({ peer: node, name, head: await witness.ours(reader, node) })
    return all
  })
  const views = []
  for (const { peer, name, head } of told)
    views.push({
      ...{ peer, name },
      witnessed: head ? { ...headView(head), holds: await audit.holds(head) } : null,
    })
  return views
}
