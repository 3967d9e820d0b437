import assert from 'node:assert/strict'
import { endianness } from 'node:os'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { writeSocketAddress } from '@patchbay/linux/packet'

const littleEndian = endianness() === 'LE'

test('writeSocketAddress() writes struct sockaddr_in', () => {
  const bytes = writeSocketAddress(parseIP('10.1.2.3'), { port: 8080 })
  const family = littleEndian ? '0200' : '0002'
  assert.equal(Buffer.from(bytes).toString('hex'), `${family}1f900a0102030000000000000000`)
})

test('writeSocketAddress() writes struct sockaddr_in6 with the link it is meant on', () => {
  const bytes = writeSocketAddress(parseIP('fe80::1'), { port: 443, index: 7 })
  const [family, scope] = littleEndian ? ['0a00', '07000000'] : ['000a', '00000007']
  assert.equal(Buffer.from(bytes).toString('hex'), `${family}01bb00000000fe80${'0'.repeat(27)}1${scope}`)
})
