/**
 * The log: JSON lines in UTC with ids, codes and numbers. What may be logged is a closed shape, so that no name, ID
 * number or phone can get in: values are numbers, node and record ids, codes, and our own sentences.
 */
import { pino } from 'pino'

export interface LogFields {
  readonly peer?: string
  readonly code?: string
  readonly id?: string
  readonly count?: number
  readonly ms?: number
  readonly status?: number
  readonly port?: number
  /** The class and stack of a defect, never its message when that may quote data. */
  readonly stack?: string
}

export interface Log {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export function openLog(node: string, level: string): Log {
  const logger = pino({ level, base: { node }, timestamp: pino.stdTimeFunctions.isoTime })
  return {
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
  }
}

/** What may be said of a defect: its class, its code and where it happened, not its message. */
export function defect(error: unknown): LogFields {
  if (!(error instanceof Error)) return { code: typeof error }
  const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '))
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return { code, stack: frames.slice(0, 6).join('\n') }
}
