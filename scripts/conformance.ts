/**
 * Tests any running node, also one that others wrote, from outside: by HTTP and files alone, as a peer that the node's
 * operator has made an agreement with.
 *
 *     npm run conformance -- card --out card.json
 *     npm run conformance -- sign agreement.json --fingerprint "…"
 *     npm run conformance -- run http://node:7300 [--listen 127.0.0.1:7390] [--json]
 *     npm run conformance -- self
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Command, Option } from 'commander'
import { runChecks, type Check, type Finding } from './conformance/check.ts'
import { Deviation } from './conformance/demand.ts'
import { Listener } from './conformance/listener.ts'
import { startOwnNode } from './conformance/own-node.ts'
import { closing, lineOf, opening, summaryOf } from './conformance/report.ts'
import { roles, roleTerms, State, StateRefused, type Role } from './conformance/state.ts'
import { checks } from './conformance/table.ts'
import { World, type Operator, type Person } from './conformance/world.ts'
import { freePort } from './network/node-process.ts'

const defaultState = path.join('dist', 'conformance')
const print = (text: string) => process.stdout.write(`${text}\n`)

const fullRun = `
A full run 完整测试:
  1. "card" for each of the roles ${roles.join(', ')}; with each of the four an agreement that bears both signatures.
     Role first: the node proposes, "sign" signs. The others: "propose" with the card of the node, the node signs, "sign".
     四个角色均需与被测节点签订协议。
  2. The node posts to all of them at the address of --listen, and has spoken to none of them before.
     被测节点向 --listen 地址发送，且此前未与这些测试节点通信。
  3. A person with an invented ID number is on its roster: "run" with --person. 花名册中有一名测试人员。
Without one of these the checks that need it are skipped, and the end of the run names them. What only the operator of a
node can do (pause, close, erase, thaw, change of key) is tested by "self" alone. 缺少的项目会被跳过并在末尾列出。
A used role third, and second after a fork, needs a fresh card: use another --state. 再次测试请更换状态目录。
`

interface RunOptions {
  readonly json?: true
  readonly only?: string
}

const program = new Command('conformance')
  .description('test a running node against protocol/README.md (节点协议一致性测试)')
  .addHelpText('after', fullRun)
const stateOption = () =>
  new Option('--state <folder>', 'where the test peers live (状态目录)').default(defaultState)
const roleOption = () =>
  new Option('--role <role>', 'which test peer (哪个测试节点)').choices(roles).default('first')
const heard = 'the fingerprint you heard by telephone (电话核对的指纹)'

program
  .command('card')
  .description('make a test peer, or show it again: its card and fingerprint (生成测试节点名片)')
  .addOption(stateOption())
  .addOption(roleOption())
  .option('--code <code>', 'six digits to be known by (测试节点代码)')
  .requiredOption('--out <file>', 'where to write the card (名片文件)')
  .action(async (options: { state: string; role: Role; code?: string; out: string }) => {
    const { card, fingerprint } = await new State(options.state).card(options.role, options.code)
    await writeFile(options.out, JSON.stringify(card, null, 2) + '\n')
    print(`${card.name} ${card.node}: ${options.out}\nfingerprint 指纹: ${fingerprint}`)
    print(nextSteps(options.role, options.out, fingerprint))
  })

program
  .command('propose')
  .description('propose an agreement to the node under test (由测试节点发起协议)')
  .addOption(stateOption())
  .addOption(roleOption())
  .requiredOption('--card <file>', 'the card of the node under test (被测节点名片)')
  .requiredOption('--fingerprint <text>', heard)
  .requiredOption('--out <file>', 'where to write the proposal (协议文件)')
  .action(async (options: { state: string; role: Role; card: string; fingerprint: string; out: string }) => {
    const card: unknown = JSON.parse(await readFile(options.card, 'utf8'))
    await writeFile(
      options.out,
      await new State(options.state).propose(options.role, card, options.fingerprint),
    )
    print(`written 已写入: ${options.out}`)
  })

program
  .command('sign <file>')
  .description('sign an agreement for the test peer that is a party (签署协议)')
  .addOption(stateOption())
  .requiredOption('--fingerprint <text>', heard)
  .action(async (file: string, options: { state: string; fingerprint: string }) => {
    const signed = await new State(options.state).sign(await readFile(file, 'utf8'), options.fingerprint)
    await writeFile(file, signed.document)
    print(
      `${roleTerms[signed.role].name}: ${signed.complete ? 'both signed 双方已签' : 'signed by us 本方已签'}`,
    )
  })

program
  .command('run <url>')
  .description('run all checks on the node at this address (对该地址的节点进行测试)')
  .addOption(stateOption())
  .option(
    '--listen <host:port>',
    'where the node posts to: the --url it signed with (监听地址)',
    '127.0.0.1:7390',
  )
  .option(
    '--person <number>',
    'ID number of an invented person on the roster of the node (花名册中的测试人员)',
  )
  .option('--only <id>', 'only checks whose id begins so (只运行指定项目)')
  .option('--json', 'print one JSON object (以 JSON 输出)')
  .action(async (url: string, options: RunOptions & { state: string; listen: string; person?: string }) => {
    const { hostname, port } = new URL(`http://${options.listen}`)
    const person = options.person === undefined ? undefined : { idNumber: options.person }
    await test({ url, state: new State(options.state), host: hostname, port: Number(port), person }, options)
  })

program
  .command('self')
  .description('start a node of this project and run all checks on it (测试本项目的节点)')
  .option('--only <id>', 'only checks whose id begins so (只运行指定项目)')
  .option('--log', 'show the log of the node on standard error (显示节点日志)')
  .option('--json', 'print one JSON object (以 JSON 输出)')
  .action(async (options: RunOptions & { log?: true }) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'huiliu-conformance-state-'))
    const node = await startOwnNode((text) => void (options.log && process.stderr.write(text)))
    try {
      const state = new State(folder)
      const port = await freePort()
      await node.agree(state, `http://127.0.0.1:${port}`)
      const { url, operator, person } = node
      await test({ url, state, host: '127.0.0.1', port, person, operator }, options)
    } finally {
      await node.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })

interface Tested {
  readonly url: string
  readonly state: State
  readonly host: string
  readonly port: number
  readonly person?: Person | undefined
  readonly operator?: Operator | undefined
}

async function test(
  { url, state, host, port, person, operator }: Tested,
  options: RunOptions,
): Promise<void> {
  const started = Date.now()
  const first = await state.peer('first', url)
  if (!first)
    throw new StateRefused('there is no agreement yet: run "card" and follow it. 尚无协议，请先运行 card。')
  const listener = new Listener()
  const world = new World({
    node: first.node,
    url,
    listener,
    first,
    second: await state.peer('second', url),
    third: await state.peer('third', url),
    lapsed: await state.peer('lapsed', url),
    person,
    operator,
  })
  await listener.open(host, port)
  try {
    const chosen = checks.filter(({ id }) => id.startsWith(options.only ?? ''))
    await world.begin(chosen.some(({ needs }) => needs?.includes('fresh')))
    if (!options.json) print(opening(first.node, chosen.length))
    const findings = await runChecks(world, chosen as Check[], (finding: Finding) => {
      if (!options.json) print(lineOf(finding))
    })
    const summary = summaryOf(findings)
    if (options.json) print(JSON.stringify({ node: first.node, ...summary, findings }))
    else print(closing(findings, ((Date.now() - started) / 1000).toFixed(1)))
    if (summary.failed > 0) process.exitCode = 1
  } finally {
    await listener.close()
  }
}

/** What both operators do next, in the words of our own command line; of another node it says what that has to do. */
function nextSteps(role: Role, card: string, fingerprint: string): string {
  const file = `agreement-${role}.json`
  const sign = `huiliu peer sign --file ${file} --url http://THIS-MACHINE:7390 --fingerprint "${fingerprint}"`
  const propose = `huiliu peer propose --card ${card} --fingerprint "${fingerprint}" --out ${file}`
  const onNode = `on the node 在被测节点上: sign it, with the address it posts to 签署并填写监听地址 (${sign})`
  const ours = (command: string) => `npm run conformance -- ${command}`
  const steps =
    role === 'first'
      ? [
          `on the node 在被测节点上: propose an agreement to this card 向该名片发起协议 (${propose})`,
          `here 在本机: ${ours(`sign ${file} --fingerprint "…"`)}   (the fingerprint of the node 被测节点指纹)`,
          onNode,
        ]
      : [
          'on the node 在被测节点上: write its card 导出名片 (huiliu peer card --out node.card.json)',
          `here 在本机: ${ours(`propose --role ${role} --card node.card.json --fingerprint "…" --out ${file}`)}`,
          onNode,
          `here 在本机: ${ours(`sign ${file} --fingerprint "…"`)}`,
        ]
  const last = `here 在本机: ${ours('run http://NODE:7300 --listen 0.0.0.0:7390')}`
  return ['', ...[...steps, last].map((step, i) => `${i + 1}. ${step}`)].join('\n')
}

try {
  await program.parseAsync()
} catch (error) {
  const known = error instanceof StateRefused || error instanceof Deviation
  process.stderr.write(
    `${known ? error.message : error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
  )
  process.exitCode = 1
}
