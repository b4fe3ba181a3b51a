/**
 * Listening on a port, with the bounds on time that keep slow and stuck callers from holding sockets (attacks.md W22).
 */
import { type Server } from 'node:http'
import { serve } from '@hono/node-server'
import { networkOf } from '../callers.ts'
import { StartRefused } from '../errors.ts'

const headersTimeoutMs = 10_000
const requestTimeoutMs = 60_000
/** How often those two are looked after: a slow caller is closed so much later at the most. */
const checkedEveryMs = 5_000
const headerBytes = 16 * 1024
const mostConnections = 2048

export interface Bounds {
  /** Connections of one address, or of one line of a network, beyond it are closed unheard. */
  readonly ofOneAddress?: number
  /** Addresses that many callers share. */
  readonly isProxy?: (address: string) => boolean
}

export type Fetch = Parameters<typeof serve>[0]['fetch']

/** Listens; the result closes it. Throws StartRefused when the port cannot be had. */
export function listen(
  fetch: Fetch,
  hostname: string,
  port: number,
  { ofOneAddress = Infinity, isProxy = () => false }: Bounds = {},
): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const serverOptions = {
      maxHeaderSize: headerBytes,
      connectionsCheckingInterval: checkedEveryMs,
      // Set below for those that are heard.
      noDelay: false,
    }
    const server = serve({ fetch, hostname, port, serverOptions }) as Server
    server.headersTimeout = headersTimeoutMs
    server.requestTimeout = requestTimeoutMs
    server.maxConnections = mostConnections
    boundConnections(server, ofOneAddress, isProxy)
    server.once('error', (error: NodeJS.ErrnoException) => reject(portRefused(error, hostname, port)))
    server.once('listening', () => resolve(() => close(server)))
  })
}

/** A socket that is closed at once costs a hundredth of a request that is answered. */
function boundConnections(server: Server, most: number, isProxy: (address: string) => boolean): void {
  const open = new Map<string, { count: number; readonly most: number }>()
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    const from = networkOf(address)
    const known = open.get(from)
    if (known && known.count >= known.most) {
      socket.destroy()
      return
    }
    const callers = known ?? { count: 0, most: isProxy(address) ? Infinity : most }
    callers.count++
    open.set(from, callers)
    socket.setNoDelay(true)
    socket.once('close', () => {
      if (--callers.count === 0) open.delete(from)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function portRefused(error: NodeJS.ErrnoException, hostname: string, port: number): Error {
  if (!/^(EADDRINUSE|EACCES|EADDRNOTAVAIL|ENOTFOUND)$/.test(error.code ?? '')) return error
  return new StartRefused(
    `Port ${port} on ${hostname} cannot be used (${error.code}): stop the program that has it, or change address or port in config.json.`,
    `${hostname} 的端口 ${port} 无法使用（${error.code}）：请停止占用它的程序，或在 config.json 中更换地址或端口。`,
  )
}
