export { cidr, ip, mac, parseOptionalIP } from './address-codecs.ts'
export { CniError, type CniErrorOptions, type ErrorName, errorCodes, isCniError, parseCniError } from './error.ts'
export { type NetConf, netConf } from './net-conf.ts'
export { PluginNotFoundError, type PluginNotFoundOptions } from './plugin-not-found.ts'
export type { DNS, Interface, IPConfig, Result, Route } from './result.ts'
export {
  convertResult,
  formatResult,
  type ParseResultOptions,
  parseResult,
  resultAs,
  resultToJson,
  stampResult,
} from './result-json.ts'
export { dns, route } from './result-tables.ts'
export {
  validateContainerId,
  validateDeletedInterfaceName,
  validateInterfaceName,
  validateNetworkName,
} from './validate.ts'
export { allVersions, currentVersion, decodeVersion, firstVersion, isAtLeast, parseVersion } from './version.ts'
