import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { openRepository, type Repository } from '../repository.ts'

/** A checkout with these files in a temporary folder that goes when the test ends. */
export function checkout(t: TestContext, files: Readonly<Record<string, string>>): Repository {
  const root = mkdtempSync(join(tmpdir(), 'patchbay-tools-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return openRepository(root)
}
