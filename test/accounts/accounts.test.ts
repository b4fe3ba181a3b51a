/** Accounts: the first one, who may be what, and what is never possible. */
import { beforeEach, describe, expect, it } from 'vitest'
import { demandGoodPassword, Passwords } from '../../node/accounts/passwords.ts'
import { credentials } from '../../node/accounts/tables.ts'
import { goodPassword, openAccounts } from '../harness/accounts.ts'
import { seededRandom } from '../harness/random.ts'

let office: ReturnType<typeof openAccounts>
beforeEach(() => {
  office = openAccounts()
})

const first = { account: 'wang.lei', name: '王磊', password: goodPassword }
const clerk = { account: 'li.na', name: '李娜', role: 'officer', organisation: null } as const
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  )

describe('the first account', () => {
  it('needs the code that the node prints, which stays the same until it is used', async () => {
    const { accounts } = office
    expect(accounts.setUpCode()).toMatch(/^([0-9A-F]{4}-){3}[0-9A-F]{4}$/)
    expect(openAccounts().accounts.setUpCode()).toBe(accounts.setUpCode())
    expect(await codeOf(accounts.setUp('', { code: '0000-0000-0000-0000', ...first }))).toBe(
      'wrong_credentials',
    )
    expect(await codeOf(accounts.setUp('', { code: '', ...first }))).toBe('wrong_credentials')
    expect(await accounts.isSetUp()).toBe(false)
    const made = await accounts.setUp('', { code: accounts.setUpCode().toLowerCase(), ...first })
    expect(made).toMatchObject({ role: 'administrator', organisation: null, oneTimeUntil: null })
  })

  it('is made once, however many try at once', async () => {
    const { accounts } = office
    const tries = ['one', 'two', 'three'].map((account) =>
      codeOf(accounts.setUp('', { code: accounts.setUpCode(), ...first, account })),
    )
    expect((await Promise.all(tries)).sort()).toEqual(['done', 'set_up_already', 'set_up_already'])
    expect(await codeOf(accounts.setUp('', { code: accounts.setUpCode(), ...first }))).toBe('set_up_already')
    expect(await accounts.list()).toHaveLength(1)
  })

  it('has a password that is not guessed, and its code is not guessed either', async () => {
    const { accounts } = office
    const weak = { code: accounts.setUpCode(), ...first, password: 'Wang.Lei2026' }
    expect(await codeOf(accounts.setUp('', weak))).toBe('weak_password')
    const codes = []
    for (let i = 0; i < 8; i++) codes.push(await codeOf(accounts.setUp('', { ...weak, code: `guess ${i}` })))
    expect(codes.slice(-4)).toEqual(Array(4).fill('too_many_attempts'))
  })
})

describe('an account', () => {
  it('has its name alone, in any letters', async () => {
    await office.accounts.create(clerk)
    expect(await codeOf(office.accounts.create({ ...clerk, account: ' LI.NA' }))).toBe('account_taken')
    expect(await codeOf(office.accounts.create({ ...clerk, account: '李娜' }))).toBe('done')
    for (const account of ['a', '.a', 'a b', 'a@b', 'a/b', 'x'.repeat(31), '<b>'])
      expect([account, await codeOf(office.accounts.create({ ...clerk, account }))]).toEqual([
        account,
        'bad_request',
      ])
  })

  it('works for an organisation of its kind, or for the whole region', async () => {
    const branch = await office.store.transaction((tx) =>
      office.organisations.branchNamed(tx, '中共东河镇二岭村支部'),
    )
    const at = (role: 'committee' | 'branch' | 'officer', organisation: string | null) =>
      codeOf(
        office.accounts.create({
          ...clerk,
          account: `${role}${organisation?.length ?? ''}`,
          role,
          organisation,
        }),
      )
    expect(await at('branch', null)).toBe('account_organisation')
    expect(await at('branch', branch.parent)).toBe('account_organisation')
    expect(await at('committee', branch.id)).toBe('account_organisation')
    expect(await at('officer', branch.id)).toBe('account_organisation')
    expect(await at('branch', 'nowhere')).toBe('account_organisation')
    expect(await at('branch', branch.id)).toBe('done')
    expect(await at('committee', branch.parent)).toBe('done')
    const secretary = (await office.accounts.list()).find(({ role }) => role === 'branch')
    const changed = await office.accounts.change(secretary?.id ?? '', { role: 'auditor' })
    expect(changed).toMatchObject({ role: 'auditor', organisation: null })
  })

  it('of the last administrator cannot be disabled or made something else', async () => {
    const { accounts } = office
    const made = await accounts.setUp('', { code: accounts.setUpCode(), ...first })
    expect(await codeOf(accounts.change(made.id, { disabled: true }))).toBe('last_administrator')
    expect(await codeOf(accounts.change(made.id, { role: 'officer' }))).toBe('last_administrator')
    const { account } = await accounts.create({ ...clerk, role: 'administrator' })
    expect(
      await Promise.all([made.id, account.id].map((id) => codeOf(accounts.change(id, { disabled: true })))),
    ).toEqual(['done', 'last_administrator'])
  })
})

describe('a password', () => {
  it.each([
    ['too short', 'Xy7$kq9'],
    ['among the most used', '1234567890'],
    ['among the most used, in other letters', 'P@ssw0rd123'],
    ['a row of keys', 'qwertyuiop[]'],
    ['the account and a year', 'li.na-2026!'],
    ['the house', 'huiliu huiliu'],
    ['one letter', 'aaaaaaaaaaaaaaaaaa'],
    ['over its length', 'ab 9'.repeat(60)],
  ])('is refused: %s', (_, password) => {
    expect(() => demandGoodPassword(password, ['li.na', '李娜'])).toThrow('weak_password')
  })

  it.each([goodPassword, 'correct horse battery staple', '春江花月夜落霞与孤鹜', 'k3!vQz0p#Lm9'])(
    'is taken: %s',
    (password) => {
      expect(() => demandGoodPassword(password, ['li.na', '李娜'])).not.toThrow()
    },
  )

  it('is kept as scrypt of the strength asked for, salted, and never as it is', async () => {
    const passwords = new Passwords(seededRandom(3))
    const [one, two] = await Promise.all([passwords.hash(goodPassword), passwords.hash(goodPassword)])
    expect(one).toMatch(/^scrypt\$17\$[\w-]{22}\$[\w-]{43}$/)
    expect(one).not.toBe(two)
    expect(await passwords.verify(one, goodPassword)).toBe(true)
    expect(await passwords.verify(one, `${goodPassword} `)).toBe(false)
    const { oneTimePassword } = await office.accounts.create(clerk)
    const rows = await office.store.read((reader) => reader.find(credentials, {}))
    expect(JSON.stringify(rows)).not.toContain(oneTimePassword)
    expect(rows[0]?.password).toMatch(/^scrypt\$/)
  })

  it('is computed twice at a time, and a storm is told to come again', async () => {
    const passwords = new Passwords(seededRandom(3), { costLog2: 12 })
    const storm = await Promise.allSettled(Array.from({ length: 60 }, () => passwords.hash('x')))
    expect(storm.filter(({ status }) => status === 'fulfilled')).toHaveLength(26)
    await passwords.hash('x')
  })
})
