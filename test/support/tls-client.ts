import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { parseAnswers } from './http-client.js'
import { serverAuthority, type Protocol, type TlsVersion } from './tls-server.js'

export interface ClientOptions {
  readonly protocol?: Protocol
  readonly version?: TlsVersion
  /** The chain that the client shows, and the key of its first certificate. */
  readonly identity?: { readonly certPem: string; readonly keyPem: string } | undefined
  /** Of an earlier connection, to resume. */
  readonly session?: Buffer | undefined
}

/** One connection of an agent, on which requests follow each other. */
export interface TlsConnection {
  get(path: string, headers?: Readonly<Record<string, string | readonly string[]>>): Promise<{ readonly status: number; readonly json: any }>
  /** What resumes this connection's session. Asked for after an answer, by when it is there. */
  session(): Buffer | undefined
  isResumed(): boolean
}

export async function connectAgent(port: number, { protocol = 'HTTP/1.1', version = 'TLSv1.3', identity, session }: ClientOptions = {}): Promise<TlsConnection> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: serverAuthority.certPem,
    minVersion: version,
    maxVersion: version,
    ALPNProtocols: [protocol === 'HTTP/2' ? 'h2' : 'http/1.1'],
    ...(identity !== undefined && { cert: identity.certPem, key: identity.keyPem }),
    ...(session !== undefined && { session }),
  } satisfies ConnectionOptions)
  onTestFinished(() => { socket.destroy() })
  let latest: Buffer | undefined
  socket.on('session', (given) => { latest = given })
  await once(socket, 'secureConnect')
  return {
    get: protocol === 'HTTP/2' ? overHttp2(socket) : overHttp1(socket),
    session: () => latest,
    isResumed: () => socket.isSessionReused(),
  }
}

function overHttp1(socket: TLSSocket): TlsConnection['get'] {
  let received = ''
  let look: () => void = () => undefined
  let failed: (error: Error) => void = () => undefined
  socket.on('data', (part) => {
    received += String(part)
    look()
  })
  socket.on('error', (error) => { failed(error) })
  socket.on('close', () => { failed(new Error(`the connection was closed before the answer; received: ${JSON.stringify(received.slice(0, 500))}`)) })
  return (path, headers = {}) => new Promise((resolve, reject) => {
    failed = reject
    look = () => {
      const { answers: [answer], rest } = parseAnswers(received)
      if (answer === undefined) return
      received = rest
      resolve({ status: answer.status, json: answer.json })
    }
    socket.write([`GET ${path} HTTP/1.1`, 'Host: api.example.com', ...Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [value] : value).map((line) => `${name}: ${line}`)), '', ''].join('\r\n'))
  })
}

function overHttp2(socket: TLSSocket): TlsConnection['get'] {
  const session = connectHttp2('https://localhost', { createConnection: () => socket })
  onTestFinished(() => { session.destroy() })
  // Whoever waits for an answer is told by the stream.
  session.on('error', () => undefined)
  return async (path, headers = {}) => {
    const stream = session.request({ ':path': path, ...(headers as Record<string, string | string[]>) })
    const answered = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      // A session that starts on a connection that is closed already, or closes at once, says nothing.
      const closed = (): void => { reject(new Error('the connection was closed before the answer')) }
      if (socket.destroyed) closed()
      socket.once('close', closed)
      stream.once('response', resolve).once('error', reject).once('close', closed)
    })
    let text = ''
    for await (const part of stream) text += String(part)
    return { status: Number(answered[':status']), json: JSON.parse(text) }
  }
}
