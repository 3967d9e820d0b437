export { errno, errnoName } from './errno.ts'
export { FileLock, FileLockedError, type LockOptions, lockFile } from './file-lock.ts'
export { giveBack } from './give-back.ts'
export { type Native, native, useNativeAddon } from './native.ts'
export { netnsFd } from './netns-fd.ts'
export {
  type DeletionSteps,
  deleteLinksBy,
  endInChild,
  expectSlowEnd,
  type LinkDeletion,
  leaveRestToChildren,
  linkDeletion,
  noteSlowEnd,
  type RestOfWork,
  restOfWork,
} from './rest-of-work.ts'
export { callError, checked, checkedCalls, checkedFileCall, errnoText, SystemError } from './system-error.ts'
