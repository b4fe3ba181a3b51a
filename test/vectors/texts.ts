/** Vectors of the two lowest layers: base64url and the minimal JSON form. */
import { home, host, stranger, type Actor } from './actors.ts'

export function base64urlVectors() {
  return {
    comment: 'Bytes as text. Valid: hex and text stand for each other. Invalid: no bytes have this spelling.',
    valid: [
      { comment: 'no bytes', hex: '', text: '' },
      { comment: 'one byte: four unused bits', hex: '66', text: 'Zg' },
      { comment: 'two bytes: two unused bits', hex: '666f', text: 'Zm8' },
      { comment: 'three bytes', hex: '666f6f', text: 'Zm9v' },
      { comment: 'the two letters that differ from plain base64', hex: 'fbff', text: '-_8' },
      { comment: 'all zero', hex: '000000', text: 'AAAA' },
      { comment: 'all one', hex: 'ffffff', text: '____' },
    ],
    invalid: [
      { comment: 'padding', text: 'Zg==' },
      { comment: 'padding of one', text: 'Zm8=' },
      { comment: 'unused bits of one byte are not zero', text: 'Zh' },
      { comment: 'unused bits of two bytes are not zero', text: 'Zm9' },
      { comment: 'a single letter is no byte', text: 'Z' },
      { comment: 'five letters: one too many', text: 'Zm9vZ' },
      { comment: 'plain base64 plus', text: '+/8' },
      { comment: 'plain base64 slash', text: 'AA/A' },
      { comment: 'blank inside', text: 'Zm 9v' },
      { comment: 'line end', text: 'Zm9v\n' },
      { comment: 'a letter outside ASCII whose low byte is a base64url letter', text: 'Zm9\u0176' },
      { comment: 'NUL', text: 'Zm9\u0000' },
    ],
  }
}

const deep = (levels: number, inner: string) => '['.repeat(levels) + inner + ']'.repeat(levels)
const wide = (members: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: members }, (_, i) => [`m${i}`, i])))

export function jsonVectors() {
  return {
    comment:
      'The minimal JSON form. `text` is the text as Unicode; `hex` its bytes where the text could not be written here.',
    valid: [
      { comment: 'an object', text: '{"a":1,"b":[true,false,null],"c":{}}' },
      { comment: 'members in any order', text: '{"b":1,"a":2}' },
      { comment: 'a scalar is JSON too', text: '"x"' },
      { comment: 'largest integer', text: '9007199254740991' },
      { comment: 'smallest integer', text: '-9007199254740991' },
      { comment: 'zero', text: '0' },
      { comment: 'Chinese, unescaped', text: '"流动党员"' },
      { comment: 'beyond the basic plane, unescaped', text: '"𠮷"' },
      { comment: 'short escapes', text: '"\\"\\\\\\b\\f\\n\\r\\t"' },
      { comment: 'a control character without a short escape', text: '"\\u001f"' },
      { comment: 'DEL, slash and U+2028 stand for themselves', text: '"\u007f/\u2028"' },
      { comment: 'depth 16: sixteen arrays', text: deep(16, '') },
      { comment: '200 members', text: wide(200) },
      { comment: 'a name that only begins with digits', text: '{"1a":1,"01":2,"-1":3}' },
      { comment: 'empty name', text: '{"":1}' },
      { comment: '30 combining marks in a row', text: `"x${'\u0300'.repeat(30)}x${'\u0300'.repeat(30)}"` },
      { comment: '30 combining marks in a row, in a member name', text: `{"x${'\u0300'.repeat(30)}":1}` },
      { comment: '30 combining marks beyond the basic plane', text: `"x${'\u{1e000}'.repeat(30)}"` },
    ],
    invalid: [...invalidForms, ...invalidContents],
  }
}

const invalidForms = [
  { comment: 'nothing', text: '' },
  { comment: 'blank after a colon', text: '{"a": 1}' },
  { comment: 'line end at the end', text: '{"a":1}\n' },
  { comment: 'blank in front', text: ' {"a":1}' },
  { comment: 'a member twice', text: '{"a":1,"a":1}' },
  { comment: 'a member twice, once escaped', text: '{"a":1,"\\u0061":2}' },
  { comment: 'a letter escaped without need', text: '"\\u0061"' },
  { comment: 'an escaped slash', text: '"\\/"' },
  { comment: 'upper-case digits in an escape', text: '"\\u001F"' },
  { comment: 'long escape where a short one exists', text: '"\\u000a"' },
  { comment: 'Chinese escaped', text: '"\\u6d41"' },
  { comment: 'minus zero', text: '-0' },
  { comment: 'a fraction of zero', text: '1.0' },
  { comment: 'an exponent', text: '1e2' },
  { comment: 'out of range of a double', text: '1e400' },
  { comment: 'leading zero', text: '01' },
  { comment: 'plus sign', text: '+1' },
  { comment: 'NaN', text: 'NaN' },
  { comment: 'trailing comma', text: '[1,]' },
  { comment: 'two values', text: '{}{}' },
  { comment: 'a comment', text: '{}/**/' },
  { comment: 'single quotes', text: "{'a':1}" },
  { comment: 'a raw control character', text: '"\u0001"' },
  { comment: 'byte-order mark', hex: 'efbbbf7b7d' },
  { comment: 'not UTF-8', hex: '22ff22' },
  { comment: 'overlong UTF-8', hex: '22c08022' },
  { comment: 'a surrogate encoded in UTF-8', hex: '22eda08022' },
]

const invalidContents = [
  { comment: 'a fraction', text: '1.5' },
  { comment: 'beyond 2^53-1', text: '9007199254740992' },
  { comment: 'below -(2^53-1)', text: '-9007199254740992' },
  { comment: 'beyond 2^53, not representable', text: '9007199254740993' },
  { comment: 'depth 17: seventeen arrays', text: deep(17, '') },
  { comment: 'depth 17: a number inside sixteen arrays', text: deep(16, '1') },
  { comment: '201 members', text: wide(201) },
  { comment: 'the member __proto__', text: '{"__proto__":{}}' },
  { comment: 'the member constructor', text: '{"constructor":1}' },
  { comment: 'the member prototype, inside', text: '{"a":{"prototype":1}}' },
  { comment: 'a member name that is a decimal integer', text: '{"1":1}' },
  { comment: 'a member name that is zero', text: '{"0":1}' },
  { comment: 'a member name that is a large decimal integer', text: '{"4294967296":1}' },
  { comment: 'NUL, escaped', text: '"\\u0000"' },
  { comment: 'a lone high surrogate, escaped', text: '"\\ud842"' },
  { comment: 'a lone low surrogate, escaped', text: '"\\udfb7"' },
  { comment: 'surrogates in the wrong order', text: '"\\udfb7\\ud842"' },
  { comment: 'NFD: e with a combining acute', text: '"e\u0301"' },
  { comment: 'NFD in a member name', text: '{"e\u0301":1}' },
  { comment: '31 combining marks in a row', text: `"x${'\u0300'.repeat(31)}"` },
  { comment: '31 combining marks in a row, of two classes', text: `"x\u0316${'\u0300'.repeat(30)}"` },
  { comment: '31 combining marks in a row, of three categories', text: `"x\u093e\u20dd${'\u0300'.repeat(29)}"` },
  { comment: '31 combining marks in a row, in a member name', text: `{"x${'\u0300'.repeat(31)}":1}` },
  { comment: '31 combining marks beyond the basic plane', text: `"x${'\u{1e000}'.repeat(31)}"` },
  { comment: 'a CJK compatibility ideograph, whose NFC is another character', text: '"\uf9dc"' },
]

export function keyVectors() {
  const point = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')
  const zeros = '00'.repeat(31)
  const ones = 'ff'.repeat(30)
  const weakY = [
    ['0, order 4', `00${zeros}`],
    ['0, other sign', `00${'00'.repeat(30)}80`],
    ['1, the identity', `01${zeros}`],
    ['1, other sign', `01${'00'.repeat(30)}80`],
    ['p-1, order 2', `ec${ones}7f`],
    ['p-1, other sign', `ec${ones}ff`],
    ['p, which is 0', `ed${ones}7f`],
    ['p, other sign', `ed${ones}ff`],
    ['p+1, which is 1', `ee${ones}7f`],
    ['p+1, other sign', `ee${ones}ff`],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['order 8, other sign', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
    ['order 8, the other y', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['order 8, the other y and sign', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['not reduced: p+2', `ef${ones}7f`],
    ['not reduced: 2^255-1', `ff${ones}7f`],
  ]
  const weakU = [
    ['0', `00${zeros}`],
    ['1', `01${zeros}`],
    ['p-1', `ec${ones}7f`],
    ['p', `ed${ones}7f`],
    ['p+1', `ee${ones}7f`],
    ['order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['order 8, the other u', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'],
    ['not reduced: p+2', `ef${ones}7f`],
    ['base point with the unused top bit set', `09${'00'.repeat(30)}80`],
  ]
  const refused = (crv: string, [comment, hex]: readonly string[]) => ({
    comment: `${crv}: ${comment}`,
    key: { kty: 'OKP', crv, x: point(hex ?? '') },
    code: 'weak_key',
  })
  return {
    comment:
      'The keys of all other vectors, from public seeds; thumbprints; and keys that may not be enrolled.',
    actors: [home, host, stranger].map(shownActor),
    thumbprints: [
      {
        comment: 'RFC 8037 appendix A.3',
        key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
        thumbprint: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
        fingerprint: '90fa cafe a9b1 5566 9854 0f70 c011 7a22 ea37 bd5c f3ed 3c47 093c 1707 282b 4b89',
      },
    ],
    refused: [
      ...weakY.map((row) => refused('Ed25519', row)),
      ...weakU.map((row) => refused('X25519', row)),
      {
        comment: 'Ed25519: the unused bits of the last letter are not zero',
        key: { kty: 'OKP', crv: 'Ed25519', x: `${'A'.repeat(42)}B` },
        code: 'bad_key',
      },
      {
        comment: 'Ed25519: padding in place of the last letter',
        key: { kty: 'OKP', crv: 'Ed25519', x: `${'A'.repeat(42)}=` },
        code: 'bad_key',
      },
    ],
  }
}

function shownActor({ node, name, signingSeed, exchangeSeed, signing, exchange, signer }: Actor) {
  return { comment: 'a region', node, name, signingSeed, exchangeSeed, signing, exchange, kid: signer.kid }
}
