import { parseCIDR } from '@patchbay/address'
import { runPlugin } from '../../src/plugin/index.ts'

/** What a third party's plugin looks like; run as a process by its test. */
await runPlugin(
  {
    name: 'sample',
    async add(request) {
      console.log('a stray line')
      return { cniVersion: request.cniVersion, ips: [{ address: parseCIDR('10.0.0.5/24') }] }
    },
    async del(request) {
      request.warn('waiting')
      // Nothing but the signal ends this.
      const alive = setInterval(() => {}, 1000)
      await new Promise((_, reject) =>
        request.signal?.addEventListener('abort', () => reject(request.signal?.reason)),
      ).finally(() => clearInterval(alive))
    },
    async check(request) {
      throw new Error(`config of ${request.stdin.length}`)
    },
    async status() {
      throw new Error('x'.repeat(3_000_000))
    },
    async gc(request) {
      await request.delegate('delegate', 'GC')
    },
  },
  { version: 'v0.0.1' },
)
