/**
 * Builds .xlsx archives byte by byte, honest ones and such as no program would write, for the tests of the reader.
 */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ArchiveEntry {
  name: string
  content: string | Uint8Array
  /** The unpacked size to declare, when it is to be a lie. */
  declaredSize?: number
  encrypted?: boolean
}

export function archiveOf(entries: readonly ArchiveEntry[]): Uint8Array {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, declaredSize, encrypted } of entries) {
    const nameBytes = Buffer.from(name)
    const plain = Buffer.from(content)
    const packed = deflateRawSync(plain)
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    const listed = Buffer.alloc(46)
    listed.writeUInt32LE(0x02014b50, 0)
    listed.writeUInt16LE(encrypted === true ? 1 : 0, 8)
    listed.writeUInt32LE(offset, 42)
    for (const [header, at] of [
      [head, 8],
      [listed, 10],
    ] as const) {
      header.writeUInt16LE(8, at)
      header.writeUInt32LE(crc32(plain), at + 6)
      header.writeUInt32LE(packed.length, at + 10)
      header.writeUInt32LE(declaredSize ?? plain.length, at + 14)
      header.writeUInt16LE(nameBytes.length, at + 18)
    }
    bodies.push(head, nameBytes, packed)
    directory.push(listed, nameBytes)
    offset += head.length + nameBytes.length + packed.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(offset, 16)
  return new Uint8Array(Buffer.concat([...bodies, ...directory, end]))
}

const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

export interface WorkbookParts {
  /** The XML of each sheet, by name; an attribute such as `state="hidden"` may follow a `|`. */
  sheets: Record<string, string>
  styles?: string
  texts?: string
  workbookPr?: string
}

/** The entries of a minimal workbook with these parts. */
export function workbookEntries({ sheets, styles, texts, workbookPr = '' }: WorkbookParts): ArchiveEntry[] {
  const named = Object.entries(sheets).map(([name, xml], index) => ({ name, xml, id: index + 1 }))
  const listed = named.map(({ name, id }) => {
    const [plain, attribute = ''] = name.split('|')
    return `<sheet name="${plain}" sheetId="${id}" r:id="rId${id}" ${attribute}/>`
  })
  const relations = [
    ...named.map(
      ({ id }) =>
        `<Relationship Id="rId${id}" Type="${RELATIONS}/worksheet" Target="worksheets/s${id}.xml"/>`,
    ),
    `<Relationship Id="styles" Type="${RELATIONS}/styles" Target="styles.xml"/>`,
    `<Relationship Id="texts" Type="${RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>`,
  ]
  return [
    {
      name: 'xl/workbook.xml',
      content: `<workbook xmlns:r="r">${workbookPr}<sheets>${listed.join('')}</sheets></workbook>`,
    },
    { name: 'xl/_rels/workbook.xml.rels', content: `<Relationships>${relations.join('')}</Relationships>` },
    ...named.map(({ xml, id }) => ({ name: `xl/worksheets/s${id}.xml`, content: xml })),
    { name: 'xl/styles.xml', content: styles ?? '<styleSheet/>' },
    { name: 'xl/sharedStrings.xml', content: texts ?? '<sst/>' },
  ]
}

export function workbookOf(parts: WorkbookParts): Uint8Array {
  return archiveOf(workbookEntries(parts))
}

/** A sheet's XML from what stands between the tags of its data. */
export function sheetXml(rows: string): string {
  return `<?xml version="1.0"?><worksheet><sheetData>${rows}</sheetData></worksheet>`
}
