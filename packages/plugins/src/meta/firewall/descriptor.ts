import { definePlugin } from '../../request/define-plugin.ts'
import { addAgain } from '../add-again.ts'
import { firewall } from './index.ts'

export const firewallPlugin = definePlugin({
  names: ['firewall'],
  load: async () => firewall,
  repair: (request) => addAgain(firewall, request),
})
