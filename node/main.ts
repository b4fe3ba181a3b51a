/** The program `huiliu`: joins the command line with the process of a node. */
import { ApiRefused, cli, EvidenceRefused, NodeAway, UsageError } from './cli/index.ts'
import { readEnvironment } from './config.ts'
import { StartRefused } from './errors.ts'
import { initDataDir, readDataDir, startNode } from './process.ts'
import { StoreUnavailable } from './store/embedded.ts'

const environment = readEnvironment()

async function start(dataDir: string): Promise<void> {
  const node = await startNode(dataDir, environment)
  if (node.setUpCode !== undefined)
    console.log(
      `初始设置码 ${node.setUpCode}：在登录页用它建立第一个系统管理员账号。\nSet-up code ${node.setUpCode}: it makes the first administrator on the sign-in page.`,
    )
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await node.stop()
}

const program = cli({
  dataDirFromEnvironment: environment.dataDir,
  init: initDataDir,
  start,
  address: async (dataDir) => {
    const { config, token } = await readDataDir(dataDir)
    return { port: config.local.port, token }
  },
  print: (text) => console.log(text),
})

function sentences(error: unknown): string {
  if (error instanceof StartRefused || error instanceof StoreUnavailable || error instanceof ApiRefused)
    return `${error.messageZh}\n${error.message}`
  if (error instanceof NodeAway)
    return `节点没有运行：请先用 huiliu start 启动。\nThe node does not run: start it with "huiliu start" (${error.message}).`
  if (error instanceof EvidenceRefused || error instanceof UsageError) return error.message
  if (isFileError(error))
    return `文件无法读写：${error.path}（${error.code}）。\nThe file ${error.path} cannot be read or written (${error.code}).`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function isFileError(error: unknown): error is { path: string; code: string } {
  return error instanceof Error && 'path' in error && 'code' in error && typeof error.path === 'string'
}

try {
  await program.parseAsync()
  process.exitCode ??= 0
} catch (error) {
  console.error(sentences(error))
  process.exitCode = 1
}
