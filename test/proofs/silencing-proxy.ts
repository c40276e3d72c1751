import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

/** Stands before a server, and drops what goes over connections, as a firewall does that has forgotten them. */
export interface SilencingProxy {
  readonly port: number
  /** The connections there are; new ones work. */
  silence(): void
  close(): Promise<void>
}

export async function startSilencingProxy(serverPort: number): Promise<SilencingProxy> {
  const connections = new Set<readonly [near: Socket, far: Socket]>()
  const server = createServer((near) => {
    const far = createConnection({ host: '127.0.0.1', port: serverPort })
    const pair = [near, far] as const
    connections.add(pair)
    near.pipe(far).pipe(near)
    for (const socket of pair) {
      socket.on('error', () => undefined).on('close', () => {
        connections.delete(pair)
        near.destroy()
        far.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      for (const [near, far] of connections) {
        near.unpipe(far).resume()
        far.unpipe(near).resume()
      }
    },
    close: async () => {
      for (const [near, far] of connections) {
        near.destroy()
        far.destroy()
      }
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
