import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileBaseUrl, compileResourceMetadata } from '../../src/guard/resource-metadata.js'
import { checkHeaderOnce } from '../../src/token/client-certificate.js'
import { readForwarded } from '../../src/token/forwarded.js'
import { TrustedProxies } from '../../src/token/trusted-proxies.js'

const page = readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8')
const blocks = (language: string): string[] => [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text!)
const from = (peer: string, rawHeaders: string[]) => readForwarded({ method: 'GET', url: '/', headers: {}, rawHeaders, remoteAddress: peer }, new TrustedProxies(['10.0.3.0/24']))

describe('docs/proxies.md', () => {
  it('POP-4: its settings are ones that start-up takes', () => {
    const snippets = blocks('ts')
    expect(snippets).toHaveLength(2)
    for (const snippet of snippets) {
      const [, baseUrl] = /baseUrl: '([^']+)'/.exec(snippet)!
      const [, list] = /trustedProxies: \[([^\]]+)\]/.exec(snippet)!
      expect(compileBaseUrl(baseUrl).origin).toBe('https://api.example.com')
      expect(new TrustedProxies(list!.split(', ').map((entry) => entry.replaceAll("'", ''))).isEmpty).toBe(false)
    }
  })

  it('POP-4: its proxies set headers that are read, and no others', () => {
    const set = [...blocks('nginx').join('').matchAll(/proxy_set_header (\S+)/g), ...blocks('yaml').join('').matchAll(/header: \{ key: ([^ ,]+)/g)].map(([, name]) => name!.toLowerCase())
    expect(set.sort()).toEqual(['x-forwarded-host', 'x-forwarded-host', 'x-forwarded-proto'])
    expect(from('10.0.3.7', ['X-Forwarded-Host', 'api.example.com', 'X-Forwarded-Proto', 'https'])).toEqual({ origin: 'https://api.example.com', encrypted: true })
    expect(from('10.0.4.7', ['X-Forwarded-Host', 'api.example.com', 'X-Forwarded-Proto', 'https'])).toEqual({})
  })

  it('TRN-4: the path of the metadata is the one that it says', () => {
    const pathOf = (baseUrl: string) => compileResourceMetadata({ baseUrl: compileBaseUrl(baseUrl), issuers: undefined, dpopAlgorithms: undefined, isStrict: false, hasMtls: false }).path
    expect(pathOf('https://api.example.com')).toBe('/.well-known/oauth-protected-resource')
    const [, baseUrl, path] = /With `(https:[^`]+)` it is `([^`]+)`/.exec(page)!
    expect(pathOf(baseUrl!)).toBe(path)
  })

  it('POP-5: two headers for certificates are what it says', () => {
    const header = 'client-cert'
    const twice = { method: 'GET', url: '/', headers: {}, rawHeaders: [header, 'a', header, 'b'] }
    const denial = checkHeaderOnce(twice, { header, isProxy: () => true })
    expect(page).toContain(`| 400, \`${denial?.detail ?? ''}\``)
  })

  it('POP-4: the reasons that it explains are the ones in the audit record', () => {
    const details = [['Host', 'a', 'Host', 'a'], ['X-Forwarded-Host', 'a', 'X-Forwarded-Host', 'a'], ['X-Forwarded-Host', ''], ['X-Forwarded-Proto', '']].map((headers) => (from('10.0.3.7', headers) as { detail: string }).detail)
    expect(details).toEqual(['more than one Host header', 'more than one X-Forwarded-Host header', 'X-Forwarded-Host is not host[:port]', 'X-Forwarded-Proto is neither http nor https'])
    for (const part of ['`more than one Host header`', '`more than one X-Forwarded-… header`', '`is not host[:port]`', '`is neither http nor https`']) expect(page).toContain(part)
  })
})
