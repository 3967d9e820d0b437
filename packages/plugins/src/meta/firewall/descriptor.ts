import { definePlugin } from '../../request/define-plugin.ts'
import { addAgain } from '../add-again.ts'
import { firewallConf } from './config.ts'
import { firewall } from './index.ts'

export const firewallPlugin = definePlugin({
  names: ['firewall'],
  load: async () => firewall,
  repair: (request) => addAgain(firewall, request),
  configTable: async () => firewallConf.table,
})
