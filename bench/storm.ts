import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCall } from './calls.ts'
import { stormConfig } from './cases.ts'
import { MemoryGroup } from './memory-group.ts'
import type { Times } from './protocol.ts'

const FOLDER = '/run/bench-storm'
const LOG = join(FOLDER, 'log')

/** Containers share a few namespaces, under other names: a namespace each would take more time and memory than they. */
const NAMESPACES = 50
/** A bridge has 1023 ports at most. */
const PORTS = 1000

/** Starts COUNT plugins, each at once when the one before has started, and fails when one of them does. */
const script = `
[ -z "$GROUP" ] || echo $$ >"$GROUP"
i=0
while [ $i -lt $COUNT ]; do
  CNI_CONTAINERID=storm$i CNI_NETNS=/run/netns/storm$((i % ${NAMESPACES})) CNI_IFNAME=eth$((i / ${NAMESPACES})) \\
    "$PROGRAM" <${FOLDER}/bridge$((i / ${PORTS})) >>${LOG} 2>&1 &
  pids="$pids $!"
  i=$((i + 1))
done
failed=0
for pid in $pids; do wait $pid || failed=$((failed + 1)); done
exit $((failed > 0))
`

/** Whose plugin is called, and in which environment. */
export interface StormOptions {
  readonly count: number
  readonly program: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * `count` ADDs of bridge with host-local, all started at once, each a process; then as many DELs. Their time, and where
 * the kernel counts it the memory that their processes took. Throws Error when one of them fails.
 */
export async function storm(options: StormOptions): Promise<Times> {
  prepare(options)
  const ADD = await rush('ADD', options)
  const DEL = await rush('DEL', options)
  return {
    ADD: ADD.milliseconds,
    DEL: DEL.milliseconds,
    ...(ADD.mebibytes !== undefined && { 'ADD, MiB': ADD.mebibytes }),
    ...(DEL.mebibytes !== undefined && { 'DEL, MiB': DEL.mebibytes }),
  }
}

/** Namespaces, and each bridge by a first call: what is made once on a host. */
function prepare({ count, program, env }: StormOptions): void {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER)
  for (let index = 0; index < Math.min(count, NAMESPACES); index++) spawnSync('ip', ['netns', 'add', `storm${index}`])
  for (let index = 0; index < count / PORTS; index++) {
    const input = JSON.stringify(stormConfig(index))
    writeFileSync(join(FOLDER, `bridge${index}`), input)
    const first = { CNI_CONTAINERID: 'first', CNI_NETNS: '/run/netns/storm0', CNI_IFNAME: 'first' }
    for (const command of ['ADD', 'DEL']) runCall({ program, input, env: { ...env, ...first, CNI_COMMAND: command } })
  }
}

async function rush(
  command: string,
  { count, program, env }: StormOptions,
): Promise<{ readonly milliseconds: number; readonly mebibytes: number | undefined }> {
  rmSync(LOG, { force: true })
  const group = MemoryGroup.create(`patchbay-bench-${process.pid}`)
  const start = performance.now()
  const { status } = spawnSync('sh', ['-c', script], {
    env: { ...env, CNI_COMMAND: command, COUNT: `${count}`, PROGRAM: program, GROUP: group?.processes ?? '' },
    stdio: 'ignore',
  })
  const milliseconds = performance.now() - start
  const mebibytes = group?.peak
  await group?.remove()
  if (status !== 0) throw new Error(`Cannot time ${count} ${command}s at once: ${failureIn(readFileSync(LOG, 'utf8'))}`)
  return { milliseconds, mebibytes }
}

/** The first error among what the plugins printed, results and all. */
function failureIn(printed: string): string {
  return /"msg": ?".*/.exec(printed)?.[0] ?? printed.slice(-500)
}
