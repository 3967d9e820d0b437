import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import { checkMtu, checkMtuForAddresses } from '../../src/link/link-mtu.ts'

const [ip4, ip6] = ['10.1.2.3/24', 'fd00::3/64'].map((text) => ({ address: CIDR.parse(text) }))

test('checkMtu() accepts what a virtual Ethernet can have, and leaves 0 and below to the kernel', () => {
  for (const mtu of [-5, 0, 68, 1500, 65535]) checkMtu(mtu)
  for (const mtu of [1, 67, 65536, 2 ** 32])
    assert.throws(() => checkMtu(mtu), {
      code: 999,
      msg: 'failed to make veth pair: invalid argument',
      details: `MTU ${mtu} (key "mtu") is not from 68 to 65535`,
    })
})

test('checkMtuForAddresses() says that IPv6 needs 1280', () => {
  assert.ok(ip4 && ip6)
  for (const mtu of [-1, 0, 1280]) checkMtuForAddresses({ name: 'eth0', mtu }, [ip4, ip6])
  checkMtuForAddresses({ name: 'eth0', mtu: 1279 }, [ip4])
  assert.throws(() => checkMtuForAddresses({ name: 'eth0', mtu: 1279 }, [ip4, ip6]), {
    code: 7,
    message: 'Cannot use address fd00::3/64 on "eth0": IPv6 needs an MTU of 1280, and it is 1279 (key "mtu")',
  })
})
