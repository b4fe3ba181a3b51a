/** `huiliu alarms`, `recover`, `keys` and `peer thaw`: what an administrator does when something went wrong. */
import { type AlarmList } from '../../protocol/index.ts'
import { type Group } from './parts.ts'
import { table } from './table.ts'

/** What each kind of alarm means and what to do, as the administrator reads it. */
const meanings: Readonly<Record<string, string>> = {
  fork: '对方在同一编号下发来两份不同内容，已停收，证据已保存：请电话联系对方，核实后运行 huiliu peer thaw，对方再运行 huiliu recover --peer。 Two contents under one number: call them, then "huiliu peer thaw", and they "huiliu recover --peer".',
  behind:
    '本节点的数据比对方掌握的旧（可能由备份恢复，或同一节点启动了两份），已停止签发：请确认只运行一份，然后运行 huiliu recover。 This node holds less than others have of it: make sure it runs once, then "huiliu recover".',
  peer_behind:
    '对方的数据比本地掌握的旧，等待对方恢复。 The other node holds less than we have of it; it must recover.',
  replay_differs:
    '恢复时有记录未能还原，请与对方核对该案件。 A record could not be taken in again: compare that case with the other side.',
  clock_skew:
    '与对方的时钟相差五分钟以上，请核对两地服务器时间。 Clocks differ by more than five minutes: check both.',
  agreement_ending:
    '共管协议将于三十天内到期或已到期，请续签。 An agreement ends within thirty days: renew it.',
  agreement_ahead:
    '共管协议尚未开始生效，暂停收发：如非双方本意，说明签订时某一方时钟超前，请先校准时钟，再重新签订。 The agreement begins on a later day and nothing is exchanged until then: if that is not intended, a clock was ahead when it was signed; set the clocks, then conclude another.',
  parked_full:
    '对方发来的新类型记录待处理数已达上限，暂不再接收，对方会保留：请尽快升级本节点程序，升级后自动处理。 As many records of new types wait here as may be; nothing more is taken from it and nothing is lost: upgrade this node, which settles them by itself.',
  key_missing:
    '恢复的旧库里没有对方用过的某个密钥，该地区暂时无法恢复：请先按签订的先后，把与该地区以前的协议文件逐份重新签署（peer sign），再签订新协议。若已先签了新协议，补签旧文件之后请对方运行 huiliu keys replace，双方再签订一份。 This database lacks a key that the peer has used, so nothing of it can be recovered: sign the earlier agreement files with it again ("peer sign"), in their order, before you conclude a new one. If a new one was concluded first, sign the earlier ones all the same; then they run "huiliu keys replace" and both conclude another.',
  many_reveals:
    '某账号一小时内查看的完整号码超出日常所需：请在审计记录中按该账号核对用途并当面询问。 An account had many numbers shown in the clear within an hour: look up its entries in the audit, and ask.',
}

export function streamCommands({ program, client, print }: Group): void {
  const alarms = program.command('alarms').description('what a person must look at (待处理的告警)')
  alarms
    .command('list', { isDefault: true })
    .description('open alarms (未处理的告警)')
    .option('--all', 'acknowledged ones too (包括已处理的)')
    .action(async (options: { all?: boolean }) =>
      print(describeAlarms(await (await client()).alarms(options.all === true))),
    )
  alarms
    .command('acknowledge <id>')
    .description('say that it was seen to (确认已处理)')
    .requiredOption('--by <name>', 'who says so (处理人)')
    .action(async (id: string, { by }: { by: string }) =>
      print(describeAlarms(await (await client()).acknowledge(id, by))),
    )
  program
    .command('recover')
    .description('after a restored or lost database: get back from peers what they hold of us (恢复)')
    .option('--peer <node>', 'only the stream to this peer, also to leave a fork (只恢复与该地区的往来)')
    .action(async ({ peer }: { peer?: string }) => {
      const { peers } = await (await client()).recover(peer)
      const rows = peers.map(({ node, recovered, code }) => [
        node,
        recovered ? 'recovered 已恢复' : `waits 待恢复 (${code ?? ''})`,
      ])
      print(table(['peer 地区', 'state 状态'], rows))
    })
  keyCommands({ program, client, print })
}

function keyCommands({ program, client, print }: Group): void {
  const keys = program.command('keys').description('this node’s signing key (本节点签名密钥)')
  for (const [verb, description] of [
    ['rotate', 'sign with a new key; peers learn of it by themselves (更换密钥，自动通知各地)'],
    ['replace', 'the key was lost or stolen: peers must sign anew (密钥丢失或泄露，须重新签订协议)'],
  ] as const)
    keys
      .command(verb)
      .description(description)
      .action(async () => {
        const { fingerprint } = await (await client()).changeKey(verb)
        print(`fingerprint 指纹: ${fingerprint}`)
      })
}

function describeAlarms({ alarms }: AlarmList): string {
  if (alarms.length === 0) return '没有未处理的告警。 No open alarms.'
  return alarms
    .map(({ id, kind, peer, subject, raisedAt, acknowledgedBy, acknowledgedAt }) =>
      [
        `${raisedAt}  ${kind}  ${peer ?? ''}  ${subject}`.replace(/ +$/, ''),
        `  ${meanings[kind] ?? ''}`,
        acknowledgedAt === null ? `  id ${id}` : `  ${acknowledgedBy ?? ''} ${acknowledgedAt}`,
      ].join('\n'),
    )
    .join('\n')
}
