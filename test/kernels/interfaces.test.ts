import { test } from 'node:test'
import { interfaces, lifetimes, loopbackLifetime } from './interfaces.ts'
import { lifetimeOf, withHost } from './packets.ts'

for (const [what, each] of Object.entries(interfaces))
  test(lifetimeOf(what), () => withHost((scene) => lifetimes(scene, each)))
test(lifetimeOf('loopback'), () => withHost(loopbackLifetime))
