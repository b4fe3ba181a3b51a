/**
 * What the protocol needs of a cryptographic library, as a synchronous port: the simulator and the gate must finish
 * one message before the next, and a browser can serve the same port with another library.
 */
export interface Crypto {
  /** SHA-256 of these bytes, or of this text's UTF-8, in base64url: 43 characters. */
  digest(data: Uint8Array | string): string
  /** HMAC-SHA-256 (RFC 2104), 32 bytes. */
  hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array
  /** Ed25519 verification (RFC 8032); false for anything that is not a valid signature, and never throws. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** One signing key of this node; the private half never leaves its holder. */
export interface Signer {
  readonly kid: string
  sign(message: Uint8Array): Uint8Array
}
