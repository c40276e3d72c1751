import { createServer } from 'node:net'

/**
 * A port of the loopback address for a server that is stopped and started again, or that cannot be told to find one. It and
 * the one 10,000 above it, where a node of a Redis Cluster listens too, are below those that systems give to connections
 * and to servers without a port of their own: nobody takes it by chance while nothing listens there.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port) && await isFree(port + 10_000)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => { resolve(false) })
    server.listen(port, '127.0.0.1', () => { resolve(true) })
  })
  if (free) await new Promise((resolve) => server.close(resolve))
  return free
}
