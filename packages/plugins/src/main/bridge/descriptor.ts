import { definePlugin } from '../../request/define-plugin.ts'

export const bridgePlugin = definePlugin({
  names: ['bridge'],
  load: async () => (await import('./index.ts')).bridge,
  repair: async (request) => (await import('./repair.ts')).repair(request),
  configTable: async () => (await import('./config.ts')).bridgeConf.table,
})
