import { request as httpRequest, type ClientRequest } from 'node:http'
import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  /** As received, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly text: string
  header(name: string): string | undefined
  /** The body as JSON. */
  readonly json: any
}

export interface CallOptions {
  readonly method?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
  /** Sends the body in chunks, without Content-Length. */
  readonly isChunked?: boolean
}

/** A request by Node's own client, on a connection of its own. */
export async function call(port: number, path: string, { method = 'GET', token, headers = {}, body, isChunked = false }: CallOptions = {}): Promise<Answer> {
  const length: Record<string, string> = isChunked ? { 'transfer-encoding': 'chunked' } : body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    path,
    method,
    agent: false,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...length, ...(headers as Record<string, string | string[]>) },
  })
  const received = receive(request)
  if (isChunked && body !== undefined) request.write(body)
  request.end(isChunked ? undefined : body)
  const { status, headers: pairs, content } = await received
  return answer(status, pairs, content.toString('utf8'))
}

export interface ReceivedResponse extends Pick<Answer, 'status' | 'headers'> {
  readonly content: Buffer
}

/** The whole response to a request that need not be sent yet. */
export function receive(request: ClientRequest): Promise<ReceivedResponse> {
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const { rawHeaders } = response
        const headers = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]!] as const] : []))
        resolve({ status: response.statusCode!, headers, content: Buffer.concat(parts) })
      })
    })
  })
}

/**
 * Sends exactly these bytes and reads until the server closes, so that `Connection: close` has to be among them. A
 * string is sent as Latin-1: one byte a character.
 */
export function sendBytes(port: number, bytes: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('data', (part) => parts.push(part))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The server may answer and close before it has read all.
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error)
    })
    socket.on('close', () => {
      try {
        resolve(parseAnswer(Buffer.concat(parts).toString('latin1')))
      } catch (error) {
        reject(error)
      }
    })
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
}

/** The bytes of a request whose target and header lines are taken as they are. */
export function requestBytes(target: string, headerLines: readonly string[] = [], { method = 'GET', body = '' } = {}): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: api.example.com', ...headerLines, 'Connection: close', '', body].join('\r\n')
}

function parseAnswer(text: string): Answer {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) throw new Error(`no whole answer: ${JSON.stringify(text.slice(0, 200))}`)
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const pairs = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const)
  return answer(Number(statusLine.split(' ')[1]), pairs, text.slice(end + 4))
}

/** All answers of one connection that are whole, and what is left behind them. Informational ones are left out. */
export function parseAnswers(text: string): { answers: Answer[]; rest: string } {
  const answers: Answer[] = []
  let rest = text
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return { answers, rest }
    const head = parseAnswer(rest.slice(0, end + 4))
    const whole = bodyOf(head, rest.slice(end + 4))
    if (whole === undefined) return { answers, rest }
    if (head.status >= 200) answers.push(answer(head.status, head.headers, whole.body))
    rest = whole.rest
  }
}

/** `undefined` where it is not all there. What nothing delimits has no end here. */
function bodyOf(head: Answer, text: string): { body: string; rest: string } | undefined {
  const length = head.header('content-length')
  if (head.status < 200 || head.status === 204 || head.status === 304) return { body: '', rest: text }
  if (length !== undefined) return text.length < Number(length) ? undefined : { body: text.slice(0, Number(length)), rest: text.slice(Number(length)) }
  if (head.header('transfer-encoding') !== 'chunked') return undefined
  let body = ''
  for (let at = 0; ;) {
    const line = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, line), 16)
    if (line < 0 || text.length < line + size + 4) return undefined
    body += text.slice(line + 2, line + 2 + size)
    at = line + size + 4
    if (size === 0) return { body, rest: text.slice(at) }
  }
}

function answer(status: number, headers: Answer['headers'], text: string): Answer {
  return {
    status,
    headers,
    text,
    header: (name) => headers.find(([key]) => key === name)?.[1],
    get json() { return JSON.parse(text) },
  }
}
