import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  validateContainerId,
  validateDeletedInterfaceName,
  validateInterfaceName,
  validateNetworkName,
} from '../../src/types/index.ts'

test('validateContainerId() and validateNetworkName() take letters, digits, _ . -', () => {
  for (const validate of [validateContainerId, validateNetworkName]) {
    for (const good of ['a', '0', 'a_.-Z9', 'x'.repeat(300)]) validate(good)
  }
})

test('validateContainerId() reports what is wrong', () => {
  assert.throws(() => validateContainerId(''), { code: 3, msg: 'missing containerID', details: '' })
  for (const bad of ['-a', '.', 'a/b', 'a b', 'é', 'a\n', '_a']) {
    assert.throws(() => validateContainerId(bad), { code: 4, msg: 'invalid characters in containerID', details: bad })
  }
})

test('validateNetworkName() reports what is wrong', () => {
  assert.throws(() => validateNetworkName(''), { code: 7, msg: 'missing network name:', details: '' })
  for (const bad of ['-a', '..', 'a/b', 'a\n']) {
    assert.throws(() => validateNetworkName(bad), {
      code: 7,
      msg: 'invalid characters found in network name',
      details: bad,
    })
  }
})

test('validateInterfaceName() counts bytes', () => {
  validateInterfaceName('123456789012345')
  validateInterfaceName('\u00e9'.repeat(7))
  for (const usual of ['a', '0', 'eth0.100', 'br-a_b', '.a', '-', '...']) validateInterfaceName(usual)
  const tooLong = {
    code: 4,
    msg: 'interface name is too long',
    details: 'interface name should be less than 16 characters',
  }
  assert.throws(() => validateInterfaceName('1234567890123456'), tooLong)
  assert.throws(() => validateInterfaceName('\u00e9'.repeat(8)), tooLong)
})

test('validateInterfaceName() reports what the kernel would refuse', () => {
  assert.throws(() => validateInterfaceName(''), { code: 4, msg: 'interface name is empty', details: '' })
  for (const bad of ['.', '..'])
    assert.throws(() => validateInterfaceName(bad), { code: 4, msg: 'interface name is . or ..' })
  for (const bad of ['eth0\n', 'a/b', 'a:1', 'a b', 'a\t', '\na', 'a\u0085b', 'a\u00a0', '\u3000', '\u2028']) {
    assert.throws(() => validateInterfaceName(bad), {
      code: 4,
      msg: 'interface name contains / or : or whitespace characters',
    })
  }
  // Not white space to Unicode, whatever JavaScript's \s says.
  validateInterfaceName('a\ufeffb')
})

test('validateInterfaceName() reports names of which the kernel would make others', () => {
  for (const bad of ['eth%d', '%', '100%', '%d%d']) {
    assert.throws(() => validateInterfaceName(bad), { code: 4, msg: 'interface name contains %' })
  }
  for (const bad of ['all', 'default']) {
    assert.throws(() => validateInterfaceName(bad), { code: 4, msg: 'interface name is all or default' })
  }
  for (const bad of ['a\0', 'a\ud800']) {
    assert.throws(() => validateInterfaceName(bad), {
      code: 4,
      msg: 'interface name contains a character that the kernel cannot keep',
    })
  }
  // Their second byte is Latin-1's no-break space; that of "é" is not.
  for (const bad of ['à', 'Ġ']) {
    assert.throws(() => validateInterfaceName(bad), {
      code: 4,
      msg: 'interface name contains / or : or whitespace characters',
      details: 'one of its UTF-8 bytes is 0xa0, which the kernel takes for a space',
    })
  }
})

test('validateDeletedInterfaceName() accepts names that no interface can have', () => {
  for (const name of ['eth0', 'eth%d', 'all', 'default', 'à']) validateDeletedInterfaceName(name)
  for (const bad of ['', '..', 'a/b', 'a b', '1234567890123456']) {
    assert.throws(() => validateDeletedInterfaceName(bad), { code: 4 }, bad)
  }
})
