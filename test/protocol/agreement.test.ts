/** The agreement: both signatures over the same bytes, by the keys it names, and no others. */
import { describe, expect, it } from 'vitest'
import { countersign, isComplete, proposeAgreement, readAgreement } from '../../protocol/index.ts'
import { crypto, home, host, stranger } from '../vectors/actors.ts'
import { agreementDocument, terms } from '../vectors/agreements.ts'

type Outer = { payload: string; signatures: { protected: string; signature: string }[] }
const proposal = proposeAgreement(home.signer, terms)
const outer = (text: string) => JSON.parse(text) as Outer
const codeOf = (text: string) => {
  const read = readAgreement(crypto, text)
  return read.ok ? read.agreement.signedBy : read.code
}
function signedBoth(): string {
  const signed = countersign(crypto, host.signer, proposal)
  if (!signed.ok) throw new Error(signed.detail)
  return signed.text
}

describe('an agreement is refused', () => {
  it('when one party signed twice', () => {
    const { payload, signatures } = outer(proposal)
    expect(codeOf(JSON.stringify({ payload, signatures: [...signatures, ...signatures] }))).toBe(
      'agreement_signature',
    )
  })

  it('when a third region signed', () => {
    expect(codeOf(agreementDocument(terms, [stranger.signer]))).toBe('agreement_signature')
    expect(codeOf(agreementDocument(terms, [home.signer, stranger.signer]))).toBe('agreement_signature')
  })

  it('when its terms were changed after a signature, by anyone', () => {
    const other = outer(agreementDocument({ ...terms, queriesPerDay: 1_000_000 }, []))
    for (const text of [proposal, signedBoth()])
      expect(codeOf(JSON.stringify({ ...outer(text), payload: other.payload }))).toBe('agreement_signature')
  })

  it('when a signature was taken from another agreement of the same two', () => {
    const other = outer(proposeAgreement(home.signer, { ...terms, replyDays: 1 }))
    expect(codeOf(JSON.stringify({ ...outer(proposal), signatures: other.signatures }))).toBe(
      'agreement_signature',
    )
  })

  it.each([
    ['a signing key of small order', { signing: { ...host.signing, x: 'A'.repeat(43) } }, 'weak_key'],
    ['an exchange key of small order', { exchange: { ...host.exchange, x: 'A'.repeat(43) } }, 'weak_key'],
    ['a key in another spelling', { exchange: { ...host.exchange, x: 'A'.repeat(42) + 'B' } }, 'bad_key'],
  ])('when a party has %s, whoever signed', (_, change, code) => {
    const [first, second] = terms.parties
    expect(
      codeOf(agreementDocument({ ...terms, parties: [first, { ...second, ...change }] }, [home.signer])),
    ).toBe(code)
    const weakHome = { ...terms, parties: [{ ...first, ...change }, second] }
    expect(codeOf(agreementDocument(weakHome, [host.signer]))).toBe(code)
  })

  it.each([
    ['parties in the wrong order', { parties: [...terms.parties].reverse() }],
    ['one region with itself', { parties: [terms.parties[0], terms.parties[0]] }],
    ['no days to reply', { replyDays: 0 }],
    ['an end before its beginning', { from: '2026-01-02', until: '2026-01-01' }],
    ['an unknown family', { families: ['gossip'] }],
    ['an unknown term', { penalty: 1 }],
  ])('for %s', (_, change) => {
    expect(codeOf(agreementDocument({ ...terms, ...change }, [home.signer, host.signer]))).toBe(
      'agreement_terms',
    )
  })

  it.each(['', '{}', '[]', 'null', '{"payload":"","signatures":[]}', '{"payload":1,"signatures":[]}'])(
    'when it is %j',
    (text) => expect(codeOf(text)).toBe('agreement_unreadable'),
  )
})

describe('countersigning', () => {
  it('is refused to whom the agreement does not name', () => {
    expect(countersign(crypto, stranger.signer, proposal)).toMatchObject({
      ok: false,
      code: 'agreement_terms',
    })
  })

  it('keeps the payload bytes and the first signature as they were', () => {
    const [before, after] = [outer(proposal), outer(signedBoth())]
    expect(after.payload).toBe(before.payload)
    expect(after.signatures[0]).toEqual(before.signatures[0])
    expect(after.signatures).toHaveLength(2)
  })

  it('twice changes nothing', () => {
    expect(countersign(crypto, host.signer, signedBoth())).toEqual({ ok: true, text: signedBoth() })
    expect(countersign(crypto, home.signer, proposal)).toEqual({ ok: true, text: proposal })
  })
})

describe('an agreement', () => {
  it('with one signature is a proposal and binds nobody', () => {
    const read = readAgreement(crypto, proposal)
    expect(read.ok && [read.agreement.signedBy, isComplete(read.agreement)]).toEqual([[home.node], false])
  })

  it('with both, in either order, is complete', () => {
    for (const text of [signedBoth(), agreementDocument(terms, [host.signer, home.signer])]) {
      const read = readAgreement(crypto, text)
      expect(read.ok && isComplete(read.agreement)).toBe(true)
      expect(read.ok && read.agreement.terms).toEqual(terms)
    }
  })
})
