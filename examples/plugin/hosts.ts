import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { object, string, withDefault } from '@patchbay/cni/json'
import { type Plugin, parsePrevResult, type Request } from '@patchbay/cni/plugin'
import { CniError, netConf, type Result } from '@patchbay/cni/types'

const hostsConf = object('NetConf', { ...netConf.table, directory: withDefault(string, '/run/hosts') })

function place({ config, name, containerId, ifName }: Request): { directory: string; file: string } {
  const directory = join(hostsConf.decode(config).directory, name)
  return { directory, file: join(directory, `${containerId}-${ifName}`) }
}

function prevResult({ config }: Request): Result {
  const result = parsePrevResult(config)
  if (result === undefined) throw new CniError('invalidNetworkConfig', 'hosts needs a plugin before it')
  return result
}

function hostsText({ args, containerId, name }: Request, { ips = [] }: Result): string {
  // What Kubernetes and podman call a container is of more use than its id.
  const host = /(?:^|;)K8S_POD_NAME=([\w.-]+)/.exec(args)?.[1] ?? containerId
  return ips.map(({ address }) => `${address.address} ${host}.${name}\n`).join('')
}

/** Keeps a file for every attachment, in the format of hosts(5), in a directory for every network. */
export const hosts: Plugin = {
  name: 'hosts',
  versions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
  async add(request) {
    const result = prevResult(request)
    const { directory, file } = place(request)
    await mkdir(directory, { recursive: true })
    await writeFile(`${file}~`, hostsText(request, result))
    await rename(`${file}~`, file)
    return result
  },
  async del(request) {
    await rm(place(request).file, { force: true })
  },
  async check(request) {
    const { file } = place(request)
    const text = await readFile(file, 'utf8').catch(() => '')
    if (text !== hostsText(request, prevResult(request))) throw new CniError(100, `${file} is not as ADD wrote it`)
  },
  async gc(request) {
    const { validAttachments } = hostsConf.decode(request.config)
    if (validAttachments === undefined) return
    const valid = new Set(validAttachments.map(({ containerID, ifname }) => `${containerID}-${ifname}`))
    const { directory } = place(request)
    const stale = (await readdir(directory).catch(() => [])).filter((file) => !valid.has(file))
    for (const file of stale) await rm(join(directory, file), { force: true })
  },
}
