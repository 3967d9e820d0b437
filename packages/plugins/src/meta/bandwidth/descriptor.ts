import { definePlugin } from '../../request/define-plugin.ts'
import { bandwidthConf } from './config.ts'
import { bandwidth } from './index.ts'

export const bandwidthPlugin = definePlugin({
  names: ['bandwidth'],
  load: async () => bandwidth,
  configTable: async () => bandwidthConf.table,
})
