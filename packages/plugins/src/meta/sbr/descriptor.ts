import { definePlugin } from '../../request/define-plugin.ts'
import { sbrConf } from './config.ts'
import { sbr } from './index.ts'

export const sbrPlugin = definePlugin({
  names: ['sbr'],
  load: async () => sbr,
  configTable: async () => sbrConf.table,
})
