import { messageOf, wrapError } from '../config/error-text.ts'
import type { NetworkList, PluginConfig } from '../config/index.ts'
import { getVersionInfo } from '../exec/index.ts'
import { type JsonValue, quote } from '../json/index.ts'
import { isAtLeast } from '../types/index.ts'
import { delList } from './attachment.ts'
import { defaultCacheDir, sweepCache } from './cache.ts'
import { type AttachmentId, attachmentsOf } from './network-attachment.ts'
import { runPlugin, stepError } from './plugin-step.ts'
import type { CallOptions, RuntimeWorld } from './runtime-conf.ts'

export interface GcArgs {
  /** The attachments that are still alive; `undefined` is passed on to plugins as `null`. */
  validAttachments?: readonly AttachmentId[] | undefined
}

/** Deletes the attachments that are not valid any more, then lets every plugin collect what it finds itself. */
export async function collectGarbage(
  world: RuntimeWorld,
  list: NetworkList,
  args: GcArgs | undefined,
  options: CallOptions,
): Promise<void> {
  if (list.disableGC) return
  const errors = [
    ...(await deleteStale(world, list, args?.validAttachments ?? [], options)),
    ...(await runGc(world, list, args, options)),
  ]
  await sweepCache(world.cacheDir || defaultCacheDir)
  if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'))
}

async function deleteStale(
  world: RuntimeWorld,
  list: NetworkList,
  valid: readonly AttachmentId[],
  options: CallOptions,
): Promise<Error[]> {
  const keep = new Set(valid.map(attachmentKey))
  const errors: Error[] = []
  for (const attachment of await attachmentsOf(world.cacheDir || defaultCacheDir, list.name, options)) {
    if (keep.has(attachmentKey(attachment))) continue
    const { containerId, ifName } = attachment
    const doing = `failed to delete stale attachment ${containerId} ${ifName}`
    await collect(errors, doing, options, () => delList(world, list, attachment, options))
  }
  return errors
}

async function runGc(
  world: RuntimeWorld,
  list: NetworkList,
  args: GcArgs | undefined,
  options: CallOptions,
): Promise<Error[]> {
  if (!supports11(list)) return []
  const inject = args ? validAttachmentKeys(args) : {}
  const errors: Error[] = []
  for (const plugin of list.plugins) {
    const step = { network: list, plugin, inject }
    await collect(errors, `failed to GC plugin ${plugin.type}`, options, () => runPlugin(world, 'GC', step, options))
  }
  return errors
}

/** The second key is a misnomer of earlier libraries that plugins may still read. */
function validAttachmentKeys({ validAttachments }: GcArgs): Record<string, JsonValue> {
  const valid =
    validAttachments?.map(({ containerId, ifName }) => ({ containerID: containerId, ifname: ifName })) ?? null
  return { 'cni.dev/valid-attachments': valid, 'cni.dev/attachments': valid }
}

/** Asks every plugin of a list whether it is ready, in order, to the first that is not. */
export async function status(world: RuntimeWorld, list: NetworkList, options: CallOptions): Promise<void> {
  if (!supports11(list)) return
  for (const plugin of list.plugins) {
    options.signal?.throwIfAborted()
    try {
      await runPlugin(world, 'STATUS', { network: list, plugin }, options)
    } catch (error) {
      throw stepError(plugin, 'status', error, options)
    }
  }
}

/** Returns the capabilities that a list's plugins enable; rejects with an AggregateError of all that is wrong. */
export async function validateList(world: RuntimeWorld, list: NetworkList, options: CallOptions): Promise<string[]> {
  const errors: unknown[] = []
  for (const plugin of list.plugins) {
    options.signal?.throwIfAborted()
    await validatePlugin(world, plugin, list.cniVersion, options).catch((error: unknown) => errors.push(error))
  }
  options.signal?.throwIfAborted()
  if (errors.length > 0) throw new AggregateError(errors, `[${errors.map(messageOf).join(' ')}]`)
  return [...new Set(list.plugins.flatMap(enabledCapabilities))]
}

/** Rejects when a plugin is not found or does not support the version of its configuration. */
export async function validatePlugin(
  world: RuntimeWorld,
  { type }: PluginConfig,
  version: string,
  options: CallOptions,
): Promise<void> {
  const path = await world.executor.find(type, world.path)
  const { supportedVersions } = await getVersionInfo(path, world.executor, { env: world.env, ...options })
  const wanted = version || '0.1.0'
  if (!supportedVersions.includes(wanted)) {
    throw new Error(`plugin ${type} does not support config version ${quote(wanted)}`)
  }
}

export function enabledCapabilities({ capabilities }: PluginConfig): string[] {
  return Object.keys(capabilities).filter((capability) => capabilities[capability])
}

/** Runs one step and goes on whatever its outcome, unless the signal is aborted: then rejects with its reason. */
async function collect(errors: Error[], doing: string, { signal }: CallOptions, step: () => Promise<void>) {
  signal?.throwIfAborted()
  try {
    await step()
  } catch (error) {
    signal?.throwIfAborted()
    errors.push(wrapError(doing, error))
  }
}

/** A version that does not parse supports nothing. */
function supports11({ cniVersion }: NetworkList): boolean {
  try {
    return isAtLeast(cniVersion, '1.1.0')
  } catch {
    return false
  }
}

function attachmentKey({ containerId, ifName }: AttachmentId): string {
  return JSON.stringify([containerId, ifName])
}
