import { describe, expect, it } from 'vitest'
import { createProgress } from '../../src/cli/conformance/progress.js'

const start = (isInteractive: boolean) => {
  const written: string[] = []
  let nowMs = 0
  const progress = createProgress({ write: (text) => written.push(text) }, 900, { isInteractive, nowMs: () => nowMs })
  return { written, progress, at: (ms: number) => { nowMs = ms } }
}

describe('progress', () => {
  it('is one line on a terminal, written over itself at most ten times a second, and leaves nothing', () => {
    const { written, progress, at } = start(true)
    progress.update(1, 0)
    at(99)
    progress.update(2, 0)
    expect(written).toEqual([])
    at(100)
    progress.update(30, 12)
    at(150)
    progress.update(40, 12)
    at(200)
    progress.update(50, 3)
    progress.end()
    progress.end()
    expect(written).toEqual(['\r30 of 900, 12 not as expected', '\r50 of 900, 3 not as expected ', `\r${' '.repeat(28)}\r`])
  })

  it('is a line in ten seconds anywhere else', () => {
    const { written, progress, at } = start(false)
    for (let second = 1; second <= 25; second++) {
      at(second * 1000)
      progress.update(second, 0)
    }
    progress.end()
    expect(written).toEqual(['10 of 900, 0 not as expected\n', '20 of 900, 0 not as expected\n'])
  })
})
