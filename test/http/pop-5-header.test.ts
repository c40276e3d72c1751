import type { RequestListener } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { IncomingRequest } from '../../src/http/incoming-request.js'
import { readClientCertificate } from '../../src/token/client-certificate.js'
import { createAuthority } from '../support/certificates.js'
import { connectAgent } from '../support/tls-client.js'
import { startTlsServer, type Protocol } from '../support/tls-server.js'
import { startServer, type RunningServer } from '../support/servers.js'
import { attackedAudience } from '../support/attacked-api.js'
import { expectHealthyProcess } from '../support/process-health.js'
import { requireCapability } from '../../src/index.js'
import { startApi } from '../support/api.js'
import { createProofMaker } from '../support/dpop.js'
import { capabilities, useTestIssuer } from '../support/issuer.js'

const authority = createAuthority()
const agent = authority.issue()
const victim = authority.issue()
const proxy = authority.issue({ commonName: 'proxy' })

const value = `:${victim.der.toString('base64')}:`
const refused = 'invalid_request POP-5'

/** Answers whose certificate counts, where the peers of all connections are named proxies, or none are. */
const tell = (isNamed: boolean, header: string | undefined): RequestListener => (req, res) => {
  const answer = (): void => {
    const shown = readClientCertificate(new IncomingRequest(req), { header, isProxy: (address) => isNamed && address === '127.0.0.1' })
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify('code' in shown ? `${shown.code} ${shown.rule}` : (shown.thumbprint ?? 'none')))
  }
  // Trailers are there once the body was read.
  req.resume().once('end', answer)
}

async function server(isNamed: boolean, header = 'client-cert'): Promise<RunningServer> {
  const running = await startServer('node:http', { use: [tell(isNamed, header)], routes: [] })
  onTestFinished(() => running.close())
  return running
}

describe('POP-5: a header over HTTP/1.1', () => {
  it.each<[string, string[], string]>([
    ['one', [`Client-Cert: ${value}`], victim.thumbprint],
    ['one, by another case', [`cLIENT-cERT:${value}`], victim.thumbprint],
    ['white space around it, which HTTP takes away', [`Client-Cert:  \t${value} \t`], victim.thumbprint],
    ['none', [], 'none'],
    ['an empty one', ['Client-Cert:'], 'none'],
    ['two', [`Client-Cert: ${value}`, `Client-Cert: ${value}`], refused],
    ['two, by two cases, with others between', [`client-cert: ${value}`, 'X: 1', `CLIENT-CERT: ${value}`], refused],
    ['two, one of them empty', ['Client-Cert:', `Client-Cert: ${value}`], refused],
    ['two in one line', [`Client-Cert: ${value}, ${value}`], refused],
    ['a parameter', [`Client-Cert: ${value};q=1`], refused],
    ['an underscore in its name', [`Client_Cert: ${value}`], 'none'],
    ['an underscore in a second one\'s name', [`Client-Cert: :${agent.der.toString('base64')}:`, `Client_Cert: ${value}`], agent.thumbprint],
    ['another header that ends like it', [`X-Client-Cert: ${value}`], 'none'],
    ['it named in Connection', ['Connection: client-cert', `Client-Cert: ${value}`], victim.thumbprint],
  ])('of a named proxy, with %s', async (_, lines, expected) => {
    const { status, json } = await (await server(true)).sendTarget('/', lines)
    expect([status, json]).toEqual([200, expected])
  })

  it.each<[string, string[]]>([
    ['a space before the colon', [`Client-Cert : ${value}`]],
    ['a tab before the colon', [`Client-Cert\t: ${value}`]],
    ['a space in its name', [`Client Cert: ${value}`]],
    ['a zero in its name', [`Client-Cert\0: ${value}`]],
    ['a zero in its value', [`Client-Cert: ${value}\0`]],
    ['a carriage return in its value', [`Client-Cert: ${value}\rX: a`]],
    ['more than Node reads', [`Client-Cert: :${'A'.repeat(20_000)}:`]],
  ])('with %s does not get here', async (_, lines) => {
    expect([400, 431]).toContain((await (await server(true)).sendTarget('/', lines)).status)
  })

  it('behind a line that is folded it is no header, or nothing gets here', async () => {
    const { status, text } = await (await server(true)).sendTarget('/', ['X: a', ` Client-Cert: ${value}`])
    if (status === 200) expect(JSON.parse(text)).toBe('none')
    else expect(status).toBe(400)
  })

  it('in a trailer it is no header', async () => {
    const body = `1\r\nx\r\n0\r\nClient-Cert: ${value}\r\n\r\n`
    const { status, json } = await (await server(true)).sendTarget('/', ['Transfer-Encoding: chunked', 'Trailer: Client-Cert'], { method: 'POST', body })
    expect([status, json]).toEqual([200, 'none'])
  })

  it.each<[string, string[]]>([['good', [`Client-Cert: ${value}`]], ['two', [`Client-Cert: ${value}`, `Client-Cert: ${value}`]], ['nonsense', ['Client-Cert: nonsense']], ['with an address of a proxy', [`Client-Cert: ${value}`, 'X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1']]])('of the agent itself is ignored: %s', async (_, lines) => {
    const { status, json } = await (await server(false)).sendTarget('/', lines)
    expect([status, json]).toEqual([200, 'none'])
  })

  it('PEM that is escaped, and DER in base64, by a name of the proxy\'s own', async () => {
    const running = await server(true, 'x-client-cert')
    for (const text of [encodeURIComponent(victim.certPem), victim.der.toString('base64')]) {
      expect((await running.sendTarget('/', [`X-Client-Cert: ${text}`])).json).toBe(victim.thumbprint)
      expect((await running.sendTarget('/', [`X-Client-Cert: ${text}`, `X-Client-Cert: ${text}`])).json).toBe(refused)
    }
  })
})

describe.each<Protocol>(['HTTP/1.1', 'HTTP/2'])('POP-5: a header and a certificate, over TLS and %s', (protocol) => {
  const ask = async (isNamed: boolean, header: string | undefined, identity: typeof agent | undefined, headers: Record<string, string | string[]>) => {
    const { port } = await startTlsServer(protocol, tell(isNamed, header), { ca: [authority.certPem] })
    return (await (await connectAgent(port, { protocol, identity })).get('/', headers)).json
  }

  it('of a named proxy: the header alone', async () => {
    expect(await ask(true, 'client-cert', proxy, { 'client-cert': value })).toBe(victim.thumbprint)
    expect(await ask(true, 'client-cert', proxy, {})).toBe('none')
    expect(await ask(true, 'client-cert', proxy, { 'client-cert': '' })).toBe('none')
    expect(await ask(true, 'client-cert', proxy, { 'client-cert': 'x' })).toBe(refused)
    expect(await ask(true, 'client-cert', proxy, { 'client-cert': [value, value] })).toBe(refused)
  })

  it('of an agent: its certificate alone', async () => {
    expect(await ask(false, 'client-cert', agent, { 'client-cert': value })).toBe(agent.thumbprint)
    expect(await ask(false, 'client-cert', agent, { 'client-cert': 'x' })).toBe(agent.thumbprint)
    expect(await ask(false, 'client-cert', undefined, { 'client-cert': value })).toBe('none')
  })

  it('where no header is configured: the certificate alone, a proxy\'s too', async () => {
    for (const isNamed of [true, false]) expect(await ask(isNamed, undefined, agent, { 'client-cert': value })).toBe(agent.thumbprint)
  })
})

describe('POP-5: two headers, by a guard', () => {
  const issuer = useTestIssuer()
  expectHealthyProcess()
  const client = createProofMaker()
  const other = `:${agent.der.toString('base64')}:`

  const answerOf = async (trustedProxies: readonly string[], claims: object, lines: readonly string[], header = 'client-cert') => {
    const api = await startApi('node:http', { issuer: issuer.trusted, audience: issuer.audience, baseUrl: attackedAudience, trustedProxies, mtls: { header } }, ({ guard, handler }) => ({
      use: [guard], routes: [{ path: '/search', run: [requireCapability('search.web'), handler('search')] }],
    }))
    const token = await issuer.sign({ aap_capabilities: capabilities('search.web'), ...claims })
    const credentials = 'cnf' in claims && !('x5t#S256' in (claims.cnf as object)) ? [`Authorization: DPoP ${token}`, `DPoP: ${client.proof({ token, url: `${attackedAudience}/search` })}`] : [`Authorization: Bearer ${token}`]
    const answer = await api.server.sendTarget('/search', [...credentials, ...lines])
    const { rule, detail } = api.audit.takeDecision()
    return { status: answer.status, error: answer.status === 200 ? undefined : answer.json.error, rule, detail, challenge: answer.header('www-authenticate'), handled: api.handled }
  }
  const unnamed = ['203.0.113.1']
  const tokens: readonly [string, object][] = [['not bound', {}], ['bound to a key', { cnf: client.confirmation }], ['bound to a certificate', { cnf: { 'x5t#S256': victim.thumbprint } }]]

  describe.each(tokens)('with a token that is %s', (what, claims) => {
    it.each<[string, readonly string[]]>([
      ['two', [`Client-Cert: ${value}`, `Client-Cert: ${other}`]], ['two that are the same', [`Client-Cert: ${value}`, `client-cert: ${value}`]], ['two, one of them empty', [`Client-Cert: ${value}`, 'Client-Cert:']],
      ['two, which nobody can read', ['Client-Cert: x', 'Client-Cert: y']], ['two in one line', [`Client-Cert: ${value}, ${other}`]],
    ])('%s from a named proxy are 400', async (_, lines) => {
      const { challenge, detail, ...answer } = await answerOf(['127.0.0.1'], claims, lines)
      expect(answer).toEqual({ status: 400, error: 'invalid_request', rule: 'POP-5', handled: [] })
      expect(detail).toMatch(/header client-cert/)
      expect(challenge).toContain('error="invalid_request"')
    })

    it('two by a proxy\'s own name are 400', async () => {
      expect(await answerOf(['127.0.0.1'], claims, ['X-Cert: a', 'X-Cert: b'], 'x-cert')).toMatchObject({ status: 400, rule: 'POP-5', detail: 'more than one header x-cert' })
    })

    it('one, none, and two from anyone else do not matter to it', async () => {
      const expected = (rule?: string) => ({ status: rule === undefined ? 200 : 401, rule })
      const needsIt = what === 'bound to a certificate' ? 'POP-5' : undefined
      expect(await answerOf(['127.0.0.1'], claims, [`Client-Cert: ${value}`])).toMatchObject(expected())
      expect(await answerOf(['127.0.0.1'], claims, [])).toMatchObject(expected(needsIt))
      expect(await answerOf(unnamed, claims, [`Client-Cert: ${value}`, `Client-Cert: ${other}`])).toMatchObject(expected(needsIt))
      expect(await answerOf(['127.0.0.1'], claims, ['X-Cert: a', 'X-Cert: b'])).toMatchObject(expected(needsIt))
    })
  })
})
