import { Agent, get } from 'node:http'

/**
 * As many requests as there are connections are under way at a time, until all are answered.
 *
 * @returns {Promise<{ processId: string | undefined, status: number }[]>} which process answered each, and how
 */
export async function sendAtOnce({ url, token, requestCount, connectionCount }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connectionCount })
  const headers = { authorization: `Bearer ${token}` }
  const send = () => new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      response.resume().once('end', () => { resolve({ processId: response.headers['x-process'], status: response.statusCode }) })
    }).once('error', reject)
  })
  try {
    return await Promise.all(Array.from({ length: requestCount }, send))
  } finally {
    agent.destroy()
  }
}
