import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
// The version of the promise, whose language service answers what an editor shows; the compiler of the build has none.
import typescript from 'typescript-5.4'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const declarations = join(root, 'packages/linux/dist/src')

/** The largest file of declarations, in bytes. An inferred type of all links takes 250 000. */
const LARGEST = 20_000

const program = `
import { IPv4 } from '@patchbay/address'
import { listConnections } from '@patchbay/linux/conntrack'
import { Nftables } from '@patchbay/linux/nftables'
import { getLink, openRouteSocket } from '@patchbay/linux/route'
import { addressMessage, linkMessage, routeMessage } from '@patchbay/linux/route/raw'
const socket = openRouteSocket()
const link = await getLink(socket, 'eth0')
const { mtu } = link, size = link.mtu, kind = link.linkinfo?.link
const bytes = new Uint8Array()
const linkRead = linkMessage.read(bytes), route = routeMessage.read(bytes), address = addressMessage.read(bytes)
export { IPv4, listConnections, Nftables, kind, linkRead, route, address, mtu }
`

/** What an editor shows when the pointer rests on a word of the program: its type, then its documentation. */
function hoverer(): (word: string) => string {
  const file = join(root, 'test', 'hovered.mts')
  const options = {
    module: typescript.ModuleKind.NodeNext,
    target: typescript.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    strict: true,
    noEmit: true,
  }
  const service = typescript.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const text = name === file ? program : typescript.sys.readFile(name)
      return text === undefined ? undefined : typescript.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => root,
    getCompilationSettings: () => options,
    getDefaultLibFileName: typescript.getDefaultLibFilePath,
    fileExists: (name) => name === file || typescript.sys.fileExists(name),
    readFile: typescript.sys.readFile,
    directoryExists: typescript.sys.directoryExists,
  })
  assert.deepEqual(
    service.getSemanticDiagnostics(file).map(({ messageText }) => messageText),
    [],
  )
  return (word) => {
    const info = service.getQuickInfoAtPosition(file, program.indexOf(word))
    const parts = [...(info?.displayParts ?? []), { text: '\n' }, ...(info?.documentation ?? [])]
    return parts.map(({ text }) => text).join('')
  }
}

test('hovers name the type of a message, and tell what an attribute is', () => {
  const hover = hoverer()
  assert.equal(hover('link ='), 'const link: Link\n')
  assert.equal(hover('linkRead ='), 'const linkRead: Link\n')
  assert.equal(hover('route ='), 'const route: RouteMessage\n')
  assert.equal(hover('address ='), 'const address: AddressMessage\n')
  assert.equal(hover('mtu, kind'), '(property) mtu?: number | undefined\nLargest packet that the link takes, in bytes.')
})

/** What a program may import from a subpath at run time, as JavaScript sees it. */
async function namesIn(subpath: string): Promise<string[]> {
  return Object.keys(await import(`@patchbay/linux/${subpath}`))
}

test('codecs and tables of attributes are in raw subpaths only', async () => {
  const shared = { netlink: ['DecodeError', 'NLM_F'], route: [], nftables: [], conntrack: [] }
  for (const [subpath, allowed] of Object.entries(shared)) {
    const raw = await namesIn(`${subpath}/raw`)
    assert.deepEqual(
      (await namesIn(subpath)).filter((name) => raw.includes(name)),
      allowed,
      subpath,
    )
    assert.ok(raw.length > 4, subpath)
  }
  assert.deepEqual(await namesIn('netlink'), [
    'DecodeError',
    'ForkedBackground',
    'NLM_F',
    'NetlinkError',
    'NetlinkSocket',
    'NetlinkSubscription',
    'isNetlinkError',
    'threadBackground',
  ])
})

test('the package itself has what its subpaths have, with nf_tables and traffic control under one name each', async () => {
  const { nft, Nftables, tc, ...rest } = await import('@patchbay/linux')
  const subpaths = await Promise.all(['netlink', 'netns', 'route', 'conntrack'].map(namesIn))
  assert.deepEqual(Object.keys(rest).sort(), [...new Set(subpaths.flat())].sort())
  assert.deepEqual(Object.keys(nft), await namesIn('nftables'))
  assert.equal(Nftables, nft.Nftables)
  assert.deepEqual(Object.keys(tc), await namesIn('tc'))
})

test('no file of declarations spells out what has a name', () => {
  const files = readdirSync(declarations, { recursive: true, encoding: 'utf8' })
  const large = files.filter((file) => file.endsWith('.d.ts') && statSync(join(declarations, file)).size > LARGEST)
  assert.deepEqual(large, [])
})
