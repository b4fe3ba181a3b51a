/** The machine's side: private files, ids, and posting to a peer that answers wrongly, endlessly, late or never. */
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { delay, http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { headFilesIn, idsFrom, nodeJsCrypto, privateFiles, realPlatform } from '../node/platform.ts'
import { utf8, uuidSchema } from '../protocol/index.ts'
import { VirtualClock } from './harness/clock.ts'
import { seededRandom } from './harness/random.ts'

describe('private files', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'huiliu-private-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8)

  it('are for their owner alone, and so are the folders made for them', async () => {
    const file = path.join(folder, 'keys', 'deep', 'secret')
    await privateFiles.write(file, '秘密\n')
    expect(await modeOf(file)).toBe('600')
    expect(await modeOf(path.dirname(file))).toBe('700')
    expect(await privateFiles.read(file)).toBe('秘密\n')
  })

  it('are replaced whole, also over one that was open to all, and leave nothing beside them', async () => {
    const file = path.join(folder, 'open', 'token')
    await privateFiles.write(file, 'first')
    await writeFile(file, 'open', { mode: 0o644 })
    await privateFiles.write(file, 'second')
    expect(await privateFiles.read(file)).toBe('second')
    expect(await modeOf(file)).toBe('600')
    expect(await readdir(path.dirname(file))).toEqual(['token'])
  })

  it('that are not there are undefined; what cannot be read is an error', async () => {
    expect(await privateFiles.read(path.join(folder, 'none'))).toBeUndefined()
    await expect(privateFiles.read(folder)).rejects.toThrow()
  })
})

describe('heads on disk', () => {
  let folder = ''
  const name = '440300.out'
  const file = (of: string) => path.join(folder, of)
  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(tmpdir(), 'huiliu-heads-')), 'heads')
  })
  afterEach(() => rm(path.dirname(folder), { recursive: true, force: true }))

  it('are not swapped by whoever does not know what stands there, and then nothing has changed', async () => {
    const files = headFilesIn(folder)
    expect(await files.swap(name, 'a', 'b')).toBe(false)
    expect(await files.read(name)).toBeUndefined()
    expect(await files.swap(name, undefined, 'a')).toBe(true)
    for (const before of [undefined, '', 'A', 'a ', 'b'])
      expect(await files.swap(name, before, 'c')).toBe(false)
    expect(await files.read(name)).toBe('a')
    expect(await readdir(folder)).toEqual([`${name}.1`])
  })

  it('that cannot be read are an error, never taken for none', async () => {
    await mkdir(folder)
    await mkdir(file(`${name}.1`))
    const files = headFilesIn(folder)
    await expect(files.read(name)).rejects.toThrow('EISDIR')
    await expect(files.swap(name, undefined, 'a')).rejects.toThrow('EISDIR')
    await writeFile(file('no folder'), '')
    await expect(headFilesIn(file('no folder')).read(name)).rejects.toThrow('ENOTDIR')
    await expect(headFilesIn(file('no folder')).swap(name, undefined, 'a')).rejects.toThrow('ENOTDIR')
  })

  it('are for their owner alone, one file each, and the same to the next process', async () => {
    for (const next of ['a', 'b', 'c']) {
      const files = headFilesIn(folder)
      expect(await files.swap(name, await files.read(name), next)).toBe(true)
      expect(await files.swap('440300.in', await files.read('440300.in'), `in ${next}`)).toBe(true)
    }
    expect(await headFilesIn(folder).read(name)).toBe('c')
    expect(await headFilesIn(folder).read('440300.in')).toBe('in c')
    expect((await readdir(folder)).sort()).toEqual(['440300.in.3', '440300.out.3'])
    const modes = await Promise.all(
      [folder, file(`${name}.3`)].map(async (of) => (await stat(of)).mode & 0o777),
    )
    expect(modes).toEqual([0o700, 0o600])
  })

  it('are won by exactly one of two that swap at once, in every round', async () => {
    const sides = [headFilesIn(folder), headFilesIn(folder)]
    let before: string | undefined
    for (let round = 0; round < 60; round++) {
      // Every other round one of them has not looked since it lost.
      if (round % 2 === 0) await Promise.all(sides.map((side) => side.read(name)))
      const won = await Promise.all(sides.map((side, i) => side.swap(name, before, `${round} of ${i}`)))
      expect(won.filter((each) => each)).toHaveLength(1)
      before = `${round} of ${won.indexOf(true)}`
      for (const side of sides) expect(await side.read(name)).toBe(before)
    }
  })

  it('lose no swap and repeat none among several that race on', async () => {
    const won: number[] = []
    const race = async () => {
      const files = headFilesIn(folder)
      for (let tries = 0; tries < 40; tries++) {
        const before = await files.read(name)
        const next = Number(before ?? 0) + 1
        if (await files.swap(name, before, String(next))) won.push(next)
      }
    }
    await Promise.all([race(), race(), race(), race()])
    expect(new Set(won).size).toBe(won.length)
    const last = Number(await headFilesIn(folder).read(name))
    expect(last).toBeGreaterThanOrEqual(Math.max(...won))
    expect((await readdir(folder)).filter((each) => each.endsWith('.new'))).toEqual([])
  })

  it('of a process that died between the two steps of a swap: the newer counts, for whoever knew the older too', async () => {
    const knowing = headFilesIn(folder)
    await knowing.swap(name, undefined, 'older')
    await knowing.read(name)
    await writeFile(file(`${name}.2`), 'newer')
    for (const files of [knowing, headFilesIn(folder)]) {
      expect(await files.read(name)).toBe('newer')
      expect(await files.swap(name, 'older', 'wrong')).toBe(false)
    }
    expect(await knowing.swap(name, 'newer', 'newest')).toBe(true)
    // What was left behind never counts again, also beside a number far from it.
    expect(await knowing.read(name)).toBe('newest')
    expect(await headFilesIn(folder).read(name)).toBe('newest')
    expect(await readFile(file(`${name}.3`), 'utf8')).toBe('newest')
  })

  it('count versions as numbers, and no file of another name or of a process that died while writing', async () => {
    await mkdir(folder)
    for (const [of, text] of [
      ['9', 'ninth'],
      ['10', 'tenth'],
      ['11.new', 'x'],
      ['b.12', 'x'],
      ['', 'x'],
      ['-13', 'x'],
    ])
      await writeFile(file(`${name}.${of}`), text ?? '')
    await writeFile(file(`x${name}.99`), 'x')
    expect(await headFilesIn(folder).read(name)).toBe('tenth')
    expect(await headFilesIn(folder).swap(name, 'tenth', 'eleventh')).toBe(true)
    expect(await readdir(folder)).toContain(`${name}.11`)
  })
})

describe('ids', () => {
  it('are UUIDv7 and all different, also within one millisecond', () => {
    const ids = idsFrom(new VirtualClock(), seededRandom(1))
    const drawn = Array.from({ length: 1000 }, () => ids.next())
    expect(new Set(drawn).size).toBe(1000)
    for (const id of drawn) expect(uuidSchema.safeParse(id).success).toBe(true)
  })
})

describe('giving way', () => {
  it('lets go first what has come meanwhile', async () => {
    const heard: string[] = []
    setImmediate(() => heard.push('came meanwhile'))
    await realPlatform.timers.giveWay?.()
    expect(heard).toEqual(['came meanwhile'])
  })
})

describe('verifying', () => {
  it('says no, and never throws, for keys and signatures of any form', () => {
    const keys = [new Uint8Array(), new Uint8Array(31), new Uint8Array(33), new Uint8Array(32).fill(255)]
    for (const key of keys)
      for (const signature of [new Uint8Array(), new Uint8Array(64), new Uint8Array(65)])
        expect(nodeJsCrypto.verify(key, utf8('x'), signature)).toBe(false)
  })
})

describe('posting to a peer', () => {
  const server = setupServer()
  const url = 'http://peer.test/federation/v1/411500/envelopes'
  const limits = { timeoutMs: 300, maxBytes: 1000 }
  const post = (body = 'x') => realPlatform.http.post(url, utf8(body), limits)
  beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
  afterEach(() => server.resetHandlers())
  afterAll(() => server.close())

  it('sends the bytes and gives back status and bytes, whatever they are', async () => {
    server.use(
      http.post(url, async ({ request }) => {
        const body = await request.text()
        return new HttpResponse(`${request.headers.get('content-type')}|${body}`, { status: 418 })
      }),
    )
    const answer = await post('甲\n')
    expect(answer.status).toBe(418)
    expect(Buffer.from(answer.body).toString()).toBe('text/plain; charset=utf-8|甲\n')
  })

  it.each([301, 302, 307, 308])('follows no redirect (%d)', async (status) => {
    let followed = false
    server.use(
      http.post(
        url,
        () => new HttpResponse(null, { status, headers: { location: 'http://127.0.0.1/secret' } }),
      ),
      http.all('http://127.0.0.1/secret', () => ((followed = true), HttpResponse.text('secret'))),
    )
    const answer = await post()
    expect([answer.status, answer.body.length]).toEqual([status, 0])
    expect(followed).toBe(false)
  })

  it('waits no longer than its limit for an answer that never comes', async () => {
    server.use(http.post(url, () => delay('infinite')))
    await expect(post()).rejects.toThrow(/timeout|aborted/i)
  })

  it('fails when there is nobody', async () => {
    server.use(http.post(url, () => HttpResponse.error()))
    await expect(post()).rejects.toThrow()
  })
})

describe('posting over a real socket', () => {
  const limits = { timeoutMs: 300, maxBytes: 100_000 }
  const closed: string[] = []
  const server = createServer((request, response) => {
    response.on('close', () => closed.push(request.url ?? ''))
    response.writeHead(200)
    if (request.url === '/begun') response.write('begun')
    if (request.url !== '/endless') return
    const more = () =>
      void (response.write(Buffer.alloc(20_000)) ? setImmediate(more) : response.once('drain', more))
    more()
  })
  let base = ''
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const post = (place: string) => realPlatform.http.post(`${base}${place}`, utf8('x'), limits)

  it('takes no more than its limit of an answer without an end, and hangs up', async () => {
    await expect(post('/endless')).rejects.toThrow('over its limit')
    await vi.waitFor(() => expect(closed).toContain('/endless'))
  })

  it('waits no longer than its limit for the rest of an answer that has begun', async () => {
    await expect(post('/begun')).rejects.toThrow(/timeout|aborted/i)
  })

  it('fails at once when nobody listens', async () => {
    await expect(realPlatform.http.post('http://127.0.0.1:1/', utf8('x'), limits)).rejects.toThrow()
  })
})
