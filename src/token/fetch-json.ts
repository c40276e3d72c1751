/** The part of `fetch` that is used, so that a user's own (custom CA, egress proxy) needs no more. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface JsonAnswer {
  readonly value: unknown
  /** The header field `Cache-Control`. */
  readonly cacheControl: string | null
}

/** 64 KB, counted after inflating: what a compressed answer becomes is what has to be held (KEY-6). */
const mostBytes = 65_536

/**
 * One bounded GET of a JSON document: status 200 and nothing else, no redirects, 64 KB (KEY-6). Stops when
 * `signal` is aborted. Every failure is an `Error` that says what was wrong with the answer.
 */
export async function fetchJson(url: string, fetch: Fetch, signal: AbortSignal): Promise<JsonAnswer> {
  signal.throwIfAborted()
  const response = await fetch(url, { headers: { accept: 'application/json' }, redirect: 'manual', signal })
  if (signal.aborted || response.status !== 200 || response.redirected) {
    response.body?.cancel().catch(ignore)
    throw new Error(response.redirected ? 'a redirect was followed' : `status ${response.status}`)
  }
  const bytes = await readBounded(response, signal)
  return { value: parseJson(bytes), cacheControl: response.headers.get('cache-control') }
}

async function readBounded(response: Response, signal: AbortSignal): Promise<Buffer> {
  if (response.body === null) throw new Error('no body')
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const cancel = () => {
    reader.cancel().catch(ignore)
  }
  signal.addEventListener('abort', cancel, { once: true })
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    size += value.byteLength
    if (!(size <= mostBytes)) { // also when a stream of the user's gives something that has no length
      cancel()
      throw new Error(`more than ${mostBytes} bytes`)
    }
    chunks.push(value)
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Error('not JSON') // the parser's own message quotes the document
  }
}

/** For a body that is thrown away: that its connection broke already changes nothing. */
function ignore(): void {
  // nothing to do
}
