/**
 * The zip archive around an .xlsx, read as what it is: bytes from outside.
 *
 * Everything is decided from the central directory before a byte is inflated: how many entries there are, what they
 * are called, whether they are encrypted, how large they claim to be. Then each wanted entry is inflated with its
 * claimed size as the upper bound, so a claim that is too small ends the reading instead of filling the memory. What
 * comes out may be packed again, uncompressed, for a parser that then sees only an archive we wrote ourselves.
 *
 * Not supported, because no spreadsheet program needs it below 100 MB: zip64, split archives, methods other than
 * stored and deflate. Source: PKWARE APPNOTE 6.3.10.
 */
import { crc32, inflateRawSync } from 'node:zlib'
import { WorkbookError } from './errors.ts'

export const MAX_PACKED_BYTES = 10 * 1024 * 1024
/** Counted over all entries, wanted or not, as the central directory declares them. */
export const MAX_UNPACKED_BYTES = 100 * 1024 * 1024
/** A workbook has about ten entries and a few more for each sheet and picture. */
export const MAX_ENTRIES = 100

const END_SIGNATURE = 0x06054b50
const DIRECTORY_SIGNATURE = 0x02014b50
const LOCAL_SIGNATURE = 0x04034b50
const END_LENGTH = 22
const DIRECTORY_LENGTH = 46
const LOCAL_LENGTH = 30
const MAX_COMMENT_LENGTH = 0xffff
/** Traditional, strong and masked encryption (general purpose bits 0, 6 and 13). */
const ENCRYPTED_FLAGS = 0x0001 | 0x0040 | 0x2000
const STORED = 0
const DEFLATED = 8

interface Entry {
  name: string
  method: number
  crc: number
  packedSize: number
  size: number
  offset: number
}

/**
 * The wanted entries of an archive, by name. Throws WorkbookError: 'workbook_too_large', 'workbook_encrypted',
 * 'workbook_unsafe_paths', 'workbook_unreadable'.
 */
export function unpack(bytes: Uint8Array, wanted: (name: string) => boolean): Map<string, Uint8Array> {
  if (bytes.length > MAX_PACKED_BYTES)
    throw new WorkbookError('workbook_too_large', { limit: MAX_PACKED_BYTES })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = readDirectory(view, bytes)
  checkEntries(entries, bytes.length)
  const files = new Map<string, Uint8Array>()
  for (const entry of entries) if (wanted(entry.name)) files.set(entry.name, inflate(view, bytes, entry))
  return files
}

function unreadable(cause?: unknown): WorkbookError {
  return new WorkbookError('workbook_unreadable', {}, cause)
}

function readDirectory(view: DataView, bytes: Uint8Array): Entry[] {
  const end = findEnd(view)
  const count = view.getUint16(end + 10, true)
  // 0xffff here says "see the zip64 record", which is far beyond the limit in any case.
  if (count > MAX_ENTRIES) throw new WorkbookError('workbook_too_large', { limit: MAX_ENTRIES })
  let at = view.getUint32(end + 16, true)
  const entries: Entry[] = []
  for (let index = 0; index < count; index++) {
    if (at + DIRECTORY_LENGTH > end || view.getUint32(at, true) !== DIRECTORY_SIGNATURE) throw unreadable()
    const nameLength = view.getUint16(at + 28, true)
    const next =
      at + DIRECTORY_LENGTH + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    if (next > end) throw unreadable()
    entries.push(
      readEntry(view, at, bytes.subarray(at + DIRECTORY_LENGTH, at + DIRECTORY_LENGTH + nameLength)),
    )
    at = next
  }
  return entries
}

/** The end record is looked for from the back, since a comment of any content may follow it. */
function findEnd(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_LENGTH - MAX_COMMENT_LENGTH)
  for (let at = view.byteLength - END_LENGTH; at >= first; at--)
    if (view.getUint32(at, true) === END_SIGNATURE) return at
  throw unreadable()
}

function readEntry(view: DataView, at: number, name: Uint8Array): Entry {
  if ((view.getUint16(at + 8, true) & ENCRYPTED_FLAGS) !== 0) throw new WorkbookError('workbook_encrypted')
  return {
    name: new TextDecoder().decode(name),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packedSize: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  }
}

function checkEntries(entries: readonly Entry[], length: number): void {
  if (entries.some(({ name }) => isUnsafe(name))) throw new WorkbookError('workbook_unsafe_paths')
  const total = (size: (entry: Entry) => number): number =>
    entries.reduce((sum, entry) => sum + size(entry), 0)
  if (total(({ size }) => size) > MAX_UNPACKED_BYTES)
    throw new WorkbookError('workbook_too_large', { limit: MAX_UNPACKED_BYTES })
  // Two entries that share their bytes, or their name, mean that two readers would see two different files.
  if (total(({ packedSize }) => packedSize) > length) throw unreadable()
  if (new Set(entries.map(({ name }) => name.toLowerCase())).size !== entries.length) throw unreadable()
}

/** Nothing here is ever written to disk, but an honest archive has no such names, so it is not read further. */
function isUnsafe(name: string): boolean {
  return /^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|[\u0000-\u001f]/.test(name)
}

function inflate(
  view: DataView,
  bytes: Uint8Array,
  { method, crc, packedSize, size, offset }: Entry,
): Uint8Array {
  if (offset + LOCAL_LENGTH > bytes.length || view.getUint32(offset, true) !== LOCAL_SIGNATURE)
    throw unreadable()
  const start = offset + LOCAL_LENGTH + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true)
  if (start + packedSize > bytes.length) throw unreadable()
  const content = inflated(bytes.subarray(start, start + packedSize), method, size)
  if (content.length !== size || crc32(content) !== crc) throw unreadable()
  return content
}

function inflated(packed: Uint8Array, method: number, size: number): Uint8Array {
  if (method === STORED) return packed
  if (method !== DEFLATED) throw unreadable()
  try {
    // zlib stops as soon as the output would pass the declared size, so a lie costs at most what was declared.
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) })
  } catch (error) {
    throw unreadable(error)
  }
}

/** Packs files into an archive without compression, which any zip reader opens without inflating. */
export function packStored(files: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const named = [...files].map(([name, content]) => ({ name: new TextEncoder().encode(name), content }))
  const bodies = named.reduce(
    (sum, { name, content }) => sum + LOCAL_LENGTH + name.length + content.length,
    0,
  )
  const directory = named.reduce((sum, { name }) => sum + DIRECTORY_LENGTH + name.length, 0)
  const archive = new Uint8Array(bodies + directory + END_LENGTH)
  const view = new DataView(archive.buffer)
  let body = 0
  let entry = bodies
  for (const { name, content } of named) {
    const crc = crc32(content)
    writeSizes(view, body, LOCAL_SIGNATURE, 14, crc, content.length, name.length)
    writeSizes(view, entry, DIRECTORY_SIGNATURE, 16, crc, content.length, name.length)
    view.setUint32(entry + 42, body, true)
    archive.set(name, body + LOCAL_LENGTH)
    archive.set(content, body + LOCAL_LENGTH + name.length)
    archive.set(name, entry + DIRECTORY_LENGTH)
    body += LOCAL_LENGTH + name.length + content.length
    entry += DIRECTORY_LENGTH + name.length
  }
  view.setUint32(entry, END_SIGNATURE, true)
  view.setUint16(entry + 8, named.length, true)
  view.setUint16(entry + 10, named.length, true)
  view.setUint32(entry + 12, directory, true)
  view.setUint32(entry + 16, bodies, true)
  return archive
}

/** A local header and a directory entry hold the same four numbers in the same order, two bytes apart. */
function writeSizes(
  view: DataView,
  at: number,
  signature: number,
  sizesAt: number,
  crc: number,
  size: number,
  nameLength: number,
): void {
  view.setUint32(at, signature, true)
  view.setUint32(at + sizesAt, crc, true)
  view.setUint32(at + sizesAt + 4, size, true)
  view.setUint32(at + sizesAt + 8, size, true)
  view.setUint16(at + sizesAt + 12, nameLength, true)
}
