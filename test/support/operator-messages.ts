import type { OperatorLogger } from '../../src/index.js'

export interface OperatorMessages extends OperatorLogger {
  readonly said: { level: 'info' | 'warn' | 'error'; message: string }[]
}

/** A logger that keeps what operators would read. */
export function operatorMessages(): OperatorMessages {
  const said: OperatorMessages['said'] = []
  const keep = (level: 'info' | 'warn' | 'error') => (message: string) => { said.push({ level, message }) }
  return { said, info: keep('info'), warn: keep('warn'), error: keep('error') }
}
