/**
 * The regions of China down to the county, by GB/T 2260 code: their names, the level each stands on, what lies above
 * it, and the short name people use for it.
 *
 * The data is regions.json, written by scripts/regions.ts from the yearly list of the Ministry of Civil Affairs (state
 * of the end of 2024). Retired codes are not in it: an old code in somebody's ID number says where they were born, not
 * where an office is, and nothing here looks at ID numbers.
 *
 * Two simplifications. A municipality is one region (110000, not also 110100), and counties that stand directly under
 * a province (仙桃市, 石河子市) have the province as their parent, because the grouping in between is no place.
 */
import data from './regions.json' with { type: 'json' }

/** Six digits of GB/T 2260, such as '440300' for 深圳市. */
export type RegionCode = string

export type Level = 'province' | 'prefecture' | 'county'

export interface Region {
  code: RegionCode
  /** The official name, such as 海西蒙古族藏族自治州. */
  name: string
  level: Level
}

const NAMES: ReadonlyMap<RegionCode, string> = new Map(Object.entries(data.regions))

/** Autonomous regions and the special ones: the only provinces whose short name is not the name without its last character. */
const PROVINCE_SUFFIX = /(?:壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|省|市)$/
const PREFECTURE_SUFFIX = /(?:地区|盟|市)$/
const COUNTY_SUFFIX = /(?:林区|特区|自治县|自治旗|区|县|市|旗)$/

/** The peoples after whom autonomous prefectures and counties are named, as they stand before 族. */
const PEOPLES =
  '蒙古|朝鲜|土家|布依|哈尼|哈萨克|景颇|傈僳|达斡尔|鄂温克|纳西|拉祜|布朗|独龙|普米|裕固|保安|东乡|撒拉|仫佬|毛南|仡佬|壮|回|苗|彝|藏|侗|瑶|白|傣|黎|羌|满|畲|水|佤|怒|土|各'
const PEOPLE_WITH_ZU = new RegExp(`(?:${PEOPLES})族$`)
/** The few names that leave 族 out: 巴音郭楞蒙古自治州, 克孜勒苏柯尔克孜自治州. */
const PEOPLE_WITHOUT_ZU = /(?:蒙古|哈萨克|柯尔克孜|塔吉克|锡伯)$/

function levelOf(code: RegionCode): Level {
  if (code.endsWith('0000')) return 'province'
  return code.endsWith('00') ? 'prefecture' : 'county'
}

/** Whether this is the code of a region that exists today. */
export function isRegionCode(code: string): boolean {
  return NAMES.has(code)
}

/** All regions, in the order of their codes. */
export function allRegions(): Region[] {
  return [...NAMES].map(([code, name]) => ({ code, name, level: levelOf(code) }))
}

/** The region with this code, or undefined when there is none. */
export function regionOf(code: RegionCode): Region | undefined {
  const name = NAMES.get(code)
  return name === undefined ? undefined : { code, name, level: levelOf(code) }
}

/** The codes of what lies above a region, the province first. Empty for a province and for an unknown code. */
export function ancestors(code: RegionCode): RegionCode[] {
  if (!NAMES.has(code)) return []
  const above = [`${code.slice(0, 2)}0000`, `${code.slice(0, 4)}00`]
  return above.filter((parent) => parent !== code && NAMES.has(parent))
}

/**
 * What is left of a name without the word for its kind and without the peoples it is named after: 海西蒙古族藏族自治州
 * gives 海西, 鼓楼区 gives 鼓楼. Where only one character would be left (蔚县, 城区), nobody uses it alone, and the full name
 * is given back.
 */
export function stemOf({ name, level }: Region): string {
  if (level === 'province') return name.replace(PROVINCE_SUFFIX, '')
  const stem = name.endsWith('自治州')
    ? withoutPeoples(name.slice(0, -3))
    : /自治[县旗]$/.test(name)
      ? withoutPeoples(name.slice(0, -3))
      : level === 'prefecture'
        ? name.replace(PREFECTURE_SUFFIX, '')
        : withoutNewDistrict(name)
  return stem.length < 2 ? name : stem
}

function withoutPeoples(name: string): string {
  const shorter = name.replace(PEOPLE_WITH_ZU, '')
  // 东乡族自治县 is named after its people and nothing else.
  if (shorter.length < 2) return name.replace(/族$/, '')
  if (shorter !== name) return withoutPeoples(shorter)
  const bare = name.replace(PEOPLE_WITHOUT_ZU, '')
  return bare.length < 2 ? name : bare
}

function withoutNewDistrict(name: string): string {
  // 浦东新区 is 浦东, but 清新区 is 清新.
  const old = name.replace(/新区$/, '')
  return old !== name && old.length >= 2 ? old : name.replace(COUNTY_SUFFIX, '')
}

/**
 * The name as registers write it: 信阳, 海西, 上海, 格尔木; districts and counties keep their word (浦东新区, 新县). Undefined
 * for an unknown code.
 */
export function shortName(code: RegionCode): string | undefined {
  const region = regionOf(code)
  if (region === undefined) return undefined
  if (region.level !== 'county') return stemOf(region)
  return region.name.length > 2 ? region.name.replace(/市$/, '') : region.name
}

export interface Place extends Region {
  shortName: string
  /** What lies above, the province first. */
  parents: Region[]
  /** All names from the province down, such as 广东省深圳市南山区. */
  path: string
}

/** Everything about one region, or undefined when the code is unknown. */
export function placeOf(code: RegionCode): Place | undefined {
  const region = regionOf(code)
  const short = shortName(code)
  if (region === undefined || short === undefined) return undefined
  const parents = ancestors(code)
    .map(regionOf)
    .filter((parent) => parent !== undefined)
  return { ...region, shortName: short, parents, path: [...parents, region].map(({ name }) => name).join('') }
}
