import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OperatorLog } from '../../src/guard/operator-log.js'

beforeEach(() => { vi.useFakeTimers({ toFake: ['performance', 'Date'] }) })
afterEach(() => { vi.useRealTimers() })

function listening(): { log: OperatorLog; said: string[] } {
  const said: string[] = []
  const hear = (level: string) => (message: string) => { said.push(`${level}: ${message}`) }
  return { said, log: new OperatorLog({ info: hear('info'), warn: hear('warn'), error: hear('error') }) }
}

describe('messages for operators: each cause at most once a minute', () => {
  it('the first is said, the next after a minute', () => {
    const { log, said } = listening()
    log.warn('cause', 'one')
    log.warn('cause', 'two')
    vi.advanceTimersByTime(59_999)
    log.warn('cause', 'three')
    expect(said).toEqual(['warn: aap-guard: one'])
    vi.advanceTimersByTime(1)
    log.warn('cause', 'four')
    log.warn('cause', 'five')
    expect(said).toEqual(['warn: aap-guard: one', 'warn: aap-guard: four'])
  })

  it('other causes are not held up', () => {
    const { log, said } = listening()
    log.warn('a', '1')
    log.error('b', '2')
    expect(said).toEqual(['warn: aap-guard: 1', 'error: aap-guard: 2'])
  })

  it('many causes are bounded in memory', () => {
    const { log, said } = listening()
    for (let i = 0; i < 5_000; i++) log.warn(`cause ${i}`, 'x')
    expect(said).toHaveLength(5_000)
  })

  it('AUD-4: what comes from claims cannot forge a line', () => {
    const { log, said } = listening()
    log.warn('cause', 'one\ntwo\r\u001b[31m\u2028\u202ethree')
    expect(said).toEqual(['warn: aap-guard: one\\u000atwo\\u000d\\u001b[31m\\u2028\\u202ethree'])
  })

  it('ERR-2: a logger that throws changes nothing', () => {
    const fail = () => { throw new Error('x') }
    const log = new OperatorLog({ info: fail, warn: fail, error: fail })
    expect(() => { log.warn('a', 'x') }).not.toThrow()
    expect(() => { log.error('b', 'x') }).not.toThrow()
  })
})
