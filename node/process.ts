/**
 * One running node: data directory, database, region, and its two ports. Crash-only: stopping does nothing that a
 * restart after kill -9 would need, so both go through the same start.
 */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { configFileSchema, dataFiles, type ConfigFile, type Environment } from './config.ts'
import { CaseDesk } from './http/case-desk.ts'
import { federationApp } from './http/federation.ts'
import { listen } from './http/listen.ts'
import { localApp } from './http/local.ts'
import { StartRefused } from './errors.ts'
import { newKeyringFile, openKeyring, type Keyring } from './keyring.ts'
import { defect, openLog, type Log } from './log.ts'
import { privateFiles, realPlatform, type Platform } from './platform.ts'
import { openRegion, type Region, type Tuning } from './region.ts'
import { openDatabase, type Database } from './store/database.ts'
import { startEmbedded } from './store/embedded.ts'
import { readSheetsInWorker } from './workbooks/worker.ts'

const workbookSeconds = 60

export interface RunningNode {
  readonly config: ConfigFile
  readonly region: Region
  stop(): Promise<void>
}

/** Makes a data directory: configuration, keys and the local token. Never touches one that exists. */
export async function initDataDir(dataDir: string, config: ConfigFile): Promise<Keyring> {
  const file = path.join(dataDir, dataFiles.config)
  if ((await privateFiles.read(file)) !== undefined)
    throw new StartRefused(
      `${dataDir} is a node already: choose another folder.`,
      `${dataDir} 已是一个节点的数据目录,请换一个目录。`,
    )
  // Others may pass through, not look: the database may run under an account of its own. Keys have their own folder.
  await mkdir(dataDir, { recursive: true, mode: 0o711 })
  const keys = newKeyringFile()
  await privateFiles.write(path.join(dataDir, dataFiles.keys), keys)
  await privateFiles.write(path.join(dataDir, dataFiles.token), randomBytes(32).toString('base64url'))
  // Last, so that a directory with a configuration is a complete one.
  await privateFiles.write(file, JSON.stringify(configFileSchema.parse(config), null, 2) + '\n')
  return openKeyring(realPlatform.crypto, keys)
}

export async function readDataDir(
  dataDir: string,
): Promise<{ config: ConfigFile; keyring: Keyring; token: string }> {
  const [config, keys, token] = await Promise.all(
    [dataFiles.config, dataFiles.keys, dataFiles.token].map((file) =>
      privateFiles.read(path.join(dataDir, file)),
    ),
  )
  const parsed = config === undefined ? undefined : configFileSchema.safeParse(tryJson(config))
  if (!parsed?.success || keys === undefined || token === undefined)
    throw new StartRefused(
      `${dataDir} is not a node's data directory: run "huiliu init" first.`,
      `${dataDir} 不是节点的数据目录:请先运行 huiliu init。`,
    )
  return { config: parsed.data, keyring: openKeyring(realPlatform.crypto, keys), token: token.trim() }
}

export async function startNode(
  dataDir: string,
  environment: Environment,
  tuning: Tuning = {},
  platform: Platform = realPlatform,
): Promise<RunningNode> {
  const { config, keyring, token } = await readDataDir(dataDir)
  const log = openLog(config.node, environment.logLevel)
  const embedded =
    environment.databaseUrl === undefined
      ? await startEmbedded({ dataDir, log: (sentence) => log.info(sentence) })
      : undefined
  const closing: (() => Promise<void>)[] = embedded ? [() => embedded.stop()] : []
  const closeAll = async () => {
    for (const close of closing.splice(0).reverse()) await close()
  }
  try {
    const database = await openDatabase(environment.databaseUrl ?? embedded?.url ?? '')
    closing.push(() => database.close())
    const region = openRegion({
      self: config.node,
      name: config.name,
      keyring,
      store: database.store,
      platform,
      tuning,
      readSheets: (bytes, fileName) =>
        readSheetsInWorker(bytes, fileName, AbortSignal.timeout(workbookSeconds * 1000)),
      onFault: (error) => log.error('background work failed', defect(error)),
    })
    closing.push(() => region.stop())
    const { federation, local } = config
    const federationUrl = `http://${federation.host}:${federation.port}`
    const peersApp = federationApp({
      ...region,
      heard: (peer) => region.courier.heard(peer),
      ready: () => ready(database),
      log,
    })
    const officeApp = localApp({ region, desk: new CaseDesk(region), token, federationUrl, log })
    closing.push(await listen(peersApp.fetch, federation.host, federation.port))
    closing.push(await listen(officeApp.fetch, '127.0.0.1', local.port))
    void region.start().catch((error: unknown) => log.error('starting federation failed', defect(error)))
    log.info('node started', { port: federation.port })
    return { config, region, stop: () => stopNode(log, closeAll) }
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function stopNode(log: Log, closeAll: () => Promise<void>): Promise<void> {
  await closeAll()
  log.info('node stopped')
}

async function ready(database: Database): Promise<boolean> {
  return database.ping().then(
    () => true,
    () => false,
  )
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
