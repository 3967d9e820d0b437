#!/usr/bin/env node
import { runPlugin } from '@patchbay/cni/plugin'
import { wire } from './wire.ts'

void runPlugin(wire, { version: 'v1.0.0' })
