import { connect } from 'node:net'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { parseAnswers, type Answer } from './http-client.js'

/** A TCP connection on which a test says every byte itself. */
export interface Connection {
  /** Comes back when the bytes are with the operating system. A peer that is gone does not matter. */
  send(bytes: string | Buffer): Promise<void>
  /** Waits until this was received. */
  until(text: string): Promise<void>
  /** Everything received so far. */
  received(): string
  /** Waits until the server has closed the connection. */
  closed(): Promise<Closed>
  /** Leaves without a word. */
  leave(): void
}

export interface Closed {
  /** Whole answers, in order. */
  readonly answers: readonly Answer[]
  /** What came behind them: nothing, or an answer that was cut short. */
  readonly rest: string
}

export async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ host: '127.0.0.1', port })
  let received = ''
  const waiting = new Set<() => void>()
  const look = (): void => { for (const check of waiting) check() }
  let isClosed = false
  socket.on('data', (part) => {
    received += part.toString('latin1')
    look()
  })
  // The server may close what a test still writes to.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
    look()
  })
  const wait = (isThere: () => boolean, what: string): Promise<void> => new Promise((resolve, reject) => {
    const check = (): void => {
      if (isThere()) resolve()
      else if (isClosed) reject(new Error(`the connection was closed before ${what}; received: ${JSON.stringify(received.slice(0, 500))}`))
      else return
      waiting.delete(check)
    }
    waiting.add(check)
    check()
  })
  onTestFinished(() => { socket.destroy() })
  await once(socket, 'connect')
  return {
    send: (bytes) => new Promise((resolve) => { socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, () => { resolve() }) }),
    until: (text) => wait(() => received.includes(text), JSON.stringify(text)),
    received: () => received,
    closed: async () => {
      await wait(() => isClosed, 'its end')
      return parseAnswers(received)
    },
    leave: () => { socket.destroy() },
  }
}

/** The head of a request with a body, whose length is the number, or that comes in chunks. */
export function head(path: string, token: string, length: number | 'chunked', { method = 'POST', lines = [] }: { method?: string; lines?: readonly string[] } = {}): string {
  const body = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  return [`${method} ${path} HTTP/1.1`, 'Host: api.example.com', `Authorization: Bearer ${token}`, body, ...lines, '', ''].join('\r\n')
}

export function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`
}

export const lastChunk = '0\r\n\r\n'
