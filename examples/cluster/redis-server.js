import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The Redis of `REDIS_URL`, or else one for this example alone, which has forgotten everything when it ends. */
export async function startRedis() {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, stop: () => undefined }

  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'aap-guard-cluster-'))
  const server = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory, '--save', ''], { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = async () => {
    const ended = server.exitCode === null && server.pid !== undefined ? once(server, 'exit') : undefined
    server.kill()
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await new Promise((resolve, reject) => {
      let log = ''
      server.once('error', () => { reject(new Error('This example needs redis-server: apt install redis-server, or brew install redis. Or name a Redis of yours: REDIS_URL=redis://127.0.0.1:6379 npm run cluster')) })
      server.once('exit', () => { reject(new Error(`redis-server has ended:\n${log}`)) })
      server.stdout.on('data', (data) => {
        log += data
        if (log.includes('Ready to accept connections')) resolve()
      })
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `redis://127.0.0.1:${port}`, stop }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}
