/**
 * What a domain verb may answer an officer with: a closed union of codes. http/ maps each to a status and texts in the
 * user's language; params name fields and ids, never a person's data.
 */
import { type RecordCode } from '../protocol/index.ts'

export const errorCodes = [
  'case_not_found',
  'no_deviation',
  'import_not_found',
  'row_not_held',
  'peer_not_found',
  'peer_unreachable',
  'peer_refused',
  'peer_paused',
  'member_not_found',
  'not_home_of_case',
  'not_host_of_case',
  'branch_not_found',
  'agreement_needed',
  'stream_closed',
  'alarm_not_found',
  'not_delivered_yet',
  'nothing_to_recover',
  'wrong_credentials',
  'wrong_code',
  'too_many_attempts',
  'weak_password',
  'password_change_needed',
  'second_factor_on',
  'oidc_not_offered',
  'oidc_unreachable',
  'oidc_refused',
  'oidc_unknown',
  'account_not_found',
  'account_taken',
  'account_organisation',
  'last_administrator',
  'set_up_already',
  'organisation_not_found',
  'organisation_taken',
  'organisation_place',
  'organisation_not_empty',
  'bad_id_number',
  'arrival_not_found',
  'arrival_elsewhere',
  'session_not_found',
  'kept_full',
  'export_needs_second_person',
  'export_not_found',
  'export_own',
  'export_decided',
  'export_not_ready',
  'too_many_exports',
  'export_too_long',
  'cross_site',
  'wrong_content_type',
  'rate_limited',
  'bad_request',
  'unauthorised',
  'not_found',
  'too_large',
  'disk_full',
  'database_away',
  'internal',
] as const
export type ErrorCode = (typeof errorCodes)[number]

export class DomainError extends Error {
  readonly code: ErrorCode | RecordCode
  readonly params: Readonly<Record<string, string | number>>
  constructor(code: ErrorCode | RecordCode, params: Readonly<Record<string, string | number>> = {}) {
    super(code)
    this.code = code
    this.params = params
  }
}

/** A reason not to start that a person can mend: one sentence in each language. */
export class StartRefused extends Error {
  readonly messageZh: string
  constructor(message: string, messageZh: string) {
    super(message)
    this.messageZh = messageZh
  }
}
