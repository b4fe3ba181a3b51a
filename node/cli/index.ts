/** The command line `huiliu`: making and running a node, and talking to a running one. */
import path from 'node:path'
import { Command } from 'commander'
import { fingerprint, nodeIdSchema } from '../../protocol/index.ts'
import { placeOf } from '../places/index.ts'
import { accountCommands } from './accounts.ts'
import { ApiClient } from './client.ts'
import { evidenceCommands } from './evidence.ts'
import { UsageError, type CliParts } from './parts.ts'
import { peerCommands } from './peers.ts'
import { streamCommands } from './streams.ts'
import { workCommands } from './work.ts'

export { ApiRefused, NodeAway } from './client.ts'
export { EvidenceRefused } from './evidence.ts'
export { UsageError } from './parts.ts'

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
  const group = { program, client, print: parts.print }
  nodeCommands(program, parts, dataDir)
  peerCommands(group)
  workCommands(group)
  evidenceCommands(group)
  streamCommands(group)
  accountCommands(group)
  return program
}

interface InitOptions {
  node: string
  name?: string
  host: string
  port: string
  localPort: string
}

function nodeCommands(program: Command, parts: CliParts, dataDir: () => string): void {
  program
    .command('init')
    .description('make a data directory with keys (建立数据目录和密钥)')
    .requiredOption('--node <code>', 'GB/T 2260 code of the region (行政区划代码)')
    .option('--name <name>', 'name of the region (地区名称)')
    .option('--host <address>', 'address to listen on for peers (供其他节点访问的地址)', '127.0.0.1')
    .option('--port <number>', 'port for peers (供其他节点访问的端口)', '7300')
    .option('--local-port <number>', 'port of the local API (本机端口)', '7301')
    .action(async (options: InitOptions) => {
      const place = placeOf(options.node)
      if (!nodeIdSchema.safeParse(options.node).success || !place)
        throw new UsageError(
          `${options.node} is not a GB/T 2260 code of a region, such as 411500. 不是有效的六位行政区划代码。`,
        )
      const name = options.name ?? place.shortName
      const federation = { host: options.host, port: portOf(options.port) }
      const config = { node: options.node, name, federation, local: { port: portOf(options.localPort) } }
      const { kid } = await parts.init(dataDir(), config)
      parts.print(`${name} (${options.node}): ${dataDir()}\nfingerprint 指纹: ${fingerprint(kid)}`)
    })
  program
    .command('start')
    .description('run the node until it is stopped (启动节点)')
    .action(() => parts.start(dataDir()))
}

function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65536) return port
  throw new UsageError(`${text} is not a port: choose a number from 1 to 65535. 端口应为 1 到 65535 的整数。`)
}
