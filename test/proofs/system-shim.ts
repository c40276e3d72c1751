import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('system-shim.c', import.meta.url))

export interface SystemShim {
  /** For a server that is started with it. */
  readonly environment: Readonly<Record<string, string>>
  /** By how much the wall clock of the server is ahead of that of the machine. */
  setClockAhead(milliseconds: number): void
  remove(): void
}

/** @param syncMs how long the disk of the server takes at least */
export function createSystemShim({ syncMs }: { readonly syncMs?: number } = {}): SystemShim {
  const folder = mkdtempSync(join(tmpdir(), 'aap-guard-shim-'))
  const library = join(folder, 'system-shim.so')
  const { status, error, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the C compiler \`cc\` is needed, on Linux: ${error?.message ?? stderr}`)
  const file = join(folder, 'clock')
  const fd = openSync(file, 'w+')
  const setClockAhead = (milliseconds: number): void => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(Math.trunc(milliseconds)))
    writeSync(fd, bytes, 0, 8, 0)
  }
  setClockAhead(0)
  return {
    environment: { LD_PRELOAD: library, SHIM_OFFSET_FILE: file, ...(syncMs !== undefined && { SHIM_SYNC_MS: String(syncMs) }) },
    setClockAhead,
    remove: () => {
      closeSync(fd)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
