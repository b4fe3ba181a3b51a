/** The receipt: one outcome per record, over one head. */
import { describe, expect, it } from 'vitest'
import {
  jwsTypes,
  limits,
  readJws,
  readReceiptPayload,
  signReceipt,
  verifyJws,
  type Json,
} from '../../protocol/index.ts'
import { crypto, home, host, tag } from '../vectors/actors.ts'

const payload = {
  iss: host.node,
  aud: home.node,
  epoch: 1,
  seq: 1,
  head: tag,
  iat: 0,
  outcomes: ['applied', 'parked'],
}

describe('a receipt', () => {
  it.each([
    ['without outcomes', { outcomes: [] }],
    [
      'with more outcomes than an envelope has records',
      { outcomes: Array.from({ length: limits.recordsPerEnvelope + 1 }, () => 'applied') },
    ],
    ['with an outcome that is none', { outcomes: ['perhaps'] }],
    ['over no head', { head: null }],
    ['for seq 0', { seq: 0 }],
    ['for a seq beyond every stream', { seq: limits.streamNumber + 1 }],
    ['for an epoch beyond every stream', { epoch: limits.streamNumber + 1 }],
    ['with an unknown member', { note: '' }],
    ['to several', { aud: [home.node] }],
  ])('is refused %s', (_, change) => {
    expect(readReceiptPayload({ ...payload, ...change } as Json)).toMatchObject({
      ok: false,
      code: 'bad_field',
    })
  })

  it('is no envelope, request, answer or agreement', () => {
    const token = signReceipt(host.signer, payload)
    for (const typ of Object.values(jwsTypes))
      if (typ !== jwsTypes.receipt) expect(readJws(token, typ)).toMatchObject({ code: 'wrong_type' })
  })

  it('opens to what the receiver signed, the same bytes every time', () => {
    const token = signReceipt(host.signer, payload)
    expect(signReceipt(host.signer, payload)).toBe(token)
    const read = readJws(token, jwsTypes.receipt)
    const opened = read.ok ? verifyJws(crypto, read.jws, host.publicKey) : read
    expect(opened.ok && readReceiptPayload(opened.payload)).toEqual({ ok: true, payload })
  })
})
