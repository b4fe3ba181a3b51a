/**
 * Codes are known by name to peers, operators and stored receipts: this list, written by hand, only grows. What each
 * one means is shown in the test of the step that refuses with it.
 */
import { expect, it } from 'vitest'
import { gateCodes, recordCodes, refuse } from '../../protocol/index.ts'

it('the codes of the gate are these', () => {
  expect([...gateCodes].sort()).toEqual([
    'bad_encoding',
    'bad_field',
    'bad_json',
    'bad_signature',
    'bad_time',
    'digest_mismatch',
    'fork',
    'frozen',
    'gap',
    'header_not_allowed',
    'issuer_mismatch',
    'no_agreement',
    'rate_limited',
    'replayed_nonce',
    'suspended',
    'too_large',
    'unavailable',
    'unknown_peer',
    'unsupported_encoding',
    'wrong_audience',
    'wrong_epoch',
    'wrong_type',
  ])
})

it('the codes of a refused record are these', () => {
  expect([...recordCodes].sort()).toEqual([
    'activity_unknown',
    'already_departed',
    'already_placed',
    'already_published',
    'already_returned',
    'bad_record',
    'case_closed',
    'case_elsewhere',
    'case_exists',
    'case_open',
    'case_unknown',
    'family_not_agreed',
    'not_arrived',
    'not_placed',
    'not_published',
    'not_your_record',
    'query_unknown',
    'record_repeated',
    'tag_taken',
  ])
})

it('no code has two meanings, and each fits into an outcome', () => {
  const all = [...gateCodes, ...recordCodes]
  expect(new Set(all).size).toBe(all.length)
  for (const code of all) expect(code).toMatch(/^[a-z_]{1,40}$/)
})

it('a refusal is a value with its reason, not an exception', () => {
  expect(refuse('gap', 'seq 3 after 1')).toEqual({ ok: false, code: 'gap', detail: 'seq 3 after 1' })
})
