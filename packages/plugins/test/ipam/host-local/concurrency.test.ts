import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from './temporary-directory.ts'

const loop = fileURLToPath(new URL('./add-del-loop.js', import.meta.url))
const processes = 8
const rounds = 50

async function run(env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [loop], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const [status] = await new Promise<[number | null]>((resolve) => child.on('close', (code) => resolve([code])))
  return status === 0 ? '' : `${env['LOOP_NAME']}: ${said}`
}

test('many processes never have one address at the same time, and leave nothing when they are done', async (context) => {
  const directory = temporaryDirectory(context)
  const claims = join(directory, 'claims')
  mkdirSync(claims)
  // Room for all that are alive at once and few more, so that addresses come round often.
  const ranges = [[{ subnet: '10.9.0.0/24', rangeEnd: '10.9.0.31' }]]
  const config = {
    cniVersion: '1.1.0',
    name: 'net',
    type: 'bridge',
    ipam: { type: 'host-local', dataDir: directory, ranges },
  }
  const env = { LOOP_CONFIG: JSON.stringify(config), LOOP_CLAIMS: claims, LOOP_ROUNDS: String(rounds) }
  const failures = await Promise.all(
    Array.from({ length: processes }, (_, index) => run({ ...env, LOOP_NAME: `loop${index}` })),
  )
  assert.deepEqual(
    failures,
    Array.from({ length: processes }, () => ''),
  )
  assert.deepEqual(readdirSync(claims), [])
  assert.deepEqual(readdirSync(join(directory, 'net')).sort(), ['.patchbay.boot', 'last_reserved_ip.0', 'lock'])
})
