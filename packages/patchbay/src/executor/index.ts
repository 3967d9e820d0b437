export { loadPlugin, pluginNames } from './programs.ts'
export { reportFailure } from './report-failure.ts'
export { runOwnPlugin } from './run-own-plugin.ts'
