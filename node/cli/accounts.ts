/** `huiliu account`: who may sign in to the screens, from the machine itself; also when no administrator can any more. */
import { roles, type AccountView, type Role } from '../../protocol/index.ts'
import { UsageError, type Group } from './parts.ts'
import { table } from './table.ts'

export function accountCommands({ program, client, print }: Group): void {
  const account = program.command('account').description('who may sign in to the screens (页面登录账号)')
  account
    .command('list', { isDefault: true })
    .description('all accounts (全部账号)')
    .action(async () => print(describe(await (await client()).accounts())))
  account
    .command('add <name>')
    .description('a new account; prints its one-time password (新建账号，打印一次性密码)')
    .requiredOption('--role <role>', `${roles.join(', ')} (角色)`)
    .option('--person <name>', 'whose it is (使用人姓名)')
    .option('--organisation <name>', 'its committee or branch, by full name (所属党委或支部全称)')
    .action(async (name: string, options: { role: string; person?: string; organisation?: string }) => {
      const role = roles.find((known) => known === options.role)
      if (!role) throw new UsageError(`${options.role} is no role: ${roles.join(', ')}. 角色不正确。`)
      const wanted = { account: name, name: options.person ?? name, role: role as Role }
      const organisation = options.organisation
      print(oneTime(await (await client()).addAccount({ ...wanted, organisation })))
    })
  account
    .command('reset <name>')
    .description('give a one-time password (重置为一次性密码)')
    .option('--second-factor', 'take away its second factor as well (同时解除两步验证)')
    .action(async (name: string, options: { secondFactor?: boolean }) => {
      const node = await client()
      const found = (await node.accounts()).find((one) => one.account === name.trim().toLowerCase())
      if (!found) throw new UsageError(`There is no account ${name}. 没有账号 ${name}。`)
      if (options.secondFactor === true) await node.resetSecondFactor(found.id)
      print(oneTime(await node.resetPassword(found.id)))
    })
}

function describe(accounts: readonly AccountView[]): string {
  const rows = accounts.map((one) => [
    ...[one.account, one.name, one.role, one.organisation?.name ?? ''],
    one.disabled ? '停用 disabled' : one.oneTimeUntil === null ? '' : '待设密码 waits for its password',
  ])
  return table(['账号 account', '姓名 name', '角色 role', '组织 organisation', ''], rows)
}

function oneTime({ account, oneTimePassword }: { account: AccountView; oneTimePassword: string }): string {
  return `${account.account} 一次性密码 one-time password: ${oneTimePassword}`
}
