import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mayNeedInterface } from '../src/ipam/ipam-plugins.ts'
import { findPlugin, plugins } from '../src/registry.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const names = plugins.flatMap((plugin) => plugin.names)
/** Names of earlier times, which the pages of their successors speak of. */
const former = ['veth', 'host-local-ptp']
const present = names.filter((name) => !former.includes(name)).sort()

test('each name is that of one plugin, which is loaded under it', async () => {
  assert.deepEqual(names, [...new Set(names)])
  for (const name of names) assert.equal((await findPlugin(name)?.load(name))?.name, name)
  assert.equal(findPlugin('constructor'), undefined)
})

test('IPAM plugins that keep books need no interface; all others may', () => {
  const types = ['host-local', 'host-local-ptp', 'static', 'dhcp', '', 'bridge']
  assert.deepEqual(types.map(mayNeedInterface), [false, false, false, true, true, true])
})

test('a folder of each kind holds each plugin', () => {
  const folders = ['main', 'ipam', 'meta'].flatMap((kind) =>
    readdirSync(`${root}packages/plugins/src/${kind}`, { withFileTypes: true }).filter((entry) => entry.isDirectory()),
  )
  assert.deepEqual(folders.map(({ name }) => name).sort(), present)
})

for (const [file, row] of [
  ['README.md', /^\| \[`([a-z-]+)`\]\(docs\/plugins\//gm],
  ['packages/plugins/README.md', /^\| `@patchbay\/plugins\/([a-z-]+)` \|/gm],
] as const)
  test(`the table in ${file} names every plugin`, () => {
    const rows = [...readFileSync(root + file, 'utf8').matchAll(row)]
    assert.deepEqual(rows.map(([, name]) => name).sort(), present)
  })

test('each plugin has a page and an export', () => {
  const { exports }: { exports: object } = JSON.parse(readFileSync(`${root}packages/plugins/package.json`, 'utf8'))
  const others = ['.', './net-context', './package.json']
  const subpaths = Object.keys(exports).filter((path) => !others.includes(path))
  assert.deepEqual(subpaths.map((path) => path.slice(2)).sort(), present)
  const pages = readdirSync(`${root}docs/plugins`).map((page) => page.replace('.md', ''))
  for (const name of present) assert.ok(pages.includes(name), `docs/plugins/${name}.md`)
})
