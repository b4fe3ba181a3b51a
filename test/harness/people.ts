/** Invented people: ID numbers with a right check character that belong to nobody (county code 999999). */
import { checkCharacter } from '../../protocol/index.ts'

export function idNumberOf(n: number): string {
  const digits = `99999919900101${String(n).padStart(3, '0')}`
  return digits + checkCharacter(digits)
}

/** Names of invented people, all different in their second character. */
export function nameOf(n: number): string {
  return `王${String.fromCodePoint(0x4e00 + n)}`
}
