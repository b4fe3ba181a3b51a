/**
 * Passwords: how they are stored, and which are taken.
 *
 * Stored as scrypt with N = 2^17, r = 8, p = 1 (128 MB and about half a second for each guess; attacks.md W9). Two are
 * computed at a time and a few may wait, so that a storm of sign-ins cannot take the memory of the node.
 */
import * as nodeCrypto from 'node:crypto'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'
import { DomainError } from '../errors.ts'
import { type Random } from '../platform.ts'

/** ASVS 6.2.1: at least 8, better more; whole sentences must fit. */
export const passwordLength = { least: 10, most: 200 } as const
/** zxcvbn's grade from 0 to 4; from 3 on (10^8 guesses) it withstands guessing against a slow hash. */
const leastGrade = 3
const costLog2 = 17
const blockSize = 8
const saltBytes = 16
const hashBytes = 32
const atOnce = 2
/** Beyond it the next is told to come again: it would wait longer than a browser does. */
const mostWaiting = 24

export interface PasswordTuning {
  /** log2 of scrypt's N. Tests take a small one. */
  readonly costLog2?: number
}

export class Passwords {
  private readonly random: Random
  private readonly costLog2: number
  private readonly waiting: (() => void)[] = []
  private running = 0

  constructor(random: Random, tuning: PasswordTuning = {}) {
    this.random = random
    this.costLog2 = tuning.costLog2 ?? costLog2
  }

  async hash(password: string): Promise<string> {
    const salt = Buffer.from(this.random.bytes(saltBytes))
    const key = await this.derive(password, salt, this.costLog2)
    return `scrypt$${this.costLog2}$${salt.toString('base64url')}$${key.toString('base64url')}`
  }

  async verify(stored: string, password: string): Promise<boolean> {
    const [kind, cost = '', salt = '', wanted = ''] = stored.split('$')
    if (kind !== 'scrypt') throw new TypeError('a password stored in another way')
    const key = await this.derive(password, Buffer.from(salt, 'base64url'), Number(cost))
    return nodeCrypto.timingSafeEqual(key, Buffer.from(wanted, 'base64url'))
  }

  /** A password for a first sign-in, easy to read aloud: 50 bits. */
  oneTime(): string {
    const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
    const bytes = this.random.bytes(10)
    const text = [...bytes].map((byte) => letters[byte % letters.length]).join('')
    return `${text.slice(0, 5)}-${text.slice(5)}`
  }

  private async derive(password: string, salt: Uint8Array, cost: number): Promise<Buffer> {
    await this.turn()
    try {
      const options = { N: 2 ** cost, r: blockSize, p: 1, maxmem: 256 * 2 ** cost * blockSize }
      // What a keyboard may write in two ways is one password.
      const typed = password.normalize('NFKC')
      return await new Promise((resolve, reject) =>
        nodeCrypto.scrypt(typed, salt, hashBytes, options, (error, key) =>
          error ? reject(error) : resolve(key),
        ),
      )
    } finally {
      this.running--
      this.waiting.shift()?.()
    }
  }

  private async turn(): Promise<void> {
    if (this.running >= atOnce) {
      if (this.waiting.length >= mostWaiting) throw new DomainError('too_many_attempts', { seconds: 5 })
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
    this.running++
  }
}

let estimator: ZxcvbnFactory | undefined
/** Words that everybody who attacks this house tries first. */
const houseWords = ['huiliu', '汇流', 'dangyuan', '党员', 'zuzhibu', '组织部']
/** Characters that must be left when the words everybody knows are taken away. */
const leastOwn = 8

/** Throws `weak_password` for one that is short, known, or made of what everybody knows of this account. */
export function demandGoodPassword(password: string, about: readonly string[]): void {
  const { least, most } = passwordLength
  const known = [...about, ...houseWords].map((word) => word.toLowerCase()).filter((word) => word.length > 1)
  const own = known.reduce(
    (text, word) => text.replaceAll(word, ''),
    password.normalize('NFKC').toLowerCase(),
  )
  const length = [...password].length
  estimator ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
  // Grading takes long for long texts, and what is beyond cannot make the beginning worse.
  const graded = () => estimator?.check(password.slice(0, 100), known).score ?? 0
  const good = length >= least && length <= most && own.trim().length >= leastOwn && graded() >= leastGrade
  if (!good) throw new DomainError('weak_password', { least, most })
}
