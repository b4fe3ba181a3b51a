/**
 * What a page shows, as a workbook: the same rows within the same part, numbers masked as on the page, and every text
 * written so that a spreadsheet runs none of it (node/workbooks/write.ts).
 *
 * A long list leaves only when a second person allowed it (attacks.md W18); the command line, which whoever runs the
 * machine has, is not asked.
 */
import {
  type CaseQuery,
  type ExportedList,
  type LedgerQuery,
  type MemberQuery,
} from '../../../protocol/index.ts'
import { DomainError } from '../../errors.ts'
import { writeTable, type TableColumn, type TableValue } from '../../workbooks/index.ts'
import { type Caller, type Desk, type OfficeDoors, type Part } from '../route.ts'
import { casePage, ledger, memberPage, withinOf } from './pages.ts'

type ExportRoute = 'cases.export' | 'members.export' | 'activities.ledger-export'

/** Rows of one workbook: what an office works through, not its whole register. */
const mostRows = 20_000
const pageRows = 200

export function exportDesk(doors: OfficeDoors): Desk<ExportRoute> {
  const alone = async ({ role }: Caller) =>
    role === 'operator' ? mostRows : (await doors.settings.now()).exportRowsAlone
  return {
    'cases.export': async ({ body, part, caller }) =>
      workbookOf(doors, { list: 'cases', query: body }, part, await alone(caller)),
    'members.export': async ({ body, part, caller }) =>
      workbookOf(doors, { list: 'members', query: body }, part, await alone(caller)),
    'activities.ledger-export': async ({ body, part, caller }) =>
      workbookOf(doors, { list: 'ledger', query: body }, part, await alone(caller)),
  }
}

/** The list as it stands now. Throws for more rows than may leave so. */
export async function workbookOf(
  doors: OfficeDoors,
  { list, query }: ExportedList,
  part: Part,
  most = mostRows,
): Promise<Uint8Array> {
  switch (list) {
    case 'cases':
      return casesWorkbook(doors, query, part, most)
    case 'members':
      return membersWorkbook(doors, query, part, most)
    case 'ledger':
      return ledgerWorkbook(doors, query, part, most)
  }
}

/** Rows the list has now. Throws `export_too_long` for more than one workbook holds. */
export async function countOf(doors: OfficeDoors, wanted: ExportedList, part: Part): Promise<number> {
  const within = await withinOf(doors, part, wanted.query.organisation)
  const rows = await doors.pages.countRows(wanted, within, mostRows + 1)
  if (rows > mostRows) throw new DomainError('export_too_long')
  return rows
}

async function casesWorkbook(doors: OfficeDoors, query: CaseQuery, part: Part, most: number) {
  const within = await withinOf(doors, part, query.organisation)
  const rows = await everyPage(most, (page) => casePage(doors, { ...query, ...page }, within))
  const headings = ['姓名', '对方地区', '流出地状态', '流入地状态', '双方对照', '不一致项', '本地组织']
  return workbook(
    [...headings, '流向', '流出时间', '报到时间', '编入支部', '更新时间'],
    rows.map((row) => [
      ...[row.name, row.peer, row.home, row.host, row.meaning],
      row.deviations.map(({ field, home, host }) => `${field}: ${home} / ${host}`).join('\n'),
      row.organisation?.name,
      ...[row.destination, row.leftOn, row.arrivedOn, row.branch, row.changedAt.slice(0, 10)],
    ]),
  )
}

async function membersWorkbook(doors: OfficeDoors, query: MemberQuery, part: Part, most: number) {
  const within = await withinOf(doors, part, query.organisation)
  const rows = await everyPage(most, (page) => memberPage(doors, { ...query, ...page }, within))
  return workbook(
    ['姓名', '身份证号（脱敏）', '联系电话（脱敏）', '类别', '所在组织'],
    rows.map((row) => [row.name, row.idNumber, row.phone, row.category, row.organisation?.name]),
  )
}

async function ledgerWorkbook(doors: OfficeDoors, query: LedgerQuery, part: Part, most: number) {
  const within = await withinOf(doors, part, query.organisation)
  const rows = await everyPage(most, async (page) => {
    const { rows: items, next } = await ledger(doors, { ...query, ...page }, within)
    return { items, next }
  })
  const months = Array.from({ length: 12 }, (_, i) => i + 1)
  const headings = [...months.map((m) => `${m}月活动`), ...months.map((m) => `${m}月党费（元）`)]
  return workbook(
    ['姓名', ...headings, '最近一次'],
    rows.map((row) => [row.name, ...row.months, ...row.dues.map((fen) => fen / 100), row.lastOn]),
  )
}

/** The list from its beginning, wherever the page that asked for it stood. */
async function everyPage<T>(
  most: number,
  page: (place: { after: string | undefined; limit: number }) => Promise<{ items: T[]; next: string | null }>,
): Promise<T[]> {
  const rows: T[] = []
  for (let after: string | undefined; ;) {
    const { items, next } = await page({ after, limit: pageRows })
    rows.push(...items)
    if (rows.length > most || (next !== null && rows.length >= most))
      throw new DomainError(most < mostRows ? 'export_needs_second_person' : 'export_too_long')
    if (next === null) return rows
    after = next
  }
}

function workbook(
  headings: readonly string[],
  rows: readonly (readonly (TableValue | null)[])[],
): Promise<Uint8Array> {
  const columns: TableColumn[] = headings.map((heading) => ({ heading }))
  return writeTable(
    columns,
    rows.map((row) => row.map((value) => value ?? undefined)),
  )
}
