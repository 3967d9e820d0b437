import { definePlugin } from '../../request/define-plugin.ts'
import { tuningConf } from './config.ts'
import { tuning } from './index.ts'

export const tuningPlugin = definePlugin({
  names: ['tuning'],
  load: async () => tuning,
  configTable: async () => tuningConf.table,
  pathKeys: ['dataDir'],
})
