import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { workspaceRoot } from '#tools/repository'
import { Arm64Machine, PLUGINS } from './machine.ts'

const executable = join(workspaceRoot(), 'dist/cni-arm64/bin/patchbay')

test('the daemon serves what the shim hands to it', async () => {
  assert.ok(existsSync(executable), `${executable} is not there: npm run build -- --target arm64 says why`)
  await using machine = await Arm64Machine.start({ withTools: true })
  await machine.shell(`
    ip netns add c1
    ${PLUGINS}/patchbayd </dev/null >/run/daemon.log 2>&1 &
    until [ -S /run/patchbay/patchbay.sock ]; do busybox usleep 10000; done`)
  const config = {
    cniVersion: '1.1.0',
    name: 'net1',
    type: 'bridge',
    ipam: { type: 'host-local', subnet: '10.1.2.0/24' },
  }
  const prevResult = await machine.succeed('ADD', { ...config, isGateway: true })
  await machine.inContainer('c1', 'busybox ping -c 1 -W 20 10.1.2.1')
  await machine.succeed('CHECK', config, { prevResult })
  await machine.succeed('DEL', config, { prevResult })
  const { stdout } = await machine.run(`${PLUGINS}/patchbay status --json`)
  assert.match(stdout, /"ADD": 1\b/)
})
