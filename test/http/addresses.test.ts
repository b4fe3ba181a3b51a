/** Where a request comes from: what only a proxy of ours may say. */
import { describe, expect, it } from 'vitest'
import { addressesBehind } from '../../node/http/addresses.ts'

const asked = (remoteAddress: string, forwarded?: string | string[]) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as never

describe('without proxies', () => {
  it('is the other end of the socket, whatever the request says', () => {
    const { of, isProxy } = addressesBehind()
    expect(of(asked('10.0.0.1', '1.2.3.4'))).toBe('10.0.0.1')
    expect(of(asked('::ffff:10.0.0.1'))).toBe('10.0.0.1')
    expect(isProxy('127.0.0.1')).toBe(false)
  })
})

describe('behind proxies', () => {
  const { of, isProxy } = addressesBehind(['127.0.0.1', '10.1.0.0/16', 'fd00::/8'])

  it.each<[string, string, string | string[] | undefined, string]>([
    ['what the proxy says', '127.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['the last that is none of ours', '10.1.2.3', '203.0.113.7, 10.1.9.9', '203.0.113.7'],
    ['not what the caller put before it', '127.0.0.1', '1.1.1.1, 203.0.113.7', '203.0.113.7'],
    ['nor in a header of his own', '127.0.0.1', ['1.1.1.1', '203.0.113.7'], '203.0.113.7'],
    ['the socket of who is no proxy', '203.0.113.9', '1.1.1.1', '203.0.113.9'],
    ['the proxy that says nothing', '127.0.0.1', undefined, '127.0.0.1'],
    ['the proxy that says nonsense', '127.0.0.1', 'unknown', '127.0.0.1'],
    ['the proxy whose callers are proxies all', '127.0.0.1', '10.1.0.1, 10.1.0.2', '127.0.0.1'],
    ['an address of the sixth version', 'fd00::1', '2001:DB8::5', '2001:db8::5'],
    ['one address under its two names', '::ffff:127.0.0.1', '::ffff:203.0.113.7', '203.0.113.7'],
  ])('is %s', (_, socket, said, expected) => {
    expect(of(asked(socket, said))).toBe(expected)
  })

  it('knows its proxies, which many share', () => {
    expect(['127.0.0.1', '::ffff:10.1.255.1', '10.2.0.1', ''].map(isProxy)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
