import { sameInEveryCase } from './property.ts'

sameInEveryCase('host-local')
