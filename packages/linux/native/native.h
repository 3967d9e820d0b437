/*
 * The native boundary: the system calls that Node has no binding for, and nothing that knows a protocol.
 * Node-API only, no libuv, so that one build serves every Node version and Bun. Synchronous functions answer a
 * number: the result, or the negated errno; TypeScript makes errors of it. One that stands for several system calls
 * tells by failed_at which of them it was.
 */
#ifndef PATCHBAY_NATIVE_H
#define PATCHBAY_NATIVE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NAPI_VERSION 8
#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define MAX_ARGUMENTS 5
#define PATH_BYTES 4096

/* Arguments of one call, converted as they are asked for; a wrong type is remembered and reported once. */
typedef struct {
    napi_env env;
    napi_value value[MAX_ARGUMENTS];
    size_t count;
    bool wrong;
} call_t;

static inline call_t call_begin(napi_env env, napi_callback_info info) {
    call_t call = {.env = env, .count = MAX_ARGUMENTS};
    if (napi_get_cb_info(env, info, &call.count, call.value, NULL, NULL) != napi_ok) call.wrong = true;
    return call;
}

static inline int call_int(call_t *call, size_t index) {
    int32_t result = 0;
    if (napi_get_value_int32(call->env, call->value[index], &result) != napi_ok) call->wrong = true;
    return result;
}

static inline uint32_t call_uint(call_t *call, size_t index) {
    uint32_t result = 0;
    if (napi_get_value_uint32(call->env, call->value[index], &result) != napi_ok) call->wrong = true;
    return result;
}

/* A string, or "" for undefined; longer than a path can be is wrong. */
static inline void call_string(call_t *call, size_t index, char text[PATH_BYTES]) {
    size_t length = 0;
    napi_valuetype type = napi_undefined;
    text[0] = 0;
    if (napi_typeof(call->env, call->value[index], &type) != napi_ok) call->wrong = true;
    if (type == napi_undefined) return;
    if (napi_get_value_string_utf8(call->env, call->value[index], NULL, 0, &length) != napi_ok || length >= PATH_BYTES ||
        napi_get_value_string_utf8(call->env, call->value[index], text, PATH_BYTES, &length) != napi_ok ||
        strlen(text) != length)
        call->wrong = true;
}

/* A string of any length in memory of its own, which the caller frees; NULL for another value. */
static inline char *call_text(call_t *call, size_t index, size_t *length) {
    char *text = NULL;
    if (napi_get_value_string_utf8(call->env, call->value[index], NULL, 0, length) != napi_ok ||
        !(text = malloc(*length + 1)) ||
        napi_get_value_string_utf8(call->env, call->value[index], text, *length + 1, length) != napi_ok)
        call->wrong = true;
    return text;
}

typedef struct {
    uint8_t *data;
    size_t length;
} bytes_t;

static inline bytes_t call_bytes(call_t *call, size_t index) {
    bytes_t bytes = {NULL, 0};
    napi_typedarray_type type;
    void *data = NULL;
    if (napi_get_typedarray_info(call->env, call->value[index], &type, &bytes.length, &data, NULL, NULL) != napi_ok ||
        type != napi_uint8_array)
        call->wrong = true;
    bytes.data = data;
    return bytes;
}

static inline napi_value wrong_arguments(napi_env env) {
    napi_throw_type_error(env, NULL, "Cannot call the native function: wrong argument types");
    return NULL;
}

static inline napi_value number(napi_env env, int64_t value) {
    napi_value result = NULL;
    napi_create_int64(env, value, &result);
    return result;
}

static inline napi_value result_or_errno(napi_env env, int64_t result) {
    return number(env, result < 0 ? -errno : result);
}

/* Error numbers are below. */
#define CALL_STEP 4096

/* The negated errno, less CALL_STEP for each of the system calls that came before the one that failed. */
static inline napi_value failed_at(napi_env env, int calls_before) {
    return number(env, -(int64_t)errno - CALL_STEP * calls_before);
}

int open_of_namespace(const char *path, int flags);
ssize_t send_all(int fd, bytes_t bytes);
ssize_t receive_one(int fd, bytes_t bytes, int timeout_ms);

#define FUNCTION(name) napi_value name(napi_env env, napi_callback_info info)
/* netns.c */
FUNCTION(socket_in);
FUNCTION(netlink_in);
FUNCTION(read_in);
FUNCTION(write_in);
FUNCTION(open_netns);
FUNCTION(new_netns);
FUNCTION(mount_);
FUNCTION(umount_);
/* socket.c */
FUNCTION(setsockopt_);
FUNCTION(attach_filter);
FUNCTION(bind_);
FUNCTION(connect_);
FUNCTION(send_);
FUNCTION(receive_);
FUNCTION(shutdown_);
FUNCTION(exchange_);
FUNCTION(close_);
FUNCTION(flock_);
FUNCTION(peer_credentials);
FUNCTION(peer_is_alive);
FUNCTION(process_namespaces);
FUNCTION(strerror_);
/* child.c */
FUNCTION(send_from_child);
FUNCTION(hold_in_child);
/* job.c */
FUNCTION(exchange_async);
FUNCTION(exchange_long);
FUNCTION(send_async);
FUNCTION(receive_async);
FUNCTION(close_async);
/* job-affinity.c */
FUNCTION(pin_jobs_to_other_cpus);
void know_job_thread(void);
void make_way_for_job(bool goes_on);
/* subscription.c */
FUNCTION(subscribe);
FUNCTION(unsubscribe);

#endif
