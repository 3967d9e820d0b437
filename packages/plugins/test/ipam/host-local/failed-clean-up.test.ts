import assert from 'node:assert/strict'
import fs, { readdirSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { callHostLocal } from './call-host-local.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** Has a call of node:fs fail once, when it is about a path that ends so. */
function failOnce(context: TestContext, name: 'unlinkSync' | 'symlinkSync', end: string): void {
  const original: (...args: never[]) => unknown = fs[name]
  let isDone = false
  const failing = (...args: never[]) => {
    if (isDone || !String(args.at(-1)).includes(end)) return original(...args)
    isDone = true
    throw Object.assign(new Error('EIO'), { errno: -5, code: 'EIO', syscall: name })
  }
  const set = (value: unknown) => {
    Object.defineProperty(fs, name, { value, configurable: true, writable: true })
    syncBuiltinESMExports()
  }
  set(failing)
  context.after(() => set(original))
}

for (const [name, end] of [
  ['unlinkSync', '.patchbay.tmp'],
  ['symlinkSync', '.patchbay.netns.'],
] as const)
  test(`ADD whose ${name} of "${end}" fails has leased the address, and says so`, async (context) => {
    const dataDir = temporaryDirectory(context)
    const ipam = { type: 'host-local', dataDir, durability: 'none', ranges: [[{ subnet: '10.0.0.0/24' }]] }
    const config = { cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam }
    failOnce(context, name, end)
    const { status, output } = await callHostLocal('ADD', { config })
    assert.equal(status, 0, JSON.stringify(output))
    assert.match(JSON.stringify(output), /10\.0\.0\.2/)
    const files = () => readdirSync(join(dataDir, 'net')).filter((file) => /^10\.|tmp/.test(file))
    // The next file that is written takes the place of what was left.
    assert.deepEqual(files(), ['10.0.0.2'])
    assert.equal((await callHostLocal('DEL', { config })).status, 0)
    assert.deepEqual(files(), [])
  })
