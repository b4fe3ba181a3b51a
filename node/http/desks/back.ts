/** The pages of the node: a peer in detail, imports with their held rows, settings. */
import {
  gateCodes,
  numberSettings,
  settingBounds,
  type SettingsView,
  type SettingValues,
} from '../../../protocol/index.ts'
import { passwordLength } from '../../accounts/index.ts'
import { DomainError } from '../../errors.ts'
import { recordsIn, refusals } from '../../federation/tables.ts'
import { type Witnessed } from '../../federation/witness.ts'
import { type Region } from '../../region.ts'
import { peerStates } from '../overview.ts'
import { type Desk, type OfficeDoors } from '../route.ts'

type BackRoute =
  | 'peers.detail'
  | 'imports.list'
  | 'imports.rows'
  | 'imports.correct'
  | 'imports.reveal'
  | 'settings.look'
  | 'settings.change'

const parkedShown = 100

export function backDesk(doors: OfficeDoors): Desk<BackRoute> {
  const { region } = doors
  return {
    'peers.detail': ({ params }) => peerDetail(doors, params.node),
    'imports.list': ({ query }) => region.corrections.list(query.after),
    'imports.rows': ({ params, query }) => region.corrections.rows(params.id, query.after),
    'imports.correct': ({ params, body }) => region.corrections.correct(params.id, params.row, body.cells),
    'imports.reveal': async ({ params }) => ({
      cells: await region.corrections.reveal(params.id, params.row),
    }),
    'settings.look': async () => settingsView(doors, await doors.settings.now()),
    'settings.change': async ({ body }) => settingsView(doors, await doors.settings.change(body)),
  }
}

function settingsView(
  { region, federationUrl, configured, entrance }: OfficeDoors,
  values: SettingValues,
): SettingsView {
  const { officeName, officeContact } = values
  const numbers = numberSettings.map(
    (name) => [name, { value: values[name], ...settingBounds[name] }] as const,
  )
  return {
    fixed: {
      ...{ node: region.self, name: region.name, federationUrl },
      ...{ ...configured, passwordLength, oidc: entrance?.provider.options.issuer ?? null },
    },
    changeable: {
      ...(Object.fromEntries(numbers) as Pick<SettingsView['changeable'], (typeof numberSettings)[number]>),
      ...{ officeName, officeContact },
    },
  }
}

async function peerDetail({ region, pages }: OfficeDoors, node: string) {
  const state = (await peerStates(region)).find((one) => one.node === node)
  const peer = await region.store.read((reader) => region.peers.get(reader, node))
  if (!state || !peer) throw new DomainError('peer_not_found')
  const { from, until, families, rulePack, replyDays, queriesPerDay } = peer.terms
  const theirs = await region.store.read((reader) => region.witness.theirs(reader, node))
  const [parked, outcomes] = [await parkedRecords(region, node), await pages.outcomes(node)]
  return {
    ...state,
    terms: { from, until, families: [...families], rulePack, replyDays, queriesPerDay },
    parkedRecords: parked,
    outcomes: outcomes.map(({ type, caseId, outcome, writtenMs }) => ({
      ...{ type, case: caseId, outcome, writtenAt: new Date(writtenMs).toISOString() },
    })),
    refusals: await refusalsOf(region, node),
    theirAudit: theirs ? headView(theirs) : null,
    refusedOfTheirs: (await pages.refusedOf(node)).map(({ code, count, lastMs }) => ({
      ...{ code, count, lastAt: new Date(lastMs).toISOString() },
    })),
  }
}

export function headView({ entries, head, atMs }: Witnessed) {
  return { entries, head, at: new Date(atMs).toISOString() }
}

async function parkedRecords({ store }: Region, peer: string) {
  const rows = await store.read((reader) =>
    reader.find(recordsIn, { peer, parked: true }, { limit: parkedShown }),
  )
  return rows
    .map(({ type, caseId, epoch, seq }) => ({ type, case: caseId, epoch, seq }))
    .sort((a, b) => a.epoch - b.epoch || a.seq - b.seq)
}

async function refusalsOf({ store }: Region, peer: string) {
  const page = { orderBy: 'atMs', descending: true, limit: 1 } as const
  return store.read(async (reader) => {
    const latest = gateCodes.map((code) => reader.find(refusals, { peer, code }, page))
    const met = (await Promise.all(latest)).flat()
    const counted = met.map(async ({ code, atMs }) => {
      const count = await reader.count(refusals, { peer, code })
      return { code, count, lastAt: new Date(atMs).toISOString() }
    })
    return Promise.all(counted)
  })
}
