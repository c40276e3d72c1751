import { jwtVerify, importJWK } from 'jose'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { memoryStore } from 'aap-guard'
import { compileRoute } from '../build/decision/route.js'
import { revocationPrint } from '../build/claims/revocation-prints.js'
import { coreOf, createGuard } from '../build/guard/create-guard.js'
import { claims, fresh, target, tokenCount } from './fixtures.mjs'
import { interleave, median, ratio, timePerCall } from './measure.mjs'

const route = compileRoute('search.web', { target: () => target })

function request(token) {
  return { method: 'GET', url: '/search', headers: {}, rawHeaders: ['Host', 'localhost', 'User-Agent', 'bench', 'Accept', '*/*', 'Authorization', fresh(`Bearer ${token}`)] }
}

/** What an adapter asks of the guard for one request. Anything but a synchronous allow would be another measurement. */
function decide(core, incoming) {
  const ruling = core.decide(core.openSession(incoming, incoming), route, () => undefined)
  if (ruling instanceof Promise || ruling.denial !== undefined) throw new Error('the hot decision was not hot')
}

export async function hotDecision({ tokens, trusted }) {
  const core = coreOf(createGuard({ ...trusted, audit: [] }))
  for (const token of tokens) {
    const incoming = request(token)
    await core.decide(await core.openSession(incoming, incoming), route, () => undefined)
  }
  let turn = 0
  const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const data = Buffer.from(tokens[0])
  const hash = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(hash, key.privateKey, data)
  const samples = await interleave(
    {
      es256: () => timePerCall(1_000, () => data, (bytes) => crypto.subtle.verify(hash, key.publicKey, signature, bytes)),
      one: () => timePerCall(5_000, () => request(tokens[0]), (incoming) => decide(core, incoming)),
      many: () => timePerCall(5_000, () => request(tokens[turn++ % tokenCount]), (incoming) => decide(core, incoming)),
    },
    20,
  )
  return [
    ['one bare ES256 check', `${median(samples.es256).toFixed(0)} µs`, ''],
    ['hot decision ÷ ES256 check, one token', ratio(samples, 'one', 'es256').toFixed(3), '≤ 0.035'],
    ['hot decision ÷ ES256 check, 10,000 tokens in turn', ratio(samples, 'many', 'es256').toFixed(3), '≤ 0.07'],
  ]
}

/** With a million entries in the list that each token is looked up in, and with none. */
export async function revokedDecision({ tokens, trusted }) {
  const cores = { without: coreOf(createGuard({ ...trusted, audit: [] })), with: coreOf(createGuard({ ...trusted, audit: [] })) }
  const { revocations } = cores.with.settings.rules
  const end = revocations.endOf(undefined)
  for (let i = 0; i < 1_000_000; i++) revocations.enter(revocationPrint('token', 'https://as.example.com', `revoked-${i}`), end, undefined)
  for (const core of Object.values(cores)) {
    for (const token of tokens) {
      const incoming = request(token)
      await core.decide(await core.openSession(incoming, incoming), route, () => undefined)
    }
  }
  let turn = 0
  const measure = (core) => () => timePerCall(5_000, () => request(tokens[turn++ % tokenCount]), (incoming) => decide(core, incoming))
  const samples = await interleave({ without: measure(cores.without), with: measure(cores.with) }, 20)
  return [['hot decision, 10,000 tokens in turn, a million revocations ÷ none', ratio(samples, 'with', 'without').toFixed(3), '≤ 1.1']]
}

export async function firstSight({ issuer, trusted }) {
  const key = await importJWK(issuer.jwks.keys[0])
  const core = coreOf(createGuard({ ...trusted, audit: [] }))
  let i = 0
  const sign = () => Promise.all(Array.from({ length: 200 }, () => issuer.sign(claims(`first-${i++}`))))
  const samples = await interleave(
    {
      jose: async () => {
        const batch = await sign()
        return timePerCall(batch.length, (n) => batch[n], (token) => jwtVerify(token, key, { issuer: issuer.issuer, audience: issuer.audience }))
      },
      guard: async () => {
        const batch = await sign()
        return timePerCall(batch.length, (n) => request(batch[n]), (incoming) => core.openSession(incoming, incoming))
      },
    },
    20,
  )
  return [['first sight of a token ÷ jose.jwtVerify', ratio(samples, 'guard', 'jose').toFixed(2), '≤ 1.10']]
}

export async function memoryWindows() {
  const store = memoryStore()
  const windows = [['minute', 60], ['hour', 3_600], ['day', 86_400]]
  const limiters = windows.map(([, duration]) => new RateLimiterMemory({ points: 1e12, duration }))
  const admission = { scope: '', alternatives: [{ quotas: windows.map(([window]) => ({ key: 'agent', name: `max_requests_per_${window}`, window, limit: 1e12, quantity: 1 })) }] }
  const samples = await interleave(
    {
      limiters: () => timePerCall(5_000, () => 'agent', async (key) => { for (const limiter of limiters) await limiter.consume(key) }),
      store: () => timePerCall(5_000, () => admission, (asked) => store.admit(asked)),
    },
    20,
  )
  return [['three windows in memory ÷ RateLimiterMemory × 3', ratio(samples, 'store', 'limiters').toFixed(3), '≤ 0.08']]
}
