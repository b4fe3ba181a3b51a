/**
 * The vector files are what make.ts says, byte for byte, and this implementation agrees with every one of them. The
 * second half reads nothing but the files, as a reader in another language would.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import * as nodeCrypto from 'node:crypto'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  caseView,
  contentId,
  digestOf,
  enrolExchangeKey,
  enrolKey,
  exchangeKeySchema,
  fingerprint,
  fromBase64url,
  base64url,
  hex,
  isHomeEvent,
  isHostEvent,
  jwsTypes,
  noHomeFacts,
  noHostFacts,
  pairKey,
  parseStrict,
  parseStrictBytes,
  personTag,
  readAgreement,
  readAnswerPayload,
  readJws,
  readReceiptPayload,
  readRecord,
  readRequestPayload,
  sharedView,
  signingKeySchema,
  stepHome,
  stepHost,
  thumbprint,
  verifyJws,
  type CaseActivity,
  type Json,
  type JwsType,
  type Result,
} from '../../protocol/index.ts'
import { nodeJsCrypto as crypto } from '../../node/platform.ts'
import { receiveBody, type EnvelopeVector } from './receive.ts'
import { fileText, vectorFiles } from './make.ts'

const folder = import.meta.dirname
if (process.env['UPDATE_VECTORS'] === '1')
  for (const [name, make] of Object.entries(vectorFiles))
    writeFileSync(path.join(folder, name), fileText(make()))

interface Vector {
  readonly comment: string
  readonly [member: string]: unknown
}

function read<File>(name: string): File {
  return JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as File
}

describe('the vector files', () => {
  it.each(Object.entries(vectorFiles))('%s is what make.ts makes', (name, make) => {
    const file = path.join(folder, name)
    const text = fileText(make())
    expect(readFileSync(file, 'utf8') === text, `${name} differs: run with UPDATE_VECTORS=1 and look`).toBe(
      true,
    )
  })

  it.each(Object.keys(vectorFiles))('%s has one comment per vector, each once', (name) => {
    const file = read<Record<string, unknown>>(name)
    const lists = Object.entries(file).filter(([key, value]) => Array.isArray(value) && key !== 'peers')
    for (const [, list] of lists) {
      const comments = (list as Vector[]).map(({ comment }) => comment)
      expect(comments.every((comment) => comment.length > 0)).toBe(true)
      if (name !== 'keys.json') expect(new Set(comments).size).toBe(comments.length)
    }
  })
})

describe('base64url.json', () => {
  const { valid, invalid } =
    read<Record<'valid' | 'invalid', (Vector & { text: string; hex: string })[]>>('base64url.json')
  it.each(valid)('spells: $comment', ({ text, hex: bytes }) => {
    expect(base64url(Buffer.from(bytes, 'hex'))).toBe(text)
    expect(hex(fromBase64url(text) ?? new Uint8Array(1))).toBe(bytes)
  })
  it.each(invalid)('refuses: $comment', ({ text }) => expect(fromBase64url(text)).toBeUndefined())
})

describe('json.json', () => {
  const { valid, invalid } =
    read<Record<'valid' | 'invalid', (Vector & { text?: string; hex?: string })[]>>('json.json')
  const parse = ({ text, hex: bytes }: { text?: string; hex?: string }) =>
    text === undefined ? parseStrictBytes(Buffer.from(bytes ?? '', 'hex')) : parseStrict(text)
  it.each(valid)('reads: $comment', (vector) => expect(parse(vector).ok).toBe(true))
  it.each(invalid)('refuses: $comment', (vector) => expect(codeOf(parse(vector))).toBe('bad_json'))
})

describe('keys.json', () => {
  type Key = { kty: string; crv: string; x: string }
  const file = read<{
    actors: (Vector & { signing: Key; kid: string })[]
    thumbprints: (Vector & { key: Key; thumbprint: string; fingerprint: string })[]
    refused: (Vector & { key: Key; code: string })[]
  }>('keys.json')
  it.each(file.thumbprints)('$comment', (vector) => {
    const kid = thumbprint(crypto, signingKeySchema.parse(vector.key))
    expect([kid, fingerprint(kid)]).toEqual([vector.thumbprint, vector.fingerprint])
  })
  it.each(file.actors)('the key of $node has its name and may be enrolled', ({ signing, kid }) => {
    const key = signingKeySchema.parse(signing)
    expect(thumbprint(crypto, key)).toBe(kid)
    expect(enrolKey(key).ok).toBe(true)
  })
  it.each(file.refused)('refuses $comment', ({ key, code }) => {
    const enrolled =
      key.crv === 'Ed25519'
        ? enrolKey(signingKeySchema.parse(key))
        : enrolExchangeKey(exchangeKeySchema.parse(key))
    expect(codeOf(enrolled)).toBe(code)
  })
})

const keys = new Map(
  read<{ actors: { kid: string; signing: { x: string } }[] }>('keys.json').actors.map(({ kid, signing }) => [
    kid,
    Buffer.from(signing.x, 'base64url'),
  ]),
)

/** Opens a token under the one key a file names: any other kid is as unknown there as it would be at a gate. */
function open(token: string, typ: string, kid: string): Result<{ payload: Json }> {
  const opened = readJws(token, typ as JwsType)
  if (!opened.ok) return opened
  const key = opened.jws.kid === kid ? keys.get(kid) : undefined
  return key
    ? verifyJws(crypto, opened.jws, key)
    : { ok: false, code: 'bad_signature', detail: 'no such key' }
}

function codeOf(result: { ok: true } | { ok: false; code: string }): string {
  return result.ok ? 'taken' : result.code
}

interface TokenFile {
  readonly kid: string
  readonly valid: (Vector & { token: string; payload: string; contentId?: string; now?: number })[]
  readonly invalid: (Vector & { token: string; code: string; now?: number })[]
}

describe('jws.json', () => {
  const { typ, kid, valid, invalid } = read<TokenFile & { typ: string }>('jws.json')
  it.each(valid)('opens: $comment', ({ token, payload, contentId: id }) => {
    expect(open(token, typ, kid)).toEqual({ ok: true, payload: JSON.parse(payload) as Json })
    expect(contentId(crypto, token)).toBe(id)
  })
  it.each(invalid)('refuses as $code: $comment', ({ token, code }) =>
    expect(codeOf(open(token, typ, kid))).toBe(code),
  )
})

describe('receipt.json', () => {
  const { kid, valid, invalid } = read<TokenFile>('receipt.json')
  const receipt = (token: string) => {
    const opened = open(token, jwsTypes.receipt, kid)
    return opened.ok ? readReceiptPayload(opened.payload) : opened
  }
  it.each(valid)('reads: $comment', ({ token, payload }) =>
    expect(receipt(token)).toEqual({ ok: true, payload: JSON.parse(payload) as Json }),
  )
  it.each(invalid)('refuses as $code: $comment', ({ token, code }) =>
    expect(codeOf(receipt(token))).toBe(code),
  )
})

describe('request.json', () => {
  type Answer = Vector & { kid: string; token: string; body: string; payload: string }
  const { kid, valid, invalid, answers } = read<TokenFile & { answers: Answer[] }>('request.json')
  const request = (token: string, now = 0) => {
    const opened = open(token, jwsTypes.request, kid)
    return opened.ok ? readRequestPayload(opened.payload, now) : opened
  }
  it.each(valid)('reads: $comment', ({ token, payload, now }) =>
    expect(request(token, now)).toEqual({ ok: true, payload: JSON.parse(payload) as Json }),
  )
  it.each(invalid)('refuses as $code: $comment', ({ token, code, now }) =>
    expect(codeOf(request(token, now))).toBe(code),
  )
  it.each(answers)('$comment', (answer) => {
    const opened = open(answer.token, jwsTypes.answer, answer.kid)
    const payload = opened.ok ? readAnswerPayload(opened.payload) : opened
    expect(payload).toEqual({ ok: true, payload: JSON.parse(answer.payload) as Json })
    expect((JSON.parse(answer.payload) as { digest: string }).digest).toBe(digestOf(crypto, answer.body))
  })
})

describe('record.json', () => {
  const { valid, invalid } = read<{
    valid: (Vector & { text: string; known: boolean })[]
    invalid: (Vector & { text: string; code: string })[]
  }>('record.json')
  it.each(valid)('reads, known $known: $comment', ({ text, known }) =>
    expect(readRecord(text)).toMatchObject({ ok: true, known }),
  )
  it.each(invalid)('refuses: $comment', ({ text, code }) => expect(codeOf(readRecord(text))).toBe(code))
})

describe('envelope.json', () => {
  const file = read<{
    self: string
    peers: { node: string; kids: string[] }[]
    valid: EnvelopeVector[]
    invalid: EnvelopeVector[]
  }>('envelope.json')
  const peers = new Map(
    file.peers.map(({ node, kids }) => [
      node,
      new Map(kids.map((kid) => [kid, keys.get(kid) ?? new Uint8Array()])),
    ]),
  )
  it.each(file.valid)('takes: $comment', (vector) => {
    expect(receiveBody(file.self, peers, vector)).toEqual({ taken: vector.taken, code: undefined })
  })
  it.each(file.invalid)('refuses as $code: $comment', (vector) => {
    const { taken, code } = receiveBody(file.self, peers, vector)
    expect({ before: taken.length, code }).toEqual({ before: vector.before, code: vector.code })
  })
})

describe('agreement.json', () => {
  const { valid, invalid } = read<{
    valid: (Vector & { text: string; signedBy: string[] })[]
    invalid: (Vector & { text: string; code: string })[]
  }>('agreement.json')
  it.each(valid)('reads: $comment', ({ text, signedBy }) => {
    const agreement = readAgreement(crypto, text)
    expect(agreement.ok && agreement.agreement.signedBy).toEqual(signedBy)
  })
  it.each(invalid)('refuses as $code: $comment', ({ text, code }) =>
    expect(codeOf(readAgreement(crypto, text))).toBe(code),
  )
})

describe('tags.json', () => {
  const { vectors } = read<{
    vectors: (Vector & {
      parties: [string, string]
      keyVersion: number
      shared: string
      pairKey: string
      tags: { idNumber: string; tag: string }[]
    })[]
  }>('tags.json')
  it.each(vectors)('$comment', (vector) => {
    const key = pairKey(Buffer.from(vector.shared, 'hex'), vector.parties, vector.keyVersion)
    expect(hex(key)).toBe(vector.pairKey)
    for (const { idNumber, tag } of vector.tags) expect(personTag(crypto, key, idNumber)).toBe(tag)
    const info = [...vector.parties].sort().join('|')
    const again = nodeCrypto.hkdfSync(
      'sha256',
      Buffer.from(vector.shared, 'hex'),
      `huiliu-pair/${vector.keyVersion}`,
      info,
      32,
    )
    expect(hex(new Uint8Array(again)), 'as another HKDF derives it').toBe(vector.pairKey)
  })
})

describe('case-view.json', () => {
  type Said = { by: 'home' | 'host'; text: string; code?: string }
  type Story = Vector & {
    said: Said[]
    home: string
    host: string
    meaning: string
    differences: string[]
    shared: string
    digest: string
  }
  const file = read<{ case: string; vectors: Story[] }>('case-view.json')
  it.each(file.vectors)('$comment', (story) => {
    const { home, host, activities } = tell(story.said)
    const view = caseView(home, host)
    expect([view.home.state, view.host.state, view.meaning, view.differences]).toEqual([
      story.home,
      story.host,
      story.meaning,
      story.differences,
    ])
    expect(sharedView(file.case, home, host, activities)).toBe(story.shared)
    expect(digestOf(crypto, story.shared)).toBe(story.digest)
  })

  function tell(said: readonly Said[]) {
    let home = noHomeFacts
    let host = noHostFacts
    const activities: CaseActivity[] = []
    for (const { by, text, code } of said) {
      const told = readRecord(text)
      if (!told.ok || !told.known) throw new Error('a story of unknown records')
      const { record } = told
      if (by === 'home' && isHomeEvent(record)) {
        const step = stepHome(home, record)
        expect(codeOf(step)).toBe(code ?? 'taken')
        if (step.ok) home = step.facts
      } else if (by === 'host' && isHostEvent(record)) {
        const step = stepHost(host, record)
        expect(codeOf(step)).toBe(code ?? 'taken')
        if (step.ok) host = step.facts
        if (step.ok && record.type === 'activity.recorded')
          activities.push({ id: record.id, by, activity: record.body.activity })
      }
    }
    return { home, host, activities }
  }
})
