import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Implementation, patchbay, reference } from '../lab/implementation.ts'
import { World } from '../lab/world.ts'

const network = {
  cniVersion: '1.0.0',
  name: 'net',
  type: 'bridge',
  bridge: 'b0',
  ipam: { type: 'host-local', ranges: [[{ subnet: '10.1.2.0/24' }]] },
}

/** The error of an ADD of ours for the container that has the lease 10.1.2.2, but in namespace `c2`; `''` for none. */
function addInOther(world: World): string {
  const { stdout } = world.run([`${patchbay.directory}/bridge`], {
    env: {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: world.shell("head -n1 /var/lib/cni/networks/net/10.1.2.2 | tr -d '\\r\\n'"),
      CNI_NETNS: '/run/netns/c2',
      CNI_IFNAME: 'eth0',
      CNI_PATH: patchbay.directory,
    },
    input: JSON.stringify(network),
  })
  const { msg = '' }: { msg?: string } = JSON.parse(stdout)
  return msg
}

const implementations: Implementation[] = [patchbay, ...(reference ? [reference] : [])]
for (const { name, directory } of implementations)
  test(`an address that ${name} has leased, of which only the runtime's cache says where it is, is not given twice`, async () => {
    using world = await World.open({ containers: ['c1', 'c2'], containerDad: false })
    world.shell(`mkdir /run/net.d; cat >/run/net.d/net.conf <<'END'\n${JSON.stringify(network)}\nEND`)
    const tool = `NETCONFPATH=/run/net.d CNI_PATH=${directory} ${patchbay.directory}/cnitool`
    world.shell(`${tool} add net /run/netns/c1; rm -f /var/lib/cni/networks/net/.patchbay.netns.*`)
    assert.match(
      addInOther(world),
      /: 10\.1\.2\.2 has been allocated to cnitool-\w+, duplicate allocation is not allowed$/,
    )
    world.shell('ip -n c1 link delete eth0')
    assert.equal(addInOther(world), '')
  })
