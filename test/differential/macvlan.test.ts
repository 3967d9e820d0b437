import { sameInEveryCase } from './property.ts'

sameInEveryCase('macvlan')
