import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sysctlPath } from '../../src/netns/index.ts'

test('sysctlPath() reads dots as separators, and slashes as the dots of names', () => {
  const rows = [
    ['net.ipv4.ip_forward', 'net/ipv4/ip_forward'],
    ['net.ipv4.conf.eth0/1.forwarding', 'net/ipv4/conf/eth0.1/forwarding'],
    ['net/ipv4/conf/eth0.1/forwarding', 'net/ipv4/conf/eth0.1/forwarding'],
    ['net/ipv4/ip_forward', 'net/ipv4/ip_forward'],
    ['hostname', 'hostname'],
    ['', ''],
    ['.', '/'],
    ['/.', '/.'],
  ] as const
  for (const [name, path] of rows) assert.equal(sysctlPath(name), path)
})
