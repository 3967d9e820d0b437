import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bridgeConfig, DaemonLab, eventually } from '../lab/daemon-lab.ts'

let lab: DaemonLab
before(async () => {
  lab = await DaemonLab.open(['c1', 'c2'])
})
after(() => lab[Symbol.dispose]())

/** A file system whose program never answers: whoever looks at it waits, until the one that holds it open ends. */
const mountSilent = `
  mkdir -p /run/silent
  exec 7<>/dev/fuse
  mount -i -t fuse -o fd=7,rootmode=40000,user_id=0,group_id=0 silent /run/silent
  sleep 1000 </dev/null >/dev/null 2>&1 &
  echo $! >/run/silent.pid`

test('a call whose leases are on a file system that does not answer is left to its shim, and stops no other call', async () => {
  lab.world.shell(mountSilent)
  const ipam = { type: 'host-local', subnet: '10.8.0.0/24', dataDir: '/run/silent' }
  const { refused } = lab.status()
  lab.script('(call ADD c2 eth5) </dev/null >/dev/null 2>&1 &', bridgeConfig({ name: 'silent', bridge: 'br1', ipam }))
  try {
    await eventually('the refusal', () => lab.status().refused === refused + 1)
    for (const command of ['ADD', 'DEL']) {
      const { status, stdout } = lab.call(command, bridgeConfig())
      assert.equal(status, 0, stdout)
    }
  } finally {
    lab.world.shell('kill $(cat /run/silent.pid)')
  }
  await eventually('the answer', () => lab.world.run(['grep', '-q', 'code', '/run/out.c2']).status === 0)
  assert.match(lab.world.shell('cat /run/out.c2'), /"code":/)
})
