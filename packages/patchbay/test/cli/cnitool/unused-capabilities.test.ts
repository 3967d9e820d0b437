import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkListFromBytes } from '@patchbay/cni/config'
import { unusedCapabilities } from '../../../src/cli/cnitool/unused-capabilities.ts'

const list = networkListFromBytes(
  JSON.stringify({
    name: 'net',
    cniVersion: '1.1.0',
    plugins: [
      { type: 'bridge', capabilities: { mac: true, ips: false } },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  }),
)

test('unusedCapabilities() has nothing to say of what a plugin enables', () => {
  assert.deepEqual(unusedCapabilities(list, { mac: '02:00:00:00:00:01', portMappings: [] }), [])
  assert.deepEqual(unusedCapabilities(list, {}), [])
})

test('unusedCapabilities() names the capability that was meant, or where to enable it', () => {
  const nobody = (name: string) => `Cannot hand on "${name}" of CAP_ARGS: no plugin of network "net" enables it; `
  assert.deepEqual(unusedCapabilities(list, { portmappings: [], ips: [], 'port-mappings': [] }), [
    `${nobody('portmappings')}write "portMappings"`,
    `${nobody('ips')}set it in "capabilities" of a plugin`,
    `${nobody('port-mappings')}write "portMappings"`,
  ])
})
