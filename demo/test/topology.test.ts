import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawTopology, type Topology } from '../topology.ts'

const topology: Topology = {
  bridge: { name: 'br0', mac: '0a:58:0a:00:00:01', addresses: ['10.0.0.1/24', 'fd00::1/64'] },
  world: ['192.0.2.1'],
  containers: [
    { name: 'red', port: 'veth1', link: { name: 'eth0', mac: '0a:58:0a:00:00:02', addresses: ['10.0.0.2/24'] } },
    {
      name: 'blue',
      port: 'veth2',
      link: { name: 'eth0', mac: '0a:58:0a:00:00:03', addresses: ['10.0.0.3/24', 'fd00::3/64'] },
    },
  ],
}

test('drawTopology() draws in ASCII', () => {
  const expected = `
+- host ---------------------------------------------------------+
| lo   192.0.2.1  (the world)                                    |
| br0  10.0.0.1/24  fd00::1/64  0a:58:0a:00:00:01  (the gateway) |
+--+-----------------------------+-------------------------------+
   | veth1                       | veth2
+--+ red -----------------+   +--+ blue ------------------+
| eth0  0a:58:0a:00:00:02 |   | eth0  0a:58:0a:00:00:03   |
|   10.0.0.2/24           |   |   10.0.0.3/24  fd00::3/64 |
+-------------------------+   +---------------------------+`
  assert.deepEqual(drawTopology(topology, { unicode: false, colour: false }), expected.split('\n').slice(1))
})

test('drawTopology() draws the same with Unicode', () => {
  const toAscii: Readonly<Record<string, string>> = { '─': '-', '│': '|' }
  const ascii = (line: string): string => line.replace(/[─│┌┐└┘┬┴]/g, (glyph) => toAscii[glyph] ?? '+')
  const unicode = drawTopology(topology, { unicode: true, colour: false })
  assert.equal(unicode[3], '└──┬─────────────────────────────┬───────────────────────────────┘')
  assert.deepEqual(unicode.map(ascii), drawTopology(topology, { unicode: false, colour: false }))
})

test('drawTopology() makes the box of the host as wide as the containers are together', () => {
  const many = { ...topology, containers: [...topology.containers, ...topology.containers] }
  const lines = drawTopology(many, { unicode: false, colour: false })
  assert.equal(new Set([0, 1, 2, 3, 5, 6, 7, 8].map((row) => lines[row]?.length)).size, 1)
})

test('drawTopology() writes containers in the colour that they are called by', () => {
  const lines = drawTopology(topology, { unicode: false, colour: true })
  assert.ok(lines[5]?.startsWith('+--+ \u001b[31mred\u001b[0m -'))
  assert.ok(lines[5]?.includes('+--+ \u001b[34mblue\u001b[0m -'))
})
