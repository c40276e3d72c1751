import { describe, expect, it } from 'vitest'
import { expectHealthyProcess } from '../support/process-health.js'
import { useAttackedApi } from '../support/attacked-api.js'

expectHealthyProcess()
const attacked = useAttackedApi()
const denied = { status: 403, error: 'aap_domain_not_allowed', rule: 'CON-2' }
const tokenFor = (constraints: object) => attacked.forger.token(attacked.claims({ aap_capabilities: [{ action: 'search.web', constraints }] }))
/** As a client would send it: the text percent-encoded byte by byte, so that the server gets it back exactly. */
const query = (url: string): string => `/search?url=${[...Buffer.from(url)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`

describe('CON-2: targets through a real ?url=', () => {
  it.each([
    'https://example.org', 'https://example.org/', 'HTTPS://EXAMPLE.ORG/a', 'http://example.org:8080/', 'https://a.b.example.org/', 'https://example.org./', 'https://example.org?x=https://evil.test', 'https://example.org#@evil.test', 'https://EXAMPLE。org/', 'https://ｅxample.org/', 'https://example%2eorg/', 'https://xn--bcher-kva.example.org/', 'https://bücher.example.org/',
  ])('%s stands for a host that is allowed', async (url) => {
    await attacked.expectAllowed(tokenFor({ domains_allowed: ['example.org'] }), query(url))
  })

  it.each([
    // credentials
    'https://example.org@evil.test/', 'https://example.org:x@evil.test/', 'https://user@example.org/', 'https://user:pass@example.org/', 'https://@example.org/', 'https://:@example.org/', 'https://evil.test%40example.org/', 'https://evil.test#@example.org/', 'https://evil.test/@example.org', 'https://evil.test?@example.org/',
    // backslashes, slashes, white space, control characters
    'https://evil.test\\@example.org/', 'https://evil.test\\.example.org/', 'https:\\\\example.org/', 'https://example.org\\', 'https:/example.org/', 'https:example.org', 'https:///example.org/', '//example.org/', 'https://exa\tmple.org/', 'https://example.org\t/', '\thttps://example.org/', ' https://example.org/', 'https://example.org/ ', 'https://example.org/\n', 'https://exa\r\nmple.org/', 'https://example.org\u0000/', 'https://example.org/\u0000', 'https://example.org/\u001f', 'https://example.org/\u0085', 'https://example.org/\u00a0', 'https://example.org/\u3000', 'https://example.org/\ufeff', 'https://example.org\u200b.evil.test/',
    // dots and empty labels
    'https://example.org../', 'https://.example.org/', 'https://a..example.org/', 'https://example.org.evil.test/', 'https://evil-example.org/', 'https://evilexample.org/', 'https://org/', 'https://./', 'https://../', 'https://%2e/', 'https://。/', 'https://example%2eorg%2eevil.test/', 'https://example.org%2fevil.test/', 'https://example.org%00.evil.test/', 'https://example.org%23.evil.test/', 'https://evil.test%2f.example.org/', 'https://evil.test%5c.example.org/', 'https://evil.test%00.example.org/',
    // names that look like it
    'https://xn--exampl-8xa.org/', 'https://exаmple.org/', 'https://example.оrg/', 'https://example。org。evil.test/', 'https://ｅvil.test/', `https://${'a.'.repeat(126)}example.org/`,
    // other schemes and no URL at all
    'ftp://example.org/', 'javascript:alert(1)//example.org', 'data:text/html,example.org', 'file:///example.org', 'blob:https://example.org/x', 'ws://example.org/', 'httpss://example.org/', 'http//example.org', 'example.org', '', 'https://', 'null', 'undefined', '[object Object]',
    // addresses never match a name
    'https://127.0.0.1/', 'https://[::1]/', 'https://2130706433/', 'https://0x7f000001/', 'https://[::ffff:127.0.0.1]/', 'https://[fe80::1%25eth0]/', 'https://[::1', 'https://::1/', 'https://example.org]/', 'https://[example.org]/',
  ])('%j does not', async (url) => {
    await attacked.expectRefused(tokenFor({ domains_allowed: ['example.org'] }), { ...denied, target: query(url) })
  })

  it('an allow-list of an address admits that address written plainly, and no other spelling', async () => {
    const v4 = tokenFor({ domains_allowed: ['127.0.0.1', '2130706433', '0.0.1'] })
    await attacked.expectAllowed(v4, query('http://127.0.0.1:8080/'))
    for (const url of ['http://0177.0.0.1/', 'http://0x7f.0.0.1/', 'http://0x7f000001/', 'http://2130706433/', 'http://127.1/', 'http://127.0.1/', 'http://127.0.0.1./', 'http://127.0.0.01/', 'http://127.0.0.0x1/', 'http://127.0.0.256/', 'http://%31%32%37.0.0.1/', 'http://１２７.0.0.1/', 'http://127。0。0。1/', 'http://017700000001/', 'http://1.127.0.0.1/', 'http://127.0.0.1.example.org/', 'http://0/']) {
      await attacked.expectRefused(v4, { ...denied, target: query(url) })
    }
    const v6 = tokenFor({ domains_allowed: ['2001:db8::1', '::ffff:10.0.0.1'] })
    for (const url of ['http://[2001:db8::1]/', 'http://[2001:DB8:0:0:0:0:0:1]:80/', 'http://[2001:db8::0.0.0.1]/', 'http://[::ffff:10.0.0.1]/', 'http://[::ffff:a00:1]/']) await attacked.expectAllowed(v6, query(url))
    for (const url of ['http://[2001:db8::2]/', 'http://[2001:db8::1%25eth0]/', 'http://[::1]/', 'http://2001:db8::1/', 'http://[2001:db8::1].example.org/', 'http://[[2001:db8::1]]/']) await attacked.expectRefused(v6, { ...denied, target: query(url) })
  })

  it('a block-list blocks every spelling of a host that parses, and denies where it cannot be sure', async () => {
    const blocked = tokenFor({ domains_blocked: ['evil.test', '10.0.0.1'] })
    await attacked.expectAllowed(blocked, query('https://example.org/'))
    for (const url of ['https://evil.test/', 'https://EVIL.TEST./', 'https://a.evil.test:444/', 'https://ｅvil.test/', 'https://evil%2etest/', 'https://evil。test/', 'http://10.0.0.1/', 'http://[::ffff:10.0.0.1]/', 'http://[::ffff:a00:1]/', 'http://0xa000001/', 'http://167772161/', 'http://012.0.0.1/', 'http://10.1/', 'https://user@example.org/', 'nonsense', '']) {
      await attacked.expectRefused(blocked, { ...denied, target: query(url) })
    }
    for (const entry of ['', '*', '*.evil.test', '.evil.test', 'https://evil.test', 'evil.test:443', 'evil.test/']) await attacked.expectRefused(tokenFor({ domains_blocked: [entry] }), { ...denied, target: query('https://example.org/') })
    for (const entry of ['', '*', '*.example.org', '.example.org', 'https://example.org', 'example.org:443']) await attacked.expectRefused(tokenFor({ domains_allowed: [entry] }), { ...denied, target: query('https://example.org/') })
  })

  it('the same parameter twice, in any spelling, or as a structure, is no target', async () => {
    const token = tokenFor({ domains_allowed: ['example.org'] })
    const url = 'https%3A%2F%2Fexample.org%2F'
    for (const target of ['/search', '/search?', '/search?url', '/search?url=', `/search?url=${url}&url=${url}`, `/search?url=${url}&%75rl=https://evil.test/`, `/search?url[]=${url}`, `/search?url[href]=${url}`, `/search?URL=${url}`, `/search?url[toString]=${url}`, `/search?url[__proto__]=${url}`]) {
      await attacked.expectRefused(token, { ...denied, target })
    }
  })

  it('CON-3: literals are their own address; families never mix, and other spellings are no targets', async () => {
    const token = tokenFor({ ip_ranges_allowed: ['10.0.0.0/8', '2001:db8::/32'] })
    for (const url of ['http://10.1.2.3/', 'http://[2001:db8::5]/', 'http://[::ffff:10.1.2.3]/']) await attacked.expectAllowed(token, query(url))
    for (const url of ['http://11.0.0.1/', 'http://0xa010203/', 'http://012.1.2.3/', 'http://167838211/', 'http://10.1.2.3./', 'http://[::10.1.2.3]/', 'http://[2001:db9::5]/', 'http://[64:ff9b::10.1.2.3]/', 'http://example.org/', 'http://user@10.1.2.3/', '']) {
      await attacked.expectRefused(token, { status: 403, error: 'aap_constraint_violation', rule: 'CON-3', target: query(url) })
    }
    for (const ranges of [[], ['10.0.0.0'], ['10.0.0.0/33'], ['10.0.0.0/8', 'nonsense'], ['0.0.0.0/-1'], ['::ffff:0:0/95'], ['010.0.0.0/8']]) {
      await attacked.expectRefused(tokenFor({ ip_ranges_allowed: ranges }), { status: 403, error: 'aap_constraint_violation', rule: 'CON-3', target: query('http://10.1.2.3/') })
    }
  })
})

describe('CON-2: what the handler is given', () => {
  it('is the canonical URL of the checked host, in the record as a host', async () => {
    const { api } = attacked
    await attacked.send(tokenFor({ domains_allowed: ['example.org'] }), query('https://ｅxample%2eORG.:443/a/../b?c#d'))
    expect(api.handled.splice(0)).toEqual(['search'])
    expect(api.audit.takeDecision()).toMatchObject({ target_host: 'example.org' })
  })
})
