/*
 * The host of the one-shot executable: a JavaScript engine that starts in a fraction of a millisecond, the system calls it
 * needs, and the native addon of @patchbay/linux linked in. What Node offers above that is TypeScript, in ../src.
 */
#ifndef PATCHBAY_HOST_H
#define PATCHBAY_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "quickjs.h"

/* node_api.c: the functions of the addon as an object; they work in the context that was given last. */
JSValue addon_functions(JSContext *context);
void use_context(JSContext *context);

/* threads.c: what other threads leave for the one of JavaScript. */
int open_wake_fd(void);
void wake_loop(void);
bool is_work_under_way(void);
/* Runs one completion; false when none waits. */
bool run_completion(void);

/* text.c: UTF-8, as the Encoding Standard has it. */
JSValue bytes_of_text(JSContext *context, JSValueConst self, int count, JSValueConst *values);
JSValue text_of_bytes(JSContext *context, JSValueConst self, int count, JSValueConst *values);

/* json.c */
JSValue read_json(JSContext *context, JSValueConst self, int count, JSValueConst *values);

/* sha2.c */
JSValue hash_of_bytes(JSContext *context, JSValueConst self, int count, JSValueConst *values);

/* The memory of a byte array; false for any other value. */
bool is_bytes(JSContext *context, JSValueConst value, uint8_t **data, size_t *length);

/* failure.c: the process ends with status 1, after an error object on standard output or, where none belongs, a line of text. */
_Noreturn void fail_with(const char *message);
_Noreturn void out_of_memory(void);
/* Something has been written to standard output, which has one document at most. */
void note_output(void);

/* memory.c */
extern const JSMallocFunctions memory_functions;
/* From now on memory comes from the section of the executable that can be written into it; false when it has none. */
bool begin_recording(void);
bool write_recording(JSContext *context, int fd);
/* The engine as it was recorded; NULL when it was not. */
JSContext *recorded_context(void);

/* system.c: what TypeScript reaches the kernel by. */
/* Signals by which the kernel tells of a write that failed: the error is enough. */
void ignore_write_signals(void);
void define_system(JSContext *context, JSValue host);

#endif
