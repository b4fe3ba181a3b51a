/**
 * Settings that the administrator changes on the screen. Kept in the database, so they hold for every process of the
 * region; one that was never changed is as shipped. Read anew every few seconds, because every request looks at them.
 */
import {
  numberSettings,
  settingBounds,
  settingsChangeSchema,
  type SettingsChange,
  type SettingValues,
} from '../../protocol/index.ts'
import { type Clock } from '../platform.ts'
import { type Reader, type Store } from '../store/port.ts'
import { settings } from './tables.ts'

/** What another process changed holds here after so long at the latest. */
const freshMs = 2000

export const shippedSettings: SettingValues = {
  ...(Object.fromEntries(numberSettings.map((name) => [name, settingBounds[name].shipped])) as Record<
    keyof typeof settingBounds,
    number
  >),
  officeName: '',
  officeContact: '',
}

export class Settings {
  private readonly store: Store
  private readonly clock: Clock
  private kept: { readonly atMs: number; readonly values: Promise<SettingValues> } | undefined

  constructor(parts: { store: Store; clock: Clock }) {
    this.store = parts.store
    this.clock = parts.clock
  }

  now(): Promise<SettingValues> {
    const atMs = this.clock.nowMs()
    if (this.kept && Math.abs(atMs - this.kept.atMs) < freshMs) return this.kept.values
    const values = this.store.read(readAll)
    const kept = { atMs, values }
    this.kept = kept
    values.catch(() => {
      if (this.kept === kept) this.kept = undefined
    })
    return values
  }

  /** Those named; the others stay. */
  async change(change: SettingsChange): Promise<SettingValues> {
    const changedMs = this.clock.nowMs()
    await this.store.transaction(async (tx) => {
      await tx.lock(['settings'])
      for (const [name, value] of Object.entries(change)) {
        const row = { value: JSON.stringify(value), changedMs }
        if (await tx.get(settings, { name })) await tx.update(settings, { name }, row)
        else await tx.insert(settings, [{ name, ...row }])
      }
    })
    this.kept = undefined
    return this.now()
  }
}

/** What does not fit its bounds any more (they may change with a version) is as shipped. */
async function readAll(reader: Reader): Promise<SettingValues> {
  const values: SettingValues = { ...shippedSettings }
  for (const { name, value } of await reader.find(settings, {})) {
    const one = settingsChangeSchema.safeParse({ [name]: JSON.parse(value) as unknown })
    if (one.success) Object.assign(values, one.data)
  }
  return values
}
