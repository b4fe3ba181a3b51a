/**
 * Settings of a node: those the administrator changes on the screen, each within bounds, and those of its configuration
 * file, which whoever runs the machine changes.
 */
import * as z from 'zod'
import { nodeIdSchema } from './ids.ts'

/** Whole numbers that can be changed: as shipped, and between which bounds. */
export const settingBounds = {
  /** A session unused for so long is over. More than two hours is a screen left alone (ASVS 7.3.1). */
  sessionIdleMinutes: { shipped: 45, least: 5, most: 120 },
  /** A session ends then, however busy: a working day, and never longer than one night lies in it. */
  sessionAbsoluteHours: { shipped: 12, least: 1, most: 24 },
  /** Rows that leave as a workbook without a second person; 0 asks for one always. */
  exportRowsAlone: { shipped: 200, least: 0, most: 1000 },
  /** Numbers one account has shown within an hour before an alarm is raised: calls of a busy desk, not a register. */
  revealsAnHour: { shipped: 30, least: 5, most: 80 },
} as const
export type NumberSetting = keyof typeof settingBounds
export const numberSettings = Object.keys(settingBounds) as NumberSetting[]

const bounded = (name: NumberSetting) => z.int().min(settingBounds[name].least).max(settingBounds[name].most)
/** One line as the screens show it; empty for what the configuration says, or for none. */
const line = (most: number) =>
  z
    .string()
    .trim()
    .max(most)
    .regex(/^[^\p{Cc}]*$/u)

const settingValuesSchema = z.strictObject({
  sessionIdleMinutes: bounded('sessionIdleMinutes'),
  sessionAbsoluteHours: bounded('sessionAbsoluteHours'),
  exportRowsAlone: bounded('exportRowsAlone'),
  revealsAnHour: bounded('revealsAnHour'),
  /** How the screens call this office; empty for the region's name. */
  officeName: line(60),
  /** Whom to ask for help: shown before signing in, so an office's number and no person's. */
  officeContact: line(120),
})
/** As they are now. */
export type SettingValues = z.infer<typeof settingValuesSchema>
/** Those that are to be changed. */
export const settingsChangeSchema = settingValuesSchema.partial()
export type SettingsChange = z.infer<typeof settingsChangeSchema>

const number = z.strictObject({ value: z.int(), shipped: z.int(), least: z.int(), most: z.int() })
export const settingsSchema = z.strictObject({
  /** Of the configuration file and the program: shown, and changed there. */
  fixed: z.strictObject({
    node: nodeIdSchema,
    name: z.string(),
    origin: z.string(),
    federationUrl: z.string(),
    trustedProxies: z.array(z.string()),
    passwordLength: z.strictObject({ least: z.int(), most: z.int() }),
    /** The identity provider one may sign in with, if the configuration names one. */
    oidc: z.string().nullable(),
  }),
  /** Changed on the screen, by `settings.change`. */
  changeable: z.strictObject({
    sessionIdleMinutes: number,
    sessionAbsoluteHours: number,
    exportRowsAlone: number,
    revealsAnHour: number,
    officeName: z.string(),
    officeContact: z.string(),
  }),
})
export type SettingsView = z.infer<typeof settingsSchema>
