/**
 * Accounts to look around with in the demonstration: made by the command line's route, then each signs in as a person
 * would and chooses the password that is printed. It is a new one for each demonstration's data.
 */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { type Role } from '../../protocol/index.ts'
import { type Office, type OfficeFolder } from './folder.ts'
import { type NodeProcess } from './node-process.ts'
import { nodeOf } from './office-day.ts'

/** A running node with its screens; its own process or, in tests, this one. */
export type DemoNode = Pick<NodeProcess, 'client' | 'federationUrl' | 'localUrl'>

export interface DemoAccount {
  readonly node: string
  readonly account: string
  readonly role: Role
  readonly password: string
}

/** Made at the first start, read at later ones. */
export async function demoAccounts(
  file: string,
  offices: OfficeFolder,
  network: ReadonlyMap<string, DemoNode>,
): Promise<DemoAccount[]> {
  const kept = await readFile(file, 'utf8').catch(() => undefined)
  if (kept !== undefined) return JSON.parse(kept) as DemoAccount[]
  const password = newPassword()
  const made: DemoAccount[] = []
  for (const { office, account, name, role, organisation } of await wantedAccounts(offices, network)) {
    const { client, localUrl } = nodeOf(network, office)
    const { oneTimePassword } = await client.addAccount({ account, name, role, organisation })
    await choosePassword(localUrl, account, oneTimePassword, password)
    made.push({ node: office.node, account, role, password })
  }
  await writeFile(file, JSON.stringify(made), { mode: 0o600 })
  return made
}

interface Wanted {
  readonly office: Office
  readonly account: string
  readonly name: string
  readonly role: Role
  readonly organisation?: string | undefined
}

/** An officer everywhere; the other roles where there is something for them to see. */
async function wantedAccounts(
  { home, hosts }: OfficeFolder,
  network: ReadonlyMap<string, DemoNode>,
): Promise<Wanted[]> {
  const officer = (office: Office): Wanted => ({
    office,
    account: 'zuzhibu',
    name: '组织部演示员',
    role: 'officer',
  })
  const [host] = hosts
  const branch = host && (await branchWithPeople(host, network))
  return [
    ...[home, ...hosts].map(officer),
    { office: home, account: 'guanliyuan', name: '管理员演示员', role: 'administrator' },
    { office: home, account: 'shenji', name: '审计演示员', role: 'auditor' },
    ...(host && branch !== undefined
      ? [
          {
            office: host,
            account: 'zhibu',
            name: '支部演示员',
            role: 'branch',
            organisation: branch,
          } as const,
        ]
      : []),
  ]
}

async function branchWithPeople(
  office: Office,
  network: ReadonlyMap<string, DemoNode>,
): Promise<string | undefined> {
  const organisations = await nodeOf(network, office).client.organisations()
  return organisations.filter(({ kind }) => kind === 'branch').sort((a, b) => b.here - a.here)[0]?.name
}

/** 60 bits in letters and digits that cannot be mistaken for each other. */
function newPassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  const text = [...randomBytes(12)].map((byte) => letters[byte % letters.length]).join('')
  return `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`
}

async function choosePassword(origin: string, account: string, current: string, next: string): Promise<void> {
  const headers = { origin, 'content-type': 'application/json' }
  const post = (path: string, cookie: string, body: object) =>
    fetch(`${origin}${path}`, { method: 'POST', headers: { ...headers, cookie }, body: JSON.stringify(body) })
  const begun = await post('/api/session', '', { account, password: current })
  const cookie = begun.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  const changed = await post('/api/session/password', cookie, { current, next })
  if (!changed.ok)
    throw new Error(`the demonstration account ${account} could not choose its password (${changed.status})`)
}
