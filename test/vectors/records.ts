/** Vectors of records: one of every type, what is parked because it is not known, and what is refused for ever. */
import { bodySchemas, type RecordType } from '../../protocol/index.ts'
import { bodies, caseId, fact, factText, queryId, tag } from './actors.ts'

const types = Object.keys(bodySchemas) as RecordType[]

interface Invalid {
  comment: string
  text: string
  code: 'bad_record'
}

export function recordVectors() {
  return {
    comment:
      'Texts of records. `known`: false means the frame holds but this version does not know type and version.',
    valid: [
      ...types.map((type) => ({ comment: type, known: true, text: factText(type) })),
      ...validVariants(),
      {
        comment: 'an unknown type',
        known: false,
        text: frame({ type: 'meeting.convened', body: { any: [1] } }),
      },
      { comment: 'a known type in an unknown version', known: false, text: frame({ v: 2, body: {} }) },
      {
        comment: 'an unknown type without a case',
        known: false,
        text: frame({ type: 'network.joined', case: null, body: {} }),
      },
      {
        comment: 'a type named like a member of every object',
        known: false,
        text: frame({ type: 'has.own', body: {} }),
      },
    ],
    invalid: [...invalidFrames(), ...invalidTexts(), ...invalidBodies()],
  }
}

function validVariants() {
  const texts: [string, string][] = [
    ['a withdrawn activity', body('activity.corrected', { activity: null })],
    [
      'amended: the outflow alone',
      change('flow.amended', () => ({ outflow: bodies['flow.published'].outflow })),
    ],
    ['arrived: no deviations', body('flow.arrived', { match: 'certain', deviations: [] })],
    ['arrived: a month where the paper gives no day', body('flow.arrived', { arrivedOn: '2025-09' })],
    ['a name with an interpunct', body('identity.queried', { name: '阿依古丽·买买提' })],
    ['a name beyond the basic plane', body('identity.queried', { name: '𠮷野' })],
    ['a name of 50 characters', body('identity.queried', { name: '名'.repeat(50) })],
    ['a name of 50 characters beyond the basic plane', body('identity.queried', { name: '𠮷'.repeat(50) })],
    ['an activity of a month', body('activity.recorded', { activity: { on: '2025-10', kind: 'study' } })],
    ['asserted without a query', body('identity.asserted', { query: null })],
    ['29 February of a leap year', body('flow.returned', { returnedOn: '2024-02-29' })],
    ['a settled record that was applied', body('outcome.settled', { outcome: 'applied' })],
    [
      'an epoch after one without any envelope',
      body('epoch.opened', { after: { epoch: 3, seq: 0, head: tag }, reason: 'key' }),
    ],
    [
      'an epoch after a stream that never began',
      body('epoch.opened', { after: { epoch: 1, seq: 0, head: null }, reason: 'fork' }),
    ],
    ['an author with every allowed sign', frame({ by: '411525/office_1:a@b.c-d' })],
  ]
  return texts.map(([comment, text]) => ({ comment, known: true, text }))
}

function frame(members: object): string {
  return JSON.stringify({ ...fact('flow.returned'), ...members })
}

/** The sample of a type with some members of its body replaced; undefined leaves one out. */
function body(type: RecordType, members: object): string {
  return change(type, (sample) => ({ ...sample, ...members }))
}

function change(type: RecordType, to: (sample: object) => object): string {
  return JSON.stringify({ ...fact(type), body: to(bodies[type]) })
}

function refused(texts: readonly (readonly [string, string])[]): Invalid[] {
  return texts.map(([comment, text]) => ({ comment, text, code: 'bad_record' }))
}

function invalidFrames(): Invalid[] {
  return refused([
    ['an unknown member of the frame', frame({ extra: 1 })],
    ['no id', frame({ id: undefined })],
    ['an id of version 4', frame({ id: '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d' })],
    ['an id in upper case', frame({ id: caseId.toUpperCase() })],
    ['a type without a dot', frame({ type: 'returned' })],
    ['a type in upper case', frame({ type: 'Flow.Returned' })],
    ['version 0', frame({ v: 0 })],
    ['version 1001', frame({ v: 1001 })],
    ['the version as text', frame({ v: '1' })],
    ['no case where one belongs', frame({ case: null })],
    ['a case where none belongs', JSON.stringify({ ...fact('identity.queried'), case: caseId })],
    ['the case left out', frame({ case: undefined })],
    ['an instant with a fraction', frame({ at: '2026-01-01T00:00:00.000Z' })],
    ['an instant with an offset', frame({ at: '2026-01-01T08:00:00+08:00' })],
    ['an instant on a day that does not exist', frame({ at: '2026-02-30T00:00:00Z' })],
    ['an instant at 24 hours', frame({ at: '2026-01-01T24:00:00Z' })],
    ['an instant of the last century', frame({ at: '1999-01-01T00:00:00Z' })],
    ['an author with a blank', frame({ by: 'the office' })],
    ['an author in Chinese', frame({ by: '办公室' })],
    ['an author of 65 characters', frame({ by: 'a'.repeat(65) })],
    ['no author', frame({ by: '' })],
    ['the body is an array', frame({ body: [] })],
    ['the body is null', frame({ body: null })],
    ['the record is an array', '[]'],
  ])
}

function invalidTexts(): Invalid[] {
  const text = factText('flow.returned')
  return refused([
    ['not JSON', '{'],
    ['a blank', text.replace(',', ', ')],
    ['a member twice', text.replace('{', '{"v":1,')],
    ['NFD in a name', body('identity.queried', { name: 'e\u0301' })],
    ['NUL in a name', body('identity.queried', { name: 'a\u0000' })],
    ['a lone surrogate in a name', body('identity.queried', { name: '\ud842' })],
    ['__proto__ in an unknown type', frame({ type: 'has.own' }).replace('"returnedOn"', '"__proto__"')],
    ['depth over 16 in an unknown type', frame({ type: 'has.own', body: { a: nested(16) } })],
  ])
}

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)]
}

function invalidBodies(): Invalid[] {
  const line = (text: string) => body('flow.arrived', { employer: text })
  const announced = (members: object) =>
    body('keys.announced', { key: { ...bodies['keys.announced'].key, ...members } })
  const opened = (members: object) =>
    body('epoch.opened', { after: { ...bodies['epoch.opened'].after, ...members } })
  const activity = (members: object) => ({ activity: { on: '2025-10-01', kind: 'study', ...members } })
  return refused([
    ...types.map((type) => [`${type}: an unknown member`, body(type, { extra: 1 })] as const),
    ['amended: neither person nor outflow', change('flow.amended', () => ({}))],
    ['a person without a name', body('identity.asserted', { person: { category: 'full' } })],
    ['an ID number beside the tag', body('identity.queried', { idNumber: '000000190001010001' })],
    ['an empty name', body('identity.queried', { name: '' })],
    ['a name of 51 characters', body('identity.queried', { name: '名'.repeat(51) })],
    ['a name of 51 characters beyond the basic plane', body('identity.queried', { name: '𠮷'.repeat(51) })],
    ['a category that is none', body('identity.asserted', { person: { name: '甲', category: 'honorary' } })],
    [
      'a telephone number with a hyphen',
      body('identity.asserted', { person: { name: '甲', phone: '0755-1234567' } }),
    ],
    ['a tag in another spelling', body('identity.queried', { tag: tag.slice(0, -1) + 'd' })],
    ['a tag of 42 letters', body('identity.queried', { tag: tag.slice(0, -1) })],
    ['a denial with another reason', body('identity.denied', { reason: 'busy' })],
    ['a query that is no id', body('identity.denied', { query: 'q1' })],
    ['a line that ends with a blank', line('福田电力 ')],
    ['a line that begins with an ideographic space', line('\u3000福田电力')],
    ['an empty line', line('')],
    ['a line of 501 characters', line('长'.repeat(501))],
    ['a day that does not exist', body('flow.returned', { returnedOn: '2025-02-29' })],
    ['a month where a day belongs', body('flow.returned', { returnedOn: '2025-02' })],
    ['a day of another century', body('flow.returned', { returnedOn: '1899-12-31' })],
    ['closed for no known reason', body('flow.closed', { reason: 'lost' })],
    ['disputed for no known reason', body('flow.disputed', { reason: 'busy' })],
    ['a match grade that is none', body('flow.arrived', { match: 'sure' })],
    [
      'a deviation of an unknown field',
      body('flow.arrived', { deviations: [{ field: 'age', home: '1', host: '2' }] }),
    ],
    [
      'one field deviates twice',
      body('flow.arrived', {
        deviations: [1, 2].map((n) => ({ field: 'name', home: '甲', host: `乙${n}` })),
      }),
    ],
    [
      'a deviation without a difference',
      body('flow.arrived', { deviations: [{ field: 'name', home: '甲', host: '甲' }] }),
    ],
    ['a branch without an id', body('flow.placed', { branch: { name: '一支部' } })],
    ['dues without an amount', body('activity.recorded', activity({ kind: 'dues' }))],
    ['an amount that is no dues', body('activity.recorded', activity({ amountFen: 100 }))],
    ['dues below zero', body('activity.recorded', activity({ kind: 'dues', amountFen: -1 }))],
    [
      'dues over ten million yuan',
      body('activity.recorded', activity({ kind: 'dues', amountFen: 1_000_000_001 })),
    ],
    ['dues of half a fen', body('activity.recorded', activity({ kind: 'dues', amountFen: 0.5 }))],
    ['an activity of an unknown kind', body('activity.recorded', activity({ kind: 'holiday' }))],
    ['a correction that names no record', body('activity.corrected', { corrects: undefined })],
    ['settled as parked: nothing was settled', body('outcome.settled', { outcome: 'parked' })],
    ['settled for index 256', body('outcome.settled', { index: 256 })],
    ['settled without a digest', body('outcome.settled', { digest: queryId })],
    ['settled under number 0', body('outcome.settled', { seq: 0 })],
    ['settled under number 2^31-1', body('outcome.settled', { seq: 2 ** 31 - 1 })],
    ['settled under epoch 2^31-1', body('outcome.settled', { epoch: 2 ** 31 - 1 })],
    ['an announced key with its private half', announced({ d: tag })],
    ['an announced key on another curve', announced({ crv: 'X25519' })],
    ['an announced key of 31 bytes', announced({ x: tag.slice(0, 41) })],
    ['an epoch opened for no known reason', body('epoch.opened', { reason: 'restart' })],
    ['an epoch opened after nothing', body('epoch.opened', { after: null })],
    ['an epoch opened after epoch 0', opened({ epoch: 0 })],
    ['an epoch opened after a number below zero', opened({ seq: -1 })],
    ['an epoch opened after number 2^31-1', opened({ seq: 2 ** 31 - 1 })],
    ['an epoch opened after epoch 2^31-1', opened({ epoch: 2 ** 31 - 1 })],
    ['an epoch opened after a head that is no digest', opened({ head: queryId })],
    ['an epoch opened after an unknown member', opened({ kid: tag })],
    ['erased at index 256', body('record.erased', { index: 256 })],
    ['erased under number 0', body('record.erased', { seq: 0 })],
    ['erased under number 2^31-1', body('record.erased', { seq: 2 ** 31 - 1 })],
    ['erased without a digest', body('record.erased', { digest: undefined })],
    ['erased with its text', body('record.erased', { text: '{}' })],
    ['the head of an audit without entries', body('audit.head', { entries: 0 })],
    ['the head of an audit that is no digest', body('audit.head', { head: queryId })],
    ['the head of an audit with its entries', body('audit.head', { list: [] })],
  ])
}
