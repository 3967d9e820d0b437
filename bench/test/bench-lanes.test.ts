import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { withoutProgram } from '#tools/test/without-program'
import { LaneProcess } from '../lane-process.ts'
import { MemoryGroup } from '../memory-group.ts'

const skip = withoutProgram('ip')

/** A lane whose plugin is this shell script, and the lines that it wrote to `$NOTES`. */
function laneOf(t: TestContext, plugin: string): { lane: LaneProcess; notes: () => string[] } {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-bench-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const notes = join(directory, 'notes')
  writeFileSync(join(directory, 'bridge'), `#!/bin/sh\n${plugin.replaceAll('$NOTES', notes)}\n`)
  chmodSync(join(directory, 'bridge'), 0o755)
  const lane = new LaneProcess({
    ...{ name: 'script', directory, plugins: ['bridge'], lists: [], own: false, served: 'by themselves' },
  })
  t.after(() => lane.close())
  return { lane, notes: () => readFileSync(notes, 'utf8').trim().split('\n') }
}

test('a storm attaches and detaches as many interfaces as it says, each another one', { skip }, async (t) => {
  const plugin = 'read -r config; echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS/$CNI_IFNAME $config" >>"$NOTES"'
  const { lane, notes } = laneOf(t, plugin)
  const times = await lane.run({ do: 'storm', count: 1020 })
  const calls = notes()
    .map((note) => note.split(' '))
    .filter(([, container]) => container !== 'first')
  for (const command of ['ADD', 'DEL']) {
    const own = calls.filter(([each]) => each === command)
    assert.equal(own.length, 1020)
    assert.equal(new Set(own.map(([, container]) => container)).size, 1020)
    assert.equal(new Set(own.map(([, , interfaceOf]) => interfaceOf)).size, 1020)
    assert.ok((times[command] ?? 0) > 0)
  }
  const ports = notes().map((note) => /"bridge":"(\w+)"/.exec(note)?.[1])
  assert.equal(ports.filter((bridge) => bridge === 'storm1').length, 2 + 2 * 20)
  assert.equal(ports.filter((bridge) => bridge === 'storm0').length, 2 + 2 * 1000)
})

test('a storm in which one call fails says what that call printed', { skip }, async (t) => {
  const plugin = '[ "$CNI_CONTAINERID" != storm7 ] || { echo \'{ "code": 7, "msg": "no room" }\'; exit 1; }'
  const { lane } = laneOf(t, plugin)
  await assert.rejects(lane.run({ do: 'storm', count: 20 }), /Cannot time 20 ADDs at once: "msg": "no room"/)
})

test('containers are attached by other processes, until there are so many, each another one', { skip }, async (t) => {
  const { lane, notes } = laneOf(t, 'echo "$PPID $CNI_COMMAND $CNI_CONTAINERID" >>"$NOTES"; echo "{}"')
  for (const order of [
    { do: 'once', chain: 'bridge' },
    { do: 'attach', chain: 'bridge', count: 3 },
    { do: 'attach', chain: 'bridge', count: 5 },
    { do: 'once', chain: 'bridge' },
  ] as const)
    await lane.run(order)
  const calls = notes().map((note) => note.split(' '))
  const numbers = calls.map(([, command, container]) => `${command} ${container?.replace('container', '')}`)
  const attached = ['ADD 1', 'ADD 2', 'ADD 3', 'ADD 4', 'ADD 5']
  assert.deepEqual(numbers.toSorted(), ['ADD 0', ...attached, 'ADD 6', 'DEL 0', 'DEL 6'])
  const parents = calls.map(([parent]) => parent)
  assert.equal(parents[0], parents.at(-1))
  assert.equal(new Set(parents).size, 3)
})

test('containers that cannot be attached are an error that says why', { skip }, async (t) => {
  const { lane } = laneOf(t, 'echo no room; exit 1')
  const attaching = lane.run({ do: 'attach', chain: 'bridge', count: 3 })
  await assert.rejects(attaching, /Cannot time ADD of ".*bridge": no room/)
})

test('leases take the place of those before', { skip }, async (t) => {
  const { lane, notes } = laneOf(t, 'cd /run/bench-leases/bench; echo $(ls) >>"$NOTES"')
  for (const count of [2, 3, 0, 1]) {
    await lane.run({ do: 'leases', count })
    await lane.run({ do: 'version', plugin: 'bridge' })
  }
  const two = '10.31.255.0 10.31.255.1'
  assert.deepEqual(notes(), [two, `${two} 10.31.255.2`, '', '10.31.255.0'])
})

test('MemoryGroup counts what processes took together, and nothing of it stays', async () => {
  const group = MemoryGroup.create(`patchbay-bench-test-${process.pid}`)
  const join = group === undefined ? '' : `echo $$ >"${group.processes}"; `
  const both = spawnSync('sh', ['-c', `${join}head -c 32M /dev/zero | tail -c 32M | tail -c 32M | wc -c`])
  const peak = group?.peak
  await group?.remove()
  assert.equal(both.stdout.toString().trim(), `${32 * 2 ** 20}`)
  // Not everyone may make one.
  if (peak !== undefined) assert.ok(peak > 60 && peak < 100, `${peak} MiB`)
  const again = MemoryGroup.create(`patchbay-bench-test-${process.pid}`)
  await again?.remove()
  assert.equal(again === undefined, group === undefined)
})

test('a node is drained: each container is detached, and its network namespace is gone', { skip }, async (t) => {
  const { lane, notes } = laneOf(t, 'echo "$CNI_COMMAND $CNI_NETNS" $(ls /run/netns | wc -l) >>"$NOTES"; echo "{}"')
  for (let round = 0; round < 2; round++) {
    const { each } = await lane.run({ do: 'drain', chain: 'bridge', width: 1, count: 3 })
    assert.ok(each !== undefined && each > 0)
  }
  const calls = notes().map((note) => note.split(' '))
  const detached = calls.filter(([command]) => command === 'DEL')
  assert.equal(new Set(detached.map(([, netns]) => netns)).size, 6)
  assert.deepEqual(
    detached.map(([, , namespaces]) => namespaces),
    ['3', '2', '1', '3', '2', '1'],
  )
})

test('an ADD right after DEL is for the same container, or for another in another namespace', { skip }, async (t) => {
  const { lane, notes } = laneOf(t, 'echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS" >>"$NOTES"; echo "{}"')
  const detached = async (container: 'same' | 'another') => {
    await lane.run({ do: 'replace', chain: 'bridge', container })
    const calls = notes().slice(-4)
    assert.deepEqual(
      calls.map((call) => call.split(' ')[0]),
      ['ADD', 'DEL', 'ADD', 'DEL'],
    )
    return calls.slice(1, 3).map((call) => call.split(' ').slice(1))
  }
  const [before, after] = await detached('same')
  assert.deepEqual(before, after)
  const [first, second] = await detached('another')
  assert.ok(first && second && first[0] !== second[0] && first[1] !== second[1], `${first} ${second}`)
})

test('the memory of a call is that of its largest process, whatever the bench itself has', { skip }, async (t) => {
  const { lane } = laneOf(t, 'head -c 40M /dev/zero | tail -c 40M | wc -c >/dev/null; echo "{}"')
  const large = await lane.run({ do: 'call memory', chain: 'bridge' })
  const { lane: other } = laneOf(t, 'echo "{}"')
  const small = await other.run({ do: 'call memory', chain: 'bridge' })
  const [most, least] = [large['ADD, RSS, MiB'] ?? 0, small['DEL, RSS, MiB'] ?? 0]
  const canTell = process.arch === 'x64' && spawnSync('perl', ['-v']).status === 0
  if (canTell || most > 0) assert.ok(most > 40 && most < 80 && least > 0 && least < 10, `${most} MiB, ${least} MiB`)
})
