import { sameInEveryCase } from './property.ts'

sameInEveryCase('portmap')
