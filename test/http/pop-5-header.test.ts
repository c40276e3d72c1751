import type { RequestListener } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { IncomingRequest } from '../../src/http/incoming-request.js'
import { readClientCertificate } from '../../src/token/client-certificate.js'
import { createAuthority } from '../support/certificates.js'
import { connectAgent } from '../support/tls-client.js'
import { startTlsServer, type Protocol } from '../support/tls-server.js'
import { startServer, type RunningServer } from '../support/servers.js'

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
