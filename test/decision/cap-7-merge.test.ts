import { expect, it } from 'vitest'
import { deciding, outcomeOf } from './decisions.js'
it.each([0,1])('CAP-7: x %i', (flip) => {
    const own = { name: 'own_quota', compile: ({ window, limit }: any) => ({ kind: 'quota' as const, window, limit, quantity: () => 1, countsRequests: true }) }
    const values = [{ window: 'day', limit: 3 }, { window: 'minute', limit: 2 }]
    let now = Date.UTC(2025,0,1)
    const d = deciding({ registered: [own], capabilities: [{ action: 'a', constraints: { own_quota: values[flip] } }], policy: { constraints: { own_quota: values[1-flip] } }, rules: { now: () => now } })
    const out=[]
    for (let i=0;i<6;i++) { out.push(outcomeOf(d.decide())) }
    expect(out.filter(x => x.startsWith('allow')).length).toBe(2)
})
