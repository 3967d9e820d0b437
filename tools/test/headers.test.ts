import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { formatFinding, sortFindings } from '../check.ts'
import { checkHeaders, compareWithHeaders } from '../headers.ts'
import { declaredConstants, exportedConstants, upperSnake } from '../kernel-constants.ts'
import { checkout } from './checkout.ts'

const include = ['errno.h', 'linux/if_link.h', 'linux/neighbour.h', 'linux/rtnetlink.h']
const spelling = { spelled: { 'IFLA_INFO.link': ['IFLA_INFO_KIND', 'IFLA_INFO_DATA'] }, own: { OURS: 'a size' } }
const nothing = { spelled: {}, own: {} }
const data = { include, oldest: '5.0', newer: {} as Record<string, string>, ...spelling }

/** Findings for a module with this body, given as JavaScript that is also TypeScript. */
async function found(t: TestContext, body: string, changes: object = {}): Promise<string[]> {
  const repository = checkout(t, {
    'package.json': '{ "type": "module" }',
    'tools/kernel-headers.json': JSON.stringify({ ...data, ...nothing, ...changes }),
    'packages/linux/src/a.ts': body,
    'packages/linux/dist/src/a.js': body,
  })
  return sortFindings(await checkHeaders(repository)).map(formatFinding)
}

const codecs = `const attr = (type) => ({ types: [type] }), variant = (...types) => ({ types })
const attributes = (prefix, table) => ({ prefix, table })
`

describe('checkHeaders()', () => {
  test('finds nothing when all numbers are the kernel’s', async (t) => {
    const body = `${codecs}
export const NUD = { REACHABLE: 0x02, STALE: 4 }
export const errno = { EPERM: 1 }
export const OURS = 12
export const RTM_NEWLINK = 16
export const link = attributes('IFLA', { mtu: attr(4), linkNetnsid: attr(37) })
export const linkinfo = attributes('IFLA_INFO', { link: variant(1, 2) })
export const operations = { get: { name: 'RTM_GETLINK', type: 18, body: { attributes: link } } }
`
    assert.deepEqual(await found(t, body, spelling), [])
  })

  const wrong: Record<string, readonly [string, RegExp]> = {
    'a wrong number in a table': [
      `export const t = attributes('NDA', {\n  vlan: attr(6) })`,
      /^\S+a\.ts:4: headers: NDA_VLAN is not 6 in/,
    ],
    'a wrong number in a table that is not exported': [
      `const t = attributes('NDA', { vlan: attr(6) })`,
      /a\.ts:3: headers: NDA_VLAN is not 6/,
    ],
    'a wrong number of a pair': [
      `export const t = attributes('IFLA_INFO', { link: variant(1, 3) })`,
      /a\.ts:3: headers: IFLA_INFO_DATA is not 3 in the headers of Linux \d+\.\d+: static assertion failed/,
    ],
    'a wrong constant': ['export const NUD = {\n  STALE: 5 }', /a\.ts:4: headers: NUD_STALE is not 5/],
    'a wrong single constant': ['export const RTM_NEWLINK = 17', /a\.ts:3: headers: RTM_NEWLINK is not 17/],
    'a wrong operation': [
      `export const o = { add: { name: 'RTM_NEWLINK', type: 17, body: {} } }`,
      /a\.ts:3: headers: RTM_NEWLINK is not 17/,
    ],
    'a wrong operation of a subsystem': [
      `export const o = { add: { name: 'RTM_NEWLINK', type: 0xa11, body: {} } }`,
      /a\.ts:3: headers: RTM_NEWLINK is not 17/,
    ],
    'a table behind an operation': [
      `const u = { prefix: 'NDA', table: { vlan: attr(7) } }
export const o = { add: { name: 'RTM_NEWNEIGH', type: 28, body: { attributes: u } } }`,
      /a\.ts:\d: headers: NDA_VLAN is not 7/,
    ],
    'a name that no header has': [
      `export const t = attributes('NDA', { vlann: attr(5) })`,
      /NDA_VLANN is not in the headers of Linux .*: correct the name, or say in tools\/kernel-headers\.json since when/,
    ],
  }
  for (const [name, [body, expected]] of Object.entries(wrong)) {
    test(`reports ${name}`, async (t) => {
      const findings = await found(t, codecs + body, name.includes('pair') ? { spelled: spelling.spelled } : {})
      assert.equal(findings.length, 1, findings.join('\n'))
      assert.match(findings[0] ?? '', expected)
    })
  }

  test('excuses constants that are newer than the headers, and only those', async (t) => {
    const body = 'export const NUD = { STALE: 4, HURRIED: 77 }'
    assert.deepEqual(await found(t, body, { newer: { NUD_HURRIED: '99.0' } }), [])
    const findings = await found(t, body, { newer: { NUD_HURRIED: '99.0', NUD_STALE: '99.0', NUD_GONE: '99.0' } })
    assert.match(
      findings[0] ?? '',
      /a\.ts:1: headers: NUD_STALE is in the headers of Linux \S+, not new in 99\.0: correct/,
    )
    assert.match(findings[1] ?? '', /kernel-headers\.json: headers: NUD_GONE is used nowhere: remove it/)
    assert.match(
      (await found(t, body.replace(', HURRIED: 77', ''), { newer: { NUD_STALE: '4.2' } })).join(),
      /NUD_STALE of Linux 4\.2 is in all headers since 5\.0: remove it/,
    )
  })

  test('reports data that nothing needs', async (t) => {
    assert.deepEqual(await found(t, 'export const NUD = { STALE: 4 }', spelling), [
      'tools/kernel-headers.json: headers: IFLA_INFO_KIND is used nowhere: remove it',
      'tools/kernel-headers.json: headers: IFLA_INFO_DATA is used nowhere: remove it',
      'tools/kernel-headers.json: headers: OURS is used nowhere: remove it',
    ])
  })
})

test('compareWithHeaders() reports a header that is not installed', () => {
  const [finding] = compareWithHeaders([], { ...data, include: ['linux/no-such.h'] })
  assert.match(finding?.message ?? '', /linux\/no-such\.h: No such file/)
})

test('exportedConstants() leaves values alone that are no numbers of the kernel', () => {
  const exports = { camelCase: 5, OURS: 1, TEXT: 'x', none: null, list: [1, 2], f() {}, mixed: { a: 1, B: 'b' } }
  assert.deepEqual(exportedConstants({ file: 'a.ts', source: '', exports }, spelling), [])
})

test('declaredConstants() separates a table from those inside it', () => {
  const source = `attributes('A', {\n  one: attr(1, u8),\n  two: attr(2, attributes('B', { inner: each(0x3, u8) })),\n  ...rest, five: attr(5) })\nattributes('C', rest)\nf({ four: attr(4) })`
  assert.deepEqual(
    declaredConstants('a.ts', source).map(({ name, value, line }) => [name, value, line]),
    [
      ['A_ONE', 1, 2],
      ['A_TWO', 2, 3],
      ['A_FIVE', 5, 4],
      ['B_INNER', 3, 3],
    ],
  )
})

test('declaredConstants() reads the properties of a class', () => {
  const source = `class Common {\n  readonly mtu = attr(4, u32)\n}\nclass Route extends Common {\n  /** oif: attr(9, u32) */\n  readonly oif = attr(4, u32)\n  readonly ways = each(0x9, u8)\n}\nattributes('RTA', new Route())\nattributes('X', new Elsewhere())`
  assert.deepEqual(
    declaredConstants('a.ts', source).map(({ name, value, line }) => [name, value, line]),
    [
      ['RTA_OIF', 4, 6],
      ['RTA_WAYS', 9, 7],
    ],
  )
})

test('upperSnake() follows the kernel’s spelling', () => {
  const names = ['mtu', 'linkNetnsid', 'minValueS', 'bitfield32Mask', 'gsoIpv4MaxSize', 'mcastNGroups']
  assert.deepEqual(names.map(upperSnake), [
    'MTU',
    'LINK_NETNSID',
    'MIN_VALUE_S',
    'BITFIELD32_MASK',
    'GSO_IPV4_MAX_SIZE',
    'MCAST_N_GROUPS',
  ])
})
