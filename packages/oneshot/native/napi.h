/* What node_api.c and threads.c share. */
#ifndef PATCHBAY_NODE_API_H
#define PATCHBAY_NODE_API_H

#define NAPI_VERSION 8
#include <node_api.h>

#include "host.h"

#define MAX_HANDLES 256

/* Handles live until the call that they were made in ends. A napi_value is one more than its place. */
struct napi_env__ {
    JSContext *context;
    JSValue handles[MAX_HANDLES];
    size_t count;
    bool thrown;
};

extern struct napi_env__ environment;

napi_value handle(napi_env env, JSValue value);
JSValue value_of(napi_env env, napi_value value);
void forget_handles(napi_env env, size_t count);
/* The memory, or the end of the process when there is none. */
void *require(void *memory);

#endif
