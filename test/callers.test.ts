/** Addresses as they are counted: the same caller under one name, different ones under different names. */
import { expect, it } from 'vitest'
import { networkOf, plainAddress } from '../node/callers.ts'

it('an address of the fourth version that a socket writes as one of the sixth is the same', () => {
  expect(plainAddress('::ffff:192.0.2.7')).toBe('192.0.2.7')
  expect(networkOf('::FFFF:192.0.2.7')).toBe(networkOf('192.0.2.7'))
  expect(networkOf('::ffff:192.0.2.7')).not.toBe(networkOf('::ffff:192.0.2.8'))
})

it('a line of the sixth version is one caller, however its addresses are written', () => {
  const line = networkOf('2001:db8:0:7::1')
  for (const same of ['2001:0DB8:0000:0007:ffff::3', '2001:db8::7:0:0:0:2', '2001:db8:0:7:1:2:3:4'])
    expect(networkOf(same)).toBe(line)
  for (const other of ['2001:db8:0:8::1', '2001:db8:7::1', '::1', '']) expect(networkOf(other)).not.toBe(line)
  expect(networkOf('fe80::1%eth0')).toBe(networkOf('fe80::2%eth1'))
})
