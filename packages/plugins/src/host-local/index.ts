export { hostLocal } from './host-local.ts'
