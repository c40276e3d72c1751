import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import Memcached from 'memcached'
import { RateLimiterMemcache } from 'rate-limiter-flexible'
import { describe, it } from 'vitest'
import type { CreateLimiter } from '../../src/state/limiter-store.js'
import { freePort } from './free-port.js'

const isInstalled = spawnSync('memcached', ['-V']).status === 0

/**
 * A suite against a real Memcached. Where no `memcached` is installed it is left out, loudly; in CI that is a failure.
 */
export function describeMemcached(name: string, suite: () => void): void {
  if (isInstalled) {
    describe(name, suite)
  } else if (process.env.CI !== undefined) {
    it(name, () => { throw new Error('memcached is not installed, and nothing is left out in CI') })
  } else {
    console.warn(`\n*** LEFT OUT, since memcached is not installed: ${name}\n`)
    describe.skip(name, suite)
  }
}

export interface MemcachedServer {
  readonly port: number
  /** Sends one line, and gives what is answered up to a line that it ends with. */
  command(line: string, end: RegExp): Promise<string>
  /** As if it had to wait for ever; `resume` lets it go on. */
  pause(): void
  resume(): void
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGKILL') })

/** On a free port of the loopback address. */
export async function startMemcached(): Promise<MemcachedServer> {
  const port = await freePort()
  const asRoot = process.getuid?.() === 0 ? ['-u', 'root'] : []
  const child = spawn('memcached', ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '64', '-M', ...asRoot], { stdio: 'ignore' })
  running.add(child)
  child.once('exit', () => running.delete(child))
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error('memcached has ended')
    await delay(5)
  }
  return {
    port,
    command: async (line, end) => {
      const socket = connect(port, '127.0.0.1')
      socket.write(`${line}\r\n`)
      let answer = ''
      for await (const data of socket) {
        answer += String(data)
        if (end.test(answer)) break
      }
      return answer
    },
    pause: () => { child.kill('SIGSTOP') },
    resume: () => { child.kill('SIGCONT') },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** As its users make it. */
export function memcachedLimiter(port: number): { readonly createLimiter: CreateLimiter; readonly close: () => void } {
  const client = new Memcached(`127.0.0.1:${port}`, { poolSize: 20 })
  return { createLimiter: (settings) => new RateLimiterMemcache({ ...settings, storeClient: client }), close: () => { client.end() } }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isThere = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => { resolve(true) })
    socket.once('error', () => { resolve(false) })
  })
  socket.destroy()
  return isThere
}
