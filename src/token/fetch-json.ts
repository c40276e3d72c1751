/** The part of `fetch` that is used, so that a user's own (custom CA, egress proxy) needs no more. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface JsonAnswer {
  readonly value: unknown
  /** The header field `Cache-Control`. */
  readonly cacheControl: string | null
}

export interface FormRequest {
  readonly form: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  /** Media type of the answer. */
  readonly accept: string
}

/** 64 KB, counted after inflating: what a compressed answer becomes is what has to be held (KEY-6, INT-1). */
const mostBytes = 65_536

/**
 * One bounded GET of a JSON document: status 200 and nothing else, no redirects, 64 KB (KEY-6). Stops when
 * `signal` is aborted. Every failure is an `Error` that says what was wrong with the answer.
 */
export async function fetchJson(url: string, fetch: Fetch, signal: AbortSignal): Promise<JsonAnswer> {
  const response = await fetchOk(url, { headers: { accept: 'application/json' } }, fetch, signal)
  const bytes = await readBounded(response, signal)
  return { value: parseJson(bytes), cacheControl: response.headers.get('cache-control') }
}

/**
 * One POST of a form: status 200 and nothing else, no redirects. The body is for `readBounded`, or for `discard`.
 * Failures are as those of `fetchJson`.
 */
export function postForm(url: string, { form, headers, accept }: FormRequest, fetch: Fetch, signal: AbortSignal): Promise<Response> {
  return fetchOk(url, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: form.toString(),
  }, fetch, signal)
}

/**
 * One GET of something that is read as it comes: status 200, or 304 where the headers ask for it; no redirects. Failures are
 * as those of `fetchJson`.
 */
export function fetchStream(url: string, headers: Readonly<Record<string, string>>, fetch: Fetch, signal: AbortSignal): Promise<Response> {
  return fetchOk(url, { headers }, fetch, signal, 'if-none-match' in headers)
}

/** The body in the chunks in which it comes. Ends with an error where `signal` is aborted. */
export async function* chunksOf(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (response.body === null) throw new Error('no body')
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const cancel = (): void => {
    reader.cancel().catch(ignore)
  }
  signal.addEventListener('abort', cancel, { once: true })
  try {
    for (;;) {
      const { done, value } = await reader.read()
      signal.throwIfAborted()
      if (done) return
      yield value
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}

async function fetchOk(url: string, init: RequestInit, fetch: Fetch, signal: AbortSignal, takesUnmodified = false): Promise<Response> {
  signal.throwIfAborted()
  const response = await fetch(url, { ...init, redirect: 'manual', signal })
  if (signal.aborted || (response.status !== 200 && !(takesUnmodified && response.status === 304)) || response.redirected) {
    discard(response)
    throw new Error(response.redirected ? 'a redirect was followed' : `status ${response.status}`)
  }
  return response
}

/** The body, at most 64 KB after inflating. */
export async function readBounded(response: Response, signal: AbortSignal): Promise<Buffer> {
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

/** Lets go of a body that nobody reads. */
export function discard(response: Response): void {
  response.body?.cancel().catch(ignore)
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
