import { fork } from 'node:child_process'
import { once } from 'node:events'
import express from 'express'
import { aapGuard, requireCapability } from 'aap-guard'
import { interleave, median, ratio } from './measure.mjs'
import { peers } from './peers.mjs'
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
}
for (const [name, create] of Object.entries(peers)) servers[name] = (fixtures) => express().use(create(fixtures)).get('/search', answer)

/** What a goal is set for, by the names of the peers. */
const peerGoals = {
  'express-oauth2-jwt-bearer': '≥ 2.2',
  'express-jwt + jwks-rsa': '≥ 3.0',
  'MCP SDK': '≥ 1.9',
  'jose by hand': '',
  'jose + ajv + three limiters by hand': '≥ 2.1',
}

/** A server that refuses or forgets the target is fast for no good reason. */
async function checkAnswer(name, url, token) {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  const { target: answered } = response.status === 200 ? await response.json() : {}
  if (answered !== target) throw new Error(`${name} answered ${response.status} with ${answered}`)
}

export async function expressThroughput(fixtures) {
  const listening = Object.entries(servers).map(([name, create]) => [name, create(fixtures).listen(0, '127.0.0.1')])
  for (const [, server] of listening) if (!server.listening) await once(server, 'listening')
  for (const [name, server] of listening) await checkAnswer(name, `http://127.0.0.1:${server.address().port}${path}`, fixtures.tokens[0])
  const load = fork(new URL('./load.mjs', import.meta.url))
  const perSecond = (name, server, tokens) => async () => {
    load.send({ url: `http://127.0.0.1:${server.address().port}${path}`, tokens, seconds: secondsPerRound })
    const [{ perSecond: rate, bad }] = await once(load, 'message')
    if (bad > 0) throw new Error(`${bad} requests to ${name} failed`)
    return rate
  }
  const one = Object.fromEntries(listening.map(([name, server]) => [name, perSecond(name, server, fixtures.tokens.slice(0, 1))]))
  const many = Object.fromEntries(listening.filter(([name]) => name === 'bare' || name.startsWith('guard')).map(([name, server]) => [`${name}, 10,000 tokens`, perSecond(name, server, fixtures.tokens)]))
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
    ...Object.entries(peerGoals).map(([name, goal]) => [`guard ÷ ${name}`, ratio(samples, 'guard', name).toFixed(2), goal]),
  ]
}
