/** Limits: each is a whole number above zero, and together they fit into each other as their reasons say. */
import { expect, it } from 'vitest'
import { base64url, jwsTypes, limits, recordCodes, signJws, signReceipt } from '../../protocol/index.ts'
import { home, host, startSeconds, tag } from '../vectors/actors.ts'

const max = limits.streamNumber
const latest = Number.MAX_SAFE_INTEGER

it('every limit is a whole number above zero', () => {
  for (const [name, value] of Object.entries(limits))
    expect(Number.isSafeInteger(value) && value > 0, name).toBe(true)
})

it('a number of a stream and the one after it fit into 32 bits with a sign', () => {
  const [last] = new Int32Array([limits.streamNumber + 1])
  expect(last).toBe(limits.streamNumber + 1)
})

it('the longest envelope fits into jwsBytes', () => {
  const records = Array.from({ length: limits.recordsPerEnvelope }, () => tag)
  const payload = { iss: home.node, aud: host.node, epoch: max, seq: max, prev: tag, iat: latest, records }
  expect(signJws(home.signer, jwsTypes.envelope, payload).length).toBeLessThanOrEqual(limits.jwsBytes)
})

it('the longest receipt fits into jwsBytes, and a full answer of known codes into 1 MiB', () => {
  const receipt = (code: string) =>
    signReceipt(host.signer, {
      iss: host.node,
      aud: home.node,
      epoch: max,
      seq: max,
      head: tag,
      iat: latest,
      outcomes: Array.from({ length: limits.recordsPerEnvelope }, () => `refused:${code}`),
    })
  expect(receipt('x'.repeat(40)).length).toBeLessThanOrEqual(limits.jwsBytes)
  const longest = [...recordCodes].sort((a, b) => b.length - a.length)[0] ?? ''
  expect((receipt(longest).length + 1) * limits.envelopesPerPost).toBeLessThan(1024 * 1024)
})

it('the fullest envelope fits into one POST', () => {
  const { jwsBytes, envelopeRecordBytes, recordsPerEnvelope, postBytes } = limits
  expect(jwsBytes + 1 + envelopeRecordBytes + recordsPerEnvelope).toBeLessThanOrEqual(postBytes)
})

it('a header of ours is far below headerBytes', () => {
  const [header = ''] = signJws(home.signer, jwsTypes.agreement, {}).split('.')
  expect(Buffer.from(header, 'base64url').length).toBeLessThan(limits.headerBytes / 4)
})

it('a record may carry its longest text', () => {
  expect(limits.longTextLength * 3 + limits.textLength * 3).toBeLessThan(limits.recordBytes)
})

it('a request may not be valid for longer than a clock may be off without a warning', () => {
  expect(limits.requestSeconds).toBeLessThanOrEqual(limits.skewWarningSeconds)
  expect(startSeconds % 1).toBe(0)
  expect(base64url(new Uint8Array(limits.headerBytes)).length).toBeLessThan(limits.jwsBytes)
})
