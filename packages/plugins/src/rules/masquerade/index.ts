export type { MasqueradeBackend } from './backend.ts'
export {
  checkMasquerade,
  checkMasqueradeConfig,
  collectMasquerade,
  ensureMasquerade,
  type MasqueradeConfig,
  removeMasquerade,
  repairMasquerade,
} from './masquerade.ts'
