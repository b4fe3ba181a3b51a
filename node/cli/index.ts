/** The command line `huiliu`: making and running a node, and talking to a running one. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Command, Option } from 'commander'
import {
  evidenceSchema,
  fingerprint,
  importKinds,
  nodeIdSchema,
  signingKeySchema,
  thumbprint,
  verifyEvidence,
  type ImportKind,
  type ImportReport,
  type NodeId,
  type SigningKey,
} from '../../protocol/index.ts'
import { type ConfigFile } from '../config.ts'
import { placeOf } from '../places/index.ts'
import { nodeJsCrypto } from '../platform.ts'
import { ApiClient, type ApiAddress } from './client.ts'
import { table } from './table.ts'

/** What main.ts lends the command line, so that it stays a leaf. */
export interface CliParts {
  readonly dataDirFromEnvironment: string | undefined
  readonly init: (dataDir: string, config: ConfigFile) => Promise<{ kid: string }>
  readonly start: (dataDir: string) => Promise<void>
  readonly address: (dataDir: string) => Promise<ApiAddress>
  readonly print: (text: string) => void
}

export function cli(parts: CliParts): Command {
  const program = new Command('huiliu')
  program
    .description('汇流 Huiliu: one region’s node (一个地区的节点)')
    .option(
      '-d, --data <folder>',
      'the node’s data directory (数据目录; default: HUILIU_DATA or ./huiliu-data)',
    )
  const dataDir = () =>
    path.resolve(program.opts<{ data?: string }>().data ?? parts.dataDirFromEnvironment ?? 'huiliu-data')
  const client = async () => new ApiClient(await parts.address(dataDir()))
  nodeCommands(program, parts, dataDir)
  peerCommands(program, parts, client)
  workCommands(program, parts, client)
  evidenceCommands(program, parts, client)
  return program
}

function nodeCommands(program: Command, parts: CliParts, dataDir: () => string): void {
  program
    .command('init')
    .description('make a data directory with keys (建立数据目录和密钥)')
    .requiredOption('--node <code>', 'GB/T 2260 code of the region (行政区划代码)')
    .option('--name <name>', 'name of the region (地区名称)')
    .option('--host <address>', 'address peers reach (对外地址)', '127.0.0.1')
    .option('--port <number>', 'port peers reach (对外端口)', '7300')
    .option('--local-port <number>', 'port of the local API (本机端口)', '7301')
    .action(
      async (options: { node: string; name?: string; host: string; port: string; localPort: string }) => {
        const node = nodeIdSchema.parse(options.node)
        const name = options.name ?? placeOf(node)?.shortName ?? node
        const federation = { host: options.host, port: Number(options.port) }
        const { kid } = await parts.init(dataDir(), {
          node,
          name,
          federation,
          local: { port: Number(options.localPort) },
        })
        parts.print(`${name} (${node}): ${dataDir()}\nfingerprint 指纹: ${fingerprint(kid)}`)
      },
    )
  program
    .command('start')
    .description('run the node until it is stopped (启动节点)')
    .action(() => parts.start(dataDir()))
}

function peerCommands(program: Command, parts: CliParts, client: () => Promise<ApiClient>): void {
  const peer = program.command('peer').description('agreements with other regions (共管协议)')
  peer
    .command('card')
    .description(
      'print this node’s card, to hand to the other side; read the fingerprint to them by telephone (本节点名片)',
    )
    .option('-o, --out <file>', 'write the card to a file')
    .action(async (options: { out?: string }) => {
      const api = await client()
      const text = JSON.stringify(await api.card(), null, 2) + '\n'
      if (options.out === undefined) parts.print(text)
      else await writeFile(options.out, text)
      parts.print(`fingerprint 指纹: ${(await api.node()).fingerprint}`)
    })
  peer
    .command('propose')
    .description('propose an agreement to the holder of a card (发起协议)')
    .requiredOption('--card <file>', 'the other side’s card')
    .requiredOption('--fingerprint <text>', 'the fingerprint you heard by telephone (电话核对的指纹)')
    .requiredOption('--out <file>', 'where to write the proposal')
    .option('--reply-days <number>', 'days to answer (答复天数)', '15')
    .option('--queries-per-day <number>', 'identity queries a day (每日身份查询上限)', '1000')
    .option('--years <number>', 'years of validity (有效年数)', '3')
    .action(
      async (options: {
        card: string
        fingerprint: string
        out: string
        replyDays: string
        queriesPerDay: string
        years: string
      }) => {
        const card: unknown = JSON.parse(await readFile(options.card, 'utf8'))
        const terms = {
          replyDays: Number(options.replyDays),
          queriesPerDay: Number(options.queriesPerDay),
          years: Number(options.years),
        }
        const { document } = await (
          await client()
        ).propose({ card, fingerprint: options.fingerprint, ...terms })
        await writeFile(options.out, document)
        parts.print(`written 已写入: ${options.out}`)
      },
    )
  peer
    .command('sign')
    .description('sign an agreement, or take in the one that came back signed (签署协议)')
    .requiredOption('--file <file>', 'the agreement')
    .requiredOption('--url <url>', 'where the other node is reached (对方节点地址)')
    .requiredOption('--fingerprint <text>', 'the fingerprint you heard by telephone (电话核对的指纹)')
    .option('--out <file>', 'where to write it with our signature (default: the same file)')
    .action(async (options: { file: string; url: string; fingerprint: string; out?: string }) => {
      const document = await readFile(options.file, 'utf8')
      const signed = await (
        await client()
      ).sign({ document, url: options.url, fingerprint: options.fingerprint })
      await writeFile(options.out ?? options.file, signed.document)
      parts.print(
        signed.active
          ? `in force 已生效: ${signed.peer}`
          : `waits for the other signature 待对方签署: ${signed.peer}`,
      )
    })
  peer
    .command('list')
    .description('peers with the state of both streams (对方节点与收发状态)')
    .action(async () => {
      const rows = (await (await client()).peers()).map((state) => [
        `${state.name} ${state.node}`,
        `${state.sent.seq}/${state.receipted}`,
        String(state.received.seq),
        String(state.unsent),
        String(state.parked),
        state.frozen ? 'frozen 冻结' : state.paused ? 'paused 暂停' : (state.problem?.code ?? 'ok'),
        state.heardAt ?? '–',
      ])
      parts.print(
        table(
          [
            'peer 地区',
            'sent/receipted 已发/已回执',
            'received 已收',
            'unsent 待发',
            'parked 搁置',
            'state 状态',
            'heard 最近来信',
          ],
          rows,
        ),
      )
    })
  for (const verb of ['pause', 'resume'] as const)
    peer
      .command(`${verb} <node>`)
      .description(
        verb === 'pause' ? 'stop exchanging with a peer; nothing is lost (暂停)' : 'go on exchanging (恢复)',
      )
      .action(async (node: string) => {
        const { paused } = await (await client()).pause(node, verb === 'pause')
        parts.print(`${node}: ${paused ? 'paused 已暂停' : 'active 已恢复'}`)
      })
}

function workCommands(program: Command, parts: CliParts, client: () => Promise<ApiClient>): void {
  program
    .command('import <kind> <file>')
    .description(`import a workbook (导入表格): ${importKinds.join(', ')}`)
    .option('--dry-run', 'show what would happen and store nothing (只预览)')
    .option('--held <file>', 'write the rows held for correction to a workbook (待改正的行)')
    .action(async (kind: string, file: string, options: { dryRun?: boolean; held?: string }) => {
      if (!(importKinds as readonly string[]).includes(kind))
        throw new TypeError(`kind 类型: ${importKinds.join(', ')}`)
      const api = await client()
      const report = await api.import(
        kind as ImportKind,
        await readFile(file),
        path.basename(file),
        options.dryRun === true,
      )
      parts.print(describeImport(report))
      if (options.held === undefined || report.dryRun) return
      await writeFile(options.held, await api.heldWorkbook(report.id))
      parts.print(`held rows 待改正的行: ${options.held}`)
    })
  program
    .command('cases <peer>')
    .description('cases with a peer (案件列表)')
    .option('--home <node>', 'which side is home (default: this node)')
    .action(async (peer: string, options: { home?: string }) => {
      const api = await client()
      const home = options.home ?? (await api.node()).node
      const rows = (await api.cases(peer, home)).map((item) => [
        item.id,
        item.name,
        item.home,
        item.host,
        item.meaning,
        item.differences.join(' '),
        item.deviations.join(' '),
      ])
      parts.print(
        table(
          [
            'case 案件',
            'name 姓名',
            'home says 流出地',
            'host says 流入地',
            'meaning 结论',
            'differences 差异',
            'deviations 不一致项',
          ],
          rows,
        ),
      )
    })
  program
    .command('case <id>')
    .description('one case: both views, timeline, activities (案件详情)')
    .action(async (id: string) => parts.print(JSON.stringify(await (await client()).case(id), null, 2)))
  program
    .command('reconcile <peer>')
    .description('compare counts with a peer down to the named case (对账)')
    .option('--home <node>', 'which side is home (default: this node)')
    .action(async (peer: string, options: { home?: string }) => {
      const report = await (await client()).comparison(peer, options.home)
      const count = (label: string, ids: readonly string[]) => [
        label,
        String(ids.length),
        ids.slice(0, 3).join(' '),
      ]
      parts.print(
        table(
          [`${report.home} → ${report.host}`, 'cases 案件数', 'first 例'],
          [
            count('both 双方一致有', report.both),
            count('home only 仅流出地', report.homeOnly),
            count('host only, known to home 仅流入地,流出地确认', report.hostOnlyKnownToHome),
            count('host only, unknown to home 仅流入地,流出地查无此人', report.hostOnlyUnknownToHome),
            count('with deviations 有不一致项', report.casesWithDeviations),
            count('· name 姓名', report.deviations.name),
            count('· category 党员类别', report.deviations.category),
            count('· phone 联系电话', report.deviations.phone),
            count('held differently 两地所存不同', [
              ...report.unequal,
              ...report.onlyHere,
              ...report.onlyThere,
            ]),
          ],
        ),
      )
      parts.print(report.level ? 'streams level 收发已齐' : `in flight 在途: ${report.inFlight}`)
    })
}

function evidenceCommands(program: Command, parts: CliParts, client: () => Promise<ApiClient>): void {
  program
    .command('evidence <case>')
    .description('write the signed evidence of a case to a file (导出案件凭据)')
    .requiredOption('-o, --out <file>', 'where to write it')
    .action(async (id: string, options: { out: string }) => {
      const evidence = await (await client()).evidence(id)
      await writeFile(options.out, JSON.stringify(evidence, null, 1) + '\n')
      parts.print(`${evidence.items.length} records 条记录: ${options.out}`)
    })
  program
    .command('verify <file>')
    .description('check evidence offline with nothing but the file and the two public keys (离线验证凭据)')
    .addOption(
      new Option('--key <node=file>', 'a party’s card or public key (JWK); give it twice')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .action(async (file: string, options: { key: string[] }) => {
      const evidence = evidenceSchema.parse(JSON.parse(await readFile(file, 'utf8')))
      const report = verifyEvidence(nodeJsCrypto, evidence, await Promise.all(options.key.map(readKey)))
      const rows = report.items.map(({ from, epoch, seq, index, type, at, outcome }) => [
        from,
        `${epoch}/${seq}/${index}`,
        type,
        at,
        outcome ?? 'no receipt 无回执',
      ])
      parts.print(table(['from 来自', 'place 位置', 'record 记录', 'at 时间', 'outcome 结果'], rows))
      for (const fault of report.faults)
        parts.print(`✗ record ${fault.item + 1}: ${fault.code} (${fault.detail})`)
      parts.print(`${report.view.home.state} / ${report.view.host.state}: ${report.view.meaning}`)
      if (report.faults.length > 0) throw new EvidenceRefused(report.faults.length)
      parts.print('✓ every record and receipt is proven 全部记录与回执验证通过')
    })
}

export class EvidenceRefused extends Error {
  constructor(count: number) {
    super(`${count} records are not proven 条记录未通过验证`)
  }
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

async function readKey(option: string): Promise<{ node: NodeId; key: SigningKey }> {
  const [node = '', ...file] = option.split('=')
  const json = JSON.parse(await readFile(file.join('='), 'utf8')) as { signing?: unknown }
  const key = signingKeySchema.parse(json.signing ?? json)
  thumbprint(nodeJsCrypto, key)
  return { node: nodeIdSchema.parse(node), key }
}

function describeImport(report: ImportReport): string {
  const head = `${report.dryRun ? '预览 dry run: ' : ''}rows 行 ${report.rows}, accepted 接受 ${report.accepted}, unchanged 无变化 ${report.unchanged}, duplicates 重复 ${report.duplicates}, held 待改正 ${report.held}, waiting 等待 ${report.waiting}`
  const lines = report.details
    .slice(0, 40)
    .map(({ zh, state }) => `  ${zh.where} [${state}] ${zh.what}${zh.mend}`)
  const more = report.details.length > 40 ? [`  … ${report.details.length - 40} more 条未列出`] : []
  return [head, ...lines, ...more].join('\n')
}
