/** The body of an answer to `restore` (section 16), read and written. */
import { envelopeLines, isErased, type Envelope } from '../../protocol/index.ts'
import { demand } from './demand.ts'

export interface Restored {
  readonly envelope: Envelope
  readonly receipt: string | null
}

export function readRestored(body: string): Restored[] {
  if (body === '') return []
  demand(body.endsWith('\n'), 'the last line of what was restored is not ended')
  const found: { envelope: { jws: string; records: string[] }; receipt: string | null }[] = []
  for (const line of body.slice(0, -1).split('\n')) {
    const current = found.at(-1)
    const isRecord = line.startsWith('{') || isErased(line)
    demand(
      current !== undefined || !(isRecord || line.startsWith('+')),
      'what was restored begins without a token',
    )
    if (current?.receipt != null && (isRecord || line.startsWith('+')))
      demand(false, 'something other than a token follows a receipt')
    if (isRecord) current?.envelope.records.push(line)
    else if (line.startsWith('+') && current) current.receipt = line.slice(1)
    else found.push({ envelope: { jws: line, records: [] }, receipt: null })
  }
  return found
}

export function writeRestored({ envelope, receipt }: Restored): string {
  return envelopeLines(envelope) + (receipt === null ? '' : `+${receipt}\n`)
}
