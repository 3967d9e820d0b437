export { errno, errnoName } from './errno.ts'
export { type Native, native, useNativeAddon } from './native.ts'
export { checked, errnoText, SystemError } from './system-error.ts'
