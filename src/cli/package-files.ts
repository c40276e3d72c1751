import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** As deep below the package as this module is, in the sources and where it is bundled. */
const root = new URL('../../', import.meta.url)

/** The version that the manifest of this package states. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
  return version
}

/** The vectors that come with the package. */
export function packagedVectors(): string {
  return fileURLToPath(new URL('test-vectors', root))
}
