/** A small disk for one node, and a file that fills it to the last byte. Needs root, because it is mounted. */
import { spawnSync } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import path from 'node:path'

/** Room for the cluster and several minutes of its log between two checkpoints. */
const sizeMb = 900

/** Mounts a disk of its own at this folder. False where that may not be done. */
export async function mountSmallDisk(folder: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o711 })
  const options = `size=${sizeMb}m,mode=0711`
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'huiliu-torture', folder]).status === 0
}

export function unmount(folder: string): void {
  // Lazily: a server that is still stopping keeps it until it is gone.
  spawnSync('umount', ['-l', folder])
}

/** Writes until nothing more goes in; the result takes the file away again. */
export async function fillDisk(folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, 'filler')
  const handle = await open(file, 'w')
  try {
    for (const piece of [Buffer.alloc(8 << 20), Buffer.alloc(4096)]) await writeUntilFull(handle, piece)
  } finally {
    await handle.close()
  }
  return () => rm(file, { force: true })
}

async function writeUntilFull(handle: Awaited<ReturnType<typeof open>>, piece: Buffer): Promise<void> {
  try {
    for (;;) await handle.write(piece)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}
