/** The head store against the database: what it forbids, what it lets by, and that it only moves forward by whoever knows it. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Heads } from '../../node/federation/heads.ts'
import { digestOf, type StreamHead } from '../../protocol/index.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { MemoryHeads } from '../harness/heads.ts'
import { shenzhen } from '../harness/world.ts'

const content = (seq: number, epoch = 1) => digestOf(nodeJsCrypto, `${epoch}/${seq}`)
const at = (seq: number, epoch = 1): StreamHead => ({
  epoch,
  seq,
  head: seq === 0 ? null : content(seq, epoch),
})
/** A database that holds the first envelopes of each epoch, up to this many. */
const holding =
  (...upTo: number[]) =>
  (epoch: number, seq: number) =>
    Promise.resolve(seq >= 1 && seq <= (upTo[epoch - 1] ?? 0) ? content(seq, epoch) : undefined)

let files: MemoryHeads
let heads: Heads
beforeEach(() => {
  files = new MemoryHeads()
  heads = new Heads(files)
})
const kept = () => JSON.parse(files.files.get(`${shenzhen}.out`) ?? 'null') as StreamHead | null
const keep = (head: StreamHead | string) =>
  files.files.set(`${shenzhen}.out`, typeof head === 'string' ? head : JSON.stringify(head))
const judge = (database: StreamHead, contentAt = holding(database.seq)) =>
  heads.judge('out', shenzhen, database, contentAt)
const advance = (to: StreamHead) => heads.advance('out', shenzhen, to)

describe('a database is behind', () => {
  it.each<[string, StreamHead, StreamHead, ReturnType<typeof holding>]>([
    ['when it ends before what was signed', at(5), at(4), holding(4)],
    ['when it knows nothing of what was signed', at(1), at(0), holding(0)],
    ['when it ends in another content', at(5), { ...at(5), head: content(99) }, holding(5)],
    ['when it goes on from another content', at(5), at(7), (_, seq) => Promise.resolve(content(seq + 90))],
    ['when it goes on and lacks what was signed', at(5), at(7), holding(0)],
    ['when it stands in the epoch before', at(1, 2), at(9, 1), holding(9)],
    ['when it stands in an epoch before one without any envelope', at(0, 2), at(9, 1), holding(9)],
    ['when it went on in another epoch without what was signed', at(5), at(1, 2), holding(4, 1)],
  ])('%s', async (_name, before, database, contentAt) => {
    keep(before)
    expect(await judge(database, contentAt)).toBe('behind')
    expect(kept()).toEqual(before)
  })
})

describe('a database is level', () => {
  it.each<[string, StreamHead, StreamHead, ReturnType<typeof holding>]>([
    ['when it ends in what was signed', at(5), at(5), holding(5)],
    ['before the first envelope', at(0), at(0), holding(0)],
    ['when it is ahead: a crash came between the commit and the head store', at(5), at(7), holding(7)],
    ['when it is ahead from the beginning on', at(0), at(3), holding(3)],
    ['when it went on in a new epoch', at(5), at(1, 2), holding(5, 1)],
    ['when it went on in a new epoch after one without any envelope', at(0, 2), at(1, 3), holding(5, 0, 1)],
  ])('%s', async (_name, before, database, contentAt) => {
    keep(before)
    expect(await judge(database, contentAt)).toBe('level')
  })
})

describe('a head store that knows nothing', () => {
  it('says so, whatever the database holds', async () => {
    expect(await judge(at(0))).toBe('unknown')
    expect(await judge(at(5))).toBe('unknown')
  })

  it('says so too when it has been lost while the process ran, and begins again with what is advanced to', async () => {
    await advance(at(5))
    files.files.clear()
    expect(await judge(at(5))).toBe('unknown')
    expect(await advance(at(5))).toBe('moved')
    expect(kept()).toEqual(at(5))
  })

  it('knows the streams of a peer apart', async () => {
    await heads.advance('in', shenzhen, at(3))
    expect(await judge(at(3))).toBe('unknown')
    expect(await heads.judge('in', shenzhen, at(3), holding(3))).toBe('level')
    expect(await heads.judge('in', '441900', at(3), holding(3))).toBe('unknown')
  })
})

describe('moving forward', () => {
  it('fails when another hand has moved it since, and its word stands', async () => {
    await advance(at(3))
    const other = new Heads(files)
    expect(await other.judge('out', shenzhen, at(3), holding(3))).toBe('level')
    expect(await other.advance('out', shenzhen, { ...at(4), head: content(94) })).toBe('moved')
    expect(await advance(at(4))).toBe('lost')
    expect(kept()).toEqual({ ...at(4), head: content(94) })
    expect(await judge(at(4))).toBe('behind')
  })

  it('fails when another hand was first of all', async () => {
    expect(await judge(at(0))).toBe('unknown')
    const read = files.read.bind(files)
    files.read = async (name) => {
      const found = await read(name)
      keep({ ...at(1), head: content(91) })
      return found
    }
    expect(await advance(at(1))).toBe('lost')
    expect(kept()).toEqual({ ...at(1), head: content(91) })
  })

  it('goes back for nobody, and says so', async () => {
    await advance(at(5))
    expect(await advance(at(4))).toBe('beyond')
    expect(await advance(at(9, 1))).toBe('moved')
    expect(await advance(at(1, 2))).toBe('moved')
    expect(await advance(at(10, 1))).toBe('beyond')
    expect(kept()).toEqual(at(1, 2))
  })

  it('swaps nothing at the place where another life has put its own content', async () => {
    keep({ ...at(4), head: content(94) })
    expect(await advance(at(4))).toBe('beyond')
    expect(kept()).toEqual({ ...at(4), head: content(94) })
  })

  it('does not start from what another life put there, though it was read meanwhile', async () => {
    await advance(at(3))
    keep({ ...at(4), head: content(94) })
    expect(await judge(at(5), (_, seq) => Promise.resolve(content(seq)))).toBe('behind')
    expect(await advance(at(5))).toBe('lost')
    expect(kept()).toEqual({ ...at(4), head: content(94) })
  })

  it('to where it stands swaps nothing', async () => {
    await advance(at(5))
    let swaps = 0
    files.watch = (what) => void (swaps += what === 'swap' ? 1 : 0)
    expect(await advance(at(5))).toBe('moved')
    expect(swaps).toBe(0)
  })
})

describe('the operator’s word', () => {
  it('stands whatever stood there, also behind it', async () => {
    await advance(at(9))
    await heads.restate('out', shenzhen, at(0, 2))
    expect(kept()).toEqual(at(0, 2))
    expect(await advance(at(1, 2))).toBe('moved')
    await heads.restate('out', shenzhen, at(2, 1))
    expect(kept()).toEqual(at(2, 1))
  })

  it('is said again until no other hand comes between', async () => {
    let between = 3
    files.watch = (what) => {
      if (what === 'swap' && between-- > 0) keep({ ...at(5), head: content(95 + between) })
    }
    await heads.restate('out', shenzhen, at(7))
    expect(kept()).toEqual(at(7))
  })
})

it('knows the last epoch that ever began, and none when it knows nothing', async () => {
  expect(await heads.lastEpoch('out', shenzhen)).toBe(0)
  await advance(at(0, 4))
  expect(await heads.lastEpoch('out', shenzhen)).toBe(4)
})

it.each(['', 'x', '{}', 'null', '{"epoch":1,"se', '{"epoch":0,"seq":1,"head":null}'])(
  'what a loss of power has torn (%j) is as good as nothing: the peer is asked, and the next head is kept',
  async (torn) => {
    keep(torn)
    expect(await judge(at(3))).toBe('unknown')
    expect(await heads.lastEpoch('out', shenzhen)).toBe(0)
    expect(await advance(at(3))).toBe('moved')
    expect(kept()).toEqual(at(3))
  },
)
