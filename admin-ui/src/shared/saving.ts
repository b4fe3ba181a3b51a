/** Handing a file to whoever asked for it. */

export function saveFile(bytes: Uint8Array | string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

export const workbookType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
