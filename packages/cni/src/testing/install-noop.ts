import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Makes the noop plugin an executable: writes a launcher named `type` into a directory, to be searched as a
 * `CNI_PATH`. It runs {@link runNoop} with this process's own Node or Bun. Returns its path. Throws the system's
 * error.
 */
export function installNoop(directory: string, type = 'noop'): string {
  const path = join(directory, type)
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const program = fileURLToPath(new URL(`./noop-main.${extension}`, import.meta.url))
  writeFileSync(path, `#!/bin/sh\nexec ${shellQuote(process.execPath)} ${shellQuote(program)}\n`)
  chmodSync(path, 0o755)
  return path
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
