/**
 * What a page shows, as a workbook: the same rows within the same part, numbers masked as on the page, and every text
 * written so that a spreadsheet runs none of it (node/workbooks/write.ts).
 */
import { writeTable, type TableColumn, type TableValue } from '../../workbooks/index.ts'
import { type Desk, type OfficeDoors } from '../route.ts'
import { casePage, ledger, memberPage, withinOf } from './pages.ts'

type ExportRoute = 'cases.export' | 'members.export' | 'activities.ledger-export'

/** Rows of one workbook: what an office works through, not its whole register. */
const mostRows = 20_000
const pageRows = 200

export function exportDesk(doors: OfficeDoors): Desk<ExportRoute> {
  return {
    'cases.export': async ({ body, part }) => {
      const within = await withinOf(doors, part, body.organisation)
      const rows = await everyPage((after) => casePage(doors, { ...body, ...after, limit: pageRows }, within))
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
    },
    'members.export': async ({ body, part }) => {
      const within = await withinOf(doors, part, body.organisation)
      const rows = await everyPage((after) =>
        memberPage(doors, { ...body, ...after, limit: pageRows }, within),
      )
      return workbook(
        ['姓名', '身份证号(脱敏)', '联系电话(脱敏)', '类别', '所在组织'],
        rows.map((row) => [row.name, row.idNumber, row.phone, row.category, row.organisation?.name]),
      )
    },
    'activities.ledger-export': async ({ body, part }) => {
      const within = await withinOf(doors, part, body.organisation)
      const rows = await everyPage(async (after) => {
        const page = await ledger(doors, { ...body, ...after, limit: pageRows }, within)
        return { items: page.rows, next: page.next }
      })
      const months = Array.from({ length: 12 }, (_, i) => i + 1)
      const headings = [
        '姓名',
        ...months.map((m) => `${m}月活动`),
        ...months.map((m) => `${m}月党费(元)`),
        '最近一次',
      ]
      return workbook(
        headings,
        rows.map((row) => [row.name, ...row.months, ...row.dues.map((fen) => fen / 100), row.lastOn]),
      )
    },
  }
}

async function everyPage<T>(
  page: (after: { after?: string }) => Promise<{ items: T[]; next: string | null }>,
): Promise<T[]> {
  const rows: T[] = []
  for (let after: string | undefined; rows.length < mostRows;) {
    const { items, next } = await page(after === undefined ? {} : { after })
    rows.push(...items)
    if (next === null) break
    after = next
  }
  return rows.slice(0, mostRows)
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
