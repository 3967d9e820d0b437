import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CIDR } from '@patchbay/address'
import { checkMtu, checkMtuForAddresses, configuredMtu } from '../../src/link/link-mtu.ts'

const [ip4, ip6] = [CIDR.parse('10.1.2.3/24'), CIDR.parse('fd00::3/64')]

test('checkMtu() accepts what a virtual Ethernet can have, and leaves 0 and below to the kernel', () => {
  for (const mtu of [-5, 0, 68, 1500, 65535]) checkMtu(mtu)
  for (const mtu of [1, 67, 65536, 2 ** 32])
    assert.throws(() => checkMtu(mtu), {
      code: 999,
      msg: 'failed to make veth pair: invalid argument',
      details: `MTU ${mtu} (key "mtu") is not from 68 to 65535`,
    })
})

test('checkMtuForAddresses() says that IPv6 needs 1280, and where the MTU comes from', () => {
  for (const mtu of [-1, 0, 1280]) checkMtuForAddresses('eth0', configuredMtu(mtu), [ip4, ip6])
  checkMtuForAddresses('eth0', configuredMtu(1279), [ip4])
  const message = 'Cannot use address fd00::3/64 on "eth0": IPv6 needs an MTU of 1280, and it is 1279'
  assert.throws(() => checkMtuForAddresses('eth0', configuredMtu(1279), [ip4, ip6]), {
    code: 7,
    message: `${message} (key "mtu")`,
  })
  assert.throws(() => checkMtuForAddresses('eth0', { bytes: 1279, from: 'that of master "lan0"' }, [ip4, ip6]), {
    code: 7,
    message: `${message} (that of master "lan0")`,
  })
})
