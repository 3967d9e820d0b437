import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './outside-project.ts'

/** The first fenced block of a document that holds a text. */
function blockWith(document: string, text: string): string {
  const blocks = readFileSync(join(root, document), 'utf8').matchAll(/^```.*\n([\s\S]*?)^```$/gm)
  const found = [...blocks].find(([, block = '']) => block.includes(text))?.[1]
  assert.ok(found, `${document} has no block with "${text}"`)
  return found
}

for (const document of ['README.md', 'packages/linux/README.md']) {
  test(`the program of the README, bundled as ${document} says, runs in the oldest Node that is promised`, (t) => {
    const cache = join(root, 'node_modules', '.cache')
    mkdirSync(cache, { recursive: true })
    const folder = mkdtempSync(join(cache, 'bundled-'))
    t.after(() => rmSync(folder, { recursive: true }))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'server.ts'), blockWith('README.md', 'using namespace'))
    const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}` }
    const options = { cwd: folder, env, encoding: 'utf8' } as const
    const bundling = spawnSync('sh', ['-ec', blockWith(document, 'esbuild server.ts')], options)
    assert.equal(bundling.status, 0, bundling.stderr)
    rmSync(join(folder, 'node_modules'))
    const { stdout, stderr } = spawnSync(process.execPath, ['out/server.mjs'], options)
    assert.equal(stderr, '')
    assert.match(stdout, /10\.1\.0\.1/)
  })
}
