import { sameInEveryCase } from './property.ts'

sameInEveryCase('firewall')
