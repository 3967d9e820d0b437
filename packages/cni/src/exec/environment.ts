/** The parameters of the protocol (CNI 1.1 §"Section 2: Execution Protocol", parameters). */
export interface PluginArgs {
  /** `CNI_COMMAND`. */
  command: string
  /** `CNI_CONTAINERID`; empty by default. */
  containerId?: string | undefined
  /** `CNI_NETNS`; empty by default. */
  netns?: string | undefined
  /** `CNI_IFNAME`; empty by default. */
  ifName?: string | undefined
  /** `CNI_ARGS`: pairs, or the text itself; empty by default. */
  args?: string | readonly (readonly [key: string, value: string])[] | undefined
  /** `CNI_PATH`: directories, or the text itself; empty by default. */
  path?: string | readonly string[] | undefined
}

/** A W3C trace context, handed on to plugins in their environment (OpenTelemetry "environment variable carriers"). */
export interface TraceContext {
  /** Value of the `traceparent` header: becomes `TRACEPARENT`. */
  traceparent: string
  /** Value of the `tracestate` header: becomes `TRACESTATE`. */
  tracestate?: string | undefined
  /** Value of the `baggage` header: becomes `BAGGAGE`. */
  baggage?: string | undefined
}

/** Environment variables; an `undefined` value means "not set". */
export type Environment = Readonly<Record<string, string | undefined>>

/** Separates the directories of `CNI_PATH`: `:`, on Windows `;`. */
export const listSeparator = process.platform === 'win32' ? ';' : ':'

/** Splits `CNI_PATH`. Empty text is no directory; an empty element is kept and means the current directory. */
export function splitPath(text: string): string[] {
  return text === '' ? [] : text.split(listSeparator)
}

/**
 * Returns the environment of a plugin: `base` with all six variables of the protocol replaced, even by empty text.
 * With `'inherit'` the plugin gets `base` as it is.
 */
export function pluginEnvironment(args: PluginArgs | 'inherit', base: Environment): Environment {
  if (args === 'inherit') return base
  return {
    ...base,
    CNI_COMMAND: args.command,
    CNI_CONTAINERID: args.containerId ?? '',
    CNI_NETNS: args.netns ?? '',
    CNI_ARGS: formatArgs(args.args ?? ''),
    CNI_IFNAME: args.ifName ?? '',
    CNI_PATH: typeof args.path === 'string' ? args.path : (args.path ?? []).join(listSeparator),
  }
}

/** Returns `env` with the variables of a trace context; without one, `env` itself. */
export function withTraceContext(env: Environment, trace: TraceContext | undefined): Environment {
  if (trace === undefined || trace.traceparent === '') return env
  return {
    ...env,
    TRACEPARENT: trace.traceparent,
    ...(trace.tracestate ? { TRACESTATE: trace.tracestate } : {}),
    ...(trace.baggage ? { BAGGAGE: trace.baggage } : {}),
  }
}

function formatArgs(args: string | readonly (readonly [string, string])[]): string {
  return typeof args === 'string' ? args : args.map(([key, value]) => `${key}=${value}`).join(';')
}
