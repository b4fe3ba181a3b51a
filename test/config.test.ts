/** Configuration: what a data directory must say, and the three variables of the environment. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { configFileSchema, readEnvironment } from '../node/config.ts'

const good = {
  node: '411500',
  name: '信阳',
  federation: { host: '0.0.0.0', port: 7400 },
  local: { port: 7401 },
}

describe('config.json', () => {
  it('is taken as it should be', () => {
    expect(configFileSchema.parse(good)).toMatchObject(good)
  })

  it.each([
    { ...good, node: '4115' },
    { ...good, node: 411500 },
    { ...good, name: '' },
    { ...good, federation: { host: 'x', port: 0 } },
    { ...good, federation: { host: 'x', port: 65536 } },
    { ...good, federation: { port: 1 } },
    { ...good, local: { port: 80.5 } },
    { ...good, local: undefined },
    { ...good, lokal: { port: 1 } },
    null,
  ])('is refused when it says something else: %#', (config) => {
    expect(configFileSchema.safeParse(config).success).toBe(false)
  })
})

describe('the environment', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('may say nothing, and an empty variable says nothing', () => {
    for (const value of [undefined, '']) {
      for (const name of ['DATABASE_URL', 'HUILIU_DATA', 'HUILIU_LOG']) vi.stubEnv(name, value)
      expect(readEnvironment()).toMatchObject({
        databaseUrl: undefined,
        dataDir: undefined,
        logLevel: 'info',
      })
    }
  })

  it('names database, data directory and log level', () => {
    vi.stubEnv('DATABASE_URL', 'postgres://x')
    vi.stubEnv('HUILIU_DATA', '/data')
    vi.stubEnv('HUILIU_LOG', 'silent')
    expect(readEnvironment()).toMatchObject({
      databaseUrl: 'postgres://x',
      dataDir: '/data',
      logLevel: 'silent',
    })
  })
})
