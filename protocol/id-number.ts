/**
 * The citizen identity number (公民身份号码, GB 11643-1999): 17 digits and a check character.
 *
 *     411599 19930402 990 0
 *     county birth    seq check
 *
 * Established here: the characters, the check character (ISO 7064 MOD 11-2) and a birth date that exists. Not
 * established: that the county code was ever assigned (retired codes live on in people's numbers), nor that the number
 * was issued to anybody.
 *
 * A number that fails is never repaired. One changed digit passes the check in one of eleven cases, so a guessed
 * number may well be another living person's.
 */

export type IdNumberFault =
  'id-missing' | 'id-15-digits' | 'id-malformed' | 'id-bad-checksum' | 'id-birth-impossible'

export type IdNumberCheck = { ok: true; idNumber: string } | { ok: false; code: IdNumberFault }

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECK_CHARACTERS = '10X98765432'

/** What people and spreadsheets put around or between the digits without meaning anything by it. */
const ORNAMENT = /[\s\p{Cf}'"`‘’“”＇＂\-‐‑‒–—―−]/gu

/**
 * Brings a written number to its one spelling: half-width, without blanks, quotes and hyphens, with a capital X. Says
 * nothing about its validity.
 */
export function normaliseIdNumber(text: string): string {
  return text.normalize('NFKC').replace(ORNAMENT, '').toUpperCase()
}

/**
 * Checks a written number and gives it back in its one spelling. Codes: 'id-missing' (nothing there), 'id-15-digits'
 * (the number of before 1999; its holder has had an 18-digit one since), 'id-malformed' (other characters or length),
 * 'id-bad-checksum' and 'id-birth-impossible' (right checksum around a date that never was).
 */
export function checkIdNumber(text: string): IdNumberCheck {
  const idNumber = normaliseIdNumber(text)
  if (idNumber === '') return { ok: false, code: 'id-missing' }
  if (/^\d{15}$/.test(idNumber)) return { ok: false, code: 'id-15-digits' }
  if (!/^\d{17}[\dX]$/.test(idNumber)) return { ok: false, code: 'id-malformed' }
  if (idNumber[17] !== checkCharacter(idNumber.slice(0, 17))) return { ok: false, code: 'id-bad-checksum' }
  if (!isDate(idNumber.slice(6, 14))) return { ok: false, code: 'id-birth-impossible' }
  return { ok: true, idNumber }
}

/** The check character for the first 17 digits (ISO 7064 MOD 11-2). */
export function checkCharacter(digits: string): string {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(digits[index]), 0)
  return CHECK_CHARACTERS[sum % 11] ?? ''
}

function isDate(yyyymmdd: string): boolean {
  const year = Number(yyyymmdd.slice(0, 4))
  const month = Number(yyyymmdd.slice(4, 6))
  const day = Number(yyyymmdd.slice(6, 8))
  if (year < 1900 || year > 2099 || month < 1 || month > 12 || day < 1) return false
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return day <= (lengths[month - 1] ?? 0)
}
