import { definePlugin } from '../../request/define-plugin.ts'

/** `veth` is the first name of `ptp`. */
export const ptpPlugin = definePlugin({
  names: ['ptp', 'veth'],
  load: async (name) => ({ ...(await import('./index.ts')).ptp, name }),
  repair: async (request) => (await import('./repair.ts')).repair(request),
  configTable: async () => (await import('./config.ts')).ptpConf.table,
})
