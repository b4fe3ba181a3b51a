/** `huiliu peer …`: the card and fingerprint, agreements, and the state of both streams with each peer. */
import { readFile, writeFile } from 'node:fs/promises'
import { fingerprint, readAgreement, thumbprint, type PeerState } from '../../protocol/index.ts'
import { nodeJsCrypto } from '../platform.ts'
import { UsageError, type Group } from './parts.ts'
import { table } from './table.ts'

const heard = 'the fingerprint you heard by telephone (电话核对的指纹)'

export function peerCommands({ program, client, print }: Group): void {
  const peer = program.command('peer').description('agreements with other regions (共管协议)')
  const group = { program: peer, client, print }
  cardCommand(group)
  proposeCommand(group)
  showCommand(group)
  signCommand(group)
  listCommand(group)
  pauseCommand(group, 'pause', 'stop exchanging with a peer; nothing is lost (暂停)')
  pauseCommand(group, 'resume', 'go on exchanging (恢复)')
  wordCommands(group)
}

function cardCommand({ program, client, print }: Group): void {
  program
    .command('card')
    .description(
      'this node’s card, to hand to the other side; read them the fingerprint by telephone (本节点名片)',
    )
    .option('-o, --out <file>', 'write the card to a file')
    .action(async (options: { out?: string }) => {
      const api = await client()
      const text = JSON.stringify(await api.card(), null, 2) + '\n'
      if (options.out === undefined) print(text)
      else await writeFile(options.out, text)
      print(`fingerprint 指纹: ${(await api.node()).fingerprint}`)
    })
}

interface ProposeOptions {
  card: string
  fingerprint: string
  out: string
  replyDays: string
  queriesPerDay: string
  years: string
}

function proposeCommand({ program, client, print }: Group): void {
  program
    .command('propose')
    .description('propose an agreement to the holder of a card (发起协议)')
    .requiredOption('--card <file>', 'the other side’s card')
    .requiredOption('--fingerprint <text>', heard)
    .requiredOption('--out <file>', 'where to write the proposal')
    .option('--reply-days <number>', 'days to answer (答复天数)', '15')
    .option('--queries-per-day <number>', 'identity queries a day (每日身份查询上限)', '1000')
    .option('--years <number>', 'years of validity (有效年数)', '3')
    .action(async (options: ProposeOptions) => {
      const { fingerprint, replyDays, queriesPerDay, years } = options
      const terms = {
        replyDays: Number(replyDays),
        queriesPerDay: Number(queriesPerDay),
        years: Number(years),
      }
      const { document } = await (
        await client()
      ).propose({ card: await readCard(options.card), fingerprint, ...terms })
      await writeFile(options.out, document)
      print(`written 已写入: ${options.out}`)
    })
}

function showCommand({ program, print }: Group): void {
  program
    .command('show')
    .description('show what an agreement says before signing it (签署前查看协议内容)')
    .requiredOption('--file <file>', 'the agreement')
    .action(async (options: { file: string }) => {
      const read = readAgreement(nodeJsCrypto, await readFile(options.file, 'utf8'))
      if (!read.ok)
        throw new UsageError(
          `${options.file} is no agreement that can be signed (${read.code}: ${read.detail}). 不是可签署的协议。`,
        )
      const { terms, signedBy } = read.agreement
      const parties = terms.parties.map(({ node, name, signing }) => [
        `${name} ${node}`,
        fingerprint(thumbprint(nodeJsCrypto, signing)),
        signedBy.includes(node) ? 'signed 已签' : '–',
      ])
      print(table(['party 一方', 'fingerprint 指纹', 'signature 签名'], parties))
      print(
        `valid 有效期 ${terms.from} – ${terms.until}; reply 答复 ${terms.replyDays} days 天; queries 查询 ${terms.queriesPerDay} a day 每日; rules 规则包 ${terms.rulePack}`,
      )
      print(`records 记录 ${terms.families.join(', ')}`)
    })
}

function signCommand({ program, client, print }: Group): void {
  program
    .command('sign')
    .description('sign an agreement, or take in the one that came back signed (签署协议)')
    .requiredOption('--file <file>', 'the agreement')
    .requiredOption('--url <url>', 'where the other node is reached (对方节点地址)')
    .requiredOption('--fingerprint <text>', heard)
    .option('--out <file>', 'where to write it with our signature (default: the same file)')
    .action(async (options: { file: string; url: string; fingerprint: string; out?: string }) => {
      const document = await readFile(options.file, 'utf8')
      const signed = await (
        await client()
      ).sign({ document, url: options.url, fingerprint: options.fingerprint })
      await writeFile(options.out ?? options.file, signed.document)
      print(
        signed.active
          ? `in force 已生效: ${signed.peer}`
          : `waits for the other signature 待对方签署: ${signed.peer}`,
      )
    })
}

function listCommand({ program, client, print }: Group): void {
  const headings = [
    'peer 地区',
    'sent/receipted 已发/已回执',
    'received 已收',
    'unsent 待发',
    'parked 搁置',
    'state 状态',
    'heard 最近来信',
  ]
  program
    .command('list')
    .description('peers with the state of both streams (对方节点与收发状态)')
    .action(async () => print(table(headings, (await (await client()).peers()).map(peerRow))))
}

function peerRow(state: PeerState): string[] {
  return [
    `${state.name} ${state.node}`,
    `${state.sent.seq}/${state.receipted}`,
    String(state.received.seq),
    String(state.unsent),
    String(state.parked),
    state.standing !== 'open'
      ? `${state.standing} 停发`
      : state.frozen
        ? 'frozen 冻结'
        : state.paused
          ? 'paused 暂停'
          : (state.problem?.code ?? 'ok'),
    state.heardAt ?? '–',
  ]
}

function pauseCommand(
  { program, client, print }: Group,
  verb: 'pause' | 'resume',
  description: string,
): void {
  program
    .command(`${verb} <node>`)
    .description(description)
    .action(async (node: string) => {
      const { paused } = await (await client()).pause(node, verb === 'pause')
      print(`${node}: ${paused ? 'paused 已暂停' : 'active 已恢复'}`)
    })
}

function wordCommands({ program, client, print }: Group): void {
  program
    .command('thaw <node>')
    .description('let a peer whose stream was stopped by a fork go on, in a new epoch (解除停收)')
    .action(async (node: string) => {
      await (await client()).thaw(node)
      print(`${node}: 等待对方运行 huiliu recover --peer;the other side now runs "huiliu recover --peer".`)
    })
  program
    .command('revoke-key <node>')
    .description('believe nothing new under this peer’s keys: they are lost or stolen (停用对方密钥)')
    .action(async (node: string) => {
      await (await client()).revokeKey(node)
      print(`${node}: 其密钥已停用，请重新签订协议。 Its keys are revoked; sign a new agreement.`)
    })
}

async function readCard(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    throw new UsageError(
      `${file} is not a node's card: ask the other side for the file of "huiliu peer card -o". 不是节点名片文件。`,
    )
  }
}
