/**
 * Every way in which the built-in PostgreSQL can be unavailable, as the one sentence that says what to do, in
 * English and Chinese.
 */
import path from 'node:path'
import { codeOf } from './machine.ts'

export type StoreUnavailableCode =
  | 'disk_full'
  | 'port_taken'
  | 'postgres_failed'
  | 'platform_unsupported'
  | 'account_failed'
  | 'data_dir_foreign'
  | 'binaries_missing'

/** Why there is no store. `message` and `messageZh` are the same sentence for whoever starts the node. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  readonly code: StoreUnavailableCode
  readonly messageZh: string

  constructor(code: StoreUnavailableCode, message: string, messageZh: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.messageZh = messageZh
  }
}

/** The account that is made where there is none for PostgreSQL. */
export const ACCOUNT = 'huiliu-pg'

export const NO_SPACE = /No space left on device|Disk quota exceeded/

export function asStoreUnavailable(error: unknown, dataDir: string): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(dataDir, error)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return notAllowed(dataDir, error)
    default: {
      const reason = error instanceof Error ? error.message : String(error)
      return failed(reason, path.resolve(dataDir, 'postgresql', 'server.log'), error)
    }
  }
}

export const diskFull = (where: string, cause?: unknown): StoreUnavailable =>
  new StoreUnavailable(
    'disk_full',
    `The disk that holds ${where} is full: free at least 200 MB on it, or choose a data directory on another disk.`,
    `${where} 所在的磁盘已满：请至少腾出 200 MB 空间，或改用其他磁盘上的数据目录。`,
    cause,
  )

export const portTaken = (port: number): StoreUnavailable =>
  new StoreUnavailable(
    'port_taken',
    `Port ${port} is used by another program: stop that program, or give the node's PostgreSQL another port.`,
    `端口 ${port} 已被其他程序占用：请停止该程序，或为本节点的 PostgreSQL 指定其他端口。`,
  )

export const failed = (reason: string, log: string, cause?: unknown): StoreUnavailable =>
  new StoreUnavailable(
    'postgres_failed',
    `PostgreSQL could not start ("${reason}"): read the end of ${log}, remove the cause and start the node again.`,
    `PostgreSQL 无法启动（“${reason}”）：请查看 ${log} 末尾的内容，排除原因后重新启动节点。`,
    cause,
  )

export function initdbFailed(home: string, output: string): StoreUnavailable {
  if (NO_SPACE.test(output)) return diskFull(home)
  const reason =
    output.split('\n').findLast((line) => /error:|FATAL: /.test(line)) ??
    output.trim().split('\n').at(-1) ??
    ''
  return new StoreUnavailable(
    'postgres_failed',
    `PostgreSQL could not create its database in ${home} ("${reason.trim()}"): remove the cause and start the node again.`,
    `PostgreSQL 无法在 ${home} 创建数据库（“${reason.trim()}”）：请排除原因后重新启动节点。`,
  )
}

export const refused = (pid: number, home: string): StoreUnavailable =>
  new StoreUnavailable(
    'postgres_failed',
    `PostgreSQL (process ${pid}) runs in ${home} but does not let the node in: stop it with "kill -INT ${pid}" and start the node again.`,
    `PostgreSQL（进程 ${pid}）正在 ${home} 中运行，但拒绝本节点连接：请用“kill -INT ${pid}”停止它，再启动节点。`,
  )

export const stillStopping = (pid: number, log: string): StoreUnavailable =>
  new StoreUnavailable(
    'postgres_failed',
    `PostgreSQL (process ${pid}) is still shutting down after 30 seconds: leave it to finish, and read ${log} if it does not.`,
    `PostgreSQL（进程 ${pid}）30 秒后仍在关闭：请等待其完成；如长时间未完成，请查看 ${log}。`,
  )

export const platformUnsupported = (): StoreUnavailable =>
  new StoreUnavailable(
    'platform_unsupported',
    `The built-in PostgreSQL does not run on this system (${process.platform}-${process.arch}): set DATABASE_URL to a PostgreSQL server.`,
    `内置 PostgreSQL 不能在本系统（${process.platform}-${process.arch}）上运行：请用 DATABASE_URL 指定一个 PostgreSQL 服务器。`,
  )

export const binariesMissing = (name: string, cause: unknown): StoreUnavailable =>
  new StoreUnavailable(
    'binaries_missing',
    `The package ${name} is not completely installed: run "npm ci" in the node's folder, or set DATABASE_URL to a PostgreSQL server.`,
    `软件包 ${name} 未完整安装：请在节点目录运行“npm ci”，或用 DATABASE_URL 指定一个 PostgreSQL 服务器。`,
    cause,
  )

export const accountNotMade = (output: string): StoreUnavailable =>
  new StoreUnavailable(
    'account_failed',
    `PostgreSQL may not run as root, and the account ${ACCOUNT} could not be made ("${output.trim()}"): make it with "useradd --system ${ACCOUNT}", or start the node as an ordinary user.`,
    `PostgreSQL 不能以 root 身份运行，且无法创建账户 ${ACCOUNT}（“${output.trim()}”）：请运行“useradd --system ${ACCOUNT}”创建，或以普通用户启动节点。`,
  )

export const homeUnreachable = (where: string): StoreUnavailable =>
  new StoreUnavailable(
    'account_failed',
    `The account that runs PostgreSQL cannot use ${where}: let it enter the folders above it, or start the node as an ordinary user.`,
    `运行 PostgreSQL 的账户无法使用 ${where}：请允许其进入上级目录，或以普通用户启动节点。`,
  )

const notAllowed = (dataDir: string, cause: unknown): StoreUnavailable =>
  new StoreUnavailable(
    'account_failed',
    `This account may not write in the data directory ${dataDir}: start the node as the account that owns it, or choose another data directory.`,
    `当前账户无权写入数据目录 ${dataDir}：请以该目录的所有者账户启动节点，或改用其他数据目录。`,
    cause,
  )

export const foreign = (where: string, [because, becauseZh]: readonly [string, string]): StoreUnavailable =>
  new StoreUnavailable(
    'data_dir_foreign',
    `${where} is not a complete database of this node (${because}): restore it from a backup, or choose another data directory.`,
    `${where} 不是本节点的完整数据库（${becauseZh}）：请从备份恢复，或改用其他数据目录。`,
  )

export const otherMajor = (home: string, made: string, ours: string): StoreUnavailable =>
  new StoreUnavailable(
    'data_dir_foreign',
    `The database in ${home} was made by PostgreSQL ${made} and this node brings PostgreSQL ${ours}: start the version of the node that made it, or choose another data directory.`,
    `${home} 中的数据库由 PostgreSQL ${made} 创建，而本节点自带 PostgreSQL ${ours}：请使用创建该数据库的节点版本，或改用其他数据目录。`,
  )
