import { sameInEveryCase } from './property.ts'

sameInEveryCase('loopback')
