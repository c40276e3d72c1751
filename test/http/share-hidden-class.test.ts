import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import express from 'express'
import { describe, expect, it, onTestFinished } from 'vitest'
import { call } from '../support/http-client.js'
import { shareHiddenClass } from '../../src/http/share-hidden-class.js'
import type { AddressInfo } from 'node:net'

type Listener = (req: IncomingMessage, res: ServerResponse) => void

/** What can be seen of an object's own properties, but for their order. */
function propertiesOf(object: object): unknown[] {
  return Reflect.ownKeys(object).sort((a, b) => String(a).localeCompare(String(b))).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)])
}

async function visit(listener: Listener): Promise<number> {
  const server = createServer(listener)
  onTestFinished(() => { server.close() })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return (await call((server.address() as AddressInfo).port, '/')).status
}

describe('shareHiddenClass', () => {
  it.each(['Express', 'node:http'])('leaves every property of a request and a response of %s as it was', async (kind) => {
    let seen: unknown
    const look: Listener = (req, res) => {
      const [before, prototypes] = [[propertiesOf(req), propertiesOf(res)], [Object.getPrototypeOf(req), Object.getPrototypeOf(res)]]
      shareHiddenClass(req, res)
      expect([propertiesOf(req), propertiesOf(res)]).toEqual(before)
      expect([Object.getPrototypeOf(req), Object.getPrototypeOf(res)]).toEqual(prototypes)
      seen = [req.httpVersion, res.sendDate]
      res.end()
    }
    expect(await visit(kind === 'Express' ? express().use(look) : look)).toBe(200)
    expect(seen).toEqual(['1.1', true])
  })

  it('passes by what it does not know: frozen objects, accessors, objects without these properties', () => {
    const parent = Object.create({ constructor: Object }) as object
    for (const odd of [{}, Object.freeze({ httpVersion: '1.1', sendDate: true }), { get httpVersion() { return 'x' }, get sendDate() { return true } }]) {
      const object = Object.setPrototypeOf({ ...odd }, parent) as object
      const sealed = Object.isFrozen(odd) ? Object.freeze(object) : object
      const before = propertiesOf(sealed)
      shareHiddenClass(sealed as IncomingMessage, sealed as ServerResponse)
      expect(propertiesOf(sealed)).toEqual(before)
    }
  })
})
