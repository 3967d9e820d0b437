import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliverDatagram, type SubscriptionListener } from '../../../src/netlink/socket/subscription.ts'
import { datagram } from '../../../src/testing/index.ts'

/** Delivers, and lists what the listener was told: types of messages, `overrun`, and texts of errors. */
function told(received: Uint8Array | number, onMessage: (type: number) => void = () => undefined): (number | string)[] {
  const calls: (number | string)[] = []
  const listener: SubscriptionListener = {
    onMessage: ({ type }) => {
      calls.push(type)
      onMessage(type)
    },
    onOverrun: () => void calls.push('overrun'),
    onError: (error) => void calls.push(String(error)),
  }
  deliverDatagram(received, listener, () => calls.at(-1) === 9)
  return calls
}

const three = datagram(...[16, 17, 18].map((type) => ({ type, sequence: 0, body: new Uint8Array(4) })))

test('an error that a listener throws is reported, and the messages that follow are delivered', () => {
  const onMessage = (type: number) => {
    if (type === 17) throw new Error('no')
  }
  assert.deepEqual(told(three, onMessage), [16, 17, 'Error: no', 18])
})

test('a message that ends too far off is reported with the loss of what follows it, and those before it are delivered', () => {
  const broken = three.slice()
  broken[20] = 200
  assert.deepEqual(told(broken), [
    16,
    'DecodeError: Cannot decode netlink data: message of 200 bytes at offset 20 of 60',
    'overrun',
  ])
})

test('lost notifications are an overrun, and a receive that failed is an error', () => {
  assert.deepEqual(told(-105), ['overrun'])
  assert.deepEqual(told(-12), ['SystemError: recv: cannot allocate memory'])
})

test('a listener that closes its subscription is told no more of the datagram', () => {
  const closing = datagram(...[16, 9, 18].map((type) => ({ type, sequence: 0, body: new Uint8Array(0) })))
  assert.deepEqual(told(closing), [16, 9])
})
