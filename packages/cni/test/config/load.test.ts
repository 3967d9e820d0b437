import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  configFiles,
  loadNetworkList,
  NoConfigsFoundError,
  NotFoundError,
  networkListFromFile,
} from '../../src/config/index.ts'
import { scratch } from '../testing/scratch.ts'

const list = (name: string, more: object = { plugins: [{ type: 'inline' }] }) => JSON.stringify({ name, ...more })

test('configFiles() returns files and links by their last extension, sorted by bytes', async (t) => {
  const directory = scratch(t, {
    'b.conf': '',
    'a.x.conf': '',
    'B.conf': '',
    '.conf': '',
    'c.CONF': '',
    'd.conflist': '',
  })
  mkdirSync(join(directory, 'dir.conf'))
  symlinkSync('nowhere', join(directory, 'link.conf'))
  symlinkSync('dir.conf', join(directory, 'ﬀ.conf'))
  symlinkSync('dir.conf', join(directory, '😀.conf'))
  const names = ['.conf', 'B.conf', 'a.x.conf', 'b.conf', 'link.conf', 'ﬀ.conf', '😀.conf']
  assert.deepEqual(
    await configFiles(directory, ['.conf', '.json']),
    names.map((name) => join(directory, name)),
  )
})

test('configFiles() finds nothing where there is no directory, and rejects where it cannot read', async (t) => {
  const directory = scratch(t, { file: '' })
  assert.deepEqual(await configFiles(join(directory, 'missing'), ['.conf']), [])
  await assert.rejects(configFiles(join(directory, 'file'), ['.conf']), {
    message: `readdirent ${directory}/file: not a directory`,
  })
})

test('networkListFromFile() appends the plugins of the folder named after the network, sorted by name', async (t) => {
  const directory = scratch(t, {
    'net.conflist': list('n'),
    'n/20.conf': '{"type":"second"}',
    'n/10.conf': '{"type":"first"}',
    'n/30.conflist': '{"type":"no"}',
    'n/40.json': '{"type":"no"}',
  })
  const loaded = await networkListFromFile(join(directory, 'net.conflist'))
  assert.deepEqual(
    loaded.plugins.map(({ type }) => type),
    ['inline', 'first', 'second'],
  )
  assert.equal(loaded.bytes, list('n'))
})

test('networkListFromFile() loads the folder alone when the list has no plugins key', async (t) => {
  const directory = scratch(t, { 'net.conflist': list('n', {}), 'n/10.conf': '{"type":"first"}' })
  const { plugins } = await networkListFromFile(join(directory, 'net.conflist'))
  assert.deepEqual(
    plugins.map(({ type }) => type),
    ['first'],
  )
})

test('networkListFromFile() leaves the folder alone with loadOnlyInlinedPlugins', async (t) => {
  const more = { plugins: [{ type: 'inline' }], loadOnlyInlinedPlugins: 'true' }
  const directory = scratch(t, { 'net.conflist': list('n', more), 'n/10.conf': 'broken' })
  const { plugins } = await networkListFromFile(join(directory, 'net.conflist'))
  assert.deepEqual(
    plugins.map(({ type }) => type),
    ['inline'],
  )
})

test('networkListFromFile() does not leave its directory for a name that is no name', async (t) => {
  const directory = scratch(t, { 'sub/other/x.conf': '{"type":"foreign"}', 'sub/dir/y.conf': '{"type":"beside"}' })
  for (const name of ['../other', '..', '', '.', 'a/../../other', '../dir']) {
    const file = join(directory, 'sub/dir/net.conflist')
    writeFileSync(file, list(name))
    const { plugins } = await networkListFromFile(file)
    assert.deepEqual(
      plugins.map(({ type }) => type),
      ['inline'],
      name,
    )
    writeFileSync(file, list(name, {}))
    const message = `Cannot load "${file}": no plugin configs found`
    await assert.rejects(networkListFromFile(file), { message }, name)
  }
})

test('networkListFromFile() says what it could not read', async (t) => {
  const directory = scratch(t, {
    'net.conflist': list('n'),
    'n/10.conf': '{"type":""}',
    'm.conflist': list('m'),
    m: '',
  })
  const missing = join(directory, 'missing')
  await assert.rejects(networkListFromFile(missing), {
    message: `error reading ${missing}: open ${missing}: no such file or directory`,
  })
  await assert.rejects(networkListFromFile(directory), {
    message: `error reading ${directory}: read ${directory}: is a directory`,
  })
  await assert.rejects(networkListFromFile(join(directory, 'net.conflist')), {
    name: 'JsonError',
    message: `Cannot load "${directory}/n/10.conf": error parsing configuration: missing 'type'`,
  })
  await assert.rejects(networkListFromFile(join(directory, 'm.conflist')), {
    message: `failed to read plugin config files in ${directory}/m: readdirent ${directory}/m: not a directory`,
  })
})

test('loadNetworkList() returns the first list of that name, and prefers a list to a single plugin', async (t) => {
  const directory = scratch(t, {
    '00-n.conf': '{"name":"n","type":"single"}',
    '10-other.conflist': list('other'),
    '20-n.conflist': list('n', { plugins: [{ type: 'first' }] }),
    '30-n.conflist': list('n', { plugins: [{ type: 'second' }] }),
  })
  assert.equal((await loadNetworkList(directory, 'n')).plugins[0]?.type, 'first')
})

test('loadNetworkList() fails on a broken earlier list, not on a broken later one', async (t) => {
  const directory = scratch(t, { '20.conflist': list('n'), '30.conflist': '{' })
  assert.equal((await loadNetworkList(directory, 'n')).name, 'n')
  writeFileSync(join(directory, '10.conflist'), '{')
  await assert.rejects(loadNetworkList(directory, 'n'), {
    name: 'JsonError',
    message: `Cannot load "${directory}/10.conflist": error parsing configuration list: unexpected end of JSON input`,
  })
})

/** Names of the files that were passed over, in front of what is wrong with them. */
async function loadAnyway(directory: string, name: string) {
  const messages: string[] = []
  const list = await loadNetworkList(directory, name, { onUnreadable: ({ message }) => messages.push(message) })
  return { type: list.plugins[0]?.type, messages: messages.map((message) => message.replaceAll(`${directory}/`, '')) }
}

test('loadNetworkList() with onUnreadable passes over what cannot be loaded, and tells it', async (t) => {
  const directory = scratch(t, {
    '10.conflist': '{',
    '15-a.conflist': list('a', { plugins: [] }),
    '20.conflist': list('n'),
    '30.conflist': '{',
    '10.conf': '{"name":"z"}',
    '20.conf': '{"name":"s","type":"single"}',
  })
  symlinkSync('nowhere', join(directory, '18.conflist'))
  const messages = [
    'Cannot load "10.conflist": error parsing configuration list: unexpected end of JSON input',
    'Cannot load "15-a.conflist": error parsing configuration list: no plugins in list',
    'error reading 18.conflist: open 18.conflist: no such file or directory',
  ]
  assert.deepEqual(await loadAnyway(directory, 'n'), { type: 'inline', messages })
  assert.deepEqual(await loadAnyway(directory, 's'), {
    type: 'single',
    messages: [
      ...messages,
      'Cannot load "30.conflist": error parsing configuration list: unexpected end of JSON input',
      `Cannot load "10.conf": error parsing configuration: missing 'type'`,
    ],
  })
})

test('loadNetworkList() with onUnreadable rejects for a broken file that has the name, and says which it passed over', async (t) => {
  const directory = scratch(t, {
    '10.conflist': list('n', { plugins: [] }),
    '20.conflist': list('n'),
    '30.conflist': '{',
  })
  await assert.rejects(loadAnyway(directory, 'n'), {
    name: 'JsonError',
    message: `Cannot load "${directory}/10.conflist": error parsing configuration list: no plugins in list`,
  })
  const [first, second] = [
    `Cannot load "${directory}/10.conflist": error parsing configuration list: no plugins in list`,
    `Cannot load "${directory}/30.conflist": error parsing configuration list: unexpected end of JSON input`,
  ]
  await assert.rejects(loadAnyway(directory, 'x'), {
    name: 'NotFoundError',
    message: `no net configuration with name "x" in ${directory}; ${first}; ${second}`,
  })
})

test('loadNetworkList() turns a single plugin in a .conf or .json file into a list, without its folder', async (t) => {
  const directory = scratch(t, {
    '10.json': '{"name":"other","type":"x"}',
    '20.conf': '{"name":"n","cniVersion":"0.3.1","type":"y"}',
    'n/10.conf': '{"type":"folder"}',
  })
  const loaded = await loadNetworkList(directory, 'n')
  assert.equal(
    loaded.bytes,
    '{"cniVersion":"0.3.1","name":"n","plugins":[{"cniVersion":"0.3.1","name":"n","type":"y"}]}',
  )
  assert.deepEqual(
    loaded.plugins.map(({ type }) => type),
    ['y'],
  )
  writeFileSync(join(directory, '00.json'), '{"name":"z"}')
  await assert.rejects(loadNetworkList(directory, 'n'), {
    message: `Cannot load "${directory}/00.json": error parsing configuration: missing 'type'`,
  })
})

test('loadNetworkList() tells no configuration at all from none of that name', async (t) => {
  const directory = scratch(t, { 'list.json.bak': '' })
  const nothing = { message: `no net configurations found in ${directory}` }
  await assert.rejects(loadNetworkList(directory, 'n'), nothing)
  await assert.rejects(loadNetworkList(directory, 'n'), NoConfigsFoundError)
  await assert.rejects(loadNetworkList(join(directory, 'missing'), 'n'), NoConfigsFoundError)
  writeFileSync(join(directory, 'a.conflist'), list('a'))
  const otherName = { message: `no net configuration with name "n" in ${directory}`, network: 'n', directory }
  await assert.rejects(loadNetworkList(directory, 'n'), otherName)
  await assert.rejects(loadNetworkList(directory, 'n'), NotFoundError)
})
