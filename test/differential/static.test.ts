import { sameInEveryCase } from './property.ts'

sameInEveryCase('static')
