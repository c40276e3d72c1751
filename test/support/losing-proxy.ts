import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

/** An answer to be lost, by whichever proxy sees its request first. */
export interface Loss {
  /** What the request holds. */
  readonly text: string
  isTaken: boolean
}

/** Stands before a server and loses answers. */
export interface LosingProxy {
  readonly port: number
  /** Drops the connection on which the answer comes: it is lost, the request is not. */
  lose(answer: Loss): void
  /** Whether new connections are taken. */
  isOpen: boolean
  /** How many answers were lost. */
  readonly lost: number
  close(): Promise<void>
}

export async function startLosingProxy(serverPort: number): Promise<LosingProxy> {
  const sockets = new Set<Socket>()
  let loss: Loss | undefined
  let lost = 0
  let isOpen = true
  const server = createServer((near) => {
    if (!isOpen) {
      near.on('error', () => undefined).destroy()
      return
    }
    const far = createConnection({ host: '127.0.0.1', port: serverPort })
    let isChosen = false
    const drop = (): void => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', drop).on('close', () => {
        sockets.delete(socket)
        drop()
      })
    }
    near.on('data', (data) => {
      if (loss?.isTaken === false && data.includes(loss.text)) {
        isChosen = true
        loss.isTaken = true
      }
      far.write(data)
    })
    far.on('data', (data) => {
      if (!isChosen) {
        near.write(data)
        return
      }
      lost++
      drop()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    lose: (answer) => { loss = answer },
    get isOpen() { return isOpen },
    set isOpen(value) { isOpen = value },
    get lost() { return lost },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
