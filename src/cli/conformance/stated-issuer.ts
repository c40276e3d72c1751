import type { Clock } from '../../model/clock.js'
import type { Fetch } from '../../token/fetch-json.js'
import type { GuardOptions, IntrospectionOptions } from '../../guard/guard-options.js'
import type { TestVectorIntrospection, TestVectorIntrospectionAnswer, TestVectorServer } from '../../model/wire-test-vector.js'

/** Nobody is there: what is asked of them never leaves the process. */
const endpoint = 'https://issuer.invalid/introspect'
const revocationEndpoint = 'https://issuer.invalid/revoke'

/** Statuses of answers that cannot have a body. */
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304])

/** How the issuer of a case is asked about tokens, and what asks it: the case states its answers, so that no network is needed. */
export function introspectionOf({ introspection: stated }: TestVectorServer, now: Clock): { readonly introspection?: IntrospectionOptions; readonly fetch: NonNullable<GuardOptions['fetch']> } {
  if (stated === undefined) return { fetch: unreachable }
  const { answers, ...options } = stated
  return {
    introspection: { clientId: 'resource-server', clientSecret: 'of-the-vectors', endpoint, revocationEndpoint, ...options } as IntrospectionOptions,
    fetch: (url, { body }) => (url === endpoint ? answer(new URLSearchParams(body as string).get('token') ?? '', answers, now()) : url === revocationEndpoint ? Promise.resolve(new Response()) : unreachable()),
  }
}

function answer(token: string, answers: TestVectorIntrospection['answers'], nowMs: number): Promise<Response> {
  const stated: readonly TestVectorIntrospectionAnswer[] = Object.hasOwn(answers, token) ? (answers[token] ?? []) : [{ body: { active: false } }]
  const current = stated.findLast(({ from }) => from === undefined || Date.parse(from) <= nowMs)
  if (current === undefined || current.fails === true) return unreachable()
  const { status = 200, body, text = body === undefined ? '' : JSON.stringify(body), padding = 0 } = current
  return Promise.resolve(new Response(withoutBody.has(status) ? null : text + ' '.repeat(padding), { status }))
}

const unreachable: () => ReturnType<Fetch> = () => Promise.reject(new Error('the connection failed'))
