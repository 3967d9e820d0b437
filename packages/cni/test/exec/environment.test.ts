import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pluginEnvironment, splitPath, withTraceContext } from '../../src/exec/index.ts'

test('pluginEnvironment() sets all six variables over inherited ones, empty ones too', () => {
  const base = { HOME: '/root', CNI_IFNAME: 'old', CNI_ARGS: 'old', CNI_NETNS_OVERRIDE: '1' }
  assert.deepEqual(pluginEnvironment({ command: 'STATUS' }, base), {
    HOME: '/root',
    CNI_NETNS_OVERRIDE: '1',
    CNI_COMMAND: 'STATUS',
    CNI_CONTAINERID: '',
    CNI_NETNS: '',
    CNI_ARGS: '',
    CNI_IFNAME: '',
    CNI_PATH: '',
  })
})

test('pluginEnvironment() joins arguments with semicolons and directories with colons', () => {
  const args = {
    command: 'ADD',
    args: [
      ['IgnoreUnknown', '1'],
      ['A', 'b=c'],
    ] as const,
    path: ['/a', '', '/b'],
  }
  const { CNI_ARGS, CNI_PATH } = pluginEnvironment(args, {})
  assert.deepEqual([CNI_ARGS, CNI_PATH], ['IgnoreUnknown=1;A=b=c', '/a::/b'])
  const asText = pluginEnvironment({ command: 'ADD', args: 'X=1', path: '/c' }, {})
  assert.deepEqual([asText['CNI_ARGS'], asText['CNI_PATH']], ['X=1', '/c'])
})

test('pluginEnvironment() inherits everything when asked to', () => {
  const base = { CNI_COMMAND: 'ADD', X: undefined }
  assert.equal(pluginEnvironment('inherit', base), base)
})

test('splitPath() keeps empty elements, but not of an empty text', () => {
  assert.deepEqual(splitPath(''), [])
  assert.deepEqual(splitPath('/a::/b'), ['/a', '', '/b'])
})

test('withTraceContext() sets what the context has', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  assert.deepEqual(withTraceContext({ A: 'b', BAGGAGE: 'old' }, { traceparent }), {
    A: 'b',
    BAGGAGE: 'old',
    TRACEPARENT: traceparent,
  })
  assert.deepEqual(withTraceContext({}, { traceparent, tracestate: 'a=1', baggage: 'k=v' }), {
    TRACEPARENT: traceparent,
    TRACESTATE: 'a=1',
    BAGGAGE: 'k=v',
  })
  const env = {}
  assert.equal(withTraceContext(env, { traceparent: '', baggage: 'k=v' }), env)
})
