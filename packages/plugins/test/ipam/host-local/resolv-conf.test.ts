import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResolvConf } from '../../../src/ipam/host-local/resolv-conf.ts'

test('parseResolvConf() gathers servers and options, and takes the last search list', () => {
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
    search: ['c.example'],
    options: ['ndots:2', 'edns0', 'rotate'],
  })
})

test('parseResolvConf() has the last line of search and domain win, when it says anything', () => {
  const cases = [
    ['search a b\nsearch c d', { search: ['c', 'd'] }],
    ['domain a\ndomain b', { domain: 'b' }],
    ['domain a\nsearch b', { search: ['b'] }],
    ['search a\ndomain b', { domain: 'b' }],
    ['search a\nsearch', { search: ['a'] }],
    ['search a\n# domain b', { search: ['a'] }],
  ] as const
  for (const [text, dns] of cases) assert.deepEqual(parseResolvConf(text), dns, text)
})

test('parseResolvConf() says nothing of what the file does not say', () => {
  assert.deepEqual(parseResolvConf('\n \n# nothing\n'), {})
})
