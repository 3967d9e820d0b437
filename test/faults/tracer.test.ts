import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { type CallSite, type Deed, Tracer } from './tracer.ts'

const tracer = new Tracer()
after(() => tracer[Symbol.dispose]())

/** Its second child says what it reads. */
const script = 'true </dev/null; (cat /proc/sys/kernel/ostype); echo end'

function run([command = '', ...args]: readonly string[]) {
  return spawnSync(command, [...args, 'sh', '-c', script], { encoding: 'utf8', timeout: 60_000 })
}

function sitesOf(role: string, call: string): CallSite[] {
  assert.equal(run(tracer.listing()).status, 0)
  return tracer.listed().filter((site) => site.role === role && site.call === call)
}

function runAt(site: CallSite | undefined, what: Deed) {
  assert.ok(site)
  const { status, stdout, stderr } = run(tracer.at(site, what))
  assert.equal(tracer.hit()?.call, site.call)
  return { status, stdout, stderr }
}

test('Tracer lists the calls of a program and of its children, with what they are about', () => {
  const reading = sitesOf('0.1', 'read').filter(({ about }) => about.startsWith('3</proc/sys/kernel/ostype>'))
  assert.equal(reading.length > 0, true)
  assert.match(
    sitesOf('0', 'openat')
      .map(({ about }) => about)
      .join('\n'),
    /\/dev\/null/,
  )
})

test('Tracer kills all processes before or after a call, or the first alone', () => {
  const [writing] = sitesOf('0.1', 'write')
  const kills = (['kill', 'kill-after', 'kill-first'] as const).map((deed) => runAt(writing, { deed }))
  assert.deepEqual(
    kills.map(({ status, stdout }) => [status, stdout]),
    [
      [137, ''],
      [137, 'Linux\n'],
      [137, 'Linux\n'],
    ],
  )
})

test('Tracer lets a call of any process fail, before it is carried out or after', () => {
  const [writing] = sitesOf('0.1', 'write')
  const before = runAt(writing, { deed: 'fail', error: 'ENOSPC' })
  assert.equal(before.stdout, 'end\n')
  assert.match(before.stderr, /No space left on device/)
  assert.match(runAt(writing, { deed: 'fail-after', error: 'ENOSPC' }).stdout, /^Linux\n/)
})
