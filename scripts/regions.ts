/**
 * Writes node/places/regions.json, the names and GB/T 2260 codes of all provinces, prefectures and counties, from the
 * data package `lcn` (MIT; made from the yearly list of the Ministry of Civil Affairs, which is the publisher of the
 * codes). The package stays a development dependency: what runs is this one small file, which a person can review line
 * by line when a new year's list arrives.
 *
 *     node scripts/run.mjs regions
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'

const Entry = z.object({ code: z.string().regex(/^\d{6}$/), name: z.string().min(1) })
const Package = z.object({ version: z.string() })

/** Groupings that exist only in the numbering (直辖县级, 县 of Chongqing) and are nobody's home. */
const GROUPINGS = /直辖县级行政区划$|^市辖区$|^县$/

/** The list repeats a municipality as its own prefecture (110100 北京市). One place has one code here. */
const MUNICIPALITIES = ['11', '12', '31', '50']

function isPlace({ code, name }: z.infer<typeof Entry>): boolean {
  if (GROUPINGS.test(name)) return false
  const repeatsMunicipality = MUNICIPALITIES.includes(code.slice(0, 2)) && /^\d\d(?!00)\d\d00$/.test(code)
  return !repeatsMunicipality
}

const require = createRequire(import.meta.url)
const read = (path: string): unknown => JSON.parse(readFileSync(require.resolve(path), 'utf8'))
const { version } = Package.parse(read('lcn/package.json'))
const places = z
  .array(Entry)
  .parse(read('lcn/data/data.json'))
  .filter(isPlace)
  .sort((a, b) => a.code.localeCompare(b.code))
const regions = Object.fromEntries(places.map(({ code, name }) => [code, name]))
const target = path.resolve('node/places/regions.json')
writeFileSync(target, `${JSON.stringify({ source: `lcn ${version}`, regions }, null, 2)}\n`)
console.log(`${places.length} regions written to ${target}`)
