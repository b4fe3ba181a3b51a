/** Invented people, each known by a name nobody else has, and the rows about them as offices write them. */
import { checkCharacter } from '../../protocol/index.ts'

export interface Person {
  readonly name: string
  readonly idNumber: string
  readonly phone: string
}

const surnames = '赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许'
const given = '安邦昌达恩帆刚海嘉康亮明宁鹏勤荣胜泰维祥'

/** The same person for the same number. County 000000 was never assigned, so the ID number is nobody's. */
export function personNumbered(number: number): Person {
  const letter = (letters: string, at: number) => letters[at % letters.length] ?? ''
  const [second, third] = [Math.floor(number / 20), Math.floor(number / 400)]
  const name = `${letter(surnames, Math.floor(number / 8000))}${letter(given, third)}${letter(given, second)}${letter(given, number)}`
  const day = `${1950 + (number % 50)}0${1 + (number % 9)}1${number % 10}`
  const digits = `000000${day}${String(number % 1000).padStart(3, '0')}`
  return { name, idNumber: digits + checkCharacter(digits), phone: `138${String(number).padStart(8, '0')}` }
}

export function rosterOf(people: readonly Person[]): Buffer {
  const rows = people.map(({ name, idNumber, phone }) => `${name},${idNumber},正式党员,${phone}`)
  return csv('姓名,公民身份号码,人员类别,联系电话', rows)
}

export function outflowOf(people: readonly Person[], destination: string): Buffer {
  const rows = people.map(
    ({ name, idNumber, phone }) => `${name},${idNumber},${destination},2026-03-01,务工,${phone}`,
  )
  return csv('姓名,公民身份号码,流入地,外出时间,外出原因,联系电话', rows)
}

export function arrivalsOf(people: readonly Person[], origin: string): Buffer {
  const rows = people.map(
    ({ name, idNumber, phone }) => `${name},${idNumber},${origin},2026-03-05,某单位,${phone}`,
  )
  return csv('姓名,公民身份号码,流出地,流入时间,工作单位,联系电话', rows)
}

function csv(heading: string, rows: readonly string[]): Buffer {
  return Buffer.from(`${[heading, ...rows].join('\n')}\n`)
}
