/* The table of functions that TypeScript sees; packages/linux/src/sys/native.ts declares their types. */
#include "native.h"

#define ENTRY(name, function) {name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL}

NAPI_MODULE_INIT() {
    static const napi_property_descriptor functions[] = {
        ENTRY("socketIn", socket_in),
        ENTRY("netlinkIn", netlink_in),
        ENTRY("readIn", read_in),
        ENTRY("writeIn", write_in),
        ENTRY("openNetns", open_netns),
        ENTRY("newNetns", new_netns),
        ENTRY("mount", mount_),
        ENTRY("umount", umount_),
        ENTRY("setsockopt", setsockopt_),
        ENTRY("attachFilter", attach_filter),
        ENTRY("bind", bind_),
        ENTRY("connect", connect_),
        ENTRY("send", send_),
        ENTRY("receive", receive_),
        ENTRY("shutdown", shutdown_),
        ENTRY("exchange", exchange_),
        ENTRY("close", close_),
        ENTRY("flock", flock_),
        ENTRY("peerCredentials", peer_credentials),
        ENTRY("peerIsAlive", peer_is_alive),
        ENTRY("processNamespaces", process_namespaces),
        ENTRY("strerror", strerror_),
        ENTRY("sendFromChild", send_from_child),
        ENTRY("holdInChild", hold_in_child),
        ENTRY("exchangeAsync", exchange_async),
        ENTRY("exchangeLong", exchange_long),
        ENTRY("sendAsync", send_async),
        ENTRY("receiveAsync", receive_async),
        ENTRY("closeAsync", close_async),
        ENTRY("pinJobsToOtherCpus", pin_jobs_to_other_cpus),
        ENTRY("subscribe", subscribe),
        ENTRY("unsubscribe", unsubscribe),
    };
    if (napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions) != napi_ok) return NULL;
    return exports;
}
