import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { formatFinding, sortFindings } from '../check.ts'
import { layerGraph } from '../layer-graph.ts'
import { parseLayerRules } from '../layer-rules.ts'
import { checkLayers, writeGraph } from '../layers.ts'
import { openRepository, workspaceRoot } from '../repository.ts'
import { checkout } from './checkout.ts'

const rules = {
  pure: { mayImport: ['node:path'], mayNotUse: ['process', 'Math.random'] },
  layers: {
    'packages/base/src': { pure: true, imports: [] as string[] },
    'packages/net/src/wire': { imports: ['packages/base/src'] },
    'packages/net/src/socket': { imports: ['packages/net/src/wire'] },
    'packages/net/src/testing': { imports: ['packages/net/src/wire'] },
    'packages/plugins/src': { imports: ['packages/net/src/**'] },
    'packages/plugins/src/*': { imports: ['packages/plugins/src', 'packages/net/src/**', 'packages/base/src'] },
  },
}

function manifest(name: string, dependencies: readonly string[], exports: Record<string, string>): string {
  return JSON.stringify({
    name,
    dependencies: Object.fromEntries(dependencies.map((each) => [each, '1'])),
    exports: Object.fromEntries(Object.entries(exports).map(([key, file]) => [key, { default: `./dist/src/${file}` }])),
  })
}

const tree: Record<string, string> = {
  'layers.json': JSON.stringify(rules),
  'packages/base/package.json': manifest('@x/base', [], { '.': 'index.js' }),
  'packages/base/src/index.ts': `import { join } from 'node:path'\nexport const a = { process: join('a') }\n`,
  'packages/net/package.json': manifest('@x/net', ['@x/base'], {
    './wire': 'wire/index.js',
    './testing': 'testing/index.js',
  }),
  'packages/net/src/wire/index.ts': `export { a } from '@x/base'\n`,
  'packages/net/src/socket/index.ts': `import '../wire/index.ts'\nimport 'node:net'\n`,
  'packages/net/src/testing/index.ts': `import '../wire/index.ts'\nimport 'node:test'\n`,
  'packages/net/test/wire.test.ts': `import '../src/testing/index.ts'\nimport 'node:test'\n`,
  'packages/plugins/package.json': manifest('@x/plugins', ['@x/net', '@x/base'], {}),
  'packages/plugins/src/veth-pair.ts': `import '@x/net/wire'\n`,
  'packages/plugins/src/bridge/index.ts': `import '../veth-pair.ts'\nimport './add.ts'\nimport '@x/base'\n`,
  'packages/plugins/src/bridge/add.ts': '',
  'packages/plugins/src/ptp/index.ts': '',
}

function found(t: TestContext, changes: Record<string, string>): string[] {
  return sortFindings(checkLayers(checkout(t, { ...tree, ...changes }))).map(formatFinding)
}

describe('checkLayers()', () => {
  test('finds nothing in an orderly tree', (t) => assert.deepEqual(found(t, {}), []))

  const bad: Record<string, readonly [string, string, string]> = {
    'an edge that is not allowed': [
      'packages/net/src/wire/index.ts',
      `import type { S } from '../socket/index.ts'`,
      'layers: net/wire may not import net/socket, only: base. Move the code, pass the value in, or argue for the edge in layers.json',
    ],
    'a plugin that imports another': [
      'packages/plugins/src/bridge/add.ts',
      `import '../ptp/index.ts'`,
      'layers: plugins/bridge may not import plugins/ptp, only: base, net/wire, net/socket, plugins. Move',
    ],
    'a shared module that imports a plugin': [
      'packages/plugins/src/veth-pair.ts',
      `import './bridge/add.ts'`,
      'layers: plugins may not import plugins/bridge, only: net/wire',
    ],
    'a package that is not declared': [
      'packages/base/src/index.ts',
      `import '@x/net/wire'`,
      'dependencies: @x/base does not declare "@x/net": add it to the dependencies in packages/base/package.json',
    ],
    'a package from outside that is not declared': [
      'packages/base/src/index.ts',
      `import 'left-pad'`,
      'dependencies: @x/base does not declare "left-pad"',
    ],
    'a subpath that is not exported': [
      'packages/plugins/src/veth-pair.ts',
      `import '@x/net/socket'`,
      'exports: "@x/net/socket" is not exported: name a subpath in the exports of packages/net/package.json',
    ],
    'a path that leads out of the package': [
      'packages/net/src/wire/index.ts',
      `import '../../../base/src/index.ts'`,
      'layers: the path leads out of packages/net: import the other package by its name',
    ],
    'a package that imports itself by name': [
      'packages/net/src/socket/index.ts',
      `import '@x/net/wire'`,
      'layers: a package does not import itself by name: write the path',
    ],
    'test doubles in sources': [
      'packages/plugins/src/veth-pair.ts',
      `import '@x/net/testing'`,
      'layers: net/testing holds test doubles, which only tests import',
    ],
    'tests in sources': [
      'packages/net/src/wire/index.ts',
      `import '../../test/wire.test.ts'`,
      'layers: packages/net/test/wire.test.ts is not part of src: what users get may not need it, so move it there',
    ],
    'the test runner in sources': ['packages/net/src/wire/index.ts', `import 'node:test'`, 'layers: only tests import'],
    'a computed import': [
      'packages/net/src/wire/index.ts',
      'await import(name)',
      'layers: a computed import cannot be checked',
    ],
    'a built-in module in a pure layer': [
      'packages/base/src/index.ts',
      `import { readFileSync } from 'node:fs'`,
      'pure: base is a pure layer and may not import node:fs: take what it gives as an argument',
    ],
    'a built-in module without its scheme': ['packages/base/src/index.ts', `import 'fs'`, 'pure: base is a pure layer'],
    'a global of the process in a pure layer': [
      'packages/base/src/index.ts',
      'const home = process.env',
      'pure: base is a pure layer and may not use process',
    ],
    'a global with a dot': [
      'packages/base/src/index.ts',
      'Math.random()',
      'pure: base is a pure layer and may not use',
    ],
  }
  for (const [name, [file, line, expected]] of Object.entries(bad)) {
    test(`reports ${name}`, (t) => {
      const findings = found(t, { [file]: `${tree[file]}${line}\n` })
      assert.equal(findings.length, 1, findings.join('\n'))
      const number = (tree[file] ?? '').split('\n').length
      assert.ok(findings[0]?.startsWith(`${file}:${number}: ${expected}`), findings[0])
    })
  }

  test('reports a file that belongs to no layer', (t) => {
    assert.deepEqual(found(t, { 'packages/net/src/new/index.ts': '' }), [
      'packages/net/src/new/index.ts: layers: belongs to no layer: move it, or add its folder to layers.json with what it may import',
    ])
  })

  test('reports an export that leads nowhere', (t) => {
    assert.deepEqual(
      found(t, { 'packages/base/package.json': manifest('@x/base', [], { './b': 'b.js', '.': 'index.js' }) }),
      [
        'packages/base/package.json: exports: "./b" leads to packages/base/src/b.ts, which does not exist: write it or remove the export',
      ],
    )
  })

  test('reports layers in a ring, without files and with wrong names', (t) => {
    const layers = {
      ...rules.layers,
      'packages/base/src': { imports: ['packages/net/src/wire'] },
      'packages/gone/src': { imports: ['packages/bse/src'] },
    }
    assert.deepEqual(found(t, { 'layers.json': JSON.stringify({ ...rules, layers }) }), [
      'layers.json: layers: these layers import each other in a ring: base → net/wire → base',
      'layers.json: layers: "packages/gone/src" has no files: remove it',
      'layers.json: layers: "packages/gone/src" may import "packages/bse/src", which is no layer: correct the name',
    ])
  })

  test('reports a document whose picture differs', (t) => {
    const document = 'a\n<!-- layers -->\n<!-- /layers -->\nb\n'
    assert.deepEqual(found(t, { 'ARCHITECTURE.md': document }), [
      'ARCHITECTURE.md: layers: shows other layers than layers.json: run node tools/dist/layers.js --write',
    ])
    const repository = checkout(t, { ...tree, 'ARCHITECTURE.md': document })
    writeGraph(repository)
    assert.deepEqual(checkLayers(repository), [])
    assert.match(
      repository.read('ARCHITECTURE.md'),
      /^a\n<!-- layers -->\n```mermaid\n[^`]*```\n<!-- \/layers -->\nb\n$/,
    )
    assert.match(
      found(t, { 'ARCHITECTURE.md': 'no markers' })[0] ?? '',
      /^ARCHITECTURE\.md: layers: has no <!-- layers/,
    )
  })
})

test('layerGraph() groups by package and leaves out arrows that follow from others', () => {
  assert.equal(
    layerGraph(parseLayerRules(JSON.stringify(rules))),
    `flowchart TD
  layer_base["base"]
  subgraph net
    layer_net_wire["wire"]
    layer_net_socket["socket"]
    layer_net_testing["testing"]
  end
  subgraph plugins
    layer_plugins["plugins"]
    layer_plugins_each["each plugin"]
  end
  layer_net_wire --> layer_base
  layer_net_socket --> layer_net_wire
  layer_net_testing --> layer_net_wire
  layer_plugins --> layer_net_socket
  layer_plugins_each --> layer_plugins
`,
  )
})

test('layers --graph prints the layers of this workspace', () => {
  const root = workspaceRoot()
  const output = execFileSync(process.execPath, [join(root, 'tools/dist/layers.js'), '--graph'], { encoding: 'utf8' })
  assert.equal(output, layerGraph(parseLayerRules(openRepository(root).read('layers.json'))))
})
