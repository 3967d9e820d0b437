import { definePlugin } from '../../request/define-plugin.ts'

export const staticPlugin = definePlugin({
  names: ['static'],
  load: async () => (await import('./index.ts')).staticIpam,
  needsInterface: false,
  configTable: async () => (await import('./config.ts')).staticConf.table,
})
