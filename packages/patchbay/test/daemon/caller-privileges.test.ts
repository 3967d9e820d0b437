import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkPrivileges, privilegesOf } from '../../src/daemon/caller-privileges.ts'

const all = { effective: 0x1ffn, bounding: 0x1ffn, noNewPrivileges: false, isFiltered: false, label: '' }

test('checkPrivileges() accepts who may do all that this process may, and more', () => {
  assert.equal(checkPrivileges({ ...all }, all), undefined)
  assert.equal(checkPrivileges({ ...all, effective: 0x3ffn, bounding: 0x3ffn }, all), undefined)
  assert.equal(checkPrivileges(all, { ...all, effective: 0n, noNewPrivileges: true, isFiltered: true }), undefined)
  for (const label of ['unconfined', 'podman (unconfined)'])
    assert.equal(checkPrivileges({ ...all, label }, { ...all, label: 'patchbayd (enforce)' }), undefined)
})

test('checkPrivileges() refuses who may do less, or perhaps less', () => {
  for (const [less, why] of [
    [{ effective: 0x0ffn }, /fewer capabilities/],
    [{ bounding: 0x1fen }, /fewer capabilities/],
    [{ noNewPrivileges: true }, /no_new_privs/],
    [{ isFiltered: true }, /seccomp/],
    [{ label: 'docker-default (enforce)' }, /security label, "docker-default/],
  ] as const)
    assert.match(checkPrivileges({ ...all, ...less }, all) ?? '', why)
  // Its filter need not be the one that this process has.
  assert.match(checkPrivileges({ ...all, isFiltered: true }, { ...all, isFiltered: true }) ?? '', /seccomp/)
  const label = 'system_u:system_r:container_t:s0:c1,c2'
  assert.equal(checkPrivileges({ ...all, label }, { ...all, label }), undefined)
})

test('privilegesOf() reads what the kernel says', () => {
  const { effective, bounding, noNewPrivileges } = privilegesOf(process.pid)
  const status = readFileSync('/proc/self/status', 'utf8')
  assert.match(status, new RegExp(`^CapEff:\\t0*${effective.toString(16)}$`, 'm'))
  assert.match(status, new RegExp(`^CapBnd:\\t0*${bounding.toString(16)}$`, 'm'))
  assert.equal(noNewPrivileges, /^NoNewPrivs:\t1$/m.test(status))
  assert.throws(() => privilegesOf(2 ** 30))
  // Another program says the same.
  const { stdout } = spawnSync('setpriv', ['--dump'], { encoding: 'utf8' })
  if (stdout) assert.equal(/no_new_privs: 1/.test(stdout), noNewPrivileges)
})
