import { definePlugin } from '../../request/define-plugin.ts'

export const loopbackPlugin = definePlugin({
  names: ['loopback'],
  load: async () => (await import('./index.ts')).loopback,
})
