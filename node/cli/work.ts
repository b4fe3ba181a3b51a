/** The office's work from the command line: importing workbooks, cases, and the comparison of counts. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  importKinds,
  type ComparisonReport,
  type ImportKind,
  type ImportReport,
} from '../../protocol/index.ts'
import { type ApiClient } from './client.ts'
import { UsageError, type Group } from './parts.ts'
import { table } from './table.ts'

/** Rows of a report shown on a terminal; the workbook of held rows has all. */
const rowsShown = 40

export function workCommands(group: Group): void {
  importCommand(group)
  caseCommands(group)
  reconcileCommand(group)
}

interface ImportFlags {
  dryRun?: boolean
  held?: string
  sheet?: string
}

function importCommand({ program, client, print }: Group): void {
  program
    .command('import <kind> <file>')
    .description(`import a workbook (导入表格): ${importKinds.join(', ')}`)
    .option('--dry-run', 'show what would happen and store nothing (只预览)')
    .option('--held <file>', 'write the rows held for correction to a workbook (待改正的行)')
    .option('--sheet <name>', 'which sheet, where several hold such a table (工作表名称)')
    .action(async (kind: string, file: string, flags: ImportFlags) => {
      if (!isKind(kind))
        throw new UsageError(
          `There is no kind "${kind}": choose one of ${importKinds.join(', ')}. 没有这种表格。`,
        )
      if (flags.held !== undefined && flags.dryRun)
        throw new UsageError('--held needs a real import: leave out --dry-run. 预览时不能导出待改正的行。')
      const api = await client()
      const report = await api.import(kind, await readFile(file), path.basename(file), flags)
      print(describeImport(report))
      if (flags.held === undefined) return
      await writeFile(flags.held, await api.heldWorkbook(report.id))
      print(`held rows 待改正的行: ${flags.held}`)
    })
  program
    .command('imported <id>')
    .description('an earlier import as it stands now (查看以前的导入)')
    .action(async (id: string) => print(describeImport(await (await client()).importStatus(id))))
}

const caseHeadings = [
  'case 案件',
  'name 姓名',
  'home says 流出地',
  'host says 流入地',
  'meaning 结论',
  'differences 差异',
  'deviations 不一致项',
]

function caseCommands({ program, client, print }: Group): void {
  program
    .command('cases <peer>')
    .description('cases with a peer, in both directions (案件列表)')
    .action(async (peer: string) => {
      const api = await client()
      for (const home of await homesWith(api, peer)) {
        const list = await api.cases(peer, home)
        if (list.length === 0) continue
        print(`${home} → ${home === peer ? (await api.node()).node : peer}`)
        print(
          table(
            caseHeadings,
            list.map((item) => [
              item.id,
              item.name,
              item.home,
              item.host,
              item.meaning,
              item.differences.join(' '),
              item.deviations.join(' '),
            ]),
          ),
        )
      }
    })
  program
    .command('case <id>')
    .description('one case: both views, timeline, activities (案件详情)')
    .action(async (id: string) => print(JSON.stringify(await (await client()).case(id), null, 2)))
}

function reconcileCommand({ program, client, print }: Group): void {
  program
    .command('reconcile <peer>')
    .description('compare counts with a peer down to the named case, in both directions (对账)')
    .option('--all', 'name every case and not only the first three (列出全部)')
    .action(async (peer: string, options: { all?: boolean }) => {
      const api = await client()
      for (const home of await homesWith(api, peer)) {
        const report = await api.comparison(peer, home)
        if (Object.keys(report.names).length === 0) continue
        print(
          table(
            [`${report.home} → ${report.host}`, 'cases 案件数', 'who 何人'],
            comparisonRows(report, options.all === true),
          ),
        )
        print(report.level ? 'streams level 收发已齐' : `in flight 在途: ${report.inFlight}`)
      }
    })
}

/** Both directions with a peer: our members there, their members here. */
async function homesWith(api: ApiClient, peer: string): Promise<[string, string]> {
  if (!(await api.peers()).some(({ node }) => node === peer))
    throw new UsageError(`${peer} is not a peer of this node: see "huiliu peer list". 与该地区没有协议。`)
  return [(await api.node()).node, peer]
}

function comparisonRows(report: ComparisonReport, all: boolean): string[][] {
  const who = (ids: readonly string[]) => {
    const shown = all ? ids : ids.slice(0, 3)
    const rest = ids.length > shown.length ? ' …' : ''
    return shown.map((id) => `${report.names[id] ?? '?'} ${id}`).join(', ') + rest
  }
  const row = (label: string, ids: readonly string[]) => [label, String(ids.length), who(ids)]
  return [
    row('both 双方都有', report.both),
    row('home only 仅流出地', report.homeOnly),
    row('host only, known to home 仅流入地，流出地确认', report.hostOnlyKnownToHome),
    row('host only, unknown to home 仅流入地，流出地查无此人', report.hostOnlyUnknownToHome),
    row('with deviations 有不一致项', report.casesWithDeviations),
    row('· name 姓名', report.deviations.name),
    row('· category 党员类别', report.deviations.category),
    row('· phone 联系电话', report.deviations.phone),
    row('held differently 两地所存不同', [...report.unequal, ...report.onlyHere, ...report.onlyThere]),
  ]
}

function describeImport(report: ImportReport): string {
  const counts = [
    `rows 行 ${report.rows}`,
    `accepted 接受 ${report.accepted}`,
    `unchanged 无变化 ${report.unchanged}`,
    `duplicates 重复 ${report.duplicates}`,
    `held 待改正 ${report.held}`,
    `waiting 等待 ${report.waiting}`,
  ]
  const head = report.dryRun ? '预览 dry run' : `import 导入 ${report.id}`
  const lines = report.details
    .slice(0, rowsShown)
    .map(({ zh, en, state }) => `  ${zh.where} [${state}] ${zh.what} ${zh.mend}\n      ${en.what} ${en.mend}`)
  const more =
    report.details.length > rowsShown
      ? [`  … ${report.details.length - rowsShown} more 条未列出（--held 可导出全部）`]
      : []
  return [`${head}: ${counts.join(', ')}`, ...lines, ...more].join('\n')
}

function isKind(kind: string): kind is ImportKind {
  return (importKinds as readonly string[]).includes(kind)
}
