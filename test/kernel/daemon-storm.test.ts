import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgeConfig, DaemonLab, executables } from '../lab/daemon-lab.ts'

test('a storm of calls queues: all are served, networks take turns, and memory stays bounded', async () => {
  using lab = await DaemonLab.open()
  for (const network of ['a', 'b', 'c']) {
    const config = bridgeConfig({ name: network, bridge: `br${network}` })
    lab.world.run(['sh', '-c', `cat >/run/config.${network}`], { input: JSON.stringify(config) })
  }
  lab.script(`one() {
      CNI_COMMAND=$1 CNI_CONTAINERID=$2$3 CNI_IFNAME=$2$3 ${executables}/bridge </run/config.$2 >/run/out.$2$3 2>&1 ||
        echo "$1 $2$3 $(cat /run/out.$2$3)" >>/run/failures
    }
    touch /run/failures
    for i in $(seq 100); do for n in a b c; do one ADD $n $i & done; done; wait`)
  assert.equal(lab.world.shell('cat /run/failures'), '')
  assert.equal(lab.world.shell('ip -br link show type veth | wc -l').trim(), '300')
  const { finished, failed, refused, connections, rssBytes } = lab.status()
  assert.deepEqual(
    { finished, failed, refused, connections },
    { finished: { ADD: 300 }, failed: 0, refused: 0, connections: 1 },
  )
  assert.ok(rssBytes < 150 * 2 ** 20, `${rssBytes} bytes`)
  const addresses = lab.world.shell(
    `cat /run/out.* | grep -oE '"address": "[^"]*"' | sort | uniq -c | grep -cv '^ *3 ' || true`,
  )
  assert.equal(addresses.trim(), '0')
})
