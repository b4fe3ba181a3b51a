/**
 * Makes what an office would bring on its first day: a roster, a register of members who left, and from one host region
 * a register of arrivals and a quarter of activities, together with what is in them, counted while they are made.
 *
 * The shape and the way of counting are those of scripts/samples (README.md and expected.json there). What varies with
 * the seed is everything an office chooses for itself: headings and their order, title rows, sheets of instructions,
 * footers, spellings of dates, names, phones, places and money, workbook or CSV and its encoding, and where the faults are.
 *
 * Nothing here uses the code that reads workbooks, so that the counts are a second opinion. All people are made up:
 * their ID numbers have the county code 99, which is not assigned, and their phones lie in ranges no carrier has.
 */
import writeXlsxFile, { type Cell, type SheetData } from 'write-excel-file/universal'

export interface OfficeOptions {
  /** Members on the roster, without repeated rows. Chosen by the seed when absent (40 to 120). */
  members?: number
  /** The home and host by their short names, out of HOMES and HOSTS. */
  home?: string
  host?: string
}

export interface OfficeFile {
  name: string
  bytes: Uint8Array
}

export interface FaultRow {
  file: 'roster'
  /** The ordinal among the entries, from 1. */
  row: number
  fault: string
  of?: number
}

/** The counts, in the shape of scripts/samples/expected.json. */
export interface OfficeExpectation {
  home: string
  host: string
  roster: { rows: number; members: number; held: number; duplicates: number; faults: Record<string, number> }
  outflow: { rows: number; published: number; held: number; byHost: Record<string, number> }
  arrivals: { rows: number }
  activities: { rows: number; applied: number; held: number }
  comparison: {
    both: number
    homeOnly: number
    hostOnlyKnownToHome: number
    hostOnlyUnknownToHome: number
    casesWithDeviations: number
    deviationFields: { name: number; category: number; phone: number }
  }
  faultRows: FaultRow[]
}

export interface Office {
  seed: number
  roster: OfficeFile
  outflow: OfficeFile
  arrivals: OfficeFile
  activities: OfficeFile
  expected: OfficeExpectation
}

interface Region {
  short: string
  /** The first four digits of its codes. */
  code: string
  /** Ways to write it. */
  written: string[]
}

function region(short: string, code: string, province: string, official: string, ...more: string[]): Region {
  return { short, code, written: [short, official, `${province}${official}`, ...more] }
}

export const HOMES: readonly Region[] = [
  region('信阳', '4115', '河南省', '信阳市', '河南信阳', '河南省 信阳市'),
  region('阜阳', '3412', '安徽省', '阜阳市', '安徽阜阳', '安徽省-阜阳市'),
  region('毕节', '5205', '贵州省', '毕节市', '贵州毕节', '毕 节 市'),
  region('恩施', '4228', '湖北省', '恩施土家族苗族自治州', '恩施州', '湖北恩施州'),
  region('凉山', '5134', '四川省', '凉山彝族自治州', '凉山州', '四川凉山'),
  region('喀什', '6531', '新疆维吾尔自治区', '喀什地区', '新疆喀什', '新疆喀什地区'),
]

export const HOSTS: readonly Region[] = [
  region('深圳', '4403', '广东省', '深圳市', '广东深圳', '广东省　深圳市'),
  region('宁波', '3302', '浙江省', '宁波市', '浙江宁波', '宁 波'),
  region('西宁', '6301', '青海省', '西宁市', '青海西宁'),
  region('海西', '6328', '青海省', '海西蒙古族藏族自治州', '海西州', '青海海西州'),
  region('浦东新区', '3101', '上海市', '浦东新区', '上海浦东新区', '上海浦东'),
  region('东莞', '4419', '广东省', '东莞市', '广东东莞'),
]

type Category = 'full' | 'probationary'

interface Person {
  name: string
  idNumber: string
  gender: string
  ethnicity: string
  born: Day
  education: string
  joined: Day
  category: Category
  branch: string
  phone: string
}

interface Day {
  year: number
  month: number
  day: number
}

interface Column {
  headings: readonly string[]
  /** May be left out of the file. */
  optional?: true
  cell: (index: number) => Cell
}

interface Layout {
  title: string
  columns: Column[]
  rows: number
}

// Chance, from one seed

class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A number from 0 up to, not including, 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  often(share: number): boolean {
    return this.next() < share
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, at: this.next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item)
  }
}

// People

const SURNAMES = [
  ...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷黎史龙陶贺毛郝顾龚邵覃武钱戴严莫孔向常汤',
]
const GIVEN = [
  ...'明华军平伟芳娜敏静丽强磊洋艳勇杰娟涛超霞秀兰刚英玉红建文辉力鑫宇晨欣悦涵轩子雨梓一帆博诗怡嘉佳宁思远志国海峰春梅',
]
const MINORITY = [
  '阿不都',
  '买买提',
  '古丽娜尔',
  '热西提',
  '艾力',
  '吐尔逊',
  '迪丽',
  '木合塔尔',
  '阿依古丽',
  '尼亚孜',
]
const TOWNS = ['东河镇', '南岗镇', '石桥镇', '柳林镇', '青山镇', '新集镇', '白塔乡', '龙泉街道']
const VILLAGES = ['上湾村', '下岭村', '二塘村', '三岭村', '老街社区', '新河村']
/** Ranges that no carrier has been given. */
const PHONE_RANGES = ['154', '161', '169']

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0')
}

/** The 18 characters of a made-up person's number: county code 99, and the check character over the rest. */
function makeIdNumber(prefix: string, born: Day, sequence: number): string {
  const body = `${prefix}99${digits(born.year, 4)}${digits(born.month, 2)}${digits(born.day, 2)}${digits(sequence, 3)}`
  // The weight of a place is two to the number of places behind it, modulo 11.
  const sum = [...body].reduce((total, digit, index) => total + Number(digit) * (2 ** (17 - index) % 11), 0)
  const check = (12 - (sum % 11)) % 11
  return body + (check === 10 ? 'X' : String(check))
}

class People {
  readonly #dice: Dice
  readonly #used = new Set<string>()
  readonly #prefix: string

  constructor(dice: Dice, prefix: string) {
    this.#dice = dice
    this.#prefix = prefix
  }

  make(): Person {
    const dice = this.#dice
    const born = this.#day(1940, 2004)
    const idNumber = this.#unused(() => makeIdNumber(this.#prefix, born, dice.between(0, 999)))
    return {
      name: this.#name(),
      idNumber,
      gender: Number(idNumber[16]) % 2 === 1 ? '男' : '女',
      ethnicity: dice.pick(['汉族', '汉族', '汉族', '苗族', '土家族', '回族', '彝族', '维吾尔族']),
      born,
      education: dice.pick(['小学', '初中', '高中', '中专', '大专', '本科', '研究生']),
      joined: this.#day(born.year + 18, Math.min(2026, born.year + 45)),
      category: dice.often(0.08) ? 'probationary' : 'full',
      branch: `中共${dice.pick(TOWNS)}${dice.pick(VILLAGES)}支部委员会`,
      phone: this.phone(),
    }
  }

  phone(): string {
    return this.#unused(() => this.#dice.pick(PHONE_RANGES) + digits(this.#dice.between(0, 99_999_999), 8))
  }

  #name(): string {
    const dice = this.#dice
    return this.#unused(() =>
      dice.often(0.06)
        ? `${dice.pick(MINORITY)}·${dice.pick(MINORITY)}`
        : dice.pick(SURNAMES) + dice.pick(GIVEN) + (dice.often(0.7) ? dice.pick(GIVEN) : ''),
    )
  }

  #day(first: number, last: number): Day {
    // Nobody joins on the 29th to 31st or so, which keeps every month possible.
    return {
      year: this.#dice.between(first, last),
      month: this.#dice.between(1, 12),
      day: this.#dice.between(1, 28),
    }
  }

  #unused(make: () => string): string {
    for (let attempt = 0; attempt < 10_000; attempt++) {
      const made = make()
      if (this.#used.has(made)) continue
      this.#used.add(made)
      return made
    }
    throw new Error('no unused value left')
  }
}

// Spellings

function fullWidth(text: string): string {
  return [...text]
    .map((character) =>
      /[0-9X]/.test(character) ? String.fromCharCode(character.charCodeAt(0) + 0xfee0) : character,
    )
    .join('')
}

const DAY_SPELLINGS: readonly ((day: Day) => Cell)[] = [
  ({ year, month, day }) => `${year}-${digits(month, 2)}-${digits(day, 2)}`,
  ({ year, month, day }) => `${year}/${month}/${day}`,
  ({ year, month, day }) => `${year}.${month}.${day}`,
  ({ year, month, day }) => `${year}年${month}月${day}日`,
  ({ year, month, day }) => `${year}${digits(month, 2)}${digits(day, 2)}`,
  ({ year, month, day }) => fullWidth(`${year}年${month}月${day}日`),
  ({ year, month, day }) => `${year}/${month}/${day} 00:00:00`,
  ({ year, month, day }) => ` ${year} 年 ${month} 月 ${day} 日 `,
]

const EXCEL_DAY_SPELLINGS: readonly ((day: Day) => Cell)[] = [
  ...DAY_SPELLINGS,
  ({ year, month, day }) => ({
    value: new Date(Date.UTC(year, month - 1, day)),
    type: Date,
    format: 'yyyy/m/d',
  }),
  ({ year, month, day }) => ({
    value: new Date(Date.UTC(year, month - 1, day)),
    type: Date,
    format: 'yyyy"年"m"月"d"日"',
  }),
  ({ year, month, day }) => ({ value: year * 10_000 + month * 100 + day, type: Number }),
]

const MONTH_SPELLINGS: readonly ((day: Day) => Cell)[] = [
  ({ year, month }) => `${year}年${month}月`,
  ({ year, month }) => `${year}.${digits(month, 2)}`,
  ({ year, month }) => `${year}-${digits(month, 2)}`,
  ({ year, month }) => `${year}${digits(month, 2)}`,
  ({ year, month }) => fullWidth(`${year}年${month}月`),
]

const UNREADABLE_DAYS = [
  '不详',
  '上世纪八十年代',
  '1987-02-30',
  '2001年13月1日',
  '约1990年',
  '87.6.5',
  '待查',
]

/** One office's way of writing things, chosen once per file. */
class Hand {
  readonly #dice: Dice
  readonly #days: readonly ((day: Day) => Cell)[]
  readonly csv: boolean

  constructor(dice: Dice, csv: boolean) {
    this.#dice = dice
    this.csv = csv
    // An office has two or three habits, not all of them.
    this.#days = dice.shuffled(csv ? DAY_SPELLINGS : EXCEL_DAY_SPELLINGS).slice(0, dice.between(1, 4))
  }

  day(day: Day): Cell {
    return this.#dice.pick(this.#days)(day)
  }

  month(day: Day): Cell {
    return this.#dice.pick(MONTH_SPELLINGS)(day)
  }

  name(name: string): string {
    if (name.includes('·')) return name.replace('·', this.#dice.pick(['·', '•', '・', ' · ']))
    if (!this.#dice.often(0.1)) return name
    return name.length === 2 ? `${name[0]}${this.#dice.pick([' ', '　', '  '])}${name[1]}` : ` ${name} `
  }

  idNumber(idNumber: string): string {
    const spelled = this.#dice.pick<(text: string) => string>([
      (text) => text,
      (text) => text,
      (text) => text,
      fullWidth,
      (text) => ` ${text} `,
      (text) => text.toLowerCase(),
      (text) => `${text.slice(0, 6)} ${text.slice(6, 14)} ${text.slice(14)}`,
      (text) => `'${text}`,
    ])(idNumber)
    return this.csv && this.#dice.often(0.8) ? `\t${idNumber}` : spelled
  }

  phone(phone: string): Cell {
    return this.#dice.pick<(text: string) => Cell>([
      (text) => text,
      (text) => text,
      (text) => `${text.slice(0, 3)}-${text.slice(3, 7)}-${text.slice(7)}`,
      (text) => `${text.slice(0, 3)} ${text.slice(3, 7)} ${text.slice(7)}`,
      (text) => `+86 ${text}`,
      fullWidth,
      (text) => (this.csv ? text : { value: Number(text), type: Number }),
    ])(phone)
  }

  place({ written }: Region): string {
    return this.#dice.pick(written)
  }

  yuan(fen: number): Cell {
    const plain = (fen / 100).toFixed(2)
    return this.#dice.pick<() => Cell>([
      () => plain,
      () => plain.replace(/0$/, ''),
      () => `¥${plain}`,
      () => `${plain}元`,
      () => fullWidth(plain),
      () => (this.csv ? plain : { value: fen / 100, type: Number }),
    ])()
  }
}

/** The three ways to ask for the category, with what is then written. */
const CATEGORY_COLUMNS: readonly { headings: readonly string[]; written: Record<Category, string> }[] = [
  { headings: ['党员类别', '人员类别'], written: { full: '正式党员', probationary: '预备党员' } },
  { headings: ['党员类别（正式/预备）', '正式/预备'], written: { full: '正式', probationary: '预备' } },
  { headings: ['是否预备党员', '是否为预备党员（是/否）'], written: { full: '否', probationary: '是' } },
  { headings: ['是否正式党员'], written: { full: '是', probationary: '否' } },
]

const ID_HEADINGS = ['公民身份号码', '身份证号', '身份证号码', '居民身份证号码', '身份证号码（18位）']
const NAME_HEADINGS = ['姓名', '党员姓名', '姓 名', '姓　名']
const PHONE_HEADINGS = ['联系电话', '手机号码', '联系方式', '联系电话（手机）', '手机号']

// Files

/** Decorations that say nothing: stars for required columns, a line break, notes. */
function decorate(heading: string, dice: Dice): string {
  if (dice.often(0.7)) return heading
  return dice.pick<(text: string) => string>([
    (text) => `*${text}`,
    (text) => `${text}＊`,
    (text) => `${text.slice(0, 2)}\n${text.slice(2)}`,
    (text) => `${text}（必填）`,
    (text) => `${text}:`,
  ])(heading)
}

function extraColumns(dice: Dice): Column[] {
  const extras: Column[] = [
    { headings: ['备注', '备 注'], cell: () => (dice.often(0.1) ? '无' : null) },
    { headings: ['籍贯'], cell: () => dice.pick(['本地', '外地']) },
    { headings: ['家庭住址'], cell: () => `${dice.pick(TOWNS)}${dice.pick(VILLAGES)}` },
    { headings: ['转正时间'], cell: () => '2012-07-01' },
  ]
  return extras.filter(() => dice.often(0.3))
}

/** The grid of a sheet: title, headings, rows with a blank one or repeated headings among them, total and signatures. */
function grid({ title, columns, rows }: Layout, dice: Dice): SheetData {
  const chosen = [
    ...columns.filter(({ optional }) => optional !== true || dice.often(0.8)),
    ...extraColumns(dice),
  ]
  const ordered = dice.often(0.5) ? chosen : dice.shuffled(chosen)
  const numbered: Column[] = dice.often(0.8)
    ? [{ headings: ['序号', '编号'], cell: (index) => ({ value: index + 1, type: Number }) }]
    : []
  const all = [...numbered, ...ordered]
  const headings = all.map(({ headings: wordings }) => decorate(dice.pick(wordings), dice))
  const data: SheetData = []
  if (dice.often(0.8)) data.push([title])
  if (dice.often(0.5)) data.push([`填报单位：某某组织部`, null, null, '填报时间：2026年9月30日'])
  if (dice.often(0.2)) data.push([])
  data.push(headings)
  for (let index = 0; index < rows; index++) {
    if (index > 0 && dice.often(0.01)) data.push([])
    if (index > 0 && dice.often(0.01)) data.push(headings)
    data.push(all.map(({ cell }) => cell(index)))
  }
  if (dice.often(0.6))
    data.push([dice.pick(['合计', '总计', '合 计', '小计']), { value: rows, type: Number }])
  if (dice.often(0.3)) data.push([`共 ${rows} 人`])
  if (dice.often(0.3)) data.push(['填表人：某某', null, '审核人：某某'])
  return data
}

const INSTRUCTIONS: SheetData = [
  ['填表说明'],
  ['1. 带 * 的列必须填写。'],
  ['2. 公民身份号码请以文本格式录入。'],
  ['姓名', '公民身份号码', '流入地', '流出地', '日期', '类型'],
  ['张某某', '（18位）', '某市', '某市', '2026-01-01', '党费'],
]

async function workbook(name: string, layout: Layout, dice: Dice): Promise<OfficeFile> {
  const table = { data: grid(layout, dice), sheet: dice.pick(['Sheet1', layout.title.slice(-5)]) }
  const instructions = { data: INSTRUCTIONS, sheet: dice.pick(['填表说明', '说明']) }
  const sheets = dice.pick([[table], [table, instructions], [instructions, table]])
  const blob = await writeXlsxFile(sheets).toBlob()
  return { name: `${name}.xlsx`, bytes: new Uint8Array(await blob.arrayBuffer()) }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** All characters of the basic plane in GB18030, by asking the decoder what each sequence of bytes means. */
function gb18030Sequences(): Map<string, number[]> {
  const trails = [...range(0x40, 0x7e), ...range(0x80, 0xfe)]
  const two = range(0x81, 0xfe).flatMap((lead) => trails.map((trail) => [lead, trail]))
  const four = range(0x81, 0x84).flatMap((first) =>
    range(0x30, 0x39).flatMap((second) =>
      range(0x81, 0xfe).flatMap((third) => range(0x30, 0x39).map((fourth) => [first, second, third, fourth])),
    ),
  )
  const all = [...two, ...four]
  const decoded = new TextDecoder('gb18030').decode(Uint8Array.from(all.flatMap((bytes) => [...bytes, 0x0a])))
  const characters = decoded.split('\n')
  return new Map(all.map((bytes, index) => [characters[index] ?? '', bytes]))
}

let sequences: ReadonlyMap<string, number[]> | undefined

function gb18030(text: string): Uint8Array {
  sequences ??= gb18030Sequences()
  const known = sequences
  return Uint8Array.from(
    [...text].flatMap((character) => {
      const bytes = character < '\u0080' ? [character.charCodeAt(0)] : known.get(character)
      if (bytes === undefined) throw new Error(`${character} is not in the basic plane`)
      return bytes
    }),
  )
}

function csv(name: string, layout: Layout, dice: Dice): OfficeFile {
  const separator = dice.pick([',', ',', ';', '\t'])
  const lines = grid(layout, dice).map((row) =>
    row.map((cell) => quoted(csvText(cell), separator)).join(separator),
  )
  const text = `${lines.join('\r\n')}\r\n`
  const utf8 = new TextEncoder()
  const bytes = dice.pick([
    () => gb18030(text),
    () => utf8.encode(text),
    () => utf8.encode(`\uFEFF${text}`),
  ])()
  return { name: `${name}.csv`, bytes }
}

function csvText(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'object' && 'value' in cell) return String(cell.value)
  return String(cell)
}

function quoted(text: string, separator: string): string {
  return text.includes(separator) || /["\r\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function file(name: string, layout: Layout, hand: Hand, dice: Dice): OfficeFile | Promise<OfficeFile> {
  return hand.csv ? csv(name, layout, dice) : workbook(name, layout, dice)
}

// The office

interface RosterRow {
  person: Person
  fault?: 'id-as-number' | 'id-bad-checksum' | 'id-missing' | 'joined-unreadable' | 'duplicate-of'
}

const HOLDING = ['id-as-number', 'id-bad-checksum', 'id-missing']

/** Everything one office brings. The same seed and options give the same people, files and counts. */
export async function makeOffice(seed: number, options: OfficeOptions = {}): Promise<Office> {
  const dice = new Dice(seed)
  const home = HOMES.find(({ short }) => short === options.home) ?? dice.pick(HOMES)
  const host = HOSTS.find(({ short }) => short === options.host) ?? dice.pick(HOSTS)
  const people = new People(dice, home.code)
  const story = tell(dice, people, options.members ?? dice.between(40, 120), host)
  return {
    seed,
    roster: await rosterFile(home, story, dice),
    outflow: await outflowFile(home, story, dice),
    arrivals: await arrivalsFile(home, host, story, dice),
    activities: await activitiesFile(host, story, dice),
    expected: count(home, host, story),
  }
}

interface Departure {
  person: Person
  to: Region
}

interface Arrival {
  /** As the host has them, with what deviates. */
  person: Person
  deviation?: 'name' | 'category' | 'phone'
}

interface Activity {
  person: Person
  day: Day
  kind: string
  title: string
  fen?: number
}

interface Story {
  roster: RosterRow[]
  departures: Departure[]
  arrivals: Arrival[]
  activities: Activity[]
  /** ID numbers on the roster in a usable row. */
  known: Set<string>
}

/** Who is on the roster, who left, who arrived and what they did there. */
function tell(dice: Dice, people: People, members: number, host: Region): Story {
  const roster = faulty(
    dice,
    Array.from({ length: members }, () => people.make()),
  )
  const usable = roster.filter(({ fault }) => fault === undefined || !HOLDING.includes(fault))
  const known = new Set(usable.map(({ person }) => person.idNumber))
  const repeated = dice
    .shuffled(usable.filter(({ fault }) => fault === undefined))
    .slice(0, dice.between(0, 3))
  const others = dice.shuffled(HOSTS.filter((other) => other !== host)).slice(0, 2)
  const [leaving, staying] = split(
    dice.shuffled(roster.map(({ person }) => person)),
    Math.floor(members * 0.4),
  )
  const departures = leaving.map((person) => ({ person, to: dice.often(0.6) ? host : dice.pick(others) }))
  const arrivals = arrive(
    dice,
    people,
    departures.filter(({ to }) => to === host).map(({ person }) => person),
    staying,
    known,
  )
  return {
    roster: [...roster, ...repeated.map(({ person }): RosterRow => ({ person, fault: 'duplicate-of' }))],
    departures,
    arrivals,
    activities: arrivals.flatMap(({ person }) => act(dice, person)),
    known,
  }
}

function split<T>(items: readonly T[], at: number): [T[], T[]] {
  return [items.slice(0, at), items.slice(at)]
}

function faulty(dice: Dice, persons: readonly Person[]): RosterRow[] {
  return persons.map((person) => {
    const chance = dice.next()
    // A number that ends in X cannot become a number.
    if (chance < 0.02 && !person.idNumber.endsWith('X')) return { person, fault: 'id-as-number' }
    if (chance < 0.04) return { person, fault: 'id-bad-checksum' }
    if (chance < 0.05) return { person, fault: 'id-missing' }
    if (chance < 0.07) return { person, fault: 'joined-unreadable' }
    return { person }
  })
}

function arrive(
  dice: Dice,
  people: People,
  announced: readonly Person[],
  staying: readonly Person[],
  known: ReadonlySet<string>,
): Arrival[] {
  const came = announced.filter(() => dice.often(0.92))
  const unannounced = staying.filter(({ idNumber }) => known.has(idNumber)).slice(0, dice.between(0, 4))
  const strangers = Array.from({ length: dice.between(0, 4) }, () => people.make())
  // Deviations are only counted between what both sides have.
  const deviating = came.map((person) =>
    known.has(person.idNumber) && dice.often(0.12) ? deviate(dice, people, person) : { person },
  )
  return dice.shuffled([
    ...deviating,
    ...unannounced.map((person) => ({ person })),
    ...strangers.map((person) => ({ person })),
  ])
}

function deviate(dice: Dice, people: People, person: Person): Arrival {
  const deviation = dice.pick(['name', 'category', 'phone'] as const)
  if (deviation === 'phone') return { deviation, person: { ...person, phone: people.phone() } }
  if (deviation === 'category')
    return {
      deviation,
      person: { ...person, category: person.category === 'full' ? 'probationary' : 'full' },
    }
  const last = dice.pick(GIVEN.filter((character) => !person.name.endsWith(character)))
  return { deviation, person: { ...person, name: person.name.slice(0, -1) + last } }
}

const EVENTS = ['主题党日', '支部党员大会', '党课', '党小组会', '志愿服务', '组织生活会', '集中学习', '其他']

function act(dice: Dice, person: Person): Activity[] {
  const done: Activity[] = []
  for (const month of [7, 8, 9]) {
    if (dice.often(0.7))
      done.push({
        person,
        day: { year: 2026, month, day: dice.between(1, 28) },
        kind: dice.pick(['党费', '交纳党费', '缴纳党费']),
        title: `2026年${month}月党费`,
        fen: dice.between(1, 60) * 50,
      })
    if (dice.often(0.4))
      done.push({
        person,
        day: { year: 2026, month, day: dice.between(1, 28) },
        kind: dice.pick(EVENTS),
        title: `第三季度,第${month}次"学习"`,
      })
  }
  return done
}

function count(
  home: Region,
  host: Region,
  { roster, departures, arrivals, activities, known }: Story,
): OfficeExpectation {
  const isKnown = ({ person }: { person: Person }): boolean => known.has(person.idNumber)
  const published = departures.filter(isKnown)
  const toHost = new Set(published.filter(({ to }) => to === host).map(({ person }) => person.idNumber))
  const here = new Set(arrivals.map(({ person }) => person.idNumber))
  const both = arrivals.filter(({ person }) => toHost.has(person.idNumber))
  const deviating = both.flatMap(({ deviation }) => deviation ?? [])
  const tally = (field: string): number => deviating.filter((deviation) => deviation === field).length
  const faultRows = roster.flatMap((row, index) => faultRow(roster, row, index))
  const held = faultRows.filter(({ fault }) => HOLDING.includes(fault)).length
  const duplicates = faultRows.filter(({ fault }) => fault === 'duplicate-of').length
  const faults = countBy(faultRows.map(({ fault }) => fault))
  return {
    home: home.short,
    host: host.short,
    roster: { rows: roster.length, members: roster.length - held - duplicates, held, duplicates, faults },
    outflow: {
      rows: departures.length,
      published: published.length,
      held: departures.length - published.length,
      byHost: countBy(published.map(({ to }) => to.short)),
    },
    arrivals: { rows: arrivals.length },
    activities: {
      rows: activities.length,
      applied: activities.filter(isKnown).length,
      held: activities.filter((activity) => !isKnown(activity)).length,
    },
    comparison: {
      both: both.length,
      homeOnly: [...toHost].filter((idNumber) => !here.has(idNumber)).length,
      hostOnlyKnownToHome: arrivals.filter(
        (arrival) => isKnown(arrival) && !toHost.has(arrival.person.idNumber),
      ).length,
      hostOnlyUnknownToHome: arrivals.filter((arrival) => !isKnown(arrival)).length,
      casesWithDeviations: deviating.length,
      deviationFields: { name: tally('name'), category: tally('category'), phone: tally('phone') },
    },
    faultRows,
  }
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1
  return counts
}

function faultRow(roster: readonly RosterRow[], { person, fault }: RosterRow, index: number): FaultRow[] {
  if (fault === undefined) return []
  const row = { file: 'roster' as const, row: index + 1, fault }
  return [
    fault === 'duplicate-of' ? { ...row, of: roster.findIndex((other) => other.person === person) + 1 } : row,
  ]
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new Error(`there is no row ${index}`)
  return item
}

function rosterFile(home: Region, { roster }: Story, dice: Dice): OfficeFile | Promise<OfficeFile> {
  const hand = new Hand(dice, dice.often(0.2))
  const category = dice.pick(CATEGORY_COLUMNS)
  const month = dice.often(0.5)
  const of = (index: number): Person => at(roster, index).person
  const columns: Column[] = [
    { headings: NAME_HEADINGS, cell: (index) => hand.name(of(index).name) },
    { headings: ['性别'], optional: true, cell: (index) => of(index).gender },
    { headings: ['民族'], optional: true, cell: (index) => of(index).ethnicity },
    {
      headings: ['出生年月', '出生日期'],
      optional: true,
      cell: (index) => (month ? hand.month(of(index).born) : hand.day(of(index).born)),
    },
    { headings: ID_HEADINGS, cell: (index) => rosterId(at(roster, index), hand) },
    { headings: ['学历', '文化程度'], optional: true, cell: (index) => of(index).education },
    {
      headings: ['入党时间', '入党日期', '加入党组织时间'],
      cell: (index) =>
        at(roster, index).fault === 'joined-unreadable'
          ? dice.pick(UNREADABLE_DAYS)
          : hand.day(of(index).joined),
    },
    { headings: category.headings, cell: (index) => category.written[of(index).category] },
    { headings: ['所在党支部', '所属党支部', '党支部名称'], cell: (index) => of(index).branch },
    { headings: PHONE_HEADINGS, cell: (index) => hand.phone(of(index).phone) },
  ]
  return file(
    `${home.short}-党员花名册`,
    { title: `${home.short}党员花名册`, columns, rows: roster.length },
    hand,
    dice,
  )
}

function rosterId({ person: { idNumber }, fault }: RosterRow, hand: Hand): Cell {
  if (fault === 'id-missing') return null
  if (fault === 'id-as-number')
    return hand.csv ? `${idNumber[0]}.${idNumber.slice(1, 6)}E+17` : { value: Number(idNumber), type: Number }
  if (fault !== 'id-bad-checksum') return hand.idNumber(idNumber)
  const wrong = idNumber.endsWith('7') ? '3' : '7'
  return hand.idNumber(idNumber.slice(0, 17) + wrong)
}

function outflowFile(home: Region, { departures }: Story, dice: Dice): OfficeFile | Promise<OfficeFile> {
  const hand = new Hand(dice, dice.often(0.2))
  const of = (index: number): Person => at(departures, index).person
  const columns: Column[] = [
    { headings: NAME_HEADINGS, cell: (index) => hand.name(of(index).name) },
    { headings: ID_HEADINGS, cell: (index) => hand.idNumber(of(index).idNumber) },
    { headings: ['所在党支部', '流出地党支部', '党支部名称'], cell: (index) => of(index).branch },
    {
      headings: ['流动证编号', '流动党员活动证号', '活动证编号'],
      optional: true,
      cell: (index) => `${home.code}${digits(index + 1, 7)}`,
    },
    {
      headings: ['外出原因', '流动原因'],
      optional: true,
      cell: () => dice.pick(['务工', '经商', '求学', '其他']),
    },
    {
      headings: ['外出时间', '流出时间', '外出日期'],
      cell: () =>
        hand.day({ year: dice.between(2024, 2026), month: dice.between(1, 6), day: dice.between(1, 28) }),
    },
    {
      headings: ['流入地', '流动去向', '流入地（市）', '外出地点'],
      cell: (index) => hand.place(at(departures, index).to),
    },
    {
      headings: ['从事职业', '职业'],
      optional: true,
      cell: () => dice.pick(['保安', '家政服务', '软件开发']),
    },
    { headings: PHONE_HEADINGS, cell: (index) => hand.phone(of(index).phone) },
    {
      headings: ['联系人', '党支部联系人'],
      optional: true,
      cell: () => dice.pick(SURNAMES) + dice.pick(GIVEN),
    },
  ]
  const layout = { title: `${home.short}流出党员登记表`, columns, rows: departures.length }
  return file(`${home.short}-流出党员登记表`, layout, hand, dice)
}

function arrivalsFile(
  home: Region,
  host: Region,
  { arrivals }: Story,
  dice: Dice,
): OfficeFile | Promise<OfficeFile> {
  const hand = new Hand(dice, dice.often(0.2))
  const category = dice.pick(CATEGORY_COLUMNS)
  const of = (index: number): Person => at(arrivals, index).person
  const columns: Column[] = [
    { headings: NAME_HEADINGS, cell: (index) => hand.name(of(index).name) },
    { headings: ID_HEADINGS, cell: (index) => hand.idNumber(of(index).idNumber) },
    { headings: ['流出地党组织', '流出地', '流出地（市）'], cell: () => hand.place(home) },
    {
      headings: ['流入时间', '报到时间', '流入日期'],
      cell: () => hand.day({ year: 2026, month: dice.between(1, 6), day: dice.between(1, 28) }),
    },
    {
      headings: ['编入党支部', '编入支部'],
      cell: () => `中共${host.short}流动党员第${dice.between(1, 9)}支部委员会`,
    },
    {
      headings: ['从业单位', '工作单位'],
      optional: true,
      cell: () => dice.pick(['华强装配厂', '蓝天软件', '个体']),
    },
    { headings: PHONE_HEADINGS, cell: (index) => hand.phone(of(index).phone) },
    { headings: category.headings, cell: (index) => category.written[of(index).category] },
  ]
  const layout = { title: `${host.short}流入党员登记表`, columns, rows: arrivals.length }
  return file(`${host.short}-流入党员登记表`, layout, hand, dice)
}

function activitiesFile(host: Region, { activities }: Story, dice: Dice): OfficeFile | Promise<OfficeFile> {
  const hand = new Hand(dice, dice.often(0.7))
  const of = (index: number): Activity => at(activities, index)
  const columns: Column[] = [
    { headings: NAME_HEADINGS, cell: (index) => hand.name(of(index).person.name) },
    { headings: ID_HEADINGS, cell: (index) => hand.idNumber(of(index).person.idNumber) },
    { headings: ['日期', '活动日期', '活动时间'], cell: (index) => hand.day(of(index).day) },
    { headings: ['类型', '活动类型', '类别'], cell: (index) => of(index).kind },
    { headings: ['内容', '活动内容', '主题'], cell: (index) => of(index).title },
    { headings: ['金额(元)', '金额', '党费金额（元）'], cell: (index) => yuanOf(of(index), hand) },
  ]
  const layout = { title: `${host.short}2026年三季度活动`, columns, rows: activities.length }
  return file(`${host.short}-2026年三季度活动`, layout, hand, dice)
}

function yuanOf({ fen }: Activity, hand: Hand): Cell {
  return fen === undefined ? null : hand.yuan(fen)
}
