/**
 * A client of a running node's local API: the admin contract, each answer parsed. The command line uses it, and the
 * scripts that play an office's day.
 */
import { type z } from 'zod'
import {
  accountListSchema,
  accountSchema,
  alarmListSchema,
  apiErrorSchema,
  caseDetailSchema,
  caseListSchema,
  comparisonReportSchema,
  evidenceSchema,
  importReportSchema,
  nodeInfoSchema,
  oneTimeSchema,
  organisationListSchema,
  partySchema,
  peerStateSchema,
  recoveredSchema,
  type AccountView,
  type AlarmList,
  type CaseDetail,
  type CaseSummary,
  type ComparisonReport,
  type Evidence,
  type ImportKind,
  type ImportReport,
  type NodeInfo,
  type Party,
  type PeerState,
  type Recovered,
  type Role,
} from '../../protocol/index.ts'

/** The node's own error, in both languages. */
export class ApiRefused extends Error {
  readonly code: string
  readonly messageZh: string
  readonly status: number
  constructor(status: number, code: string, en: string, zh: string) {
    super(en)
    this.status = status
    this.code = code
    this.messageZh = zh
  }
}

/** An id that no organisation has. */
const noOrganisation = '00000000-0000-7000-8000-000000000000'

/** The node does not answer at all. */
export class NodeAway extends Error {}

export interface ApiAddress {
  readonly port: number
  readonly token: string
}

export interface ImportOptions {
  readonly dryRun?: boolean | undefined
  /** Which sheet, where several hold such a table. */
  readonly sheet?: string | undefined
}

export class ApiClient {
  private readonly address: ApiAddress

  constructor(address: ApiAddress) {
    this.address = address
  }

  node(): Promise<NodeInfo> {
    return this.json('GET', '/api/node', nodeInfoSchema)
  }

  card(): Promise<Party> {
    return this.json('GET', '/api/card', partySchema)
  }

  async peers(): Promise<PeerState[]> {
    const schema = {
      parse: (value: unknown) => peerStateSchema.array().parse((value as { peers: unknown }).peers),
    }
    return this.json('GET', '/api/peers', schema)
  }

  propose(body: {
    card: unknown
    fingerprint: string
    replyDays: number
    queriesPerDay: number
    years: number
  }): Promise<{ document: string }> {
    return this.json('POST', '/api/peers/propose', untyped<{ document: string }>(), body)
  }

  sign(body: {
    document: string
    url: string
    fingerprint: string
  }): Promise<{ document: string; active: boolean; peer: string }> {
    return this.json(
      'POST',
      '/api/peers/sign',
      untyped<{ document: string; active: boolean; peer: string }>(),
      body,
    )
  }

  async organisations(): Promise<z.infer<typeof organisationListSchema>['organisations']> {
    return (await this.json('GET', '/api/organisations', organisationListSchema)).organisations
  }

  async accounts(): Promise<AccountView[]> {
    return (await this.json('GET', '/api/accounts', accountListSchema)).accounts
  }

  /** The organisation by its full name. */
  async addAccount(wanted: {
    account: string
    name: string
    role: Role
    organisation?: string | undefined
  }): Promise<z.infer<typeof oneTimeSchema>> {
    const found = (await this.organisations()).find(({ name }) => name === wanted.organisation)
    const { account, name, role } = wanted
    // One that is not there is asked for all the same: the node says what is wrong with it.
    const organisation = wanted.organisation === undefined ? null : (found?.id ?? noOrganisation)
    return this.json('POST', '/api/accounts', oneTimeSchema, { account, name, role, organisation })
  }

  resetPassword(id: string): Promise<z.infer<typeof oneTimeSchema>> {
    return this.json('POST', `/api/accounts/${id}/reset-password`, oneTimeSchema, {})
  }

  resetSecondFactor(id: string): Promise<AccountView> {
    return this.json('POST', `/api/accounts/${id}/reset-second-factor`, accountSchema, {})
  }

  alarms(all: boolean): Promise<AlarmList> {
    return this.json('GET', `/api/alarms?all=${all}`, alarmListSchema)
  }

  acknowledge(id: string, by: string): Promise<AlarmList> {
    return this.json('POST', `/api/alarms/${id}/acknowledge`, alarmListSchema, { by })
  }

  recover(peer: string | undefined): Promise<Recovered> {
    return this.json('POST', '/api/recover', recoveredSchema, peer === undefined ? {} : { peer })
  }

  changeKey(verb: 'rotate' | 'replace'): Promise<{ kid: string; fingerprint: string }> {
    return this.json('POST', `/api/keys/${verb}`, untyped<{ kid: string; fingerprint: string }>(), {})
  }

  thaw(peer: string): Promise<{ thawed: boolean }> {
    return this.json('POST', `/api/peers/${peer}/thaw`, untyped<{ thawed: boolean }>(), {})
  }

  revokeKey(peer: string): Promise<{ revoked: boolean }> {
    return this.json('POST', `/api/peers/${peer}/revoke-key`, untyped<{ revoked: boolean }>(), {})
  }

  pause(peer: string, paused: boolean): Promise<{ paused: boolean }> {
    return this.json('POST', `/api/peers/${peer}/pause`, untyped<{ paused: boolean }>(), { paused })
  }

  comparison(peer: string, home?: string): Promise<ComparisonReport> {
    return this.json(
      'GET',
      `/api/peers/${peer}/comparison${home === undefined ? '' : `?home=${home}`}`,
      comparisonReportSchema,
    )
  }

  async import(
    kind: ImportKind,
    bytes: Uint8Array,
    fileName: string,
    options: ImportOptions = {},
  ): Promise<ImportReport> {
    const headers = {
      'x-file-name': encodeURIComponent(fileName),
      'content-type': 'application/octet-stream',
      ...(options.sheet === undefined ? {} : { 'x-sheet': encodeURIComponent(options.sheet) }),
    }
    const response = await this.send(
      'POST',
      `/api/imports/${kind}?dryRun=${options.dryRun === true}`,
      bytes,
      headers,
    )
    return importReportSchema.parse(await response.json())
  }

  importStatus(id: string): Promise<ImportReport> {
    return this.json('GET', `/api/imports/${id}`, importReportSchema)
  }

  async heldWorkbook(id: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.send('GET', `/api/imports/${id}/held.xlsx`)).arrayBuffer())
  }

  /** All cases with a peer in which `home` is home. */
  async cases(peer: string, home: string): Promise<CaseSummary[]> {
    const all: CaseSummary[] = []
    for (let after: string | null = ''; after !== null;) {
      const page: z.infer<typeof caseListSchema> = await this.json(
        'GET',
        `/api/cases?peer=${peer}&home=${home}${after === '' ? '' : `&after=${after}`}`,
        caseListSchema,
      )
      all.push(...page.cases)
      after = page.next
    }
    return all
  }

  case(id: string): Promise<CaseDetail> {
    return this.json('GET', `/api/cases/${id}`, caseDetailSchema)
  }

  async shared(id: string): Promise<string> {
    return (await this.send('GET', `/api/cases/${id}/shared`)).text()
  }

  evidence(id: string): Promise<Evidence> {
    return this.json('GET', `/api/cases/${id}/evidence`, evidenceSchema)
  }

  /** One of the verbs of a case: amend, return, close, notice, place, depart, dispute, activities, corrections. */
  act(id: string, verb: string, body: unknown): Promise<CaseSummary> {
    return this.json('POST', `/api/cases/${id}/${verb}`, untyped<CaseSummary>(), body)
  }

  private async json<T>(
    method: string,
    path: string,
    schema: { parse(value: unknown): T },
    body?: unknown,
  ): Promise<T> {
    const response = await this.send(method, path, body === undefined ? undefined : JSON.stringify(body), {
      'content-type': 'application/json',
    })
    return schema.parse(await response.json())
  }

  private async send(
    method: string,
    path: string,
    body?: Uint8Array | string,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const url = `http://127.0.0.1:${this.address.port}${path}`
    const authorization = `Bearer ${this.address.token}`
    let response: Response
    try {
      response = await fetch(url, {
        method,
        headers: { ...headers, authorization },
        ...(body === undefined ? {} : { body }),
      })
    } catch {
      throw new NodeAway(`no node answers on port ${this.address.port}`)
    }
    if (response.ok) return response
    const told = apiErrorSchema.safeParse(await response.json().catch(() => undefined))
    const error = told.success
      ? told.data.error
      : { code: 'internal', en: `status ${response.status}`, zh: `状态 ${response.status}` }
    throw new ApiRefused(response.status, error.code, error.en, error.zh)
  }
}

/** For answers of our own node whose shape no program depends on beyond its type. */
function untyped<T>(): { parse(value: unknown): T } {
  return { parse: (value) => value as T }
}
