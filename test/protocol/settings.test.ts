/** Settings: within bounds, one at a time, and nothing of the configuration file among them. */
import { describe, expect, it } from 'vitest'
import { numberSettings, settingBounds, settingsChangeSchema } from '../../protocol/index.ts'

const good = (value: object) => settingsChangeSchema.safeParse(value).success

describe('a setting', () => {
  it('is shipped within its bounds and takes no value beyond them', () => {
    for (const name of numberSettings) {
      const { shipped, least, most } = settingBounds[name]
      expect([name, good({ [name]: shipped }), good({ [name]: least }), good({ [name]: most })]).toEqual([
        ...[name, true, true, true],
      ])
      for (const bad of [least - 1, most + 1, 1.5, '45', null]) expect(good({ [name]: bad })).toBe(false)
    }
  })

  it('of the configuration file is not changed on the screen', () => {
    for (const name of ['node', 'origin', 'trustedProxies', 'federationUrl', 'passwordLength'])
      expect([name, good({ [name]: 'x' })]).toEqual([name, false])
  })

  it('that is shown is one line', () => {
    expect(good({ officeName: '信阳市委组织部', officeContact: '0376-1234567' })).toBe(true)
    expect(good({ officeName: '' })).toBe(true)
    for (const bad of ['two\nlines', 'x'.repeat(61), 'bell\u0007'])
      expect(good({ officeName: bad })).toBe(false)
  })
})
