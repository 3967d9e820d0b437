import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { withoutUserNamespaces } from '../lab/user-namespaces.ts'

/** Runs a program that has `readSysctl`, and counts its descriptors by `descriptors`, behind the words of a command. */
function run(wrapper: readonly string[], code: string): string {
  const imports = `
    import { readdirSync } from 'node:fs'
    import { Namespace, readSysctl } from '@patchbay/linux/netns'
    const descriptors = () => readdirSync('/proc/self/fd').length`
  const [program = '', ...args] = [...wrapper, process.execPath, '--input-type=module', '--eval', imports + code]
  return execFileSync(program, args, { encoding: 'utf8' }).trim()
}

const forward = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim()

// The kernel would go through the entries of all namespaces that somebody has looked at there: linux/native/procfs.c.
test('sysctls are looked up in a file system that few have looked at, and that does not stay', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sysctl-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const trace = join(folder, 'trace')
  const calls = '--trace=open,openat,fsopen'
  const output = run(
    ['strace', '--follow-forks', '--quiet=all', `--output=${trace}`, calls],
    `
    const own = Namespace.current()
    readSysctl(own, 'net/ipv4/ip_forward')
    const before = descriptors()
    for (let round = 1; round < 130; round++) readSysctl(round % 2 ? own : undefined, 'net/ipv4/ip_forward')
    console.log(descriptors() - before)`,
  )
  const lines = readFileSync(trace, 'utf8').split('\n')
  assert.deepEqual(
    lines.filter((line) => line.includes('"/proc/sys/net')),
    [],
  )
  assert.equal(lines.filter((line) => line.includes('fsopen("proc"')).length, 3)
  assert.equal(lines.filter((line) => line.includes('"sys/net/ipv4/ip_forward"')).length, 130)
  assert.equal(output, '0')
})

test('sysctls are read by who may not mount', { skip: withoutUserNamespaces }, () => {
  const output = run(
    ['unshare', '--user'],
    `
    for (let round = 0; round < 130; round++) readSysctl(undefined, 'net/ipv4/ip_forward')
    console.log(readSysctl(undefined, 'net/ipv4/ip_forward'))`,
  )
  assert.equal(output, forward)
})
