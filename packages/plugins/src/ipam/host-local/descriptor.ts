import { definePlugin } from '../../request/define-plugin.ts'

export const hostLocalPlugin = definePlugin({
  names: ['host-local', 'host-local-ptp'],
  load: async (name) => {
    const { hostLocal, hostLocalPtp } = await import('./index.ts')
    return name === 'host-local' ? hostLocal : hostLocalPtp
  },
  needsInterface: false,
  pathKeys: ['dataDir', 'resolvConf'],
  configTable: async () => (await import('./config.ts')).hostLocalConf.table,
})
