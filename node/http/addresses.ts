/**
 * Where a request comes from. What X-Forwarded-For says is believed only of our own proxies, from the end backwards: the
 * first address that is none of theirs is the caller's (attacks.md W23).
 */
import { type IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { plainAddress } from '../callers.ts'

export type AddressOf = (incoming: Pick<IncomingMessage, 'headers' | 'socket'>) => string

export interface Addresses {
  readonly of: AddressOf
  /** Is this one of our proxies? Many callers share its address. */
  isProxy(address: string): boolean
}

/** `trusted` are addresses and networks (CIDR). */
export function addressesBehind(trusted: readonly string[] = []): Addresses {
  const proxies = new BlockList()
  for (const entry of trusted) {
    const [address = '', bits] = entry.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (bits === undefined) proxies.addAddress(address, family)
    else proxies.addSubnet(address, Number(bits), family)
  }
  const isProxy = (address: string) => {
    const plain = plainAddress(address)
    return isIP(plain) !== 0 && proxies.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
  }
  return {
    isProxy,
    of: ({ headers, socket }) => {
      // A socket that is gone has no address any more; neither have those of tests.
      const peer = plainAddress((socket as { remoteAddress?: string } | undefined)?.remoteAddress ?? '')
      if (!isProxy(peer)) return peer
      const chain = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
      const said = chain.map((part) => plainAddress(part.trim())).filter((part) => part !== '')
      const caller = said.findLast((address) => !isProxy(address))
      // A proxy that says nothing, or not an address, stands for itself.
      return caller !== undefined && isIP(caller) !== 0 ? caller : peer
    },
  }
}
