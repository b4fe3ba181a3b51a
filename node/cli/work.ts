/** The office's work from the command line: importing workbooks, cases, and the comparison of counts. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  importKinds,
  type ComparisonReport,
  type ImportKind,
  type ImportReport,
} from '../../protocol/index.ts'
import { UsageError, type Group } from './parts.ts'
import { table } from './table.ts'

/** Rows of a report shown on a terminal; the workbook of held rows has all. */
const rowsShown = 40

export function workCommands(group: Group): void {
  importCommand(group)
  caseCommands(group)
  reconcileCommand(group)
}

function importCommand({ program, client, print }: Group): void {
  program
    .command('import <kind> <file>')
    .description(`import a workbook (导入表格): ${importKinds.join(', ')}`)
    .option('--dry-run', 'show what would happen and store nothing (只预览)')
    .option('--held <file>', 'write the rows held for correction to a workbook (待改正的行)')
    .action(async (kind: string, file: string, options: { dryRun?: boolean; held?: string }) => {
      if (!isKind(kind))
        throw new UsageError(
          `There is no kind "${kind}": choose one of ${importKinds.join(', ')}. 没有这种表格。`,
        )
      const api = await client()
      const report = await api.import(
        kind,
        await readFile(file),
        path.basename(file),
        options.dryRun === true,
      )
      print(describeImport(report))
      if (options.held === undefined || report.dryRun) return
      await writeFile(options.held, await api.heldWorkbook(report.id))
      print(`held rows 待改正的行: ${options.held}`)
    })
}

function caseCommands({ program, client, print }: Group): void {
  const headings = [
    'case 案件',
    'name 姓名',
    'home says 流出地',
    'host says 流入地',
    'meaning 结论',
    'differences 差异',
    'deviations 不一致项',
  ]
  program
    .command('cases <peer>')
    .description('cases with a peer (案件列表)')
    .option('--home <node>', 'which side is home (default: this node)')
    .action(async (peer: string, options: { home?: string }) => {
      const api = await client()
      const list = await api.cases(peer, options.home ?? (await api.node()).node)
      const rows = list.map(({ id, name, home, host, meaning, differences, deviations }) => [
        id,
        name,
        home,
        host,
        meaning,
        differences.join(' '),
        deviations.join(' '),
      ])
      print(table(headings, rows))
    })
  program
    .command('case <id>')
    .description('one case: both views, timeline, activities (案件详情)')
    .action(async (id: string) => print(JSON.stringify(await (await client()).case(id), null, 2)))
}

function reconcileCommand({ program, client, print }: Group): void {
  program
    .command('reconcile <peer>')
    .description('compare counts with a peer down to the named case (对账)')
    .option('--home <node>', 'which side is home (default: this node)')
    .action(async (peer: string, options: { home?: string }) => {
      const report = await (await client()).comparison(peer, options.home)
      print(table([`${report.home} → ${report.host}`, 'cases 案件数', 'first 例'], comparisonRows(report)))
      print(report.level ? 'streams level 收发已齐' : `in flight 在途: ${report.inFlight}`)
    })
}

function comparisonRows(report: ComparisonReport): string[][] {
  const row = (label: string, ids: readonly string[]) => [
    label,
    String(ids.length),
    ids.slice(0, 3).join(' '),
  ]
  return [
    row('both 双方都有', report.both),
    row('home only 仅流出地', report.homeOnly),
    row('host only, known to home 仅流入地,流出地确认', report.hostOnlyKnownToHome),
    row('host only, unknown to home 仅流入地,流出地查无此人', report.hostOnlyUnknownToHome),
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
  const head = `${report.dryRun ? '预览 dry run: ' : ''}${counts.join(', ')}`
  const lines = report.details
    .slice(0, rowsShown)
    .map(({ zh, state }) => `  ${zh.where} [${state}] ${zh.what}${zh.mend}`)
  const more =
    report.details.length > rowsShown ? [`  … ${report.details.length - rowsShown} more 条未列出`] : []
  return [head, ...lines, ...more].join('\n')
}

function isKind(kind: string): kind is ImportKind {
  return (importKinds as readonly string[]).includes(kind)
}
