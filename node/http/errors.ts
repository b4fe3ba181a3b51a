/**
 * The one place where codes become HTTP: status for peers, status and bilingual sentence for the office. A defect
 * answers 500 with nothing of its message.
 */
import { type ApiError, type GateCode, type RecordCode } from '../../protocol/index.ts'
import { DomainError, type ErrorCode } from '../errors.ts'
import { AgreementError, type AgreementRefusal } from '../federation/peers.ts'
import { PeerUnreachable } from '../federation/requests.ts'
import { describeWorkbookError, WorkbookError } from '../workbooks/index.ts'

export const gateStatus: Record<GateCode, 400 | 401 | 403 | 409 | 413 | 415 | 423 | 429 | 503> = {
  unknown_peer: 401,
  too_large: 413,
  rate_limited: 429,
  bad_encoding: 400,
  bad_json: 400,
  header_not_allowed: 401,
  wrong_type: 401,
  bad_signature: 401,
  bad_field: 400,
  issuer_mismatch: 401,
  wrong_audience: 401,
  bad_time: 401,
  replayed_nonce: 401,
  no_agreement: 403,
  suspended: 403,
  wrong_epoch: 409,
  gap: 409,
  fork: 409,
  frozen: 423,
  digest_mismatch: 400,
  unsupported_encoding: 415,
  unavailable: 503,
}

/** Who is unknown learns only that his signature is not good here: not whether the name or the key was wrong (J28). */
export function wireCode(code: GateCode): GateCode {
  return code === 'unknown_peer' ? 'bad_signature' : code
}

type Status = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 500 | 502 | 503 | 507
interface Answer {
  readonly status: Status
  readonly zh: string
  readonly en: string
}

const domainAnswers: Record<ErrorCode, Answer> = {
  case_not_found: {
    status: 404,
    zh: '没有这个案件。请从案件列表中重新选择。',
    en: 'There is no such case. Choose it again from the list.',
  },
  no_deviation: {
    status: 409,
    zh: '两地登记的这几项已经一致，无需采用。请刷新页面查看。',
    en: 'Both sides already hold these alike; there is nothing to adopt. Reload the page to see.',
  },
  row_not_held: {
    status: 409,
    zh: '这一行已不在待改正之列。',
    en: 'This row is not held for correction any more.',
  },
  import_not_found: { status: 404, zh: '没有这次导入的记录。', en: 'There is no such import.' },
  peer_not_found: {
    status: 404,
    zh: '没有与该地区的共管协议。请先签订协议。',
    en: 'There is no agreement with that region. Conclude one first.',
  },
  peer_unreachable: {
    status: 502,
    zh: '对方节点暂时没有应答，已写入的内容会自动补传。请稍后再试。',
    en: 'The other node does not answer now; what is written will be delivered by itself. Try again later.',
  },
  peer_refused: {
    status: 502,
    zh: '对方节点拒绝了这次请求，原因代码见下。如为 bad_time，请核对两地服务器的时钟。',
    en: 'The other node refused this request, with the code below. For bad_time, check the clocks of both servers.',
  },
  peer_paused: {
    status: 409,
    zh: '与该地区的往来已暂停。请先恢复（huiliu peer resume）。',
    en: 'Exchange with that region is paused. Resume it first (huiliu peer resume).',
  },
  member_not_found: { status: 404, zh: '花名册中没有这名党员。', en: 'No such member on the roster.' },
  not_home_of_case: {
    status: 409,
    zh: '该事项由流出地办理，本地是流入地。',
    en: 'This belongs to the home region; here is the host.',
  },
  not_host_of_case: {
    status: 409,
    zh: '该事项由流入地办理，本地是流出地。',
    en: 'This belongs to the host region; here is the home.',
  },
  branch_not_found: { status: 422, zh: '请填写要编入的党支部名称。', en: 'Name the branch.' },
  agreement_needed: {
    status: 409,
    zh: '与该地区尚未签订共管协议。',
    en: 'There is no co-management agreement with that region yet.',
  },
  stream_closed: {
    status: 409,
    zh: '本节点的数据比对方掌握的旧（可能由备份恢复），与该地区的往来已停止。请由管理员运行 huiliu recover。',
    en: 'This node holds less than that region has of it (perhaps it was restored from a backup), so nothing is sent there. Let the administrator run huiliu recover.',
  },
  alarm_not_found: {
    status: 404,
    zh: '没有这条未处理的告警。',
    en: 'There is no such open alarm.',
  },
  not_delivered_yet: {
    status: 409,
    zh: '还有记录没有送达对方，送达后才能删除。',
    en: 'Some records have not been delivered yet; they can be erased once they are.',
  },
  nothing_to_recover: {
    status: 409,
    zh: '没有需要恢复的往来。',
    en: 'There is nothing to recover.',
  },
  wrong_credentials: {
    status: 401,
    zh: '账号或密码不正确。',
    en: 'Account or password is not right.',
  },
  wrong_code: {
    status: 401,
    zh: '验证码不正确或已使用过。请等下一个验证码，或重新登录。',
    en: 'The code is not right or was used before. Wait for the next one, or sign in again.',
  },
  too_many_attempts: {
    status: 429,
    zh: '尝试次数过多，请稍等片刻再试。',
    en: 'Too many attempts: wait a moment, then try again.',
  },
  weak_password: {
    status: 422,
    zh: '密码太容易被猜到。请使用至少 10 个字符、不含常用词和账号名的密码，例如几个不相干的词。',
    en: 'The password is too easy to guess. Take at least 10 characters without common words or the account name, such as a few unrelated words.',
  },
  password_change_needed: {
    status: 403,
    zh: '您使用的是一次性密码，请先设置自己的密码。',
    en: 'You came with a one-time password: choose your own first.',
  },
  second_factor_on: {
    status: 409,
    zh: '已启用两步验证。如需更换，请先停用。',
    en: 'The second factor is on already. End it first to begin another.',
  },
  oidc_not_offered: {
    status: 404,
    zh: '本节点没有配置统一身份认证。',
    en: 'This node has no identity provider.',
  },
  oidc_unreachable: {
    status: 502,
    zh: '统一身份认证平台没有应答。请稍后再试，或用账号和密码登录（没有密码的，请系统管理员重置）。若一直如此，请信息人员查看节点日志。',
    en: 'The identity provider does not answer. Try again later, or sign in with account and password (an administrator can reset it). If it stays so, let your IT look into the log of the node.',
  },
  oidc_refused: {
    status: 401,
    zh: '统一身份认证未完成或已超时。请重新登录。',
    en: 'The identity provider did not confirm it, or it took too long. Sign in again.',
  },
  oidc_unknown: {
    status: 403,
    zh: '您的身份没有关联本地账号。请联系系统管理员。',
    en: 'No account here is linked with you. Ask the administrator.',
  },
  account_not_found: { status: 404, zh: '没有这个账号。', en: 'There is no such account.' },
  account_taken: { status: 409, zh: '该账号名已被使用。', en: 'That account name is taken.' },
  account_organisation: {
    status: 422,
    zh: '党委账号须选择一个党委，支部账号须选择一个党支部，其他角色不选组织。',
    en: 'A committee account names a committee, a branch account a branch, and the other roles none.',
  },
  last_administrator: {
    status: 409,
    zh: '这是最后一个可用的系统管理员账号，不能停用或改为其他角色。',
    en: 'This is the last administrator who can sign in: it cannot be disabled or given another role.',
  },
  set_up_already: {
    status: 409,
    zh: '已完成初始设置，请登录。',
    en: 'The node is set up already: sign in.',
  },
  organisation_not_found: { status: 404, zh: '没有这个组织。', en: 'There is no such organisation.' },
  organisation_taken: {
    status: 409,
    zh: '已有同名组织。',
    en: 'There is an organisation of this name already.',
  },
  organisation_place: {
    status: 422,
    zh: '党支部应隶属党委或本地区，党委应直属本地区。',
    en: 'A branch stands under a committee or the region, a committee under the region.',
  },
  organisation_not_empty: {
    status: 409,
    zh: '该组织还有党员、案件、流入登记、下级组织或账号，不能删除。请先调整，或把它并入另一组织。',
    en: 'It still has members, cases, arrivals, organisations below it or accounts. Move them first, or merge it into another.',
  },
  bad_id_number: {
    status: 422,
    zh: '公民身份号码不正确，请核对。',
    en: 'The ID number is not right: compare it again.',
  },
  arrival_elsewhere: {
    status: 409,
    zh: '此人已由本地另一党组织登记报到。如确需调整，请与组织部联系。',
    en: 'Another organisation of this region has registered this person already: ask the region’s office to move them.',
  },
  arrival_not_found: { status: 404, zh: '没有这条流入登记。', en: 'There is no such arrival.' },
  session_not_found: { status: 404, zh: '没有这个登录会话。', en: 'There is no such session.' },
  kept_full: {
    status: 409,
    zh: '保存的草稿和视图已达上限，请先删除一些不用的。',
    en: 'This account keeps as much as it may: let go of some drafts or views first.',
  },
  export_needs_second_person: {
    status: 403,
    zh: '所列人数较多，导出须经第二人批准。请填写用途提出导出申请，由组织部另一位同志或系统管理员批准后下载。',
    en: 'The list is long: a second person must allow its export. Ask for it with its purpose; another officer or an administrator decides, then fetch the workbook.',
  },
  export_not_found: { status: 404, zh: '没有这个导出申请。', en: 'There is no such export.' },
  export_own: {
    status: 409,
    zh: '不能批准自己的导出申请，须由另一人决定。',
    en: 'Nobody decides on his own export: another person must.',
  },
  export_decided: {
    status: 409,
    zh: '该导出申请已有决定或已过期。',
    en: 'This export was decided on already, or nobody did in time.',
  },
  export_not_ready: {
    status: 409,
    zh: '该导出申请尚未批准、已过期，或您的角色已变动。需要时请重新申请。',
    en: 'This export is not allowed yet, not any more, or your role has changed. Ask anew where it is needed.',
  },
  export_too_long: {
    status: 422,
    zh: '所列超过两万行，一个工作簿放不下。请按组织、对方地区等缩小范围后再导出。',
    en: 'The list has more than 20,000 rows, which is more than one workbook holds: narrow it by organisation or region.',
  },
  too_many_exports: {
    status: 409,
    zh: '等待批准的导出申请过多，请待其决定后再申请。',
    en: 'Too many of your exports wait for a decision: let them be decided on first.',
  },
  cross_site: {
    status: 403,
    zh: '请求来自其他网站，已拒绝。请从本系统页面操作。',
    en: 'The request came from another site and was refused. Use the pages of this node.',
  },
  wrong_content_type: {
    status: 415,
    zh: '请求的内容类型不对。',
    en: 'The request has the wrong content type.',
  },
  rate_limited: {
    status: 429,
    zh: '操作过于频繁，请稍后再试。',
    en: 'Too many requests: wait a little, then try again.',
  },
  bad_request: {
    status: 400,
    zh: '请求的内容不完整或格式不对。',
    en: 'The request is incomplete or malformed.',
  },
  unauthorised: {
    status: 401,
    zh: '请先登录。程序须使用本机令牌（数据目录 keys/local-token）。',
    en: 'Sign in first. Programs use the local token (keys/local-token in the data directory).',
  },
  not_found: { status: 404, zh: '没有这个地址。', en: 'No such address.' },
  too_large: { status: 413, zh: '内容太大。', en: 'Too large.' },
  disk_full: {
    status: 507,
    zh: '节点的磁盘已满，没有保存。请信息人员腾出空间后再试一次：已完成的部分不会重复。',
    en: 'The disk of the node is full and this was not saved. Let IT free some space, then try again: what was done is not done twice.',
  },
  database_away: {
    status: 503,
    zh: '节点的数据库正在重新启动。请稍等片刻再试一次：已完成的部分不会重复。',
    en: 'The database of the node is starting again. Wait a moment, then try again: what was done is not done twice.',
  },
  internal: {
    status: 500,
    zh: '节点出错。可以放心再试一次：已完成的部分不会重复。仍不行请查看日志。',
    en: 'The node failed. It is safe to try again: what was done is not done twice. If it fails again, see its log.',
  },
}

const recordAnswers: Record<RecordCode, { zh: string; en: string }> = {
  bad_record: { zh: '内容不符合规定格式。', en: 'The content does not fit its form.' },
  record_repeated: { zh: '这条记录已经存在。', en: 'This record exists already.' },
  not_your_record: { zh: '这类记录应由另一方填写。', en: 'The other side writes this kind of record.' },
  family_not_agreed: {
    zh: '共管协议不包含这类记录。',
    en: 'The agreement does not cover this kind of record.',
  },
  case_unknown: { zh: '没有这个案件。', en: 'There is no such case.' },
  case_elsewhere: { zh: '这个案件不属于双方。', en: 'The case is not between these two.' },
  case_exists: { zh: '此人在该地已有未办结的案件。', en: 'This person already has an open case there.' },
  case_closed: {
    zh: '案件已办结，不能再改。再次外出请新登记。',
    en: 'The case is closed. Register a new outflow instead.',
  },
  case_open: { zh: '案件尚未办结，不能删除。', en: 'The case is open: only a closed one is erased.' },
  not_published: {
    zh: '尚未登记外出，请先发布流出登记。',
    en: 'Not published yet: publish the outflow first.',
  },
  already_published: { zh: '已登记外出，请用更正。', en: 'Published already: amend it instead.' },
  already_returned: { zh: '已登记返回。', en: 'The return is registered already.' },
  not_arrived: {
    zh: '尚未确认到达，请先确认身份。',
    en: 'Not confirmed here yet: confirm the arrival first.',
  },
  already_placed: { zh: '已编入党支部，请用调整支部。', en: 'Placed already: relocate instead.' },
  not_placed: { zh: '尚未编入党支部。', en: 'Not placed in a branch yet.' },
  already_departed: { zh: '已登记离开。', en: 'The departure is registered already.' },
  activity_unknown: {
    zh: '没有这条活动记录，或不是本方填写的。',
    en: 'No such activity, or not one of ours.',
  },
  tag_taken: { zh: '这个案件属于另一个人。', en: 'The case is another person’s.' },
  query_unknown: { zh: '没有这次身份查询。', en: 'There is no such query.' },
}

const agreementAnswers: Record<AgreementRefusal, { zh: string; en: string }> = {
  agreement_unreadable: { zh: '这个文件不是协议或节点名片。', en: 'This file is no agreement or node card.' },
  agreement_terms: { zh: '协议条款不完整或不合规定。', en: 'The terms are incomplete or not allowed.' },
  agreement_signature: {
    zh: '协议上的签名无效，文件可能被改动。',
    en: 'A signature on the agreement does not hold; the file may have been changed.',
  },
  agreement_other_fingerprint: {
    zh: '指纹与您听到的不一致。请电话核对后再签，切勿跳过。',
    en: 'The fingerprint is not the one you heard. Compare again by telephone; do not skip this.',
  },
  agreement_key_revoked: {
    zh: '协议中对方的密钥在本节点已被吊销。请对方更换新密钥后重新签订协议。',
    en: 'The other side’s key in this agreement was revoked here. Let it replace the key and sign a new agreement.',
  },
  agreement_not_ours: {
    zh: '协议中没有本节点（或本节点密钥已更换）。',
    en: 'This node with these keys is not a party.',
  },
  agreement_incomplete: { zh: '协议还缺一方签名。', en: 'The agreement lacks a signature.' },
  weak_key: { zh: '对方的密钥不安全，不能登记。', en: 'The other key is weak and cannot be enrolled.' },
  bad_key: { zh: '对方的密钥格式不对。', en: 'The other key is malformed.' },
}

export interface HttpError {
  readonly status: Status
  readonly body: ApiError
}

/** What the office is told of an error; undefined for a defect, which the caller logs and answers as `internal`. */
export function describeError(error: unknown): HttpError | undefined {
  if (error instanceof DomainError)
    return isRecordCode(error.code)
      ? told(409, error.code, recordAnswers[error.code])
      : withSeconds(domain(error.code), error.params['seconds'])
  if (error instanceof AgreementError) return told(409, error.code, agreementAnswers[error.code])
  if (error instanceof PeerUnreachable) return unreachable(error)
  if (error instanceof WorkbookError) {
    const say = (language: 'zh' | 'en') => {
      const { what, mend } = describeWorkbookError(error, language)
      return language === 'zh' ? `${what}${mend}` : `${what} ${mend}`
    }
    return told(422, error.code, { zh: say('zh'), en: say('en') })
  }
  return undefined
}

/** An answer with a code of the gate is a refusal, not silence. */
function unreachable({ code }: PeerUnreachable): HttpError {
  if (code === 'paused_here') return domain('peer_paused')
  if (!Object.hasOwn(gateStatus, code)) return domain('peer_unreachable')
  const { status, body } = domain('peer_refused')
  const { zh, en } = body.error
  return told(status, 'peer_refused', { zh: `${zh}(${code})`, en: `${en} (${code})` })
}

function withSeconds({ status, body: { error } }: HttpError, seconds: unknown): HttpError {
  return { status, body: { error: typeof seconds === 'number' ? { ...error, seconds } : error } }
}

/** What nobody asked wrongly: the machine lacks something, or there is a defect, with the id under which the log has it. */
export function failureAnswer(error: unknown, id: string): HttpError {
  const { status, body } = domain(lackOf(error) ?? 'internal')
  return { status, body: { error: { ...body.error, id } } }
}

/** By the codes of PostgreSQL (its manual, appendix A), of its driver and of the system, wherever in the chain of causes. */
export function lackOf(error: unknown): 'disk_full' | 'database_away' | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? String(at.code) : ''
    if (code === '53100' || code === 'ENOSPC') return 'disk_full'
    if (/^(CONNECTION_|CONNECT_TIMEOUT|ECONN|57P0[123])/.test(code)) return 'database_away'
  }
  return undefined
}

export function domain(code: ErrorCode): HttpError {
  const { status, zh, en } = domainAnswers[code]
  return told(status, code, { zh, en })
}

function told(status: Status, code: string, texts: { zh: string; en: string }): HttpError {
  return { status, body: { error: { code, zh: texts.zh, en: texts.en } } }
}

function isRecordCode(code: ErrorCode | RecordCode): code is RecordCode {
  return Object.hasOwn(recordAnswers, code)
}
