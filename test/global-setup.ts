/** One real PostgreSQL for a whole run of the tests, in a folder that goes with it. */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestProject } from 'vitest/node'
import { startEmbedded } from '../node/store/embedded.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `postgres://…` of a database from which others may be created. */
    databaseUrl: string
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'huiliu-tests-'))
  // Under root PostgreSQL runs as another account, which must be able to pass.
  await chmod(dataDir, 0o755)
  const server = await startEmbedded({ dataDir, log: () => undefined })
  project.provide('databaseUrl', server.url)
  return async () => {
    // Immediate shutdown: what is thrown away needs no checkpoint, which takes long on a busy disk.
    const [pid] = (
      await readFile(path.join(dataDir, 'postgresql/server/cluster/postmaster.pid'), 'utf8')
    ).split('\n')
    process.kill(Number(pid), 'SIGQUIT')
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
