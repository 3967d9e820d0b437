import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResolvConf } from '../../src/host-local/resolv-conf.ts'

test('parseResolvConf() gathers servers, search domains and options, and takes the last domain', () => {
  const text = [
    '# nameserver 192.0.2.1',
    '  ; search commented.example',
    'nameserver 192.0.2.53',
    '\tnameserver\t2001:db8::53   ignored',
    'domain first.example',
    'domain last.example  ignored',
    'search a.example b.example\r',
    'search c.example',
    'options ndots:2 edns0',
    'options rotate',
    'nameserver',
    'sortlist 192.0.2.0',
    'NAMESERVER 192.0.2.99',
    'nameserver 192.0.2.54',
  ].join('\n')
  assert.deepEqual(parseResolvConf(text), {
    nameservers: ['192.0.2.53', '2001:db8::53', '192.0.2.54'],
    domain: 'last.example',
    search: ['a.example', 'b.example', 'c.example'],
    options: ['ndots:2', 'edns0', 'rotate'],
  })
})

test('parseResolvConf() says nothing of what the file does not say', () => {
  assert.deepEqual(parseResolvConf('\n \n# nothing\n'), {})
})
