/** What ADD changes and CHECK does not look at: a pattern for names of facts, why, and where it depends on that, their value. */
export const notLookedAt: readonly (readonly [facts: RegExp, because: string, value?: string])[] = [
  [
    /: link \S+: (?:ifindex|link_index|link_netnsid|link_type|broadcast|(?:min|max)_mtu|num_\wx_queues|(?:gro|gso|tso)_\w+)$/,
    'the kernel gives it to a link that is made, and it goes with the link',
  ],
  [/: link \S+: (?:mtu|txqlen|qdisc)$|: queueing /, 'the plugins "tuning" and "bandwidth" set another one behind'],
  [/: link \S+: (?:group|ifalias)$/, 'GC alone goes by it, and an attachment of the reference has none'],
  [/: link \S+: address local fe80|: route type \w+ dst fe80/, 'the kernel makes it of the hardware address'],
  [/: route type (?:local|broadcast|multicast|anycast) /, 'the kernel makes it of an address, and it goes with that'],
  [/: route type unicast dst (\S+) dev \S+ table main metric 256$/, 'a route to the own address, which is local'],
  [/: filter \S+ in (?!.*"to_dev")|: filter \S+ out /, 'the kernel shows the place of a filter besides the filter'],
  [/: link bwp\w+: address$/, 'the kernel lets nobody change it'],
  [/^files: \/run\/cni(?:\/tuning(?:\/\S+)?)?$/, 'a backup, which DEL does without'],
  [/: forwarding /, 'the kernel makes it of addresses, and of the groups that they are in'],
  [
    /: link \S+: linkinfo: info_data: (?!mode|vlan_filtering)\w+$/,
    'the administrator sets it, and ADD leaves it as it is',
  ],
  [
    /: linkinfo: info_slave_(?:kind$|data: (?!hairpin|isolated))/,
    'the administrator sets it, and ADD leaves it as it is',
  ],
  [/^c1: sysctl /, 'the plugin "tuning" and the container set it; what it does to addresses and routes is found there'],
  [
    /^host: sysctl ipv4\/conf\/[^/]+\/(?:forwarding|accept_redirects)$/,
    'follows from ip_forward; of one link, the administrator sets it',
  ],
  [
    /^host: sysctl ipv6\/conf\/(?!all\/)[^/]+\/forwarding$/,
    'follows from that of all links; of one link, the administrator sets it',
  ],
  [
    /^host: sysctl .*\/(?!(?:forwarding|accept_ra|disable_ipv6|route_localnet)$)\w+$/,
    'comes with the link, or matters while ADD runs alone',
  ],
  [
    /^files: \S+\/(?:\.patchbay\.\S+|last_reserved_ip\.\d+|lock)$/,
    'a note for the next ADD and for GC, which do without',
  ],
  [/^files: \S*\/cni(?:\/networks(?:\/net)?)?$/, 'a folder, which goes with the leases'],
  [/: nft family ip6? table (?:nat|filter)/, 'the kernel shows here once more what iptables shows'],
  [/: iptables? \S+ :[A-Z]+ |: ip6tables \S+ :[A-Z]+ /, "a chain of the kernel, whose policy is the administrator's"],
  [/: ip6?tables filter .*CNI-PUBLISHED/, 'a container that the reference has attached does without'],
  [
    /: ip6tables nat -A CNI-HOSTPORT-DNAT -d ::1\/128 -j RETURN$/,
    'a container that the reference has attached does without',
  ],
  [/[ :]CNI-ADMIN(?: -|)$| chain firewall-admins$/, "the administrator's chain, whose rules are the administrator's"],
  [/: nft .* (?:set|map|counter) \S+$/, 'the kernel keeps it while a rule or an element uses it'],
  [/: nft .* set \S+-records element /, 'attachments of versions until 0.1 have none, and DEL does without'],
  [/^host: sysctl .*\/route_localnet$/, 'without "portmap" it is not switched on', '0'],
  [/^host: sysctl .*\/accept_ra$/, 'IPv6 is off, so that the host hears no router', '1'],
  [/^host: sysctl .*\/disable_ipv6$/, 'accept_ra keeps the host from hearing routers', '0'],
]
