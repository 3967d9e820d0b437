#!/usr/bin/env node
import { runPlugin } from '@patchbay/cni/plugin'
import { hosts } from './hosts.ts'

void runPlugin(hosts, { version: 'v1.0.0' })
