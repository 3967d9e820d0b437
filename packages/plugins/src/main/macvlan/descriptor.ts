import { definePlugin } from '../../request/define-plugin.ts'

export const macvlanPlugin = definePlugin({
  names: ['macvlan'],
  load: async () => (await import('./index.ts')).macvlan,
  configTable: async () => (await import('./config.ts')).macvlanConf.table,
})
