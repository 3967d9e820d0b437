import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DaemonLab } from '../lab/daemon-lab.ts'
import { networkLists } from '../lab/network-lists.ts'
import { sampleOf, seed } from '../lab/sample.ts'
import { World } from '../lab/world.ts'
import { complaintOfError, containers, isOfDaemon as isOwn, Stage, said } from './stage.ts'

/** Something that runs short, and a shell script for it. `$LEFT` is how much there is still of it. */
interface Shortage {
  readonly name: string
  readonly amounts: readonly number[]
  readonly script: string
  /** Whether only a daemon can run short of it. */
  readonly isOfDaemon?: boolean
  readonly end: string
}

const freeDisks = 'for path in /var/lib /run; do mount -o remount,size=64m,nr_inodes=10000 $path; done'

const shortages: readonly Shortage[] = [
  {
    name: 'files',
    amounts: [0, 1, 2, 3, 4, 5, 6, 8],
    script: `for path in /var/lib /run; do
      mount -o remount,nr_inodes=$(($(stat -fc %c $path) - $(stat -fc %d $path) + LEFT)) $path
    done`,
    end: freeDisks,
  },
  {
    name: 'pages of a disk',
    amounts: [0, 1, 2, 3, 4, 5, 6, 8],
    script: `for path in /var/lib /run; do
      pages=$(($(stat -fc %b $path) - $(stat -fc %f $path) + LEFT))
      # None is as many as one likes.
      mount -o remount,size=$(((pages > 0 ? pages : 1) * 4096)) $path
    done`,
    end: freeDisks,
  },
  {
    name: 'descriptors',
    isOfDaemon: true,
    amounts: [1, 2, 3, 4, 6, 8, 12, 16],
    script: 'prlimit --pid $DAEMON --nofile=$(($(ls /proc/$DAEMON/fd | wc -l) + LEFT)):',
    end: 'prlimit --pid $DAEMON --nofile=$(ulimit -Hn): || true',
  },
  {
    name: 'megabytes of memory',
    isOfDaemon: true,
    amounts: [0, 1, 2, 4, 8, 16],
    script:
      'prlimit --pid $DAEMON --as=$((($(sed -n "s/^VmSize: *\\([0-9]*\\) kB/\\1/p" /proc/$DAEMON/status) + LEFT * 1024) * 1024)):',
    end: 'prlimit --pid $DAEMON --as=unlimited: || true',
  },
]

/** Attaches and detaches a container with so little of it; gives complaints. */
function tryShortage(
  stage: Stage,
  { script, end, isOfDaemon = false }: Shortage,
  { left, daemon }: { left: number; daemon: number },
): string[] {
  const run = (text: string) => stage.world.shell(`export LEFT=${left} DAEMON=${daemon}; ${text}`)
  const turn = stage.turn()
  const complaints: string[] = []
  run(script)
  const added = stage.caller(turn).add(turn.to)
  if (added.status !== 0) complaints.push(complaintOfError(added))
  const deleted = stage.caller(turn).del(turn.to)
  // A daemon does not notice that it may open less than when it began.
  if (deleted.status !== 0) complaints.push(isOfDaemon ? complaintOfError(deleted) : `DEL: ${said(deleted)}`)
  run(end)
  const again = stage.caller(turn).del(turn.to)
  if (again.status !== 0) complaints.push(`then DEL again: ${said(again)}`)
  complaints.push(stage.left(), stage.useAllAddresses())
  return complaints.filter((each) => each !== '').map((each) => `with ${left} left: ${each}`)
}

for (const name of Object.keys(networkLists)) {
  test(`${name}: with a full disk an ADD works or says why not, and DEL leaves nothing (seed ${seed})`, async () => {
    using world = await World.open({ containers, containerDad: false })
    const stage = Stage.on(world, name, { scarce: true })
    for (const shortage of shortages.filter((each) => each.isOfDaemon !== true))
      for (const left of sampleOf(shortage.amounts, 1))
        assert.deepEqual(tryShortage(stage, shortage, { left, daemon: 0 }), [], shortage.name)
  })

  test(`${name}: with a daemon that runs short, calls work or say why not, and DEL leaves nothing (seed ${seed})`, async () => {
    using lab = await DaemonLab.open(containers)
    const stage = Stage.on(lab.world, name, { scarce: true, ignored: isOwn })
    for (const shortage of shortages)
      for (const left of sampleOf(shortage.amounts, 1)) {
        assert.deepEqual(tryShortage(stage, shortage, { left, daemon: lab.pid }), [], shortage.name)
        // One without memory ends.
        if (lab.world.run(['test', '-s', '/run/exit']).status !== 0) continue
        await lab.exitStatus()
        await lab.start()
      }
  })
}
