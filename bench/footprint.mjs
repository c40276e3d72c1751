import { execFileSync } from 'node:child_process'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { createGuard, memoryStore } from 'aap-guard'
import { interleave, ratio } from './measure.mjs'
import { target } from './fixtures.mjs'

function usedBytes() {
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

async function growth(count, add) {
  const before = usedBytes()
  const kept = []
  for (let i = 0; i < count; i++) kept.push(await add(i))
  const perItem = (usedBytes() - before) / count
  return { perItem, kept }
}

export async function memory({ tokens, trusted }) {
  const windows = [['minute', 60], ['hour', 3_600], ['day', 86_400]]
  const store = memoryStore()
  // As the guard makes them: one digest for the quotas of a capability, and names that its tokens share.
  const names = windows.map(([window]) => `max_requests_per_${window}`)
  const quotasOf = (key) => windows.map(([window], w) => ({ key, name: names[w], window, limit: 10, quantity: 1 }))
  const state = await growth(5_000, (i) => { store.admit({ scope: '', alternatives: [{ quotas: quotasOf(`agent-${i}`.padEnd(43, '_')) }] }) })
  const limiters = windows.map(([window, duration]) => new RateLimiterMemory({ points: 10, duration, keyPrefix: window }))
  const limited = await growth(5_000, async (i) => { for (const limiter of limiters) await limiter.consume(`agent-${i}`) })

  const guard = createGuard({ ...trusted, audit: [], store: { name: 'none', admit: () => ({ outcome: 'admitted', alternative: 0 }) } })
  const authorize = async (token) => { await guard.authorize({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }, 'search.web', { target }) }
  await authorize(tokens[0])
  const cached = await growth(5_000, (i) => authorize(tokens[i + 1]))
  const flood = await growth(5_000, (i) => authorize(`${tokens[i].slice(0, -20)}AAAAAAAAAAAAAAAAAAAA`))
  await guard.close()
  return [
    ['memory of a cached token', `${(cached.perItem / 1000).toFixed(1)} kB`, '≤ 2.3 kB'],
    ["memory of a token's quotas ÷ RateLimiterMemory × 3", (state.perItem / limited.perItem).toFixed(2), '≤ 0.33'],
    ['memory of a refused token', `${Math.max(0, flood.perItem).toFixed(0)} B`, '0'],
  ]
}

export async function importTime() {
  const time = (specifier) => Number(execFileSync(process.execPath, ['--input-type=module', '-e', `const t = performance.now(); await import('${specifier}'); console.log(performance.now() - t)`], { encoding: 'utf8' }))
  const samples = await interleave({ jose: () => time('jose'), guard: () => time('aap-guard') }, 15)
  return [["import 'aap-guard' ÷ import 'jose'", ratio(samples, 'guard', 'jose').toFixed(2), '≤ 1.5']]
}
