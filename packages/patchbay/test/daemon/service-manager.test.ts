import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { native } from '@patchbay/linux/sys'
import { inheritedSocket, notify } from '../../src/daemon/service-manager.ts'

test('inheritedSocket() takes the descriptor that is meant for this process', () => {
  assert.equal(inheritedSocket({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7), 3)
  assert.equal(inheritedSocket({ LISTEN_PID: '8', LISTEN_FDS: '1' }, 7), undefined)
  assert.equal(inheritedSocket({ LISTEN_PID: '7', LISTEN_FDS: '2' }, 7), undefined)
  assert.equal(inheritedSocket({}, 7), undefined)
})

/** Listens as a service manager does and returns what came while `work` ran. */
function heard(name: string, address: Buffer, work: (name: string) => void): string {
  const fd = native().socketIn(-1, 1, 2, 0)
  assert.ok(native().bind(fd, address) >= 0, name)
  try {
    work(name)
    const into = new Uint8Array(100)
    return Buffer.from(into.subarray(0, native().receive(fd, into, 1000))).toString()
  } finally {
    closeSync(fd)
  }
}

test('notify() tells the service manager, by path or by abstract name', () => {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
  try {
    const path = join(directory, 'notify')
    const abstract = `patchbay-${process.pid}`
    const unix = (text: string) => Buffer.concat([Buffer.of(1, 0), Buffer.from(text)])
    const tell = (name: string) => notify('READY=1', { NOTIFY_SOCKET: name })
    assert.equal(heard(path, unix(path), tell), 'READY=1')
    assert.equal(heard(`@${abstract}`, unix(`\0${abstract}`), tell), 'READY=1')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('notify() is silent without a service manager, or when it is gone', () => {
  notify('READY=1', {})
  notify('READY=1', { NOTIFY_SOCKET: '/nonexistent/notify' })
})
