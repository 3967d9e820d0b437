/**
 * What a runtime built on the reference library (1.3.0) wrote to the standard input of its plugins, for the network
 * `n1` and the container `id1`.
 */

/** The network: plugins as the runtime's configuration had them, keys in another order than on standard input. */
export const recordedList = JSON.stringify({
  cniVersion: '1.1.0',
  name: 'n1',
  plugins: [
    {
      type: 'bridge',
      bridge: 'b0',
      isGateway: true,
      ipMasq: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.170.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
    { type: 'tuning', mtu: 1400 },
  ],
})

/** What every plugin printed: the bridge plugin's result, indented as it came. */
export const recordedResult = `{
    "cniVersion": "1.1.0",
    "interfaces": [
        { "mac": "2e:4e:17:b4:a4:73", "name": "b0" },
        { "mac": "a6:6b:67:43:f5:00", "name": "veth41d4e0c0" },
        { "mac": "26:5a:13:0f:34:7c", "name": "eth0", "sandbox": "/run/netns/n1" }
    ],
    "ips": [ { "address": "10.170.0.2/24", "gateway": "10.170.0.1", "interface": 2 } ],
    "routes": [ { "dst": "0.0.0.0/0" } ]
}`

const bridge =
  '"ipMasq":true,"ipam":{"ranges":[[{"subnet":"10.170.0.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}],"type":"host-local"},"isGateway":true,"name":"n1"'

const prevResult =
  '"prevResult":{"cniVersion":"1.1.0","interfaces":[{"mac":"2e:4e:17:b4:a4:73","name":"b0"},{"mac":"a6:6b:67:43:f5:00","name":"veth41d4e0c0"},{"mac":"26:5a:13:0f:34:7c","name":"eth0","sandbox":"/run/netns/n1"}],"ips":[{"address":"10.170.0.2/24","gateway":"10.170.0.1","interface":2}],"routes":[{"dst":"0.0.0.0/0"}]}'

const attachments =
  '"cni.dev/attachments":[{"containerID":"id2","ifname":"eth0"}],"cni.dev/valid-attachments":[{"containerID":"id2","ifname":"eth0"}]'

const runtimeConfig = '"runtimeConfig":{"portMappings":[{"containerPort":80,"hostPort":8080,"protocol":"tcp"}]}'

/** Standard input by command and plugin. */
export const recordedStdin: Readonly<Record<string, string>> = {
  'STATUS bridge': `{"bridge":"b0","cniVersion":"1.1.0",${bridge},"type":"bridge"}`,
  'STATUS portmap': '{"capabilities":{"portMappings":true},"cniVersion":"1.1.0","name":"n1","type":"portmap"}',
  'STATUS tuning': '{"cniVersion":"1.1.0","mtu":1400,"name":"n1","type":"tuning"}',
  'ADD bridge': `{"bridge":"b0","cniVersion":"1.1.0",${bridge},"type":"bridge"}`,
  'ADD portmap': `{"capabilities":{"portMappings":true},"cniVersion":"1.1.0","name":"n1",${prevResult},${runtimeConfig},"type":"portmap"}`,
  'ADD tuning': `{"cniVersion":"1.1.0","mtu":1400,"name":"n1",${prevResult},"type":"tuning"}`,
  'CHECK bridge': `{"bridge":"b0","cniVersion":"1.1.0",${bridge},${prevResult},"type":"bridge"}`,
  'CHECK portmap': `{"capabilities":{"portMappings":true},"cniVersion":"1.1.0","name":"n1",${prevResult},${runtimeConfig},"type":"portmap"}`,
  'CHECK tuning': `{"cniVersion":"1.1.0","mtu":1400,"name":"n1",${prevResult},"type":"tuning"}`,
  'DEL tuning': `{"cniVersion":"1.1.0","mtu":1400,"name":"n1",${prevResult},"type":"tuning"}`,
  'DEL portmap': `{"capabilities":{"portMappings":true},"cniVersion":"1.1.0","name":"n1",${prevResult},${runtimeConfig},"type":"portmap"}`,
  'DEL bridge': `{"bridge":"b0","cniVersion":"1.1.0",${bridge},${prevResult},"type":"bridge"}`,
  'GC bridge': `{"bridge":"b0",${attachments},"cniVersion":"1.1.0",${bridge},"type":"bridge"}`,
  'GC portmap': `{"capabilities":{"portMappings":true},${attachments},"cniVersion":"1.1.0","name":"n1","type":"portmap"}`,
  'GC tuning': `{${attachments},"cniVersion":"1.1.0","mtu":1400,"name":"n1","type":"tuning"}`,
}

/** The portmap plugin's input on ADD to a network of 0.4.0: the result before it keeps its own order of keys. */
export const recordedStdin04 =
  '{"capabilities":{"portMappings":true},"cniVersion":"0.4.0","name":"ds","prevResult":{"cniVersion":"0.4.0","interfaces":[{"name":"cni-podman1","mac":"86:f4:14:6c:0f:ce"},{"name":"veth5280b844","mac":"9a:50:6d:0b:e8:3f"},{"name":"net7","mac":"02:00:00:00:00:07","sandbox":"/run/netns/netns-e78df3fe-a614-0c18-5cf9-0abf784e87f5"}],"ips":[{"version":"4","interface":2,"address":"10.124.0.200/24","gateway":"10.124.0.1"},{"version":"6","interface":2,"address":"fd00:77::200/64","gateway":"fd00:77::1"}],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}],"dns":{}},"type":"portmap"}'
