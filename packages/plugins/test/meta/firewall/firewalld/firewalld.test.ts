import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firewalld } from '../../../../src/meta/firewall/firewalld/firewalld.ts'
import { booleanReply, emptyReply, errorReply, textReply } from './answers.ts'
import { type FakeBusOptions, withFakeBus } from './fake-bus.ts'

/** `firewalld()` at a fake bus that answers Hello, and then what it is told to. */
function withService(
  answers: readonly (string | undefined)[],
  work: (service: ReturnType<typeof firewalld>) => Promise<void>,
): Promise<void> {
  return at({ answer: (call) => [textReply(1, ':1.7'), ...answers][call] }, work)
}

function at(options: FakeBusOptions, work: (service: ReturnType<typeof firewalld>) => Promise<void>): Promise<void> {
  return withFakeBus(options, (path) =>
    work(firewalld({ env: { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${path}` }, timeoutMs: 300 })),
  )
}

const exception = 'org.fedoraproject.FirewallD1.Exception'
const noOwner = 'org.freedesktop.DBus.Error.NameHasNoOwner'

test('isRunning() is whether the name has an owner', async () => {
  await withService([textReply(2, ':1.3')], async (service) => assert.equal(await service.isRunning(), true))
  await withService([errorReply(2, noOwner, 'no')], async (service) => assert.equal(await service.isRunning(), false))
})

test('isRunning() is false without a bus, with one that refuses, that is silent, and that hangs up', async () => {
  const nowhere = firewalld({ env: { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/socket' } })
  assert.equal(await nowhere.isRunning(), false)
  const buses: FakeBusOptions[] = [
    { greeting: 'REJECTED EXTERNAL', answer: () => undefined },
    { greeting: undefined, answer: () => undefined },
    { answer: () => undefined },
    { answer: () => 'close' },
    { answer: () => 'ff'.repeat(64) },
  ]
  for (const options of buses) await at(options, async (service) => assert.equal(await service.isRunning(), false))
})

test('addSource() takes ZONE_ALREADY_SET for done, and goes on to the next', () =>
  withService([errorReply(2, exception, "ZONE_ALREADY_SET: '10.0.0.2/32' already bound"), emptyReply(3)], (service) =>
    service.addSource('trusted', '10.0.0.2/32', 'fd00::2/128'),
  ))

test('addSource() throws other errors with the words of firewalld', () =>
  withService([errorReply(2, exception, 'INVALID_ZONE: nowhere')], async (service) => {
    const error = { name: 'DBusError', code: exception, message: 'INVALID_ZONE: nowhere' }
    await assert.rejects(service.addSource('nowhere', '10.0.0.2/32'), error)
  }))

test('removeSource() takes UNKNOWN_SOURCE for done, not others', async () => {
  await withService([errorReply(2, exception, "UNKNOWN_SOURCE: '10.0.0.2/32'")], (service) =>
    service.removeSource('trusted', '10.0.0.2/32'),
  )
  await withService([errorReply(2, exception, 'INVALID_ZONE: nowhere')], (service) =>
    assert.rejects(service.removeSource('nowhere', '10.0.0.2/32'), { code: exception }),
  )
})

test('querySource() gives the answer', async () => {
  for (const expected of [true, false])
    await withService([booleanReply(2, expected)], async (service) =>
      assert.equal(await service.querySource('trusted', '10.0.0.2/32'), expected),
    )
})

test('calls pass over signals and answers to others', () =>
  withService([`${textReply(77, 'other')}${emptyReply(0)}${booleanReply(2, true)}`], async (service) =>
    assert.equal(await service.querySource('trusted', '10.0.0.2/32'), true),
  ))

test('calls that nobody answers fail when time is up', () =>
  withService([undefined], (service) =>
    assert.rejects(service.addSource('trusted', '10.0.0.2/32'), {
      name: 'BusUnavailableError',
      message: 'Cannot use the system message bus: no answer within 300 ms',
    }),
  ))

test('calls fail when the bus hangs up or sends what is no message', async () => {
  await withService(['close'], (service) =>
    assert.rejects(service.addSource('trusted', '10.0.0.2/32'), {
      message: 'Cannot use the system message bus: it closed the connection',
    }),
  )
  await withService(['ff'.repeat(64)], (service) =>
    assert.rejects(service.addSource('trusted', '10.0.0.2/32'), { name: 'BusUnavailableError' }),
  )
})

test('firewalld() tries the next address where one does not answer', () =>
  withFakeBus({ answer: (call) => [textReply(1, ':1.7'), textReply(2, ':1.3')][call] }, async (path) => {
    const DBUS_SYSTEM_BUS_ADDRESS = `unix:path=/nonexistent;tcp:host=localhost;unix:path=${path.replace('/', '%2f')},guid=01`
    assert.equal(await firewalld({ env: { DBUS_SYSTEM_BUS_ADDRESS } }).isRunning(), true)
  }))

/** `firewalld()` of a call that is aborted while the bus has the question `answers` has no answer for. */
async function whileAborting(
  answers: readonly string[],
  reason: Error,
  work: (service: ReturnType<typeof firewalld>) => Promise<void>,
): Promise<void> {
  const controller = new AbortController()
  const answer = (call: number) => {
    if (call === 1) controller.abort(reason)
    return [textReply(1, ':1.7'), ...answers][call]
  }
  await withFakeBus({ answer }, (path) =>
    work(
      firewalld({
        env: { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${path}` },
        timeoutMs: 60_000,
        signal: controller.signal,
      }),
    ),
  )
}

test('addSource() and querySource() end with the reason of an aborted call; removeSource() is done all the same', async () => {
  const reason = new Error('the caller is gone')
  await whileAborting([], reason, (service) => assert.rejects(service.addSource('trusted', '10.0.0.2/32'), reason))
  await whileAborting([], reason, (service) => assert.rejects(service.querySource('trusted', '10.0.0.2/32'), reason))
  const answers = [emptyReply(2), emptyReply(3)]
  await whileAborting(answers, reason, (service) => service.removeSource('trusted', '10.0.0.2/32', 'fd00::2/128'))
})
