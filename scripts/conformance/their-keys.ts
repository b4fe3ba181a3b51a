/** The signing keys of the node: that of the agreement, and those it has announced in its stream since. */
import { enrolKey, thumbprint, type Digest, type SigningKey } from '../../protocol/index.ts'
import { realPlatform } from '../../node/platform.ts'
import { demand } from './demand.ts'

export interface Place {
  readonly epoch: number
  readonly seq: number
}

interface TheirKey {
  readonly publicKey: Uint8Array
  readonly from: Place
  until: Place | undefined
}

export class TheirKeys {
  private readonly keys = new Map<Digest, TheirKey>()

  constructor(agreed: SigningKey) {
    this.add(agreed, { epoch: 1, seq: 1 })
  }

  publicKey(kid: Digest): Uint8Array {
    const key = this.keys.get(kid)
    demand(key !== undefined, 'a token is signed by a key that the node has not announced')
    return key.publicKey
  }

  /** May this key have signed the envelope at that place? */
  signs(kid: Digest, place: Place): boolean {
    const key = this.keys.get(kid)
    return key !== undefined && !isBefore(place, key.from) && !(key.until && isBefore(key.until, place))
  }

  announced(key: SigningKey, at: Place): void {
    const known = this.keys.get(thumbprint(realPlatform.crypto, key))
    // A repeat of the same envelope.
    if (known?.from.epoch === at.epoch && known.from.seq === at.seq + 1) return
    demand(known === undefined, 'the node announces a key it has had before')
    for (const earlier of this.keys.values()) earlier.until ??= at
    this.add(key, { epoch: at.epoch, seq: at.seq + 1 })
  }

  private add(key: SigningKey, from: Place): void {
    const enrolled = enrolKey(key)
    demand(enrolled.ok, 'a key of the node is none')
    const { publicKey } = enrolled
    this.keys.set(thumbprint(realPlatform.crypto, key), { publicKey, from, until: undefined })
  }
}

export function isBefore(one: Place, other: Place): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.seq < other.seq)
}
