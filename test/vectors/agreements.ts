/** Vectors of agreement documents, pair keys and person tags. */
import {
  countersign,
  jwsTypes,
  pairKey,
  payloadPart,
  personTag,
  proposeAgreement,
  signPart,
  hex,
  type AgreementTerms,
  type Signer,
} from '../../protocol/index.ts'
import { crypto, home, host, id, stranger, type Actor } from './actors.ts'

const party = ({ node, name, signing, exchange }: Actor) => ({ node, name, signing, exchange })

export const terms: AgreementTerms = {
  id: id(90),
  parties: [party(home), party(host)],
  families: ['identity', 'flow', 'activity', 'peer'],
  rulePack: 'national-2024',
  replyDays: 15,
  queriesPerDay: 1000,
  keyVersion: 1,
  from: '2026-01-01',
  until: '2028-12-31',
}

/** A document signed by these, whatever the terms are. */
export function agreementDocument(value: object, signers: readonly Signer[]): string {
  const payload = payloadPart(value)
  const signatures = signers.map((signer) => {
    const [header, , signature] = signPart(signer, jwsTypes.agreement, payload).split('.')
    return { protected: header, signature }
  })
  return JSON.stringify({ payload, signatures }) + '\n'
}

const both = [home.signer, host.signer]

export function agreementVectors() {
  const proposed = proposeAgreement(home.signer, terms)
  const signed = countersign(crypto, host.signer, proposed)
  return {
    comment:
      'Agreement documents between 411525 and 440304 (keys.json). `signedBy` says whose signatures hold.',
    valid: [
      { comment: 'the proposal', text: proposed, signedBy: [home.node] },
      {
        comment: 'countersigned: the payload bytes are the same',
        text: signed.ok ? signed.text : '',
        signedBy: [home.node, host.node],
      },
      {
        comment: 'signed in the other order',
        text: agreementDocument(terms, [...both].reverse()),
        signedBy: [host.node, home.node],
      },
      {
        comment: 'the outer JSON may be laid out freely',
        text: JSON.stringify(JSON.parse(proposed), null, 2),
        signedBy: [home.node],
      },
    ],
    invalid: [...invalidSignatures(proposed), ...invalidTerms(), ...invalidKeys()],
  }
}

function invalidSignatures(proposed: string) {
  const outer = JSON.parse(proposed) as {
    payload: string
    signatures: { protected: string; signature: string }[]
  }
  const [ours] = outer.signatures
  const withSignatures = (signatures: unknown[]) => JSON.stringify({ payload: outer.payload, signatures })
  const receiptHeader = payloadPart({ alg: 'Ed25519', kid: home.signer.kid, typ: jwsTypes.receipt })
  return [
    { comment: 'one party twice', text: withSignatures([ours, ours]), code: 'agreement_signature' },
    {
      comment: 'a third region signed',
      text: agreementDocument(terms, [home.signer, stranger.signer]),
      code: 'agreement_signature',
    },
    {
      comment: 'terms changed after signing',
      text: JSON.stringify({ ...outer, payload: payloadPart({ ...terms, replyDays: 30 }) }),
      code: 'agreement_signature',
    },
    {
      comment: 'header of another purpose',
      text: withSignatures([{ ...ours, protected: receiptHeader }]),
      code: 'agreement_signature',
    },
    {
      comment: 'a signature that is none',
      text: withSignatures([{ ...ours, signature: 'AAAA' }]),
      code: 'agreement_signature',
    },
    { comment: 'no signature', text: withSignatures([]), code: 'agreement_unreadable' },
    { comment: 'three signatures', text: withSignatures([ours, ours, ours]), code: 'agreement_unreadable' },
    {
      comment: 'an unprotected header',
      text: withSignatures([{ ...ours, header: {} }]),
      code: 'agreement_unreadable',
    },
    { comment: 'not JSON', text: 'agreement', code: 'agreement_unreadable' },
    {
      comment: 'the payload is not base64url',
      text: JSON.stringify({ ...outer, payload: '{}' }),
      code: 'agreement_unreadable',
    },
    {
      comment: 'the payload is not minimal JSON',
      text: JSON.stringify({ ...outer, payload: Buffer.from('{ }').toString('base64url') }),
      code: 'agreement_unreadable',
    },
  ]
}

function invalidTerms() {
  const changed = (comment: string, change: object) => ({
    comment,
    text: agreementDocument({ ...terms, ...change }, both),
    code: 'agreement_terms',
  })
  return [
    changed('parties not in order of their codes', { parties: [party(host), party(home)] }),
    changed('one region with itself', { parties: [party(home), party(home)] }),
    changed('three parties', { parties: [party(stranger), party(home), party(host)] }),
    changed('no family', { families: [] }),
    changed('a family nobody knows', { families: ['identity', 'secrets'] }),
    changed('an unknown term', { discount: true }),
    changed('no days to reply', { replyDays: 0 }),
    changed('ends before it begins', { until: '2025-12-31' }),
    changed('a day that does not exist', { until: '2027-02-29' }),
  ]
}

function invalidKeys() {
  const withKey = (comment: string, key: object, code: string) => ({
    comment,
    text: agreementDocument({ ...terms, parties: [party(home), { ...party(host), ...key }] }, [home.signer]),
    code,
  })
  return [
    withKey('a signing key of small order', { signing: { ...host.signing, x: 'A'.repeat(43) } }, 'weak_key'),
    withKey(
      'an exchange key of small order',
      { exchange: { ...host.exchange, x: 'A'.repeat(43) } },
      'weak_key',
    ),
    withKey(
      'a key in another spelling',
      { signing: { ...host.signing, x: 'A'.repeat(42) + 'B' } },
      'bad_key',
    ),
    withKey('a private key', { signing: { ...host.signing, d: home.signingSeed } }, 'agreement_terms'),
    withKey('a key of another curve', { signing: { ...host.signing, crv: 'Ed448' } }, 'agreement_terms'),
    withKey('the exchange key where the signing key belongs', { signing: host.exchange }, 'agreement_terms'),
  ]
}

/** County 000000 was never assigned, so these are nobody's numbers. */
const nobody = ['000000190001010012', '00000019491001002X']

export function tagVectors() {
  const tags = (comment: string, a: Actor, b: Actor, keyVersion: number) => {
    const shared = a.shared(b)
    const key = pairKey(shared, [a.node, b.node], keyVersion)
    const named = nobody.map((idNumber) => ({ idNumber, tag: personTag(crypto, key, idNumber) }))
    return {
      comment,
      parties: [a.node, b.node],
      keyVersion,
      shared: hex(shared),
      pairKey: hex(key),
      tags: named,
    }
  }
  return {
    comment:
      'Pair keys and tags. The exchange keys are in keys.json; `shared` is the X25519 output, bytes in hex.',
    vectors: [
      tags('home and host', home, host, 1),
      tags('the same pair seen from the other side', host, home, 1),
      tags('the same pair after the key version changed', home, host, 2),
      tags('another pair: the same person has another tag', home, stranger, 1),
    ],
  }
}
