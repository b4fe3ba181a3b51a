/**
 * Resolving place names: what people write, what is ambiguous, what is unknown, and that every prefecture is found.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Region,
  type RegionCode,
  allRegions,
  ancestors,
  isRegionCode,
  placeOf,
  resolvePlace,
  shortName,
} from '../../node/places/index.ts'

const codeOf = (text: string): string => {
  const resolution = resolvePlace(text)
  return resolution.ok ? resolution.code : resolution.code
}
const candidatesOf = (text: string): string[] => {
  const resolution = resolvePlace(text)
  return resolution.ok ? [] : resolution.candidates.map(({ path }) => path)
}
const prefectures = allRegions().filter(({ level }) => level === 'prefecture')
const short = (code: RegionCode): string => shortName(code) ?? ''

describe('a text that means no place', () => {
  test.each(['', '　', '不详', '某某', '外地', '美国纽约', '浙江深圳', '海西市', 'x'.repeat(1000)])(
    'is unknown: %j',
    (text) => expect(codeOf(text)).toBe('place_unknown'),
  )

  test('is answered with the nearest names', () => {
    expect(candidatesOf('深训')[0]).toBe('广东省深圳市')
    expect(candidatesOf('宁坡市')).toContain('浙江省宁波市')
    expect(candidatesOf('海西市')).toEqual(['青海省海西蒙古族藏族自治州'])
  })

  test('is answered with the place it begins with', () => {
    expect(candidatesOf('深圳市南山区粤海街道')).toEqual(['广东省深圳市南山区'])
  })

  test('never throws and never has more than five candidates when unknown', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'省市区县州海西宁波深圳东 南-山吉林a1') }), (text) => {
        const resolution = resolvePlace(text)
        expect(
          resolution.ok || resolution.code === 'place_ambiguous' || resolution.candidates.length <= 5,
        ).toBe(true)
      }),
    )
  })
})

describe('a name shared by several places', () => {
  test.each([
    ['吉林', ['吉林省', '吉林省吉林市']],
    ['海南', ['海南省', '青海省海南藏族自治州']],
    ['朝阳', ['辽宁省朝阳市', '北京市朝阳区', '吉林省长春市朝阳区']],
    ['南山区', ['黑龙江省鹤岗市南山区', '广东省深圳市南山区']],
    ['南山', ['黑龙江省鹤岗市南山区', '广东省深圳市南山区']],
    ['通州', ['北京市通州区', '江苏省南通市通州区']],
    ['鼓楼区', ['江苏省南京市鼓楼区', '江苏省徐州市鼓楼区', '福建省福州市鼓楼区', '河南省开封市鼓楼区']],
  ])('is ambiguous: %s', (text, paths) => {
    expect(codeOf(text)).toBe('place_ambiguous')
    expect(candidatesOf(text)).toEqual(paths)
  })

  test.each([
    ['吉林吉林', '220200'],
    ['吉林市', '220200'],
    ['辽宁朝阳', '211300'],
    ['吉林长春朝阳', '220104'],
    ['北京朝阳', '110105'],
    ['深圳南山', '440305'],
    ['青海海南', '632500'],
  ])('is found behind its path: %s', (text, code) => expect(codeOf(text)).toBe(code))

  test('is ambiguous for these prefectures only', () => {
    const ambiguous = prefectures.filter(({ code }) => codeOf(short(code)) === 'place_ambiguous')
    expect(ambiguous.map(({ name }) => name)).toMatchInlineSnapshot(`
      [
        "朝阳市",
        "吉林市",
        "海南藏族自治州",
      ]
    `)
  })
})

describe('what people write', () => {
  test.each([
    ['海西', '632800'],
    ['海西州', '632800'],
    ['海西蒙古族藏族自治州', '632800'],
    ['青海海西', '632800'],
    ['宁波市', '330200'],
    ['宁波', '330200'],
    ['宁 波　市', '330200'],
    ['浦东新区', '310115'],
    ['浦东', '310115'],
    ['上海浦东新区', '310115'],
    ['上海市浦东新区', '310115'],
    ['上海市 市辖区 浦东新区', '310115'],
    ['广东深圳', '440300'],
    ['广东省深圳市', '440300'],
    ['广东省-深圳市', '440300'],
    ['广东省深圳市南山区', '440305'],
    ['深圳市南山区', '440305'],
    ['新疆', '650000'],
    ['内蒙古', '150000'],
    ['巴州', '652800'],
    ['克州', '653000'],
    ['博州', '652700'],
    ['延边', '222400'],
    ['恩施', '422800'],
    ['恩施市', '422801'],
    ['湘西', '433100'],
    ['黔东南州', '522600'],
    ['上海', '310000'],
    ['仙桃', '429004'],
    ['湖北省仙桃市', '429004'],
    ['格尔木', '632801'],
    ['杭州钱塘区', '330114'],
    ['和康县', '653228'],
  ])('%s', (text, code) => expect(codeOf(text)).toBe(code))

  test.each([
    ['长沙', '430100'],
    ['长沙县', '430121'],
    ['西安', '610100'],
    ['西安区', 'place_ambiguous'],
    ['大同', '140200'],
    ['河北', '130000'],
    ['河南', '410000'],
  ])('a bare name means the higher place: %s', (text, code) => expect(codeOf(text)).toBe(code))
})

describe('every prefecture', () => {
  const ways = ({ code, name }: Region): string[] => [
    name,
    short(code),
    ...ancestors(code).flatMap((parent) => [
      `${placeOf(parent)?.name}${name}`,
      `${short(parent)}${short(code)}`,
    ]),
    ...(name.endsWith('市') ? [`${short(code)}市`] : []),
    ...(name.endsWith('自治州') ? [`${short(code)}州`] : []),
  ]

  test('is found by its names, or they are ambiguous and it is among the candidates', () => {
    fc.assert(
      fc.property(fc.constantFrom(...prefectures), (prefecture) => {
        for (const text of ways(prefecture)) {
          const resolution = resolvePlace(text)
          if (resolution.ok) expect([text, resolution.code]).toEqual([text, prefecture.code])
          else expect(resolution.candidates.map(({ code }) => code)).toContain(prefecture.code)
        }
      }),
      { numRuns: prefectures.length },
    )
  })

  test('and every county is found by its path', () => {
    for (const { code } of allRegions())
      expect([code, codeOf(placeOf(code)?.path ?? '')]).toEqual([code, code])
  })
})

describe('a code', () => {
  test.each(['', '999999', '110100', '4403', '440300x'])('is no region: %j', (code) => {
    expect(isRegionCode(code)).toBe(false)
    expect(placeOf(code)).toBeUndefined()
    expect(shortName(code)).toBeUndefined()
    expect(ancestors(code)).toEqual([])
  })

  test('has a place', () => {
    expect(placeOf('440305')).toEqual({
      code: '440305',
      name: '南山区',
      level: 'county',
      shortName: '南山区',
      parents: [
        { code: '440000', name: '广东省', level: 'province' },
        { code: '440300', name: '深圳市', level: 'prefecture' },
      ],
      path: '广东省深圳市南山区',
    })
  })

  test('of a county under a province or municipality has one ancestor', () => {
    expect(ancestors('310115')).toEqual(['310000'])
    expect(ancestors('429004')).toEqual(['420000'])
  })

  test.each([
    ['411500', '信阳'],
    ['632800', '海西'],
    ['310115', '浦东新区'],
    ['310000', '上海'],
    ['152500', '锡林郭勒'],
    ['653100', '喀什'],
    ['652800', '巴音郭楞'],
    ['653000', '克孜勒苏'],
    ['532800', '西双版纳'],
    ['450000', '广西'],
    ['632801', '格尔木'],
    ['533103', '芒市'],
  ])('%s has the short name %s', (code, name) => expect(shortName(code)).toBe(name))
})
