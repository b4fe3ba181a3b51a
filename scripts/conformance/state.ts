/**
 * The folder in which the test peers live between two commands: a keyring (0600), a card and an agreement for each. A
 * fresh folder is a fresh set of peers; a peer whose stream was frozen by a run is used up.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  agreementTermsSchema,
  countersign,
  fingerprint,
  isComplete,
  isFingerprint,
  partySchema,
  proposeAgreement,
  readAgreement,
  thumbprint,
  type Agreement,
  type Family,
  type NodeId,
  type Party,
} from '../../protocol/index.ts'
import { newKeyringFile, openKeyring, type Keyring } from '../../node/keyring.ts'
import { privateFiles } from '../../node/platform.ts'
import { crypto, newId, Peer } from './peer.ts'

export const roles = ['first', 'second', 'third', 'lapsed'] as const
export type Role = (typeof roles)[number]

interface RoleTerms {
  readonly code: NodeId
  readonly name: string
  readonly families: readonly Family[]
  /** Days from today on which its agreement begins and ends. */
  readonly days: readonly [number, number]
}

const year = [-1, 365] as const
/**
 * Codes that GB/T 2260 does not assign. The second peer agrees to less, so that a family can be missing, and the last
 * one's agreement has ended.
 */
export const roleTerms: Record<Role, RoleTerms> = {
  first: {
    code: '990001',
    name: '一致性测试甲',
    families: ['identity', 'flow', 'activity', 'peer'],
    days: year,
  },
  second: { code: '990002', name: '一致性测试乙', families: ['identity', 'flow'], days: year },
  third: {
    code: '990003',
    name: '一致性测试丙',
    families: ['identity', 'flow', 'activity', 'peer'],
    days: year,
  },
  lapsed: { code: '990004', name: '一致性测试丁', families: ['identity'], days: [-30, -10] },
}

/** Something that the operator of the tool can put right; said in one sentence. */
export class StateRefused extends Error {}

export class State {
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** The keyring and card of a role; made when there is none yet. */
  async card(role: Role, code: NodeId = roleTerms[role].code): Promise<{ card: Party; fingerprint: string }> {
    const file = path.join(this.folder, role, 'keyring.json')
    await mkdir(path.join(this.folder, role), { recursive: true, mode: 0o700 })
    if ((await privateFiles.read(file)) === undefined) {
      const { signing, exchange } = await this.write(file, newKeyringFile())
      const card: Party = { node: code, name: roleTerms[role].name, signing, exchange }
      await writeFile(path.join(this.folder, role, 'card.json'), JSON.stringify(card, null, 2) + '\n')
    }
    const { card, keyring } = await this.open(role)
    return { card, fingerprint: fingerprint(keyring.kid) }
  }

  /** A proposal to the holder of a card, signed by this role. */
  async propose(role: Role, theirCard: unknown, heard: string): Promise<string> {
    const { card, keyring } = await this.open(role)
    const theirs = partySchema.safeParse(theirCard)
    if (!theirs.success) throw new StateRefused('that file is not the card of a node. 不是节点名片文件。')
    demandFingerprint(heard, theirs.data)
    const day = (ahead: number) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10)
    const terms = agreementTermsSchema.safeParse({
      id: newId(),
      parties: [card, theirs.data].sort((a, b) => (a.node < b.node ? -1 : 1)),
      families: roleTerms[role].families,
      rulePack: 'conformance',
      replyDays: 1,
      queriesPerDay: 1_000_000,
      keyVersion: 1,
      from: day(roleTerms[role].days[0]),
      until: day(roleTerms[role].days[1]),
    })
    if (!terms.success)
      throw new StateRefused('no agreement can be made with that card. 无法与该名片签订协议。')
    return proposeAgreement(keyring.signer, terms.data)
  }

  /** Signs for the role that is a party, and keeps the document; gives it with our signature. */
  async sign(document: string, heard: string): Promise<{ role: Role; document: string; complete: boolean }> {
    const agreement = readOrRefuse(document)
    for (const role of roles) {
      const opened = await this.open(role).catch(() => undefined)
      const isOurs = ({ signing }: Party) => thumbprint(crypto, signing) === opened?.keyring.kid
      const theirs = agreement.terms.parties.find((party) => !isOurs(party))
      if (!opened || !agreement.terms.parties.some(isOurs) || !theirs) continue
      demandFingerprint(heard, theirs)
      const signed = countersign(crypto, opened.keyring.signer, document)
      if (!signed.ok) throw new StateRefused(`the agreement cannot be signed: ${signed.code}. 协议无法签署。`)
      await writeFile(path.join(this.folder, role, 'agreement.json'), signed.text)
      return { role, document: signed.text, complete: isComplete(readOrRefuse(signed.text)) }
    }
    throw new StateRefused('no test peer of this folder is a party of that agreement. 协议中没有本测试节点。')
  }

  /** The peer of a role, ready to speak; undefined without an agreement that bears both signatures. */
  async peer(role: Role, url: string): Promise<Peer | undefined> {
    const text = await readFile(path.join(this.folder, role, 'agreement.json'), 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    const { keyring, card } = await this.open(role)
    const { terms } = readOrRefuse(text)
    const node = terms.parties.find((party) => party.node !== card.node)?.node
    return node === undefined ? undefined : new Peer({ self: card.node, node, keyring, terms, url })
  }

  private async open(role: Role): Promise<{ keyring: Keyring; card: Party }> {
    const text = await privateFiles.read(path.join(this.folder, role, 'keyring.json'))
    if (text === undefined)
      throw new StateRefused(`${this.folder} holds no ${role} peer: run "card" first. 请先运行 card。`)
    const card = partySchema.parse(
      JSON.parse(await readFile(path.join(this.folder, role, 'card.json'), 'utf8')),
    )
    return { keyring: openKeyring(crypto, text), card }
  }

  private async write(file: string, text: string): Promise<Keyring> {
    await privateFiles.write(file, text)
    return openKeyring(crypto, text)
  }
}

function readOrRefuse(document: string): Agreement {
  const read = readAgreement(crypto, document)
  if (!read.ok)
    throw new StateRefused(`that file is no agreement that can be signed: ${read.code}. 不是可签署的协议。`)
  return read.agreement
}

function demandFingerprint(heard: string, party: Party): void {
  if (!isFingerprint(heard, thumbprint(crypto, party.signing)))
    throw new StateRefused(
      'the fingerprint is not that of the node in the file: compare again. 指纹不一致，请重新核对。',
    )
}
