/** The listening side: one address holds so many connections and no more, and has them again when it lets go of some. */
import { once } from 'node:events'
import { createServer, Socket, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { listen } from '../../node/http/listen.ts'

let port: number
let close: () => Promise<void>
const sockets: Socket[] = []
beforeEach(async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  ;({ port } = probe.address() as AddressInfo)
  probe.close()
  await once(probe, 'close')
  close = await listen(() => new Response('heard'), '127.0.0.1', port, { ofOneAddress: 2 })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await close()
})

/** What a caller is answered on a new connection, which stays open: empty when it was closed unheard. */
async function ask(): Promise<string> {
  const socket = new Socket()
  sockets.push(socket)
  socket.on('error', () => undefined)
  socket.connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const answered = once(socket, 'data').then(([bytes]: unknown[]) => String(bytes))
  const closed = once(socket, 'close').then(() => '')
  return Promise.race([answered, closed])
}

it('closes a connection too many unheard, and takes another when one has gone', async () => {
  expect(await ask()).toContain('heard')
  expect(await ask()).toContain('heard')
  expect(await ask()).toBe('')
  const [first] = sockets
  first?.destroy()
  // The server learns of it in its own time: it is asked again until it has.
  await expect.poll(ask).toContain('heard')
})

it('ends who is slow or says too much in his headers', async () => {
  const talkative = new Socket()
  sockets.push(talkative)
  talkative.connect(port, '127.0.0.1')
  talkative.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(17 * 1024)}\r\n\r\n`)
  const [refused] = (await once(talkative, 'data')) as [Buffer]
  expect(String(refused)).toMatch(/^HTTP\/1.1 431/)
  talkative.destroy()
  const slow = new Socket()
  sockets.push(slow)
  slow.connect(port, '127.0.0.1')
  slow.write('GET / HTTP/1.1\r\nHost: x\r\n')
  const [told] = (await once(slow, 'data')) as [Buffer]
  expect(String(told)).toMatch(/^HTTP\/1.1 408/)
})

it('lets a proxy of ours have as many connections as its callers need', async () => {
  await close()
  const isProxy = (address: string) => address === '127.0.0.1'
  close = await listen(() => new Response('heard'), '127.0.0.1', port, { ofOneAddress: 2, isProxy })
  for (let i = 0; i < 5; i++) expect(await ask()).toContain('heard')
})
