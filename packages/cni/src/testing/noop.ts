import { object, parseJson, string } from '../json/index.ts'
import { dispatch, type Plugin, type PluginWorld, parsePrevResult, type Request } from '../plugin/index.ts'
import { allVersions, CniError, formatResult } from '../types/index.ts'
import { appendNoopLog, type NoopCmdArgs, type NoopDebug, readNoopDebug, writeNoopDebug } from './noop-debug.ts'

/** What the noop plugin supports unless its debug file says otherwise; the first is one that nobody else has. */
const defaultVersions: readonly string[] = ['0.-42.0', ...allVersions]

const noopConf = object('NetConf', { debugFile: string, commandLog: string })

/** How one call is to go, and where to record it. */
interface Script {
  debug: NoopDebug
  debugFile: string | undefined
  commandLog: string | undefined
}

/** What a handler wants printed, in place of what the plugin kit would. */
interface Report {
  status: number
  output: string
}

/**
 * A plugin that does to no network anything, but what its debug file says: for tests of runtimes and of plugins that
 * delegate. It is checked and answered for like any other plugin: wrong variables or configurations are refused.
 *
 * The debug file is named by `DEBUG=file` in `CNI_ARGS` or by `debugFile` in the configuration; see
 * {@link NoopDebug} for what it may contain. The call's command and arguments are recorded in it, and appended to
 * the JSON array in the file that `commandLog` in the configuration names. Without a debug file ADD prints `{}`.
 *
 * @returns the exit status
 */
export async function runNoop(world: PluginWorld): Promise<number> {
  const stdin = world.env['CNI_COMMAND'] ? await world.readStdin() : ''
  const script = loadScript(world.env['CNI_ARGS'] ?? '', stdin)
  let printed = ''
  const held = { report: undefined as Report | undefined }
  const plugin = noopPlugin(script, (request) => {
    world.stderr(script.debug.ReportStderr ?? '')
    held.report = reportOf(script.debug, request)
  })
  const status = await dispatch(plugin, {
    ...world,
    readStdin: async () => stdin,
    stdout: (text) => {
      printed = text
    },
  })
  const { output, status: exit } = held.report ?? { output: printed, status }
  if (output !== '') world.stdout(output)
  return exit
}

function noopPlugin(script: Script, act: (request: Request) => void): Plugin {
  const handle = async (request: Request) => {
    record(script, request)
    act(request)
  }
  return {
    name: 'noop',
    versions: script.debug.ReportVersionSupport ?? defaultVersions,
    add: async (request) => {
      await handle(request)
      // Not printed: the report is.
      return { cniVersion: request.cniVersion }
    },
    check: handle,
    del: handle,
    gc: handle,
    status: handle,
  }
}

function loadScript(args: string, stdin: string): Script {
  const config = decodeConfig(stdin)
  const fromArgs = args.split(';').find((pair) => pair.startsWith('DEBUG='))
  const debugFile = fromArgs?.slice('DEBUG='.length) || config.debugFile || undefined
  return { debug: debugFile ? readNoopDebug(debugFile) : {}, debugFile, commandLog: config.commandLog || undefined }
}

/** The plugin kit says what is wrong with a configuration; here it only matters where it can be read. */
function decodeConfig(stdin: string) {
  try {
    return noopConf.decode(parseJson(stdin))
  } catch {
    return {}
  }
}

function record({ debug, debugFile, commandLog }: Script, request: Request): void {
  const CmdArgs: NoopCmdArgs = {
    ContainerID: request.containerId,
    Netns: request.netns,
    IfName: request.ifName,
    Args: request.args,
    Path: request.env['CNI_PATH'] ?? '',
    NetnsOverride: request.env['CNI_NETNS_OVERRIDE'] ?? '',
    StdinData: Buffer.from(request.stdin).toString('base64'),
  }
  if (debugFile) writeNoopDebug(debugFile, { ...debug, Command: request.command, CmdArgs })
  if (commandLog) appendNoopLog(commandLog, request.command, CmdArgs)
}

function reportOf(debug: NoopDebug, request: Request): Report {
  if (debug.ExitWithCode) return { status: debug.ExitWithCode, output: '' }
  if (debug.ReportError) throw new CniError(debug.ReportErrorCode || 'internal', debug.ReportError)
  return { status: 0, output: request.command === 'ADD' ? resultText(debug.ReportResult || '{}', request) : '' }
}

function resultText(report: string, request: Request): string {
  if (report !== 'PASSTHROUGH' && report !== 'INJECT-DNS') return report
  const result = parsePrevResult(request.config)
  if (result === undefined) throw new Error('Cannot pass previous result on: there is none')
  const dns = report === 'INJECT-DNS' ? { dns: { ...result.dns, nameservers: ['1.2.3.4'] } } : {}
  return formatResult({ ...result, ...dns }, request.cniVersion)
}
