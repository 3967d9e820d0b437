import { quote } from '../json/index.ts'

export interface PluginNotFoundOptions {
  /** By default `failed to find plugin "x" in path [/a /b]`. */
  message?: string | undefined
  cause?: unknown | undefined
}

/** There is no plugin of a name where plugins are looked for, or it is no name. */
export class PluginNotFoundError extends Error {
  override readonly name = 'PluginNotFoundError'
  readonly code = 'ENOENT'
  /** The name: the `type` of a configuration. */
  readonly plugin: string
  /** The directories it was looked for in. */
  readonly path: readonly string[]

  constructor(plugin: string, path: readonly string[], { message, ...options }: PluginNotFoundOptions = {}) {
    super(message ?? `failed to find plugin ${quote(plugin)} in path [${path.join(' ')}]`, options)
    this.plugin = plugin
    this.path = path
  }
}
