import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sitesOf, type Verb } from './sites.ts'
import { Stage } from './stage.ts'
import { type Deed, Tracer } from './tracer.ts'
import { tryFaults } from './try-faults.ts'

// A tool that is not found in one folder is not found in another one that is the same.
process.env['PATH'] = '/usr/sbin:/usr/bin'

const tracer = new Tracer()
after(() => tracer[Symbol.dispose]())

/** A mistake that was made once, for each that is to fail at: the list, who calls, and calls as `NAME ABOUT`. */
interface Case {
  readonly list: string
  readonly verb: Verb
  readonly at: RegExp
  readonly what: Deed
}

const enomem: Deed = { deed: 'fail', error: 'ENOMEM' }

const cases: Readonly<Record<string, readonly Case[]>> = {
  'DEL does not take a lease for that of another because it lacks memory to open it': [
    { list: 'host-local', verb: 'del', at: /^openat .*\/net\/(?:10\.|fd00)/, what: enomem },
  ],
  'DEL does not take a lease for that of another because closing it failed': [
    {
      list: 'host-local',
      verb: 'del',
      at: /^close .*\/net\/(?:10\.|fd00)/,
      what: { deed: 'fail-after', error: 'EIO' },
    },
  ],
  'DEL does not take the kernel for one without nf_tables because it lacks memory for a socket': [
    { list: 'ptp by nftables', verb: 'del', at: /^(?:socket|setsockopt|connect) /, what: enomem },
    { list: 'bridge+portmap by nftables', verb: 'del', at: /^setsockopt /, what: enomem },
    { list: 'bridge+firewall by nftables', verb: 'del', at: /^setsockopt /, what: enomem },
  ],
  'DEL does not take iptables for missing because it lacks memory to look for it': [
    { list: 'ptp by iptables', verb: 'del', at: /^faccessat .*\/ip6?tables/, what: enomem },
  ],
  'DEL does not take rules for deleted of which iptables-restore has heard nothing': [
    { list: 'ptp by iptables', verb: 'del', at: /^write .*<pipe:/, what: { deed: 'fail', error: 'EIO' } },
  ],
}

for (const [name, all] of Object.entries(cases))
  test(name, async () => {
    for (const { list, verb, at, what } of all) {
      using stage = await Stage.open(list)
      const sites = sitesOf(stage, tracer, verb).filter(
        ({ site, isForeign }) => !isForeign && at.test(`${site.call} ${site.about}`),
      )
      const hit = new Set<object>()
      const faults = sites.map((site) => ({ ...site, verb, what }))
      assert.deepEqual(tryFaults({ stage, tracer, hit }, faults), [])
      assert.deepEqual([hit.size > 0, stage.left()], [true, ''])
    }
  })
