import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Names } from '../lab/comparable.ts'

test('a link-local address is known by the hardware address that it was made of', () => {
  const addresses = {
    'ca:0a:77:b6:38:45': 'fe80::c80a:77ff:feb6:3845',
    '02:00:20:ac:00:f1': 'fe80::20ff:feac:f1',
    '02:00:00:ac:00:00': 'fe80::ff:feac:0',
    '06:00:20:0c:00:f1': 'fe80::400:20ff:fe0c:f1',
  }
  for (const [mac, address] of Object.entries(addresses))
    assert.equal(new Names([]).replaceIn(`${mac} ${address}`), 'mac<1> fe80::<mac<1>>', address)
})
