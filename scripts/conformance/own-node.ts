/** A node of ours to try the checks on: fresh data, free ports, and an operator whose hand is the local API. */
import path from 'node:path'
import { rm } from 'node:fs/promises'
import { checkCharacter } from '../../protocol/index.ts'
import { freePort, NodeProcess, temporaryFolder } from '../network/node-process.ts'
import { type Role, roles, type State } from './state.ts'
import { type Operator, type Person } from './world.ts'

const code = '411500'

export interface OwnNode {
  readonly node: string
  readonly url: string
  readonly operator: Operator
  readonly person: Person
  agree(state: State, listenUrl: string): Promise<void>
  stop(): Promise<void>
}

export async function startOwnNode(onOutput: (text: string) => void): Promise<OwnNode> {
  const folder = await temporaryFolder('conformance')
  const config = async () => ({
    node: code,
    name: '信阳',
    federation: { host: '127.0.0.1', port: await freePort() },
    local: { port: await freePort() },
  })
  const process = await NodeProcess.prepare(path.join(folder, code), config, onOutput)
  await process.start()
  const idNumber = inventedIdNumber()
  return {
    node: code,
    url: process.federationUrl,
    person: { idNumber },
    operator: {
      pause: async (peer, paused) => void (await process.client.pause(peer, paused)),
      compare: async (peer) => void (await process.client.comparison(peer)),
      thaw: async (peer) => void (await process.client.thaw(peer)),
      changeKey: async () => void (await process.client.changeKey('rotate')),
      close: async (id) => void (await process.client.act(id, 'close', { reason: 'other' })),
      erase: async (id) => void (await process.client.act(id, 'erase', {})),
    },
    agree: async (state, listenUrl) => {
      for (const role of roles) await agreeAs(role, state, process, listenUrl)
      const roster = `姓名,公民身份号码,人员类别\n测试员,${idNumber},正式党员\n`
      await process.client.import('roster', Buffer.from(roster), '一致性测试-党员花名册.csv')
    },
    stop: async () => {
      await process.stop()
      await process.remove()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Both operators' parts: the node proposes to the first peer, the others propose to the node. */
async function agreeAs(role: Role, state: State, node: NodeProcess, url: string): Promise<void> {
  const { card, fingerprint: ours } = await state.card(role)
  const { fingerprint: theirs } = await node.client.node()
  if (role === 'first') {
    const terms = { replyDays: 1, queriesPerDay: 1000, years: 1 }
    const { document } = await node.client.propose({ card, fingerprint: ours, ...terms })
    const signed = await state.sign(document, theirs)
    await node.client.sign({ document: signed.document, url, fingerprint: ours })
    return
  }
  const document = await state.propose(role, await node.client.card(), theirs)
  const signed = await node.client.sign({ document, url, fingerprint: ours })
  await state.sign(signed.document, theirs)
}

/** County 000000 was never assigned: the number is nobody's. */
function inventedIdNumber(): string {
  const digits = '00000019900101001'
  return digits + checkCharacter(digits)
}
