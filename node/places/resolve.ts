/**
 * From what a person wrote to a region: 海西, 海西州, 广东深圳, 深圳市南山区, 巴州.
 *
 * A text is read as an optional path of regions followed by the region that is meant; every cut of the text is tried.
 * What decides, in this order:
 *
 * 1. An official name, alone or behind a path, beats a bare one: 长沙县 is the county.
 * 2. A bare name means the higher level: 长沙 is 长沙市, 西安 is 西安市 and not the district in 辽源, 河北 the province.
 * 3. Except where people really mean both. A bare name shared by a province and a prefecture (吉林, 海南), or by a
 *    prefecture and a district of a municipality or of a provincial capital (朝阳), is ambiguous.
 * 4. A county name found in several places is ambiguous, found once it is that county.
 *
 * Nothing is guessed: a text that fits nothing is answered with the nearest names, and a person decides.
 */
import {
  type Level,
  type Region,
  type RegionCode,
  allRegions,
  ancestors,
  placeOf,
  stemOf,
} from './regions.ts'

export interface Candidate {
  code: RegionCode
  name: string
  /** The names from the province down, to tell one 鼓楼区 from the other. */
  path: string
}

export type Resolution =
  | { ok: true; code: RegionCode; name: string; level: Level }
  | { ok: false; code: 'place_unknown' | 'place_ambiguous'; candidates: Candidate[] }

/** How many nearest names an unknown text is answered with; more would not be read. */
const MAX_CANDIDATES = 5
/** Longer than any path of three names with room to spare. Longer texts are addresses or prose, and are not searched. */
const MAX_TEXT_LENGTH = 40

const LEVEL_ORDER: Record<Level, number> = { province: 0, prefecture: 1, county: 2 }
const MUNICIPALITIES = ['11', '12', '31', '50']
const PROVINCIAL_CAPITALS = new Set(
  '1301 1401 1501 2101 2201 2301 3201 3301 3401 3501 3601 3701 4101 4201 4301 4401 4501 4601 5101 5201 5301 5401 6101 6201 6301 6401 6501'.split(
    ' ',
  ),
)

/** Short names that no rule gives but that everybody in the region writes. */
const COLLOQUIAL: Readonly<Record<string, RegionCode>> = {
  内蒙: '150000',
  锡盟: '152500',
  版纳: '532800',
  博州: '652700',
  巴州: '652800',
  克州: '653000',
}

interface Form {
  region: Region
  /** Whether this is the official name (or 海西州 for 海西蒙古族藏族自治州, which leaves nothing open). */
  official: boolean
}

/** Characters that name a kind of region. Two names that share only these have nothing in common. */
const KIND_CHARACTERS = '省市县区州盟旗自治族'

const FORMS = buildForms()
const FORMS_OF = buildFormsOf()
const FORMS_WITH = buildFormsWith()

function buildForms(): Map<string, Form[]> {
  const forms = new Map<string, Form[]>()
  const add = (text: string, form: Form): void => {
    const known = forms.get(text) ?? []
    if (!known.some(({ region }) => region.code === form.region.code)) forms.set(text, [...known, form])
  }
  for (const region of allRegions()) {
    add(region.name, { region, official: true })
    const stem = stemOf(region)
    if (region.name.endsWith('自治州')) add(`${stem}州`, { region, official: true })
    add(stem, { region, official: false })
    for (const [text, code] of Object.entries(COLLOQUIAL))
      if (code === region.code) add(text, { region, official: false })
  }
  return forms
}

function buildFormsOf(): Map<RegionCode, string[]> {
  const formsOf = new Map<RegionCode, string[]>()
  for (const [text, forms] of FORMS)
    for (const { region } of forms) formsOf.set(region.code, [...(formsOf.get(region.code) ?? []), text])
  return formsOf
}

/** The forms by each character that tells something, so that a search for near ones need not try them all. */
function buildFormsWith(): Map<string, string[]> {
  const formsWith = new Map<string, string[]>()
  for (const form of FORMS.keys())
    for (const character of new Set(form)) {
      if (KIND_CHARACTERS.includes(character)) continue
      const known = formsWith.get(character)
      if (known === undefined) formsWith.set(character, [form])
      else known.push(form)
    }
  return formsWith
}

/**
 * Resolves a place name as offices write it. Blanks, full-width characters and separators between the parts of a path
 * do not matter. Codes: 'place_unknown' with the nearest names (perhaps none), 'place_ambiguous' with all it may mean.
 */
export function resolvePlace(text: string): Resolution {
  const wanted = normalise(text)
  if (wanted === '' || wanted.length > MAX_TEXT_LENGTH)
    return { ok: false, code: 'place_unknown', candidates: [] }
  const meant = decide(readings(wanted))
  if (meant.length === 0) return { ok: false, code: 'place_unknown', candidates: nearest(wanted) }
  const [only, ...others] = meant
  if (only === undefined || others.length > 0)
    return { ok: false, code: 'place_ambiguous', candidates: inOrder(meant).map(candidateOf) }
  return { ok: true, code: only.code, name: only.name, level: only.level }
}

function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\s\-–—/\\·•.,、，。>→_|()]+/g, '')
    .replace('市辖区', '')
}

/** Every region the text can mean: the end of the text is one of its forms, and what stands before is its path. */
function readings(text: string): Form[] {
  const found: Form[] = []
  for (let cut = 0; cut < text.length; cut++)
    for (const form of FORMS.get(text.slice(cut)) ?? [])
      if (isPathTo(text.slice(0, cut), ancestors(form.region.code))) found.push(form)
  return found
}

/** Whether a text is nothing but names of these regions, in this order, each at most once. */
function isPathTo(text: string, above: readonly RegionCode[]): boolean {
  if (text === '') return true
  const [first, ...rest] = above
  if (first === undefined) return false
  const forms = FORMS_OF.get(first) ?? []
  return (
    forms.some((form) => text.startsWith(form) && isPathTo(text.slice(form.length), rest)) ||
    isPathTo(text, rest)
  )
}

function decide(found: readonly Form[]): Region[] {
  const official = found.filter((form) => form.official)
  const regions = distinct((official.length > 0 ? official : found).map(({ region }) => region))
  const [highest, ...others] = inOrder(regions)
  if (highest === undefined) return []
  const rivals = others.filter((other) => other.level === highest.level || isMeantAsWell(highest, other))
  return [highest, ...rivals]
}

/** Rule 3: the lower region is as likely to be meant by the bare name as the higher one. */
function isMeantAsWell(higher: Region, lower: Region): boolean {
  if (higher.level === 'province') return lower.level === 'prefecture'
  const ofMunicipality = MUNICIPALITIES.includes(lower.code.slice(0, 2))
  const ofCapital = PROVINCIAL_CAPITALS.has(lower.code.slice(0, 4))
  return lower.name.endsWith('区') && (ofMunicipality || ofCapital)
}

function distinct(regions: readonly Region[]): Region[] {
  return [...new Map(regions.map((region) => [region.code, region])).values()]
}

function inOrder(regions: readonly Region[]): Region[] {
  return [...regions].sort(
    (a, b) => LEVEL_ORDER[a.level] - LEVEL_ORDER[b.level] || a.code.localeCompare(b.code),
  )
}

function candidateOf({ code, name }: Region): Candidate {
  return { code, name, path: placeOf(code)?.path ?? name }
}

/** The nearest names: first what the text begins with (深圳市粤海街道), then what a slip of the pen would explain (深训). */
function nearest(text: string): Candidate[] {
  for (let end = text.length - 1; end >= 2; end--) {
    const begun = decide(readings(text.slice(0, end)))
    if (begun.length > 0) return inOrder(begun).slice(0, MAX_CANDIDATES).map(candidateOf)
  }
  const allowed = Math.max(1, Math.floor(text.length / 3))
  const near = new Map<RegionCode, { region: Region; distance: number }>()
  for (const form of new Set([...text].flatMap((character) => FORMS_WITH.get(character) ?? []))) {
    const distance = editDistance(text, form, allowed)
    if (distance > allowed) continue
    for (const { region } of FORMS.get(form) ?? [])
      if (distance < (near.get(region.code)?.distance ?? Infinity))
        near.set(region.code, { region, distance })
  }
  return [...near.values()]
    .filter(({ region, distance }) => distance < stemOf(region).length)
    .sort(
      (a, b) =>
        a.distance - b.distance ||
        LEVEL_ORDER[a.region.level] - LEVEL_ORDER[b.region.level] ||
        a.region.code.localeCompare(b.region.code),
    )
    .slice(0, MAX_CANDIDATES)
    .map(({ region }) => candidateOf(region))
}

/** Levenshtein distance, or something larger than `limit` as soon as it cannot be within the limit. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    if (Math.min(...current) > limit) return limit + 1
    previous = current
  }
  return previous[b.length] ?? limit + 1
}
