export { readLinkFile } from './link-file.ts'
export { listMountedNamespaces } from './mounted.ts'
export {
  isOwnNamespace,
  isSameNamespace,
  NAMESPACE_DIRECTORY,
  Namespace,
  NamespaceNotFoundError,
  NotANamespaceError,
  removeNamespace,
} from './namespace.ts'
export { readSysctl, sysctlPath, writeSysctl } from './sysctl.ts'
