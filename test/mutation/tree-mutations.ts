/**
 * What can be done to a JSON text before it is signed, so that a good signature covers it. Each entry of the table is
 * one kind; a new kind is a new line. A kind answers undefined when there is nothing in this text it could change.
 */
import { limits } from '../../protocol/index.ts'
import { type Chance } from './chance.ts'
import { objectsOf, raw, spotsOf, textOf, treeOf, type Spot, type Tree } from './tree.ts'

/** Strings that mean something in this world: ids, tags, digests and codes to be borrowed. */
export type Pool = readonly string[]
type Holder = { root: Tree }
type Change = (holder: Holder, chance: Chance, pool: Pool) => string | boolean

/** Raw JSON texts (not values) that stand where something sensible should. */
const oddNumbers = [
  ...['1e400', '-1e400', '-0', '0', '-1', '1.0', '1e0', '0.1', '1E2', '01', '+1', '.5', '5.', '0x10', '1_0'],
  ...['9007199254740990', '9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740991'],
  ...[
    '-9007199254740992',
    '2147483647',
    '2147483648',
    '4294967296',
    '9223372036854775808',
    'NaN',
    'Infinity',
  ],
  ...[
    '1e-400',
    '0e0',
    '-0.0',
    '123456789012345678901234567890',
    '65536',
    '256',
    '1001',
    '0.99999999999999999999',
  ],
]
const oddStrings = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\udc00',
    'a\udbff',
    'e\u0301',
    '\u00e9',
    '\u212b',
    '\u1100\u1161',
  ],
  ...[
    '\ufeff',
    '\ufeffa',
    'a\u200b',
    '\u202eabc',
    '\u2028',
    '\u2029',
    '\u00a0',
    '\u3000王',
    'a\n',
    'a\r\nb',
    '\t',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    "'; drop table cases; --",
    '../../etc',
    '%00',
    '${x}',
    '<b>',
    '\\',
  ],
  ...[
    'null',
    'true',
    '0',
    'undefined',
    '[object Object]',
    '👩‍👩‍👧',
    '𠮷'.repeat(50),
    '名'.repeat(51),
    'x'.repeat(501),
  ],
  ...[
    'x'.repeat(4001),
    '王'.repeat(2000),
    '\u007f',
    '\u0085',
    '\ufffd',
    '\uffff',
    '\u{1f600}',
    'Ａ',
    'ﬁ',
    '\u0344',
  ],
  ...[
    '2026-02-30',
    '2026-2-3',
    '1899-12-31',
    '2100-01-01',
    '2026-13',
    '2024-02-29',
    '2023-02-29',
    '13800000000',
  ],
]
const dangerousNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
]
const oddNames = [
  ...[
    '0',
    '17',
    '01',
    '-1',
    '4294967295',
    '4294967296',
    '1e3',
    '',
    ' ',
    'e\u0301',
    '\u00e9',
    '\u0000',
    '\ud800',
  ],
  ...['\ufeff', 'length', 'extra', 'Id', 'ID', 'seq ', 'ｉｄ', 'x'.repeat(300)],
]
const wrongTypes = ['null', 'true', 'false', '0', '1', '""', '"1"', '[]', '{}', '[null]', '{"a":1}', '[[]]']

/** Puts a tree at a chosen place; false when the choice is empty. */
function at(spots: readonly Spot[], chance: Chance, make: (spot: Spot) => Tree | undefined): boolean {
  if (spots.length === 0) return false
  const spot = chance.pick(spots)
  const tree = make(spot)
  if (tree) spot.put(tree)
  return tree !== undefined
}

const strings = (holder: Holder) =>
  spotsOf(holder).filter(({ tree }) => tree.kind === 'raw' && tree.text.startsWith('"'))
const valueOf = ({ tree }: Spot) => (tree.kind === 'raw' ? String(JSON.parse(tree.text)) : '')

/** A string changed as text, written as JSON again. */
const rewritten =
  (change: (text: string, chance: Chance) => string): Change =>
  (holder, chance) =>
    at(strings(holder), chance, (spot) => raw(JSON.stringify(change(valueOf(spot), chance))))

/** A string of the same value, spelled otherwise. */
const respelled =
  (change: (json: string, chance: Chance) => string): Change =>
  (holder, chance) =>
    at(strings(holder), chance, (spot) => raw(change(textOf(spot.tree), chance)))

const inObject =
  (change: (object: Extract<Tree, { kind: 'object' }>, chance: Chance) => void): Change =>
  (holder, chance) => {
    const objects = objectsOf(holder).filter(({ members }) => members.length > 0)
    if (objects.length > 0) change(chance.pick(objects), chance)
    return objects.length > 0
  }

const inList =
  (change: (items: Tree[], chance: Chance) => Tree[]): Change =>
  (holder, chance) => {
    const lists = spotsOf(holder).flatMap(({ tree }) => (tree.kind === 'list' ? [tree] : []))
    if (lists.length === 0) return false
    const list = chance.pick(lists)
    list.items = change(list.items, chance)
    return true
  }

function insertAt<T>(list: T[], chance: Chance, item: T): void {
  list.splice(chance.int(list.length + 1), 0, item)
}

function escapedName(name: string, chance: Chance): string {
  const i = 1 + chance.int(Math.max(1, name.length - 2))
  const code = name.charCodeAt(i).toString(16).padStart(4, '0')
  return `${name.slice(0, i)}\\u${code}${name.slice(i + 1)}`
}

function nested(levels: number, chance: Chance, inside: Tree): Tree {
  let tree = inside
  for (let i = 0; i < levels; i++)
    tree = chance.bool()
      ? { kind: 'list', items: [tree] }
      : { kind: 'object', members: [{ name: '"a"', value: tree }] }
  return tree
}

function oneCharacter(text: string, chance: Chance): string {
  const chars = [...text]
  const i = chance.int(chars.length + 1)
  const other = chance.pick([
    'a',
    'Z',
    '0',
    '9',
    '_',
    '-',
    ' ',
    '王',
    'é',
    '\u0301',
    '"',
    '\\',
    '\u0001',
    '/',
  ])
  return chars.toSpliced(i, chance.int(2), ...(chance.bool(0.8) ? [other] : [])).join('')
}

/** Blanks and other dirt between the tokens of a text. */
function dirt(text: string, chance: Chance): string {
  const blanks = [' ', '\t', '\r', '\n', '  ', '/**/', '\u00a0', '\ufeff', ',', '\u0000']
  const places = [0, text.length, ...[...text.matchAll(/[{}[\]:,]/g)].map(({ index }) => index + 1)]
  const place = chance.pick(places)
  return text.slice(0, place) + chance.pick(blanks) + text.slice(place)
}

/** The table of kinds. */
export const treeMutations: Record<string, Change> = {
  'wrong type': (h, c) => at(spotsOf(h), c, () => raw(c.pick(wrongTypes))),
  'odd number': (h, c) => at(spotsOf(h).slice(1), c, () => raw(c.pick(oddNumbers))),
  'number moved': (h, c) =>
    at(
      spotsOf(h).filter(({ tree }) => tree.kind === 'raw' && /^-?\d+$/.test(tree.text)),
      c,
      (spot) => raw(String(Number(textOf(spot.tree)) + c.pick([-2, -1, 1, 2, 256, 86_400, -300, 300, 301]))),
    ),
  'number in another spelling': (h, c) =>
    at(
      spotsOf(h).filter(({ tree }) => tree.kind === 'raw' && /^\d+$/.test(tree.text)),
      c,
      ({ tree }) => raw(c.pick(['0', '+', '-']) + textOf(tree) + c.pick(['', '.0', 'e0', 'E0', '.'])),
    ),
  'odd string': (h, c) => at(strings(h), c, () => raw(JSON.stringify(c.pick(oddStrings)))),
  'odd string joined': rewritten((text, c) =>
    c.bool() ? text + c.pick(oddStrings) : c.pick(oddStrings) + text,
  ),
  'one character': rewritten(oneCharacter),
  'other case': rewritten((text) => (text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase())),
  'other normal form': rewritten((text, c) => `${text}é`.normalize(c.pick(['NFD', 'NFKD', 'NFKC']))),
  'lone surrogate': rewritten((text, c) => text + c.pick(['\ud800', '\udfff', '\udc00\ud800'])),
  NUL: rewritten((text, c) => (c.bool() ? `${text}\u0000` : `\u0000${text}`)),
  'huge string': rewritten(
    (text, c) => text + c.pick(['x', '王', '𠮷', '\n']).repeat(c.pick([499, 3999, 6000, 17_000])),
  ),
  'string cut': rewritten((text, c) => text.slice(0, c.int(text.length + 1))),
  'string doubled': rewritten((text) => text + text),
  'borrowed string': (h, c, pool) => at(strings(h), c, () => raw(JSON.stringify(c.pick(pool)))),
  'needless escape': respelled((json, c) => (json.length > 2 ? escapedName(json, c) : '"\\u0061"')),
  'slash escaped': respelled((json) => `${json.slice(0, -1)}\\/"`),
  'upper-case escape': respelled(
    (json, c) => `${json.slice(0, -1)}\\u00${c.pick(['1F', '0B', '0A', '7f', 'E9'])}"`,
  ),
  'long escape': respelled(
    (json, c) => `${json.slice(0, -1)}\\u00${c.pick(['0a', '09', '22', '5c', '1f'])}"`,
  ),
  'surrogate pair escaped': respelled((json) => `${json.slice(0, -1)}\\ud83d\\ude00"`),
  'control character in the clear': respelled(
    (json, c) => `${json.slice(0, -1)}${c.pick(['\t', '\u0001', '\u001f'])}"`,
  ),
  'string without its end': respelled((json) => json.slice(0, -1)),
  'member added': inObject(({ members }, c) => {
    const name = JSON.stringify(c.pick([...oddNames, 'note', 'exp', 'b64', 'jku', 'at', 'v', 'id']))
    insertAt(members, c, { name, value: raw(c.pick([...wrongTypes, ...oddNumbers.slice(0, 6)])) })
  }),
  'dangerous name added': inObject(({ members }, c) => {
    const name = JSON.stringify(c.pick(dangerousNames))
    insertAt(members, c, { name: c.bool(0.2) ? escapedName(name, c) : name, value: raw(c.pick(wrongTypes)) })
  }),
  'member removed': inObject(({ members }, c) => void members.splice(c.int(members.length), 1)),
  'member renamed': inObject(({ members }, c) => {
    c.pick(members).name = JSON.stringify(c.pick([...oddNames, ...dangerousNames]))
  }),
  'name in other case': inObject(({ members }, c) => {
    const member = c.pick(members)
    member.name = member.name.toUpperCase()
  }),
  'name escaped': inObject(({ members }, c) => {
    const member = c.pick(members)
    if (member.name.length > 2) member.name = escapedName(member.name, c)
  }),
  'member twice': inObject(({ members }, c) => insertAt(members, c, { ...c.pick(members) })),
  'member twice with another value': inObject(({ members }, c) =>
    insertAt(members, c, { name: c.pick(members).name, value: raw(c.pick(wrongTypes)) }),
  ),
  'member twice by escape': inObject(({ members }, c) => {
    const { name, value } = c.pick(members)
    insertAt(members, c, { name: name.length > 2 ? escapedName(name, c) : name, value })
  }),
  'members in another order': inObject((object, c) => {
    object.members = c.shuffled(object.members)
  }),
  'members exchanged': inObject(({ members }, c) => {
    const [one, other] = [c.pick(members), c.pick(members)]
    const { value } = one
    one.value = other.value
    other.value = value
  }),
  'many members': inObject(({ members }, c) => {
    const most = limits.jsonMembers + c.pick([-1, 0, 1, 5])
    for (let i = members.length; i < most; i++) members.push({ name: `"m${i}"`, value: raw('1') })
  }),
  'deeper by some': (h, c) => at(spotsOf(h), c, ({ tree }) => nested(1 + c.int(3), c, tree)),
  'deep to the limit': (h, c) =>
    at(spotsOf(h), c, ({ depth }) => nested(limits.jsonDepth - depth + c.pick([-1, 0, 1]), c, raw('1'))),
  'very deep': (h, c) => at(spotsOf(h), c, () => raw('['.repeat(7000) + ']'.repeat(c.pick([7000, 6999])))),
  'wrapped in a list': (h, c) => at(spotsOf(h), c, ({ tree }) => ({ kind: 'list', items: [tree] })),
  'list emptied': inList(() => []),
  'list repeated': inList((items) => [...items, ...items]),
  'list reversed': inList((items) => [...items].reverse()),
  'list lengthened': inList((items, c) => [
    ...items,
    ...Array.from({ length: c.pick([1, 16, 256]) }, () => items[0] ?? raw('1')),
  ]),
  'two values exchanged': (h, c) => {
    const [one, other] = [c.pick(spotsOf(h)), c.pick(spotsOf(h))]
    if (one.tree.kind !== 'raw' || other.tree.kind !== 'raw') return false
    const { tree } = one
    one.put(other.tree)
    other.put(tree)
    return true
  },
  dirt: (h, c) => dirt(textOf(h.root), c),
  'byte-order mark': (h) => `\ufeff${textOf(h.root)}`,
  'something after it': (h, c) =>
    textOf(h.root) + c.pick(['{}', 'x', ' ', '\n', '\u0000', ']', '}', '""', ',']),
  'another value altogether': (_h, c) =>
    c.pick([...wrongTypes, ...oddNumbers, '', '"', '{', 'seq=1', '\ufeff']),
}

export const treeKinds = Object.keys(treeMutations)

/** The text after one mutation of the given kind; undefined when it left the text as it was. */
export function mutatedJson(kind: string, value: unknown, chance: Chance, pool: Pool): string | undefined {
  const original = JSON.stringify(value)
  for (let tries = 0; tries < 4; tries++) {
    const holder = { root: treeOf(value) }
    const changed = treeMutations[kind]?.(holder, chance, pool) ?? false
    const text = typeof changed === 'string' ? changed : textOf(holder.root)
    if (changed !== false && text !== original) return text
  }
  return undefined
}
