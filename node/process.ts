/**
 * One running node: data directory, database, region, and its two ports. Crash-only: stopping does nothing that a
 * restart after kill -9 would need, so both go through the same start.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { configFileSchema, dataFiles, type ConfigFile, type Environment } from './config.ts'
import { Budgets } from './federation/budgets.ts'
import { claimDatabase } from './federation/identity.ts'
import { addressesBehind } from './http/addresses.ts'
import { CaseDesk } from './http/case-desk.ts'
import { federationApp } from './http/federation.ts'
import { listen } from './http/listen.ts'
import { officeApp } from './http/office.ts'
import { screensApp, type ScreenFiles } from './http/screens.ts'
import { Rates } from './rates.ts'
import { Site } from './http/site.ts'
import { StartRefused } from './errors.ts'
import { newKeyringFile, openKeyring, type Keyring } from './keyring.ts'
import { defect, openLog, type Log } from './log.ts'
import { openOffice } from './office.ts'
import { type ProviderOptions } from './accounts/index.ts'
import { headFilesIn, privateFiles, realPlatform, type Platform } from './platform.ts'
import { Counts, Pages, Pulses } from './pages/index.ts'
import { openRegion, type Region, type Tuning } from './region.ts'
import { openDatabase, type Database } from './store/database.ts'
import { startEmbedded, type EmbeddedStore } from './store/embedded.ts'
import { readSheetsInWorker } from './workbooks/worker.ts'

const workbookSeconds = 60
/** Connections that one address may hold to the federation port. A peer's node uses one or two; a proxy before us a few. */
const connectionsOfOne = 32
/** How often a database of our own is looked at. */
const watchEveryMs = 3000

export interface RunningNode {
  readonly config: ConfigFile
  readonly region: Region
  /** What makes the first administrator; undefined once there is one. Printed by who starts the node, never logged. */
  readonly setUpCode: string | undefined
  stop(): Promise<void>
}

/** Makes a data directory: configuration, keys and the local token. Never touches one that exists. */
export async function initDataDir(dataDir: string, config: ConfigFile): Promise<Keyring> {
  const file = path.join(dataDir, dataFiles.config)
  for (const known of [dataFiles.config, dataFiles.keys])
    if ((await privateFiles.read(path.join(dataDir, known))) !== undefined)
      throw new StartRefused(
        `${dataDir} already holds a node's ${known}: choose another folder, or put back from the backup what is missing here.`,
        `${dataDir} 中已有节点文件 ${known}：请换一个目录，或从备份中补回缺失的文件。`,
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

export interface DataDir {
  readonly config: ConfigFile
  readonly keyring: Keyring
  readonly token: string
}

/** Throws StartRefused, naming the file that is missing or damaged. */
export async function readDataDir(dataDir: string): Promise<DataDir> {
  const config = await readDataFile(dataDir, dataFiles.config, (text) =>
    configFileSchema.parse(JSON.parse(text)),
  )
  const keyring = await readDataFile(dataDir, dataFiles.keys, (text) =>
    openKeyring(realPlatform.crypto, text, {
      read: async () => (await privateFiles.read(path.join(dataDir, dataFiles.keys))) ?? text,
      write: (changed) => privateFiles.write(path.join(dataDir, dataFiles.keys), changed),
    }),
  )
  const token = await readDataFile(dataDir, dataFiles.token, (text) => text.trim())
  return { config, keyring, token }
}

async function readDataFile<T>(dataDir: string, name: string, parse: (text: string) => T): Promise<T> {
  const file = path.join(dataDir, name)
  const text = await privateFiles.read(file)
  if (text === undefined)
    throw new StartRefused(
      `${file} is missing: run "huiliu init" for a new node, or put the file back from the backup.`,
      `缺少文件 ${file}：新建节点请运行 huiliu init，已有节点请从备份中补回。`,
    )
  try {
    return parse(text)
  } catch {
    throw new StartRefused(
      `${file} is damaged: put it back from the backup.`,
      `文件 ${file} 已损坏：请从备份中恢复。`,
    )
  }
}

/**
 * What lives in a node is some 40 MB; left to itself V8 lets what is dead beside it grow to several times that, as the
 * machine has memory. 150 means: the heap is looked through when it has grown to two and a half times what lives.
 */
function boundGarbage(): void {
  setFlagsFromString('--heap-growing-percent=150')
}

export async function startNode(
  dataDir: string,
  environment: Environment,
  tuning: Tuning = {},
  platform: Platform = realPlatform,
): Promise<RunningNode> {
  boundGarbage()
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
    if (embedded) closing.push(keepAlive(embedded, database, platform, log))
    await claimDatabase(database.store, config.node, keyring)
    const region = regionOf(dataDir, config, keyring, database, { platform, tuning, log })
    closing.push(() => region.stop())
    const { federation, local } = config
    const addresses = addressesBehind(config.trustedProxies)
    const bounds = { ofOneAddress: connectionsOfOne, isProxy: addresses.isProxy }
    const federationUrl = `http://${federation.host}:${federation.port}`
    const peersApp = federationApp({
      ...region,
      budgets: new Budgets(platform.clock),
      pause: (ms) => new Promise<void>((resolve) => platform.timers.after(ms, resolve)),
      heard: (peer) => region.courier.heard(peer),
      ready: () => ready(database),
      addresses,
      log,
    })
    const origin = local.origin ?? `http://127.0.0.1:${local.port}`
    const rates = new Rates(platform.clock)
    const oidc = await readOidc(dataDir, config)
    const office = openOffice({ region, random: platform.random, origin, rates, oidc, log })
    const site = new Site(origin, local.port)
    const doors = {
      ...{ region, desk: new CaseDesk(region), ...office, token, federationUrl, log, addresses },
      ...{ site, rates },
      ...{ pages: new Pages(database.pages), counts: new Counts(database.pages, platform.clock) },
      pulses: new Pulses(database.pages, region),
      configured: { origin, trustedProxies: config.trustedProxies ?? [] },
      screens: screensApp(await readScreens(environment.screens), site, platform.random),
    }
    closing.push(await listen(peersApp.fetch, federation.host, federation.port, bounds))
    closing.push(await listen(officeApp(doors).fetch, local.host ?? '127.0.0.1', local.port))
    void region.start().catch((error: unknown) => log.error('starting federation failed', defect(error)))
    log.info('node started', { port: federation.port })
    const setUpCode = (await office.accounts.isSetUp()) ? undefined : office.accounts.setUpCode()
    return { config, region, setUpCode, stop: () => stopNode(log, closeAll) }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function regionOf(
  dataDir: string,
  config: ConfigFile,
  keyring: Keyring,
  database: Database,
  { platform, tuning, log }: { platform: Platform; tuning: Tuning; log: Log },
): Region {
  return openRegion({
    self: config.node,
    name: config.name,
    keyring,
    store: database.store,
    headFiles: headFilesIn(path.join(dataDir, dataFiles.heads)),
    holder: `${hostname()}:${path.resolve(dataDir)}`,
    platform,
    tuning,
    readSheets: (bytes, fileName) =>
      readSheetsInWorker(bytes, fileName, AbortSignal.timeout(workbookSeconds * 1000)),
    onFault: (error) => log.error('background work failed', defect(error)),
  })
}

/** The identity provider with its secret. */
async function readOidc(dataDir: string, { oidc }: ConfigFile): Promise<ProviderOptions | undefined> {
  if (!oidc) return undefined
  const { clientSecretFile, ...options } = oidc
  const file = path.resolve(dataDir, clientSecretFile)
  const secret = (await privateFiles.read(file))?.trim() ?? ''
  if (secret === '')
    throw new StartRefused(
      `${file} is missing or empty: put the client secret of the identity provider there, or take oidc out of config.json.`,
      `缺少统一身份认证的客户端密钥文件 ${file}：请补上，或从 config.json 中删去 oidc。`,
    )
  return { ...options, clientSecret: secret }
}

/** The built screens, read whole: they are a few megabytes, and a file that is not there cannot be asked for. */
async function readScreens(folder: string | undefined): Promise<ScreenFiles> {
  const names = folder === undefined ? [] : await readdir(folder)
  const read = async (name: string) =>
    [name, new Uint8Array(await readFile(path.join(folder ?? '', name)))] as const
  return new Map(await Promise.all(names.map(read)))
}

/** A server of our own that has gone by itself (a full disk ends it) is brought back as soon as it can be. */
function keepAlive(
  embedded: EmbeddedStore,
  database: Database,
  { timers }: Platform,
  log: Log,
): () => Promise<void> {
  let cancel: () => void
  let looking = Promise.resolve()
  const look = async () => {
    if (await ready(database)) return
    log.warn('PostgreSQL does not answer')
    await embedded
      .revive()
      .catch((error: unknown) => log.error('PostgreSQL cannot be started', defect(error)))
  }
  const again = () => {
    cancel = timers.after(watchEveryMs, () => {
      looking = look().then(again)
    })
  }
  again()
  return async () => {
    cancel()
    await looking
    cancel()
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
