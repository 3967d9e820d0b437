import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Link } from '../../src/route/index.ts'
import { linkAttributes, linkMessage, neighbourAttributes, routeMessage } from '../../src/route/raw.ts'
import { encodedHex } from '../bytes.ts'

test('attribute tables refuse misspelled names and wrong types of value', () => {
  // @ts-expect-error no such attribute
  assert.equal(encodedHex(neighbourAttributes, { vlann: 1 }), '')
  // @ts-expect-error a number
  assert.throws(() => encodedHex(neighbourAttributes, { vlan: '1' }), RangeError)
  // @ts-expect-error an address, not its text
  assert.throws(() => encodedHex(neighbourAttributes, { dst: '10.0.0.1' }), TypeError)
  // @ts-expect-error no such header field
  assert.equal(encodedHex(routeMessage, { header: { familiy: 2 } }), '00000000 00000000 00000000')
})

test('linkinfo refuses kinds that are not there and data of another kind', () => {
  // @ts-expect-error no such kind
  encodedHex(linkAttributes, { linkinfo: { link: { kind: 'brige' } } })
  // @ts-expect-error vlanFiltering is a bridge's
  encodedHex(linkAttributes, { linkinfo: { link: { kind: 'macvlan', data: { vlanFiltering: true } } } })
  // @ts-expect-error a boolean
  encodedHex(linkAttributes, { linkinfo: { link: { kind: 'bridge', data: { vlanFiltering: 1 } } } })
  // @ts-expect-error the mode of an ipvlan is a number
  assert.throws(() => encodedHex(linkAttributes, { linkinfo: { link: { kind: 'ipvlan', data: { mode: 'l2' } } } }))
  // @ts-expect-error no such attribute of a peer
  encodedHex(linkAttributes, { linkinfo: { link: { kind: 'veth', data: { peer: { name: 'eth0' } } } } })
  // @ts-expect-error a kind of link, not of port
  encodedHex(linkAttributes, { linkinfo: { port: { kind: 'macvlan' } } })
})

test('comparing the kind narrows the type of the data', () => {
  const link: Link = linkMessage.read(new Uint8Array(16))
  const info = link.linkinfo?.link
  if (info?.kind === 'bridge') info.data?.vlanFiltering satisfies boolean | undefined
  if (info?.kind === 'vlan') info.data?.id satisfies number | undefined
  // @ts-expect-error a macvlan has no id
  if (info?.kind === 'macvlan') info.data?.id satisfies number | undefined
  if (info?.kind === 'other') info.bytes satisfies Uint8Array | undefined
  // @ts-expect-error before the kind is known, the data is none in particular
  assert.equal(info?.data?.vlanFiltering, undefined)
})

test('every attribute of a decoded link may be absent, its header not', () => {
  const link: Link = linkMessage.read(new Uint8Array(16))
  link.index satisfies number
  // @ts-expect-error may be absent
  link.mtu satisfies number
  assert.equal(link.mtu, undefined)
})
