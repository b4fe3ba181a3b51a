/**
 * Keys over time: a key is changed in the streams themselves, under traffic and faults, without one honest message
 * refused; what is under a key of the past, of nobody or of a thief is refused; old evidence stays verifiable.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { type Introduction } from '../../node/federation/peers.ts'
import { Sealer } from '../../node/federation/sealer.ts'
import {
  agreements,
  envelopesIn,
  envelopesOut,
  peerKeys,
  peers as peerRows,
  recordsIn,
  recordsOut,
  refusals,
  replacedKey,
  streamsOut,
} from '../../node/federation/tables.ts'
import { openKeyring } from '../../node/keyring.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Store, type Transaction } from '../../node/store/port.ts'
import {
  enrolKey,
  jwsTypes,
  readJws,
  sealEnvelope,
  signRequest,
  utf8,
  verifyEvidence,
  type SigningKey,
} from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { caseOf } from '../harness/conversation.ts'
import { keyringText } from '../harness/keys.ts'
import { expectSame, joined, twoNodes, watchSigned, type Node, type Nodes } from '../harness/loss.ts'
import { bodyOf, uuid } from '../harness/peer.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { seededRandom } from '../harness/random.ts'
import { agree, type TestRegion } from '../harness/region.ts'
import { dongguan, shenzhen, withScriptedPeer, xinyang } from '../harness/world.ts'

let nodes: Nodes
let home: Node
let host: Node
beforeEach(async () => {
  nodes = await twoNodes()
  ;({ home, host } = nodes)
})

const outflow = { destination: { code: shenzhen, text: '深圳' } }

async function publish(n: number): Promise<void> {
  await home.office.roster({ idNumber: idNumberOf(n), name: nameOf(n) })
  await home.office.outflow({ idNumber: idNumberOf(n), host: shenzhen, outflow })
}

async function arrive(n: number): Promise<void> {
  await host.office.arrivals({ idNumber: idNumberOf(n), home: xinyang, name: nameOf(n) })
}

async function levelled(): Promise<void> {
  nodes.network.fate = () => 'deliver'
  for (let i = 0; i < 3; i++) await nodes.clock.advance(61_000)
}

/** Refusals since the agreement was in force on both sides. */
async function refusedAt(node: Node): Promise<string[]> {
  const rows = await node.memory.read((reader) => reader.find(refusals, {}))
  return rows.map(({ code }) => code).filter((code) => code !== 'unknown_peer')
}

/** The file of the agreement in force, as the operator of home signs it again. */
async function introductionOfHost(): Promise<Introduction> {
  const [agreement] = await home.memory.read((reader) => reader.find(agreements, { active: true }))
  return {
    document: agreement?.document ?? '',
    url: nodes.network.urlOf(shenzhen),
    fingerprint: host.region.agreements.fingerprint(),
  }
}

/** The kids of the envelopes a node has sent, in order, each once. */
async function kidsOf(node: Node): Promise<string[]> {
  const sent = await node.memory.read((reader) => reader.find(envelopesOut, {}, { orderBy: 'lastPosition' }))
  const kids = sent.map(({ jws }) => {
    const read = readJws(jws, jwsTypes.envelope)
    return read.ok ? read.jws.kid : ''
  })
  return [...new Set(kids)]
}

/** A sealer beside that of home's courier; it signs each envelope when `mayGoOn` says so. */
function sealerAt(store: Store, mayGoOn: () => Promise<void> = () => Promise.resolve()): Sealer {
  const { standing, clock, crypto } = home.region
  const knows = async (kid: string) => {
    await mayGoOn()
    return home.keyring.knows(kid)
  }
  const keyring = Object.create(home.keyring, { knows: { value: knows } }) as typeof home.keyring
  return new Sealer({ self: xinyang, store, standing, keyring, crypto, clock, tuning: {} })
}

/** Each record was said once, taken once and applied. */
async function expectOnce(): Promise<void> {
  for (const [one, other] of [
    [home, host],
    [host, home],
  ] as const) {
    const said = await one.memory.read((reader) => reader.find(recordsOut, {}))
    const heard = await other.memory.read((reader) => reader.find(recordsIn, {}))
    expect(heard.map(({ digest }) => digest).sort()).toEqual(said.map(({ digest }) => digest).sort())
    expect(heard.filter(({ outcome }) => outcome !== 'applied')).toEqual([])
  }
}

describe('what is refused', () => {
  const other = openKeyring(nodeJsCrypto, keyringText('another key of shenzhen'))

  async function scripted() {
    const world = await withScriptedPeer()
    const { us, peer } = world
    const take = (envelope: ReturnType<typeof peer.seal>) =>
      us.region.inbox.receive(shenzhen, bodyOf(envelope))
    const under = (keys: typeof other, place: { seq: number; prev: string | null }, ...records: string[]) => {
      const payload = { iss: shenzhen, aud: xinyang, epoch: 1, iat: 1, ...place }
      return sealEnvelope(nodeJsCrypto, keys.signer, payload, records)
    }
    const announce = (key: SigningKey = other.signing) => peer.record('keys.announced', null, { key })
    const keys = () => us.store.read((reader) => reader.find(peerKeys, {}))
    return { ...world, take, under, announce, keys }
  }

  it('a new key before its announcement, and its announcement under itself alone (J23, J24)', async () => {
    const { take, under, announce, keys, peer } = await scripted()
    for (const record of [peer.unknown(null), announce()]) {
      const { refusal, receipts } = await take(under(other, { seq: 1, prev: null }, record))
      expect([refusal?.code, receipts]).toEqual(['bad_signature', []])
    }
    expect(await keys()).toHaveLength(1)
  })

  it('the old key from the envelope after the announcement on, and the new one before it', async () => {
    const { take, under, announce, peer } = await scripted()
    expect((await take(peer.say(announce()))).receipts).toHaveLength(1)
    const old = peer.seal({}, peer.unknown(null))
    expect((await take(old)).refusal?.code).toBe('bad_signature')
    expect((await take(under(other, { seq: 1, prev: null }, peer.unknown(null)))).refusal?.code).toBe(
      'bad_signature',
    )
    const next = under(other, { seq: 2, prev: peer.head }, peer.unknown(null))
    expect((await take(next)).receipts).toHaveLength(1)
  })

  it('a weak key, a key that is known already, and an announcement that is not the last of its envelope is no harm', async () => {
    const { take, under, announce, keys, peer } = await scripted()
    const weak: SigningKey = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }
    expect(enrolKey(weak).ok).toBe(false)
    await take(peer.say(announce(weak)))
    await take(peer.say(announce(peer.keyring.signing)))
    expect(await keys()).toHaveLength(1)
    await take(peer.say(announce(), peer.unknown(null)))
    expect((await take(under(other, { seq: 4, prev: peer.head }, peer.unknown(null)))).receipts).toHaveLength(
      1,
    )
  })

  it('reads under the old key once one under the new was answered, and until then none', async () => {
    const { take, announce, peer, us } = await scripted()
    await take(peer.say(announce()))
    const ask = (keys: typeof other, n: number) => {
      const iat = Math.floor(us.region.clock.nowMs() / 1000)
      const nonce = uuid(n)
      const request = {
        iss: shenzhen,
        aud: xinyang,
        iat,
        exp: iat + 60,
        nonce,
        purpose: { what: 'heads' as const },
      }
      return us.region.requests.answer(shenzhen, utf8(signRequest(keys.signer, request)))
    }
    expect((await ask(peer.keyring, 1)).ok).toBe(true)
    expect((await ask(other, 2)).ok).toBe(true)
    expect(await ask(peer.keyring, 3)).toMatchObject({ ok: false, code: 'bad_signature' })
    expect((await ask(other, 4)).ok).toBe(true)
  })

  it('anything new under a key that our operator revoked; what was taken is receipted as before', async () => {
    const { take, peer, us } = await scripted()
    const first = peer.say(peer.unknown(null))
    const { receipts } = await take(first)
    expect(await us.store.transaction((tx) => us.region.peers.revoke(tx, shenzhen))).toBe(true)
    expect((await take(peer.say(peer.unknown(null)))).refusal?.code).toBe('bad_signature')
    expect((await take(first)).receipts).toEqual(receipts)
  })
})

describe('a key that is changed', () => {
  it.each(Array.from({ length: 25 }, (_, n) => n + 1))(
    'under traffic and faults (%i): no honest message is refused, each record is taken once',
    async (seed) => {
      const chance = seededRandom(seed)
      const below = (n: number) => Math.floor(chance.unit() * n)
      const fates = ['deliver', 'deliver', 'drop', 'cut', 'twice'] as const
      nodes.network.fate = () => fates[below(fates.length)] ?? 'deliver'
      for (let n = 1; n <= 12; n++) {
        await publish(n)
        if (below(3) === 0) await home.region.ownKeys.rotate()
        await settled()
        await arrive(n)
        if (below(4) === 0) await host.region.ownKeys.rotate()
        await nodes.clock.advance(below(400))
      }
      await publish(13)
      await settled()
      await arrive(13)
      await levelled()
      await expectSame(nodes)
      await expectOnce()
      // What arrived twice is no refusal of its content; a request that did is.
      for (const node of [home, host])
        expect((await refusedAt(node)).filter((code) => code !== 'replayed_nonce')).toEqual([])
      expect((await kidsOf(home)).at(-1)).toBe(home.keyring.kid)
      expect((await kidsOf(host)).at(-1)).toBe(host.keyring.kid)
    },
  )

  it('twice while the peer is away: it learns both in their order, and nothing is refused', async () => {
    nodes.network.fate = () => 'drop'
    await publish(1)
    for (const n of [2, 3]) {
      await home.region.ownKeys.rotate()
      await publish(n)
    }
    await arrive(2)
    await nodes.clock.advance(600_000)
    expect(await refusedAt(host)).toEqual([])
    await levelled()
    await expectSame(nodes)
    await expectOnce()
    expect([...(await refusedAt(host)), ...(await refusedAt(home))]).toEqual([])
    expect(await kidsOf(home)).toHaveLength(3)
  })

  it('while we ask and take its announcement meanwhile: the answer under the new one is believed', async () => {
    nodes.network.fate = ({ from, door }) => (from === xinyang && door === 'requests' ? 'hold' : 'deliver')
    const peer = await home.memory.read((reader) => home.region.peers.get(reader, shenzhen))
    if (!peer) throw new Error('no peer')
    const answer = home.region.requests.heads(peer)
    await settled()
    await host.region.ownKeys.rotate()
    await arrive(7)
    await levelled()
    nodes.network.release()
    await expect(answer).resolves.toMatchObject({ sent: { seq: expect.any(Number) as number } })
    expect(await home.openAlarms()).toEqual([])
  })

  it('survives the process that changed it dying at any step', async () => {
    const dying = async (k: number): Promise<number> => {
      nodes = await twoNodes()
      ;({ home, host } = nodes)
      await publish(1)
      await settled()
      let calls = 0
      home.store.watch = () => {
        if (++calls >= k) throw new Error('the machine stopped')
      }
      await home.region.ownKeys.rotate().catch(() => undefined)
      await settled()
      home.before.length = 0
      await home.stop()
      home.before.length = 0
      await home.start()
      await publish(2)
      await arrive(2)
      await levelled()
      await expectSame(nodes)
      await expectOnce()
      return calls
    }
    const calls = await dying(Infinity)
    for (let k = 1; k <= calls; k++) await dying(k)
  })

  it.each([
    ['concluded anew', false],
    ['signed again', true],
  ])(
    'twice is not the former again because an agreement, %s after a restore, names that',
    async (_, again) => {
      await publish(1)
      await levelled()
      nodes.network.fate = () => 'drop'
      await home.region.ownKeys.rotate()
      await nodes.clock.advance(5000)
      const kept = home.keep()
      await levelled()
      if (again) await agree(home, host, nodes.network)
      const file = await introductionOfHost()
      await home.region.ownKeys.rotate()
      await publish(2)
      await levelled()
      await home.restore(kept)
      await levelled()
      expect(await home.standing()).toEqual(['closed'])
      if (again) await home.region.sign(file)
      else await agree(home, host, nodes.network)
      await home.recover()
      await levelled()
      await publish(3)
      await arrive(3)
      await levelled()
      await expectSame(nodes)
      await expectOnce()
      expect(home.region.keyring.kid).toBe(home.region.keyring.kids()[0])
    },
  )

  it('is written into its stream by the sealer with what that has moved, and with nothing else', async () => {
    const patches: string[] = []
    const seen: Store = {
      read: (work) => home.store.read(work),
      transaction: (work) =>
        home.store.transaction((tx) => {
          const update: Transaction['update'] = (table, key, patch) => {
            if ((table as object) === streamsOut) patches.push(Object.keys(patch).sort().join())
            return tx.update(table, key, patch)
          }
          return work({ ...tx, update })
        }),
    }
    const sealer = sealerAt(seen)
    home.region.courier.wake = () => undefined
    await publish(1)
    await sealer.seal(shenzhen)
    await home.region.ownKeys.rotate()
    await publish(2)
    await sealer.seal(shenzhen)
    const moved = 'head,sealedPosition,seq,unreceipted'
    expect(patches).toEqual([moved, 'formerKid,head,kid,kidFrom,sealedPosition,seq,unreceipted'])
  })

  describe('while one peer cannot be told', () => {
    let third: Node
    beforeEach(async () => {
      third = await joined(nodes, dongguan, home)
      await publish(1)
      await levelled()
      nodes.network.fate = ({ from, to }) => (from === shenzhen || to === shenzhen ? 'drop' : 'deliver')
    })
    const knownAt = async (node: Node) =>
      (await node.memory.read((reader) => reader.find(peerKeys, { peer: xinyang }))).map(({ kid }) => kid)
    /** Of the stream to the host. */
    const stream = () => home.memory.read((reader) => reader.get(streamsOut, { peer: shenzhen }))

    it('tells the others at once, and that one, of each in its order, when its stream is open again', async () => {
      await home.region.recovery.allow(shenzhen)
      const kids = [home.keyring.kid, await home.region.ownKeys.rotate(), await home.region.ownKeys.rotate()]
      await nodes.clock.advance(5000)
      expect((await knownAt(third)).sort()).toEqual([...kids].sort())
      expect([await home.standing(), await knownAt(host)]).toEqual([['recovering', 'open'], kids.slice(0, 1)])
      await levelled()
      await publish(2)
      await arrive(2)
      await levelled()
      expect([await home.standing(), (await knownAt(host)).sort()]).toEqual([
        ['open', 'open'],
        [...kids].sort(),
      ])
      expect(await stream()).toMatchObject({ kid: kids[2], formerKid: kids[1] })
      await expectSame(nodes)
      expect((await refusedAt(host)).filter((code) => code !== 'replayed_nonce')).toEqual([])
    })

    it('asks the one that waits for the key of its agreement under that, though others know a newer one', async () => {
      await home.region.ownKeys.replace()
      await agree(home, third, nodes.network)
      await agree(home, host, nodes.network)
      await nodes.clock.advance(61_000)
      expect(await home.standing()).toEqual(['recovering', 'open'])
      const kid = await home.region.ownKeys.rotate()
      await levelled()
      await publish(2)
      await levelled()
      expect(await home.standing()).toEqual(['open', 'open'])
      expect(await stream()).toMatchObject({ kid })
      await expectSame(nodes)
    })

    it('is not changed at all when nobody can be told, and no key is left over', async () => {
      await home.region.recovery.allow(shenzhen)
      await home.region.recovery.allow(dongguan)
      const [kid, kids] = [home.keyring.kid, home.keyring.kids()]
      nodes.network.fate = () => 'drop'
      await expect(home.region.ownKeys.rotate()).rejects.toMatchObject({ code: 'stream_closed' })
      expect([home.keyring.kid, home.keyring.kids()]).toEqual([kid, kids])
    })
  })

  it('leaves old evidence verifiable with all keys, and not without the old one', async () => {
    const old = home.keyring.signing
    await publish(1)
    await settled()
    await home.region.ownKeys.rotate()
    await settled()
    const id = await caseOf(home, shenzhen, 1)
    await home.office.desk.notify(id, { on: '2026-01-01', subject: '通知', text: '内容' })
    await levelled()
    const evidence = await home.office.desk.evidence(id)
    const all = [
      { node: xinyang, key: old },
      { node: xinyang, key: home.keyring.signing },
      { node: shenzhen, key: host.keyring.signing },
    ]
    expect(verifyEvidence(nodeJsCrypto, evidence, all).faults).toEqual([])
    expect(verifyEvidence(nodeJsCrypto, evidence, all.slice(1)).faults).not.toEqual([])
  })
})

describe('a key that was stolen', () => {
  it('stops every stream at once, and nothing is signed until an agreement names the new one', async () => {
    await publish(1)
    await settled()
    const signed = watchSigned(nodes, xinyang)
    await home.region.ownKeys.replace()
    await expect(publish(2)).rejects.toMatchObject({ code: 'stream_closed' })
    await arrive(1)
    await nodes.clock.advance(120_000)
    expect([...signed]).toEqual([])
    expect(await home.standing()).toEqual(['closed'])
    // Nor does the operator's word for a loss open it: that would sign under the stolen one.
    expect(await home.region.recovery.allow()).toEqual([])
  })

  it.each([
    [
      'revoked',
      'bad_signature',
      ({ region }: TestRegion, tx: Transaction) => region.peers.revoke(tx, shenzhen),
    ],
    [
      'paused',
      'suspended',
      (_: TestRegion, tx: Transaction) => tx.update(peerRows, { node: shenzhen }, { paused: true }),
    ],
  ])('is believed no more in an envelope that waits while its peer is %s', async (_, code, act) => {
    const { us, peer } = await withScriptedPeer()
    const body = bodyOf(
      peer.say(peer.record('notice.sent', uuid(1), { on: '2026-02-01', subject: '换届', text: '通知' })),
    )
    let go = () => {}
    const said = new Promise<void>((resolve) => (go = resolve))
    const acting = us.store.transaction(async (tx) => {
      await tx.lock([`stream-in:${shenzhen}`])
      await act(us, tx)
      await said
    })
    await settled()
    const receiving = us.region.inbox.receive(shenzhen, body)
    await settled()
    go()
    await acting
    expect(await receiving).toMatchObject({ receipts: [], refusal: { code } })
    expect(await us.store.read((reader) => reader.find(envelopesIn, {}))).toEqual([])
    await us.region.stop()
  })

  it('comes back by no agreement once it was revoked', async () => {
    await publish(1)
    await levelled()
    await host.store.transaction((tx) => host.region.peers.revoke(tx, xinyang))
    await expect(agree(home, host, nodes.network)).rejects.toMatchObject({ code: 'agreement_key_revoked' })
  })

  it('is named by a new agreement while its announcement is on its way: the stream goes on in a new epoch', async () => {
    await publish(1)
    await levelled()
    nodes.network.fate = () => 'drop'
    await home.region.ownKeys.rotate()
    await nodes.clock.advance(5000)
    await publish(2)
    await agree(home, host, nodes.network)
    await levelled()
    expect(await home.standing()).toEqual(['open'])
    await expectSame(nodes)
    await expectOnce()
  })

  it('is put aside when what is being sealed under it is sealed, and stays so', async () => {
    await publish(1)
    await levelled()
    nodes.network.fate = () => 'drop'
    const kid = await home.region.ownKeys.rotate()
    await publish(2)
    let go = () => {}
    const until = new Promise<void>((resolve) => (go = resolve))
    const sealing = sealerAt(home.store, () => until).seal(shenzhen)
    await settled()
    const agreeing = agree(home, host, nodes.network)
    await settled()
    go()
    const { parcels } = await sealing
    await agreeing
    const stream = await home.memory.read((reader) => reader.get(streamsOut, { peer: shenzhen }))
    const put = { kid, kidFrom: replacedKey, formerKid: null, standing: 'recovering' }
    expect(stream).toMatchObject({ ...put, seq: parcels.at(-1)?.envelope.seq })
    await levelled()
    await expectSame(nodes)
    await expectOnce()
  })

  it('is followed only when the peer has signed as well: what is on its way under the old one is taken until then', async () => {
    await publish(1)
    await levelled()
    nodes.network.fate = () => 'drop'
    await home.region.ownKeys.rotate()
    await publish(2)
    const fingerprints = [home.region.agreements.fingerprint(), host.region.agreements.fingerprint()] as const
    const terms = { replyDays: 15, queriesPerDay: 1000, years: 3 }
    const card = home.region.agreements.card()
    const draft = host.region.agreements.propose(nodeJsCrypto, card, fingerprints[0], terms)
    const urls = [nodes.network.urlOf(xinyang), nodes.network.urlOf(shenzhen)] as const
    const { document } = await home.region.sign({
      document: draft,
      url: urls[1],
      fingerprint: fingerprints[1],
    })
    await levelled()
    expect(await home.standing()).toEqual(['recovering'])
    await host.region.sign({ document, url: urls[0], fingerprint: fingerprints[0] })
    await levelled()
    expect(await home.standing()).toEqual(['open'])
    await expectSame(nodes)
    await expectOnce()
  })

  it('is replaced by a new agreement: the stream goes on in a new epoch, and what was under way is said once', async () => {
    await publish(1)
    await levelled()
    nodes.network.fate = () => 'drop'
    await publish(2)
    await nodes.clock.advance(5000)
    const thief = openKeyring(nodeJsCrypto, keyringText(xinyang))
    await home.region.ownKeys.replace()
    await agree(home, host, nodes.network)
    await levelled()
    const opened = await host.memory.read((reader) => reader.find(recordsIn, { type: 'epoch.opened' }))
    expect(opened).toMatchObject([{ epoch: 2, seq: 1, idx: 0, outcome: 'applied' }])
    expect(
      JSON.stringify(await host.memory.read((reader) => reader.find(envelopesIn, { epoch: 2 }))),
    ).toContain('\\"reason\\":\\"key\\"')
    await publish(3)
    await arrive(3)
    await levelled()
    await expectSame(nodes)
    await expectOnce()
    const into = await host.memory.read((reader) =>
      reader.find(envelopesIn, { epoch: 2 }, { orderBy: 'seq' }),
    )
    const place = { iss: xinyang, aud: shenzhen, epoch: 2, iat: 1 }
    const forged = sealEnvelope(
      nodeJsCrypto,
      thief.signer,
      { ...place, seq: into.length + 1, prev: into.at(-1)?.contentId ?? null },
      [
        JSON.stringify({
          id: uuid(1),
          type: 'future.thing',
          v: 1,
          case: null,
          at: '2026-01-01T00:00:00Z',
          by: 'x',
          body: {},
        }),
      ],
    )
    expect((await host.region.inbox.receive(xinyang, bodyOf(forged))).refusal?.code).toBe('bad_signature')
  })

  it('had signed receipts that were lost on their way: they count as far as the peer’s new word vouches', async () => {
    nodes.network.fate = ({ from, door }) => (from === shenzhen && door === 'envelopes' ? 'cut' : 'deliver')
    await arrive(1)
    await nodes.clock.advance(2000)
    await home.region.ownKeys.replace()
    await agree(home, host, nodes.network)
    await levelled()
    await expectSame(nodes)
    await expectOnce()
    const sent = await host.memory.read((reader) => reader.find(envelopesOut, { receipted: false }))
    expect(sent).toEqual([])
  })

  it('had signed what a restored peer had answered and never receipted: its copy counts in the recovery', async () => {
    await home.office.roster({ idNumber: idNumberOf(2), name: nameOf(2) })
    await levelled()
    const kept = home.keep()
    // The host waits for home with this, which home is to lose: so it says nothing anew before home has recovered.
    await arrive(3)
    await levelled()
    nodes.network.fate = ({ from, door }) => (from === shenzhen && door === 'envelopes' ? 'cut' : 'deliver')
    await arrive(2)
    await nodes.clock.advance(5000)
    expect((await host.office.arrivalRows()).map(({ state }) => state)).not.toContain('asked')
    await home.restore(kept)
    await host.region.ownKeys.replace()
    await agree(home, host, nodes.network)
    nodes.network.fate = () => 'deliver'
    await home.recover()
    await levelled()
    expect([await home.standing(), await host.standing()]).toEqual([['open'], ['open']])
    await expectSame(nodes)
    await expectOnce()
  })

  it('that was replaced before an old database was restored is learnt again from the agreement', async () => {
    await publish(1)
    await levelled()
    const kept = home.keep()
    await publish(2)
    await levelled()
    await home.region.ownKeys.replace()
    await agree(home, host, nodes.network)
    const file = await introductionOfHost()
    await home.restore(kept)
    await home.recover()
    expect((await refusedAt(host)).at(-1)).toBe('bad_signature')
    await home.region.sign(file)
    await levelled()
    await publish(3)
    await arrive(3)
    await levelled()
    await expectSame(nodes)
    await expectOnce()
  })

  it('may be replaced before anything was ever signed under it', async () => {
    await home.region.ownKeys.replace()
    await agree(home, host, nodes.network)
    await levelled()
    await publish(1)
    await arrive(1)
    await levelled()
    await expectSame(nodes)
    await expectOnce()
  })

  it('may be rotated twice before anything was signed, and a new agreement name the last: the stream begins with it', async () => {
    nodes.network.fate = () => 'drop'
    await home.stop()
    await home.start()
    await home.region.ownKeys.rotate()
    await home.region.ownKeys.rotate()
    await nodes.clock.advance(1000)
    await agree(home, host, nodes.network)
    await levelled()
    await publish(1)
    await levelled()
    await arrive(1)
    await levelled()
    expect(await home.standing()).toEqual(['open'])
    await expectSame(nodes)
    await expectOnce()
  })

  it('is followed by one that nobody was told of before everything was lost: the new agreement’s key signs', async () => {
    await publish(1)
    await arrive(1)
    await levelled()
    nodes.network.fate = () => 'drop'
    await home.region.ownKeys.rotate()
    await nodes.clock.advance(2000)
    await home.restore({ store: new MemoryStore().snapshot(), heads: new Map() }, 'heads lost')
    await agree(home, host, nodes.network)
    await levelled()
    await home.recover()
    await levelled()
    expect(await home.standing()).toEqual(['open'])
    await expectSame(nodes)
    await publish(2)
    await levelled()
    await expectSame(nodes)
  })

  it('and its successor lost again with the whole database: everything comes back', async () => {
    const empty = home.keep()
    await publish(1)
    await arrive(1)
    await home.region.ownKeys.rotate()
    await publish(2)
    await levelled()
    await home.region.ownKeys.replace()
    await agree(home, host, nodes.network)
    const file = await introductionOfHost()
    await levelled()
    await publish(3)
    await levelled()
    const before = [...(await host.office.sharedViews(xinyang))]
    await home.restore(empty, 'heads lost')
    await home.region.sign(file)
    await levelled()
    await home.recover()
    await levelled()
    await expectSame(nodes)
    expect([...(await home.office.sharedViews(shenzhen))]).toEqual(before)
    await publish(4)
    await arrive(4)
    await levelled()
    await expectSame(nodes)
  })
})

describe('a key that only an agreement named, and that another followed in the stream', () => {
  /** The agreement that names it, as the operator of host has it, who is put back to before it. */
  async function lost(): Promise<Introduction> {
    await publish(1)
    await levelled()
    const kept = host.keep()
    await home.region.ownKeys.replace()
    await agree(home, host, nodes.network)
    await levelled()
    await publish(2)
    await levelled()
    const [agreement] = await host.memory.read((reader) => reader.find(agreements, { active: true }))
    const file = {
      document: agreement?.document ?? '',
      url: nodes.network.urlOf(xinyang),
      fingerprint: home.region.agreements.fingerprint(),
    }
    await home.region.ownKeys.rotate()
    await publish(3)
    await levelled()
    nodes.network.fate = () => 'drop'
    await host.restore(kept, 'heads lost')
    return file
  }

  async function recovered(): Promise<void> {
    await levelled()
    for (const node of [host, home]) await node.recover()
    await levelled()
    expect([await home.standing(), await host.standing()]).toEqual([['open'], ['open']])
    await expectSame(nodes)
    await publish(4)
    await arrive(4)
    await levelled()
    await expectSame(nodes)
  }

  it('is missed by a database from before it: a person hears of it, and signs that agreement again', async () => {
    const file = await lost()
    await levelled()
    expect(await host.openAlarms()).toEqual([`key_missing ${xinyang}`])
    await host.region.sign(file)
    await recovered()
  })

  it('is missed by a recovery under a new agreement: a person hears of it, and it takes one more', async () => {
    const file = await lost()
    await agree(home, host, nodes.network)
    await levelled()
    expect(await host.openAlarms()).toEqual(['behind'])
    await host.recover()
    const subject = await host.memory.read((reader) => host.region.peers.get(reader, xinyang))
    expect(subject && (await host.region.recovery.recover(subject))).toBe('key_missing')
    expect(await host.openAlarms()).toEqual(['behind', `key_missing ${xinyang}`])
    await host.region.sign(file)
    await home.region.ownKeys.replace()
    await agree(home, host, nodes.network)
    await recovered()
  })
})
