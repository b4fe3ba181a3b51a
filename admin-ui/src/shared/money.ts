/** Money: fen in the contract, yuan with two decimals for people. */

/** 1850 → 18.50 */
export function yuan(fen: number): string {
  return `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`
}

const most = 1_000_000_000

/** 18.5, ¥18.50, 1,800元, １８ → fen; undefined when it is no amount or finer than a fen. */
export function readYuan(typed: string): number | undefined {
  const plain = typed.normalize('NFKC').replace(/[¥元,\s]/g, '')
  const found = /^(\d{1,8})(?:\.(\d{1,2}))?$/.exec(plain)
  if (!found) return undefined
  const fen = Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0'))
  return fen > most ? undefined : fen
}
