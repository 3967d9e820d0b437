/** A call that no plugin can carry out, or that has nothing to do, and what every plugin answers. */
export interface BadCall {
  readonly name: string
  readonly command: string
  /** Replaces variables of a call that is complete otherwise; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly stdin: string
  /** `undefined` for success without output. */
  readonly error: { readonly code: number; readonly msg: string; readonly details?: string } | undefined
  /** What our error says beyond the reference's. */
  readonly ownDetails?: string
}

const none = {
  CNI_CONTAINERID: undefined,
  CNI_NETNS: undefined,
  CNI_IFNAME: undefined,
  CNI_PATH: undefined,
} as const

const versions = '["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"]'

function config(keys: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ cniVersion: '1.1.0', name: 'n1', type: 'bridge', ...keys })
}

function missing(command: string, variables: string): BadCall {
  const error = { code: 4, msg: `required env variables [${variables}] missing` }
  return { name: `${command} without variables`, command, env: none, stdin: config(), error }
}

function withVariable(name: string, value: string, error: BadCall['error']): BadCall {
  return { name: `${name}=${value}`, command: 'ADD', env: { [name]: value }, stdin: config(), error }
}

function withConfig(stdin: string, code: number, msg: string, details?: string): BadCall {
  const error = details === undefined ? { code, msg } : { code, msg, details }
  return { name: `the configuration ${JSON.stringify(stdin)}`, command: 'ADD', stdin, error }
}

function undecodable(stdin: string, reason: string): BadCall {
  return withConfig(stdin, 6, `error unmarshall network config: ${reason}`)
}

function withVersion(version: string, command: string, code: number, msg: string, details?: string): BadCall {
  return {
    ...withConfig(config({ cniVersion: version }), code, msg, details),
    name: `${command} in version "${version}"`,
    command,
  }
}

function incompatible(version: string, command: string): BadCall {
  return withVersion(
    version,
    command,
    1,
    'incompatible CNI versions',
    `config is "${version}", plugin supports ${versions}`,
  )
}

const goName = 'struct { Name string "json:\\"name\\"" }'
const badCharacters = 'interface name contains / or : or whitespace characters'
const noNumber = (part: string, text: string): string =>
  `failed to convert ${part} version part "${text}": strconv.Atoi: parsing "${text}": invalid syntax`

/** Calls of the plugin bridge. None of them gets as far as changing anything. */
export const badCalls: readonly BadCall[] = [
  missing('ADD', 'CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH'),
  missing('CHECK', 'CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH'),
  missing('DEL', 'CNI_CONTAINERID,CNI_IFNAME,CNI_PATH'),
  missing('GC', 'CNI_PATH'),
  missing('STATUS', 'CNI_PATH'),
  {
    name: 'an empty variable',
    command: 'ADD',
    env: { CNI_NETNS: '', CNI_PATH: undefined },
    stdin: config(),
    error: { code: 4, msg: 'required env variables [CNI_NETNS,CNI_PATH] missing' },
  },
  {
    name: 'a wrong variable and a missing one',
    command: 'ADD',
    env: { CNI_CONTAINERID: '../x', CNI_PATH: undefined },
    stdin: config(),
    error: { code: 4, msg: 'invalid characters in containerID', details: '../x' },
  },
  withVariable('CNI_CONTAINERID', '_x', { code: 4, msg: 'invalid characters in containerID', details: '_x' }),
  withVariable('CNI_IFNAME', 'a/b', { code: 4, msg: badCharacters }),
  withVariable('CNI_IFNAME', 'a:b', { code: 4, msg: badCharacters }),
  withVariable('CNI_IFNAME', 'a b', { code: 4, msg: badCharacters }),
  withVariable('CNI_IFNAME', '..', { code: 4, msg: 'interface name is . or ..' }),
  withVariable('CNI_IFNAME', '0123456789abcdef', {
    code: 4,
    msg: 'interface name is too long',
    details: 'interface name should be less than 16 characters',
  }),
  {
    name: 'a wrong variable that the command does not need',
    command: 'GC',
    env: { CNI_CONTAINERID: '../x' },
    stdin: config(),
    error: undefined,
  },
  undecodable('', 'unexpected end of JSON input'),
  undecodable('{', 'unexpected end of JSON input'),
  undecodable('[]', `json: cannot unmarshal array into Go value of type ${goName}`),
  undecodable('42', `json: cannot unmarshal number into Go value of type ${goName}`),
  undecodable('"x"', `json: cannot unmarshal string into Go value of type ${goName}`),
  undecodable('{"name":1}', 'json: cannot unmarshal number into Go struct field .name of type string'),
  undecodable('{"name":"n1"} x', "invalid character 'x' after top-level value"),
  undecodable('{"name":"n1",}', "invalid character '}' looking for beginning of object key string"),
  undecodable('\ufeff{}', "invalid character 'ï' looking for beginning of value"),
  undecodable("{'name':1}", "invalid character '\\'' looking for beginning of object key string"),
  undecodable('{"name":"n1\u0001"}', "invalid character '\\x01' in string literal"),
  withConfig('null', 7, 'missing network name'),
  withConfig('{}', 7, 'missing network name'),
  withConfig('{"name":""}', 7, 'missing network name'),
  withConfig('{"NAME":"bad name"}', 7, 'invalid characters found in network name', 'bad name'),
  withConfig(
    '{"name":"n1","cniVersion":5}',
    6,
    'decoding version from network config: json: cannot unmarshal number into Go struct field .cniVersion of type string',
  ),
  { ...undecodable('{', 'unexpected end of JSON input'), name: 'an unknown command and no JSON', command: 'FOO' },
  { ...withConfig('{}', 7, 'missing network name'), name: 'an unknown command and no name', command: 'FOO' },
  { ...withConfig(config(), 4, 'unknown CNI_COMMAND: FOO'), name: 'an unknown command', command: 'FOO', env: none },
  { ...withConfig(config(), 4, 'unknown CNI_COMMAND: add'), name: 'a command in lower case', command: 'add' },
  incompatible('9.9.9', 'ADD'),
  incompatible('1.0', 'ADD'),
  incompatible('1.0', 'CHECK'),
  incompatible('abc', 'ADD'),
  incompatible('0.5.0', 'CHECK'),
  withVersion('9.9.9', 'CHECK', 1, 'plugin version does not allow CHECK'),
  withVersion('9.9.9', 'GC', 1, 'plugin version does not allow GC'),
  withVersion('9.9.9', 'STATUS', 1, 'plugin version does not allow STATUS'),
  withVersion('0.3.1', 'CHECK', 1, 'config version does not allow CHECK'),
  withVersion('', 'CHECK', 1, 'config version does not allow CHECK'),
  withVersion('1.0.0', 'GC', 1, 'config version does not allow GC'),
  withVersion('1.0.0', 'STATUS', 1, 'config version does not allow STATUS'),
  withVersion('abc', 'CHECK', 6, noNumber('major', 'abc')),
  withVersion('1.1.0 ', 'GC', 6, noNumber('micro', '0 ')),
  withConfig(config({ vlan: 5000 }), 999, 'invalid VLAN ID 5000 (must be between 0 and 4094)'),
  withConfig(
    config({ mtu: 'x' }),
    999,
    'failed to load netconf: json: cannot unmarshal string into Go struct field NetConf.mtu of type int',
  ),
  withConfig(config(), 999, 'failed to open netns "/nowhere": failed to Statfs "/nowhere": no such file or directory'),
  {
    ...withVariable('CNI_ARGS', 'FOO=1', { code: 999, msg: 'ARGS: unknown args ["FOO=1"]' }),
    ownDetails:
      'Cannot use all of CNI_ARGS: the known arguments are "MAC"; add "IgnoreUnknown=1" to have others passed over',
  },
  withVariable('CNI_ARGS', 'FOO', { code: 999, msg: 'ARGS: invalid pair "FOO"' }),
  { name: 'DEL of what is not there', command: 'DEL', stdin: config(), error: undefined },
  { name: 'DEL without a namespace', command: 'DEL', env: { CNI_NETNS: undefined }, stdin: config(), error: undefined },
  { name: 'GC without work', command: 'GC', stdin: config(), error: undefined },
  { name: 'STATUS', command: 'STATUS', stdin: config(), error: undefined },
]

/** An IPAM plugin that does not do as it should, and what bridge answers to its runtime. */
export interface BadIpam {
  readonly name: string
  /** Text of the file; a directory when absent. */
  readonly program?: string
  /** Permissions of the file; 755 by default. */
  readonly mode?: string
  readonly error: { readonly code: number; readonly msg: string; readonly details?: string }
  /** What Patchbay tells beside it. */
  readonly ownDetails?: string
}

function script(name: string, commands: string, code: number, msg: string, details?: string): BadIpam {
  const error = details === undefined ? { code, msg } : { code, msg, details }
  return { name, program: `#!/bin/sh\n${commands}\n`, error }
}

const failed = 'netplugin failed with no error message:'

export const badIpams: readonly BadIpam[] = [
  script(
    'garbage',
    'cat >/dev/null; echo hello',
    999,
    "failed to unmarshal raw result: invalid character 'h' looking for beginning of value",
  ),
  script(
    'garbage-and-fails',
    'cat >/dev/null; echo hello; exit 2',
    0,
    'netplugin failed but error parsing its diagnostic message "hello\\n": invalid character \'h\' looking for beginning of value',
  ),
  script('nothing', 'exit 0', 999, 'failed to unmarshal raw result: unexpected end of JSON input'),
  script('no-addresses', 'cat >/dev/null; echo null', 999, 'IPAM plugin returned missing IP config'),
  script(
    'wrong-version',
    `cat >/dev/null; echo '{"cniVersion": "7.0.0"}'`,
    999,
    'unsupported CNI result version "7.0.0"',
  ),
  {
    ...script(
      'wrong-address',
      `cat >/dev/null; echo '{"cniVersion": "1.1.0", "ips": [{"address": "10.9.9.999/24"}]}'`,
      999,
      'invalid CIDR address: 10.9.9.999/24',
    ),
    ownDetails: 'Cannot read the result of plugin "/run/ipam/wrong-address": Cannot read key "ips.address"',
  },
  script('silent', 'exit 3', 0, `${failed} exit status 3`),
  script('killed', 'kill -9 $$', 0, `${failed} signal: killed`),
  script('only-stderr', 'echo oops >&2; exit 1', 0, 'netplugin failed: "oops\\n"'),
  script(
    'error',
    `cat >/dev/null; echo '{"code": 11, "msg": "try again", "details": "later"}'; exit 1`,
    11,
    'try again',
    'later',
  ),
  {
    name: 'not-executable',
    program: '#!/bin/sh\n',
    mode: '644',
    error: { code: 0, msg: `${failed} fork/exec /run/ipam/not-executable: permission denied` },
  },
  {
    name: 'no-program',
    program: '',
    error: { code: 0, msg: `${failed} fork/exec /run/ipam/no-program: exec format error` },
    ownDetails: 'Cannot run "/run/ipam/no-program": it is no executable for this machine and has no "#!" line',
  },
  { name: 'directory', error: { code: 999, msg: 'failed to find plugin "directory" in path [/run/ipam]' } },
]
