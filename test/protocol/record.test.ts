/** Records: every type, on the right side of `case`; what is refused for ever and what only waits for an upgrade. */
import { describe, expect, it } from 'vitest'
import {
  bodySchemas,
  checkRecords,
  digestOf,
  families,
  isHomeEvent,
  isHostEvent,
  limits,
  listDigest,
  outcomeSchema,
  readRecord,
  typeRules,
  writeRecord,
  type FactRecord,
  type RecordType,
} from '../../protocol/index.ts'
import { bodies, caseId, crypto, fact, factText } from '../vectors/actors.ts'

const types = Object.keys(bodySchemas) as RecordType[]
const outcomeOf = (text: string) => {
  const read = readRecord(text)
  return read.ok ? (read.known ? 'known' : 'unknown') : read.code
}
const changed = (type: RecordType, members: object) => JSON.stringify({ ...fact(type), ...members })

describe.each(types)('%s', (type) => {
  it('is refused with an unknown member', () => {
    expect(outcomeOf(changed(type, { body: { ...bodies[type], extra: 1 } }))).toBe('bad_record')
    expect(outcomeOf(changed(type, { extra: 1 }))).toBe('bad_record')
  })

  it('is refused without any one of the members it needs', () => {
    const needed = Object.keys(bodies[type]).filter((name) => {
      const without: Record<string, unknown> = { ...bodies[type], [name]: undefined }
      return !bodySchemas[type].safeParse(JSON.parse(JSON.stringify(without))).success
    })
    for (const name of needed)
      expect(outcomeOf(changed(type, { body: { ...bodies[type], [name]: undefined } }))).toBe('bad_record')
    expect(outcomeOf(changed(type, { body: {} }))).toBe('bad_record')
  })

  it('is refused on the wrong side of `case`', () => {
    expect(outcomeOf(changed(type, { case: typeRules[type].ofCase ? null : caseId }))).toBe('bad_record')
  })

  it('waits, unread, in a version that is not known here', () => {
    expect(outcomeOf(changed(type, { v: 2, body: { anything: [true] } }))).toBe('unknown')
  })

  it('reads as it was written', () => {
    const text = writeRecord(fact(type) as FactRecord)
    expect(readRecord(text)).toEqual({ ok: true, known: true, record: fact(type) })
    expect(text).toBe(factText(type))
  })

  it('is written by the side that owns its fact', () => {
    const record = fact(type) as FactRecord
    const { writer, family } = typeRules[type]
    expect(families).toContain(family)
    if (isHomeEvent(record)) expect(writer).toBe('home')
    else if (isHostEvent(record)) expect(['host', 'either']).toContain(writer)
    // An erasure names a case and is no fact of either side.
    else expect(typeRules[type].ofCase).toBe(type === 'record.erased')
  })
})

describe('a record', () => {
  it('of an unknown type keeps its frame, so that its case can wait behind it', () => {
    const read = readRecord(changed('flow.returned', { type: 'transfer.requested', body: { to: '440304' } }))
    expect(read.ok && !read.known && read.frame.case).toBe(caseId)
  })

  it.each(['constructor', 'has.own', 'to.string'])(
    'of the type %j is not found on some object’s prototype',
    (type) => {
      expect(['unknown', 'bad_record']).toContain(outcomeOf(changed('flow.returned', { type })))
    },
  )

  it('says which field was wrong and never what stood in it', () => {
    const read = readRecord(
      changed('identity.queried', { body: { ...bodies['identity.queried'], name: '龚'.repeat(60) } }),
    )
    expect(!read.ok && read.detail).toBe('body: name')
  })

  it('over 16 KiB is refused by its envelope, whatever it says', () => {
    const text = changed('notice.sent', { body: { padding: 'x'.repeat(limits.recordBytes) } })
    const payload = {
      iss: '411525',
      aud: '440304',
      epoch: 1,
      seq: 1,
      prev: null,
      iat: 0,
      records: { count: 1, digest: listDigest(crypto, [digestOf(crypto, text)]) },
    }
    expect(checkRecords(crypto, payload, [text])).toMatchObject({ ok: false, code: 'too_large' })
  })
})

describe('writing a record', () => {
  it('throws for a draft that does not fit, before anything is signed', () => {
    const draft = { ...fact('flow.returned'), body: { returnedOn: '2026-02-30' } }
    expect(() => writeRecord(draft)).toThrow(TypeError)
    expect(() => writeRecord({ ...fact('flow.returned'), case: null })).toThrow(TypeError)
  })

  it('throws for text that is not NFC: the importer is to normalise, not the wire', () => {
    expect(() =>
      writeRecord(fact('identity.queried', 1, { ...bodies['identity.queried'], name: 'e\u0301' })),
    ).toThrow(TypeError)
  })

  it('never reaches 16 KiB with the longest Chinese texts the schemas allow', () => {
    const text = writeRecord(
      fact('notice.sent', 1, { on: '2026-01-01', subject: '题'.repeat(500), text: '文'.repeat(4000) }),
    )
    expect(Buffer.byteLength(text)).toBeLessThan(limits.recordBytes)
  })
})

describe('an outcome', () => {
  it.each([
    '',
    'refused',
    'refused:',
    'refused:Not',
    'refused:a-b',
    `refused:${'a'.repeat(41)}`,
    'Applied',
    'settled',
  ])('is not %j', (outcome) => expect(outcomeSchema.safeParse(outcome).success).toBe(false))

  it('is applied, parked, or refused with any code, also of a later version', () => {
    for (const outcome of ['applied', 'parked', 'refused:tag_taken', 'refused:later_code'])
      expect(outcomeSchema.safeParse(outcome).success).toBe(true)
  })

  it('is of a record whose place a stream can have', () => {
    const settled = bodySchemas['outcome.settled']
    const at = (place: object) => settled.safeParse({ ...bodies['outcome.settled'], ...place }).success
    for (const member of ['epoch', 'seq']) {
      expect(at({ [member]: limits.streamNumber })).toBe(true)
      expect(at({ [member]: limits.streamNumber + 1 })).toBe(false)
    }
  })

  it('that settles a parked record is not parked again', () => {
    const settled = bodySchemas['outcome.settled']
    expect(settled.safeParse({ ...bodies['outcome.settled'], outcome: 'parked' }).success).toBe(false)
    expect(settled.safeParse({ ...bodies['outcome.settled'], outcome: 'applied' }).success).toBe(true)
  })
})
