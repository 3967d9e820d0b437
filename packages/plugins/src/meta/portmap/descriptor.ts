import { definePlugin } from '../../request/define-plugin.ts'
import { addAgain } from '../add-again.ts'
import { portmapConf } from './config.ts'
import { portmap } from './index.ts'

export const portmapPlugin = definePlugin({
  names: ['portmap'],
  load: async () => portmap,
  repair: (request) => addAgain(portmap, request),
  configTable: async () => portmapConf.table,
})
