import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Makes the noop plugin an executable: writes a launcher named `type` into a directory, to be searched as a
 * `CNI_PATH`. It runs {@link runNoop} with this process's own Node or Bun. Returns its path. Throws the system's
 * error.
 */
export function installNoop(directory: string, type = 'noop'): string {
  const path = join(directory, type)
  // The CommonJS form of this package has no `import.meta`.
  const own = import.meta.url ? fileURLToPath(import.meta.url) : __filename
  const program = join(dirname(own), `noop-main${extname(own)}`)
  writeFileSync(path, `#!/bin/sh\nexec ${shellQuote(process.execPath)} ${shellQuote(program)}\n`)
  chmodSync(path, 0o755)
  return path
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
