/**
 * Cryptography of the simulation: the real one, which is asked each question once. The same bytes under the same key
 * verify the same and sign the same, in this run and in the next, so nothing is lost by remembering the answer.
 */
import { openKeyring, type KeyFile, type Keyring } from '../../node/keyring.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { type Crypto, type Signer } from '../../protocol/index.ts'

const kept = 20_000
const verified = new Map<string, boolean>()
const signed = new Map<string, Uint8Array>()

function remember<Value>(answers: Map<string, Value>, name: string, value: Value): Value {
  if (answers.size >= kept) answers.clear()
  answers.set(name, value)
  return value
}

export const simCrypto: Crypto = {
  ...nodeJsCrypto,
  verify: (publicKey, message, signature) => {
    const name = `${textOf(publicKey)} ${textOf(signature)} ${textOf(message)}`
    return verified.get(name) ?? remember(verified, name, nodeJsCrypto.verify(publicKey, message, signature))
  },
}

/** Latin-1 is one character for each byte: different bytes are different names. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** A keyring over a key file, as a process opens it when it starts. */
export function openSimKeyring(file: string, kept: KeyFile): Keyring {
  const keyring = openKeyring(simCrypto, file, kept)
  const signers = new Map<string, Signer>()
  const signerOf = (kid: string): Signer => {
    const known = signers.get(kid)
    if (known) return known
    const real = keyring.signerOf(kid)
    const signer: Signer = {
      kid,
      sign: (message) => {
        const name = `${kid} ${textOf(message)}`
        return signed.get(name) ?? remember(signed, name, real.sign(message))
      },
    }
    signers.set(kid, signer)
    return signer
  }
  // Getters of the real one are read when they are asked for: the key in use changes.
  return Object.create(keyring, {
    signerOf: { value: signerOf },
    signer: { get: () => signerOf(keyring.kid) },
  }) as Keyring
}
