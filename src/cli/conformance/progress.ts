import type { Output } from '../output.js'

const lineEveryMs = 10_000
const redrawEveryMs = 100

/** Says on the way how far a run has come. */
export interface Progress {
  update(done: number, failed: number): void
  /** Leaves nothing of itself on a terminal. */
  end(): void
}

/**
 * On a terminal one line that is written again and again, without escape sequences; anywhere else a line in ten seconds, so
 * that the log of a quick run has none.
 */
export function createProgress(output: Output, total: number, { isInteractive, nowMs }: { readonly isInteractive: boolean; readonly nowMs: () => number }): Progress {
  const everyMs = isInteractive ? redrawEveryMs : lineEveryMs
  let writtenAtMs = nowMs()
  let width = 0
  const write = (text: string): void => {
    output.write(isInteractive ? `\r${text.padEnd(width)}` : `${text}\n`)
    width = text.length
  }
  return {
    update(done, failed) {
      if (nowMs() - writtenAtMs < everyMs) return
      writtenAtMs = nowMs()
      write(`${done} of ${total}, ${failed} not as expected`)
    },
    end() {
      if (!isInteractive || width === 0) return
      output.write(`\r${' '.repeat(width)}\r`)
      width = 0
    },
  }
}
