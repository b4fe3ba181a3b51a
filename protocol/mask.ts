/** What a screen shows of a number that names a person, until somebody asks for it with a purpose. */

/** 411500196803123456 → 411***********3456: the county's first digits and the last four, which people compare. */
export function maskIdNumber(idNumber: string): string {
  return masked(idNumber, 3, 4)
}

/** 13812345678 → 138****5678 */
export function maskPhone(phone: string): string {
  return masked(phone, 3, 4)
}

function masked(text: string, first: number, last: number): string {
  const hidden = text.length - first - last
  // Too short to hide anything in the middle: all of it is hidden.
  if (hidden < 3) return '*'.repeat(Math.max(4, text.length))
  return text.slice(0, first) + '*'.repeat(hidden) + text.slice(-last)
}
