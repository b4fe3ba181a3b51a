/** What may be sent about accounts: nothing beyond the form. */
import { describe, expect, it } from 'vitest'
import {
  accountChangeSchema,
  codeSchema,
  newAccountSchema,
  roles,
  rolesOfOneOrganisation,
} from '../../protocol/index.ts'

const wanted = { account: 'li.na', name: '李娜', role: 'officer', organisation: null }

describe('a form about accounts', () => {
  it('takes what it names and nothing else', () => {
    expect(newAccountSchema.safeParse(wanted).success).toBe(true)
    for (const extra of [{ disabled: false }, { id: 'x' }, { twoFactorEnabled: true }, { password: 'x' }])
      expect(newAccountSchema.safeParse({ ...wanted, ...extra }).success).toBe(false)
    expect(newAccountSchema.safeParse({ ...wanted, role: 'root' }).success).toBe(false)
    expect(accountChangeSchema.safeParse({ account: 'other' }).success).toBe(false)
  })

  it('takes a code or a recovery code, not both', () => {
    expect(codeSchema.safeParse({ code: '123456' }).success).toBe(true)
    expect(codeSchema.safeParse({ recoveryCode: 'abcde-fghij' }).success).toBe(true)
    for (const given of [
      { code: '12345' },
      { code: '12345a' },
      {},
      { code: '123456', recoveryCode: 'abcde-fghij' },
    ])
      expect(codeSchema.safeParse(given).success).toBe(false)
  })

  it('knows which roles work for one organisation', () => {
    expect(roles.filter((role) => rolesOfOneOrganisation.includes(role))).toEqual(['committee', 'branch'])
  })
})
