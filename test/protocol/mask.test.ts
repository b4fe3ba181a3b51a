/** What is shown of a number: enough to compare two, not enough to have one. */
import { describe, expect, it } from 'vitest'
import { maskIdNumber, maskPhone } from '../../protocol/index.ts'

describe('a masked number', () => {
  it('keeps its first three and last four places and its length', () => {
    expect(maskIdNumber('110101199001011234')).toBe('110***********1234')
    expect(maskPhone('13812345678')).toBe('138****5678')
    expect(maskPhone('+8613812345678')).toBe('+86*******5678')
  })

  it('shows nothing of one that is too short to hide a part of', () => {
    for (const short of ['12345', '1', '', '123456789']) expect(maskPhone(short)).toMatch(/^\*{4,}$/)
  })
})
