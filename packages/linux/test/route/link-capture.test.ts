import { test } from 'node:test'
import { linkMessage } from '../../src/route/raw.ts'
import { checkCapture } from './capture.ts'

test('linkMessage reads and keeps a loopback interface', () => {
  checkCapture('link/lo', linkMessage, {
    family: 0,
    type: 772,
    index: 1,
    flags: 0x10049,
    address: '00:00:00:00:00:00',
    broadcast: '00:00:00:00:00:00',
    ifname: 'lo',
    mtu: 9000,
    qdisc: 'noqueue',
    txqlen: 77,
    operstate: 0,
    linkmode: 0,
    ifalias: 'loop back',
    group: 5,
    carrier: 1,
    tsoMaxSize: 524280,
    tsoMaxSegs: 65535,
    linkinfo: undefined,
  })
})

test('linkMessage reads and keeps every setting of a bridge', () => {
  const id = { priority: 4096, address: '0200000000b0' }
  checkCapture('link/bridge', linkMessage, {
    index: 2,
    flags: 0x1303,
    address: '02:00:00:00:00:b0',
    ifname: 'br0',
    mtu: 1420,
    txqlen: 9,
    operstate: 2,
    group: 6,
    promiscuity: 1,
    allmulti: 1,
    minMtu: 68,
    maxMtu: 65535,
    linkinfo: { link: { kind: 'bridge', data: { ...spanningTree, ...multicast, rootId: id, bridgeId: id } } },
  })
})

const spanningTree = {
  forwardDelay: 400,
  helloTime: 150,
  maxAge: 1000,
  ageingTime: 12344,
  stpState: 1,
  priority: 4096,
  vlanFiltering: false,
  groupFwdMask: 8,
  helloTimer: 150,
  gcTimer: 10,
  groupAddr: '01:80:c2:00:00:0e',
  nfCallIptables: true,
  nfCallIp6tables: true,
  nfCallArptables: true,
  // no_linklocal_learn, of five options that this kernel knows
  multiBoolopt: { optval: 1, optmask: 31 },
}

const multicast = {
  mcastRouter: 2,
  mcastSnooping: false,
  mcastQueryUseIfaddr: true,
  mcastQuerier: true,
  mcastHashElasticity: 16,
  mcastHashMax: 512,
  mcastLastMemberCnt: 5,
  mcastStartupQueryCnt: 6,
  mcastLastMemberIntvl: 100,
  mcastMembershipIntvl: 26000,
  mcastQuerierIntvl: 25500,
  mcastQueryIntvl: 12500,
  mcastQueryResponseIntvl: 1000,
  mcastStartupQueryIntvl: 3124,
  mcastStatsEnabled: true,
  mcastIgmpVersion: 3,
  mcastMldVersion: 2,
}

test('linkMessage reads and keeps a veth whose peer is in another namespace', () => {
  checkCapture('link/veth', linkMessage, {
    index: 20,
    flags: 0x1002,
    address: '02:00:00:00:00:01',
    ifname: 'v0',
    mtu: 1400,
    link: 30,
    ifalias: 'to a container',
    numTxQueues: 3,
    numRxQueues: 2,
    carrierChanges: 1,
    carrierDownCount: 1,
    linkNetnsid: 0,
    gsoMaxSegs: 100,
    gsoMaxSize: 32768,
    groMaxSize: 40000,
    propList: ['veth-of-container-1', 'second-name'],
    linkinfo: { link: { kind: 'veth' } },
  })
})

test('linkMessage reads and keeps every setting of a bridge port', () => {
  const id = { priority: 4096, address: '0200000000b0' }
  checkCapture('link/bridge-port', linkMessage, {
    index: 4,
    ifname: 'v0',
    link: 3,
    master: 2,
    operstate: 3,
    promiscuity: 1,
    linkinfo: { link: { kind: 'veth' }, port: { kind: 'bridge', data: { ...port, rootId: id, bridgeId: id } } },
  })
})

const port = {
  state: 0,
  priority: 5,
  cost: 1234,
  mode: true,
  guard: true,
  protect: true,
  fastLeave: true,
  learning: false,
  unicastFlood: false,
  proxyarp: true,
  proxyarpWifi: true,
  designatedPort: 0x1402,
  designatedCost: 0,
  id: 0x1402,
  no: 2,
  multicastRouter: 2,
  mcastFlood: false,
  mcastToUcast: true,
  vlanTunnel: true,
  bcastFlood: false,
  groupFwdMask: 16,
  neighSuppress: true,
  isolated: true,
  backupPort: 77,
  mcastEhtHostsLimit: 512,
  locked: true,
}

test('linkMessage reads and keeps a macvlan', () => {
  checkCapture('link/macvlan', linkMessage, {
    ifname: 'mv0',
    address: '02:00:00:00:00:11',
    link: 40,
    linkinfo: {
      link: { kind: 'macvlan', data: { mode: 16, flags: 0, macaddrCount: 2, bcQueueLen: 500, bcQueueLenUsed: 500 } },
    },
  })
  checkCapture('link/macvlan-passthru', linkMessage, {
    link: 40,
    linkinfo: { link: { kind: 'macvlan', data: { mode: 8, flags: 1, bcQueueLen: 1000 } } },
  })
})

const vxlan = {
  id: 4711,
  group: '239.1.1.1',
  link: 40,
  local: '10.9.8.7',
  ttl: 17,
  tos: 4,
  learning: true,
  ageing: 222,
  limit: 333,
  portRange: { low: 32768, high: 40000 },
  proxy: true,
  rsc: true,
  l2miss: true,
  l3miss: true,
  port: 4790,
  udpCsum: false,
  udpZeroCsum6Tx: true,
  udpZeroCsum6Rx: true,
  remcsumTx: true,
  remcsumRx: true,
  gbp: true,
  df: 1,
}

test('linkMessage reads and keeps every setting of a vxlan', () => {
  checkCapture('link/vxlan', linkMessage, { mtu: 1450, linkinfo: { link: { kind: 'vxlan', data: vxlan } } })
  checkCapture('link/vxlan6', linkMessage, {
    mtu: 1430,
    linkinfo: {
      link: {
        kind: 'vxlan',
        data: { id: 7, group6: 'fd00::2', local6: 'fd00::1', link: 40, port: 8472, label: 0xabcde, learning: false },
      },
    },
  })
})

test('linkMessage reads and keeps a tap device', () => {
  checkCapture('link/tap', linkMessage, {
    ifname: 'tap0',
    numTxQueues: 256,
    maxMtu: 65521,
    linkinfo: {
      link: {
        kind: 'tun',
        data: { owner: 1234, group: 1235, type: 2, pi: false, vnetHdr: true, persist: true, multiQueue: true },
      },
    },
  })
})
