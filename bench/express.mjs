import { fork } from 'node:child_process'
import { once } from 'node:events'
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { aapGuard, requireCapability } from 'aap-guard'
import { interleave, median, ratio } from './measure.mjs'
import { target } from './fixtures.mjs'

const path = `/search?url=${encodeURIComponent(target)}`
const secondsPerRound = 1
const rounds = 8
const warmUpRounds = 2

/** Uses the target as a search would: without a guard from the query, with it from `req.aap`, where it was checked. */
function answer(req, res) {
  res.json({ target: req.query.url })
}

function answerGuarded(req, res) {
  res.json({ target: req.aap.target })
}

/** All servers in this process, each on its own port. Two bare ones show how much two equal servers differ. */
const servers = {
  bare: () => express().get('/search', answer),
  'bare again': () => express().get('/search', answer),
  'empty middleware': () => express().use((req, res, next) => next()).get('/search', answer),
  guard: ({ trusted }) => express().use(aapGuard({ ...trusted, audit: { write: () => {} } })).get('/search', requireCapability('search.web', { target: (req) => req.query.url }), answerGuarded),
  'guard, no audit': ({ trusted }) => express().use(aapGuard({ ...trusted, audit: [] })).get('/search', requireCapability('search.web', { target: (req) => req.query.url }), answerGuarded),
  'express-oauth2-jwt-bearer': ({ issuer }) => express().use(auth({ issuer: issuer.issuer, jwksUri: `${issuer.issuer}/jwks`, audience: issuer.audience, tokenSigningAlg: 'ES256' })).get('/search', answer),
}

export async function expressThroughput(fixtures) {
  const listening = Object.entries(servers).map(([name, create]) => [name, create(fixtures).listen(0, '127.0.0.1')])
  for (const [, server] of listening) if (!server.listening) await once(server, 'listening')
  const load = fork(new URL('./load.mjs', import.meta.url))
  const perSecond = (server, tokens) => async () => {
    load.send({ url: `http://127.0.0.1:${server.address().port}${path}`, tokens, seconds: secondsPerRound })
    const [{ perSecond: rate, bad }] = await once(load, 'message')
    if (bad > 0) throw new Error(`${bad} requests failed`)
    return rate
  }
  const one = Object.fromEntries(listening.map(([name, server]) => [name, perSecond(server, fixtures.tokens.slice(0, 1))]))
  const many = Object.fromEntries(listening.filter(([name]) => name === 'bare' || name.startsWith('guard')).map(([name, server]) => [`${name}, 10,000 tokens`, perSecond(server, fixtures.tokens)]))
  const samples = await interleave({ ...one, ...many }, rounds, warmUpRounds)
  load.kill()
  for (const [, server] of listening) server.close()

  return [
    ['bare Express', `${median(samples.bare).toFixed(0)} /s`, ''],
    ['A/A: bare Express ÷ bare Express', ratio(samples, 'bare again', 'bare').toFixed(2), '1'],
    ['empty middleware ÷ bare Express', ratio(samples, 'empty middleware', 'bare').toFixed(2), ''],
    ['guard ÷ bare Express, one token', ratio(samples, 'guard', 'bare').toFixed(2), '≥ 0.90'],
    ['guard ÷ bare Express, one token, no audit', ratio(samples, 'guard, no audit', 'bare').toFixed(2), '≥ 0.90'],
    ['guard ÷ bare Express, 10,000 tokens', ratio(samples, 'guard, 10,000 tokens', 'bare, 10,000 tokens').toFixed(2), '≥ 0.85'],
    ['guard ÷ express-oauth2-jwt-bearer', ratio(samples, 'guard', 'express-oauth2-jwt-bearer').toFixed(2), '≥ 2.2'],
  ]
}
