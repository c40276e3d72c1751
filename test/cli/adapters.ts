import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach } from 'vitest'
import type { TestVectorCase } from '../../src/model/wire-test-vector.js'
import { answerHere } from '../../src/cli/conformance/answer-case.js'

export type Question = Omit<TestVectorCase, 'expect'>

export interface Adapter {
  readonly url: string
  /** What it was asked, in order. */
  readonly questions: readonly Question[]
  /** Requests whose answers have not ended yet, at most at one time. */
  readonly mostAtOnce: number
  close(): Promise<void>
}

const running = new Set<Adapter>()

afterEach(async () => {
  for (const adapter of running) await adapter.close()
})

/** An adapter endpoint on a free port, closed after the test. */
export async function startAdapter(respond: (question: Question, res: ServerResponse, req: IncomingMessage) => unknown): Promise<Adapter> {
  const questions: Question[] = []
  let open = 0
  let mostAtOnce = 0
  const server = createServer((req, res) => {
    mostAtOnce = Math.max(mostAtOnce, ++open)
    res.once('close', () => { open-- })
    void json(req).then((question) => {
      questions.push(question as Question)
      return respond(question as Question, res, req)
    })
  })
  // Who asks again after a while finds the connection as it was.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const adapter: Adapter = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/conformance`,
    questions,
    get mostAtOnce() { return mostAtOnce },
    async close() {
      if (!running.delete(adapter)) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  running.add(adapter)
  return adapter
}

/** Answers 200 with this as JSON. */
export const say = (answer: (question: Question) => unknown) => async (question: Question, res: ServerResponse) => {
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(await answer(question)))
}

/** The library itself behind an adapter: everything passes. */
export const perfect = say((question) => answerHere(question as TestVectorCase))
