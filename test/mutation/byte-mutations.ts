/**
 * What can be done to bytes after they were signed. Each entry of the table is one kind; a new kind is a new line. A
 * kind answers undefined when it cannot be applied to these bytes.
 */
import { digestOf, jwsTypes } from '../../protocol/index.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { type Chance } from './chance.ts'
import { faultOf } from './minimal.ts'
import { mutatedJson, treeKinds } from './tree-mutations.ts'

export interface Source {
  readonly bytes: Uint8Array
  /** Other good bytes of the same door, to be spliced with. */
  readonly other: Uint8Array
}
type Change = (source: Source, chance: Chance) => Uint8Array | undefined

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const toText = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const toBytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

/** Changes the lines of a body. */
const lines =
  (change: (lines: string[], chance: Chance, other: string[]) => string[] | undefined): Change =>
  ({ bytes, other }, chance) => {
    const changed = change(toText(bytes).split('\n'), chance, toText(other).split('\n'))
    return changed && toBytes(changed.join('\n'))
  }

/** Changes the parts of one token of a body; the parts of a token of the other body are at hand. */
const parts = (change: (parts: string[], chance: Chance, other: string[]) => string[] | undefined): Change =>
  lines((all, chance, others) => {
    const tokens = all.flatMap((line, i) => (isToken(line) ? [i] : []))
    if (tokens.length === 0) return undefined
    const place = chance.pick(tokens)
    const other = others.find(isToken)?.split('.') ?? []
    const changed = change((all[place] ?? '').split('.'), chance, other)
    return changed && all.with(place, changed.join('.'))
  })

function isToken(line: string): boolean {
  return line !== '' && !line.startsWith('{') && line.split('.').length === 3
}

/** Changes one character of one part into the base64url it is not written in. */
const spelled = (change: (part: string, chance: Chance) => string): Change =>
  parts((all, chance) => {
    const place = chance.int(all.length)
    return all.with(place, change(all[place] ?? '', chance))
  })

function nextInAlphabet(char: string): string {
  return alphabet[(alphabet.indexOf(char) + 1) % 64] ?? 'A'
}

/** The header decoded, changed and encoded again: its bytes are not those that were signed. */
const header = (change: (header: Record<string, unknown>, chance: Chance) => string | object): Change =>
  parts(([first = '', ...rest], chance) => {
    const said = Buffer.from(first, 'base64url').toString()
    // A header that was spoiled before it was signed may be none any more.
    if (faultOf(said) !== undefined || !said.startsWith('{')) return undefined
    const changed = change(JSON.parse(said) as Record<string, unknown>, chance)
    const text = typeof changed === 'string' ? changed : JSON.stringify(changed)
    return [Buffer.from(text).toString('base64url'), ...rest]
  })

/** Bytes of one decoded part changed, and the part written well again. */
const decoded = (place: 0 | 1 | 2, change: (bytes: Uint8Array, chance: Chance) => Uint8Array): Change =>
  parts((all, chance) => {
    const bytes = change(Buffer.from(all[place] ?? '', 'base64url'), chance)
    return all.with(place, Buffer.from(bytes).toString('base64url'))
  })

function flipped(bytes: Uint8Array, chance: Chance, from = 0, to = bytes.length): Uint8Array {
  const copy = new Uint8Array(bytes)
  const i = from + chance.int(Math.max(1, to - from))
  if (i < copy.length) copy[i] = (copy[i] ?? 0) ^ (1 << chance.int(8))
  return copy
}

/** S of the signature made larger by the order of the group: the classic second signature of the same words. */
function malleable(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const copy = new Uint8Array(signature)
  let s = 0n
  for (let i = 63; i >= 32; i--) s = (s << 8n) | BigInt(copy[i] ?? 0)
  s += order
  for (let i = 32; i < 64; i++, s >>= 8n) copy[i] = Number(s & 255n)
  return copy
}

const oddHeaders = ['none', 'EdDSA', 'HS256', 'ES256', 'ed25519', '', null, 1, ['Ed25519']]

/** The table of kinds. */
export const byteMutations: Record<string, Change> = {
  'bit flipped': ({ bytes }, c) => flipped(bytes, c),
  'bits flipped': ({ bytes }, c) => flipped(flipped(flipped(bytes, c), c), c),
  'byte changed': ({ bytes }, c) => bytes.with(c.int(bytes.length), c.int(256)),
  'byte inserted': ({ bytes }, c) => {
    const i = c.int(bytes.length + 1)
    const byte = c.pick([0, 9, 10, 13, 32, 34, 46, 61, 65, 95, 123, 127, 128, 0xc0, 0xed, 0xef, 0xff])
    return Uint8Array.from([...bytes.subarray(0, i), byte, ...bytes.subarray(i)])
  },
  'byte deleted': ({ bytes }, c) => {
    const i = c.int(bytes.length)
    return Uint8Array.from([...bytes.subarray(0, i), ...bytes.subarray(i + 1)])
  },
  'span deleted': ({ bytes }, c) => {
    const i = c.int(bytes.length)
    return Uint8Array.from([...bytes.subarray(0, i), ...bytes.subarray(i + 1 + c.int(64))])
  },
  'span doubled': ({ bytes }, c) => {
    const i = c.int(bytes.length)
    const end = Math.min(bytes.length, i + 1 + c.int(64))
    return Uint8Array.from([...bytes.subarray(0, end), ...bytes.subarray(i)])
  },
  truncated: ({ bytes }, c) => bytes.slice(0, c.int(bytes.length)),
  spliced: ({ bytes, other }, c) =>
    Uint8Array.from([...bytes.subarray(0, c.int(bytes.length)), ...other.subarray(c.int(other.length))]),
  'two bodies': ({ bytes, other }, c) =>
    Uint8Array.from(c.bool() ? [...bytes, ...other] : [...other, ...bytes]),
  'byte-order mark': ({ bytes }) => Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes]),
  'line split': lines((all, c) => {
    const i = c.int(all.length)
    const line = all[i] ?? ''
    const place = c.int(line.length + 1)
    return all.toSpliced(i, 1, line.slice(0, place), line.slice(place))
  }),
  'lines joined': lines((all, c) => {
    const i = c.int(Math.max(1, all.length - 1))
    return all.toSpliced(i, 2, (all[i] ?? '') + (all[i + 1] ?? ''))
  }),
  'line removed': lines((all, c) => all.toSpliced(c.int(all.length), 1)),
  'line doubled': lines((all, c) => {
    const i = c.int(all.length)
    return all.toSpliced(i, 0, all[i] ?? '')
  }),
  'lines exchanged': lines((all, c) => {
    const [i, j] = [c.int(all.length), c.int(all.length)]
    return all.with(i, all[j] ?? '').with(j, all[i] ?? '')
  }),
  'line of the other body': lines((all, c, others) => all.with(c.int(all.length), c.pick(others))),
  'line erased': lines((all, c) => {
    const i = c.int(all.length)
    return all.with(
      i,
      c.pick(['null', '#', `#${c.digest()}`, `#${digestOf(nodeJsCrypto, toBytes(all[i] ?? ''))}`]),
    )
  }),
  'line inserted': lines((all, c) =>
    all.toSpliced(
      c.int(all.length + 1),
      0,
      c.pick(['', '{}', 'null', '#', ' ', 'a.b.c', '..', '\r', '{', '[]']),
    ),
  ),
  'carriage returns': lines((all) => all.map((line, i) => (i < all.length - 1 ? `${line}\r` : line))),
  'line ends at the end': lines((all, c) => [...all, ...Array.from({ length: 1 + c.int(3) }, () => '')]),
  'blanks at the end': lines((all, c) =>
    c.bool()
      ? [...all, ' ']
      : all.with(-1, c.pick([' ', '\t', '\u00c2\u00a0', '\u00ef\u00bb\u00bf', '\r', '\v'])),
  ),
  'last line not ended': ({ bytes }) => bytes.slice(0, -1),
  'part exchanged with the other token': parts((all, c, others) => {
    const i = c.int(3)
    return others.length === 3 ? all.with(i, others[i] ?? '') : undefined
  }),
  'parts exchanged': parts((all, c) => c.shuffled(all)),
  'part removed': parts((all, c) => all.toSpliced(c.int(3), 1)),
  'part emptied': parts((all, c) => all.with(c.int(3), '')),
  'part doubled': parts((all, c) => all.toSpliced(c.int(3), 0, all[c.int(3)] ?? '')),
  'fourth part': parts((all, c) => [...all, c.pick(['', 'AAAA', 'x'])]),
  padding: spelled((part, c) => part + c.pick(['=', '==', '%3D'])),
  'base64, not base64url': spelled((part) => part.replaceAll('-', '+').replaceAll('_', '/')),
  'unused bits': parts((all, c) => {
    const loose = all.flatMap((part, i) => (part.length % 4 === 0 ? [] : [i]))
    if (loose.length === 0) return undefined
    const i = c.pick(loose)
    const part = all[i] ?? ''
    return all.with(i, part.slice(0, -1) + nextInAlphabet(part.at(-1) ?? 'A'))
  }),
  'one character more': spelled((part, c) => part + c.pick([...'AQgw_-'])),
  'character outside the alphabet': spelled((part, c) => {
    const i = c.int(part.length)
    return (
      part.slice(0, i) +
      c.pick(['+', '/', '=', ' ', '\t', '\r', '~', '\u00c3\u00a9', '\0']) +
      part.slice(i + 1)
    )
  }),
  'character of the alphabet': spelled((part, c) => {
    const i = c.int(part.length)
    return part.slice(0, i) + c.pick([...alphabet]) + part.slice(i + 1)
  }),
  'header: alg': header((h, c) => ({ ...h, alg: c.pick(oddHeaders) })),
  'header: typ': header((h, c) => ({ ...h, typ: c.pick([...Object.values(jwsTypes), ...oddHeaders]) })),
  'header: kid': header((h, c) => ({
    ...h,
    kid: c.pick([...oddHeaders, c.digest(), '__proto__', [h['kid']]]),
  })),
  'header: in another order': header((h, c) => Object.fromEntries(c.shuffled(Object.entries(h)))),
  'header: any mutation': header((h, c) => mutatedJson(c.pick(treeKinds), h, c, ['none']) ?? '{}'),
  'payload: bit flipped': decoded(1, flipped),
  'payload: cut': decoded(1, (bytes, c) => bytes.slice(0, c.int(bytes.length))),
  'signature: bit flipped': decoded(2, flipped),
  'signature: R flipped': decoded(2, (bytes, c) => flipped(bytes, c, 0, 32)),
  'signature: cut': decoded(2, (bytes, c) => bytes.slice(0, c.int(64))),
  'signature: longer': decoded(2, (bytes, c) => Uint8Array.from([...bytes, c.int(256)])),
  'signature: zero': decoded(2, (bytes) => new Uint8Array(bytes.length)),
  'signature: S plus the order': decoded(2, malleable),
}

export const byteKinds = Object.keys(byteMutations)
