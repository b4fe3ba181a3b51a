/**
 * From the bytes of an uploaded file to its sheets. What the file is, is seen from its bytes; its name only names the
 * sheet of a CSV.
 *
 * `readSheetsHere` reads in the calling thread and is a pure function of its arguments. It bounds what it inflates and
 * builds, but a hostile file may still use its bounds to the full, so a server reads through `readSheetsInWorker`
 * (worker.ts), which has the same signature as far as a SheetReader goes.
 */
import { type Sheet } from './cells.ts'
import { readCsv } from './csv.ts'
import { WorkbookError } from './errors.ts'
import { readXlsx } from './xlsx.ts'

/**
 * The port through which the rest of the node reads workbooks. Promises: the visible sheets in their order, or a
 * WorkbookError; never another error for what is in the bytes. The bytes are not changed and not kept.
 */
export type SheetReader = (bytes: Uint8Array, fileName: string) => Promise<Sheet[]>

const ZIP = [0x50, 0x4b]
/** The container of .xls, .doc and .et, and also of an .xlsx with a password. */
const OLE2 = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]
const UTF16 = [0xff, 0xfe]

/** Reads a workbook in this thread. Throws WorkbookError. */
export const readSheetsHere: SheetReader = async (bytes, fileName) => {
  if (startsWith(bytes, ZIP)) return readXlsx(bytes)
  if (startsWith(bytes, OLE2))
    throw new WorkbookError(isEncrypted(bytes) ? 'workbook_encrypted' : 'workbook_old_format')
  if (!isText(bytes)) throw new WorkbookError('workbook_not_a_workbook')
  return [readCsv(bytes, sheetNameOf(fileName))]
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte)
}

/** An OLE2 directory names its streams in UTF-16; the one that holds a protected .xlsx is EncryptedPackage. */
function isEncrypted(bytes: Uint8Array): boolean {
  const stream = Buffer.from('EncryptedPackage', 'utf16le')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(stream)
}

/** A text has no NUL, and a table in it does not begin with markup: web systems like to save HTML as .xls. */
function isText(bytes: Uint8Array): boolean {
  if (startsWith(bytes, UTF16)) return true
  if (bytes.includes(0)) return false
  const start = new TextDecoder().decode(bytes.subarray(0, 100)).trimStart()
  return start !== '' && !start.startsWith('<') && !start.startsWith('%PDF')
}

function sheetNameOf(fileName: string): string {
  const base = fileName.split(/[/\\]/).at(-1) ?? ''
  return base.replace(/\.[^.]*$/, '') || 'CSV'
}
