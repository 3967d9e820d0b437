import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readRegularFile } from '@patchbay/cni/config'
import { boolean, int, object, parseJson, string } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import type { ValidAttachment } from '../../request/valid-attachments.ts'
import { removeFile, replaceAtomic } from '../../state/atomic-file.ts'
import { fileOperation, hasCode } from '../../state/file-operation.ts'

const backupTable = object('configToRestore', {
  mac: string,
  promisc: boolean,
  mtu: int,
  allmulti: boolean,
  txQLen: int,
  network: string,
  containerId: string,
  ifName: string,
  ifIndex: int,
})

/** What an interface was set to before: only what has been changed. */
export interface LinkBackup {
  mac?: string
  promisc?: boolean
  mtu?: number
  allmulti?: boolean
  txQLen?: number
}

/** A backup, and what it is of. */
export interface StoredBackup extends LinkBackup {
  /** Index of the interface. The reference does not say it. */
  ifIndex?: number
}

/** The backups of a folder, a file for each interface, as the reference writes them; ours also say whose they are. */
export class Backups {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  #path({ containerId, ifName }: Pick<Request, 'containerId' | 'ifName'>): string {
    return join(this.#folder, fileOf({ containerId, ifName }))
  }

  /** The backup of an interface; `undefined` without one, and for one that cannot be read. */
  read(request: Pick<Request, 'containerId' | 'ifName'>): StoredBackup | undefined {
    const found = readBackup(this.#path(request))
    if (found === undefined) return undefined
    const { network: _network, containerId: _containerId, ifName: _ifName, ...backup } = found
    return backup
  }

  /** @throws SystemError */
  write({ name: network, containerId, ifName }: Request, backup: StoredBackup): void {
    fileOperation('mkdir', this.#folder, () => mkdirSync(this.#folder, { recursive: true, mode: 0o700 }))
    const { ifIndex, ...settings } = backup
    const text = JSON.stringify({ ...settings, network, containerId, ifName, ifIndex }, undefined, 1)
    replaceAtomic(this.#path({ containerId, ifName }), text)
  }

  /** @throws SystemError */
  remove(request: Pick<Request, 'containerId' | 'ifName'>): void {
    removeFile(this.#path(request))
  }

  /** Removes those of a network's interfaces that are not alive. One that does not say its network is left alone. */
  collect(network: string, alive: readonly ValidAttachment[]): void {
    const files = new Set(alive.map(({ containerId, ifName }) => fileOf({ containerId, ifName })))
    for (const file of this.#files().filter((name) => !files.has(name))) {
      const path = join(this.#folder, file)
      if (readBackup(path)?.network === network) removeFile(path)
    }
  }

  #files(): string[] {
    try {
      return readdirSync(this.#folder).filter((file) => file.endsWith('.json'))
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return []
      throw error
    }
  }
}

function fileOf({ containerId, ifName }: ValidAttachment): string {
  return `${containerId}_${ifName}.json`
}

function readBackup(path: string): ReturnType<typeof backupTable.decode> | undefined {
  try {
    return backupTable.decode(parseJson(readRegularFile(path)))
  } catch {
    return undefined
  }
}
