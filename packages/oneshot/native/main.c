/* Starts the engine, runs the program that is linked in as bytecode, and turns its event loop. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host.h"

#include "bytes.h"

/*
 * Made by the build: the program's modules. The first ENTRIES are run when the engine starts; one whose name begins with
 * LOADER runs another that not every call needs.
 */
static const struct {
    const char *name;
    const uint8_t *start, *end;
} modules[] = {
#define MODULE(name, symbol) {name, symbol##_start, symbol##_end},
#include "modules.h"
};
#define MODULES (sizeof modules / sizeof *modules)
#define ENTRIES 3
#define LOADER "load-"

/* An eighth of what the kernel gives by default. */
#define STACK_BYTES (1 << 20)

/* Promises that were rejected while nobody had asked for their outcome, and what the last one was rejected with. */
static int unhandled;
static JSValue last_reason;

static void note_rejection(JSContext *context, JSValueConst promise, JSValueConst reason, int is_handled, void *data) {
    (void)promise, (void)data;
    unhandled += is_handled ? -1 : 1;
    if (!is_handled) last_reason = JS_DupValue(context, reason);
}

/* Ends the process with status 1. */
_Noreturn static void fail(JSContext *context, JSValue thrown) {
    JSValue message = JS_IsObject(thrown) ? JS_GetPropertyStr(context, thrown, "message") : JS_UNDEFINED;
    const char *text = JS_ToCString(context, JS_IsString(message) ? message : thrown);
    if (!text) out_of_memory();
    fail_with(text);
}

static JSValue checked(JSContext *context, JSValue value) {
    if (JS_IsException(value)) fail(context, JS_GetException(context));
    return value;
}

static void run_jobs(JSContext *context) {
    JSContext *job;
    int ran;
    do ran = JS_ExecutePendingJob(JS_GetRuntime(context), &job);
    while (ran > 0);
    if (ran < 0) fail(job, JS_GetException(job));
    if (unhandled > 0) fail(context, last_reason);
}

static JSModuleDef *read_module(JSContext *context, const char *name, void *data) {
    (void)data;
    for (size_t at = 0; at < MODULES; at++) {
        if (strcmp(modules[at].name, name) != 0) continue;
        size_t size = (size_t)(modules[at].end - modules[at].start);
        JSValue code = JS_ReadObject(context, modules[at].start, size, JS_READ_OBJ_BYTECODE);
        return JS_IsException(code) ? NULL : JS_VALUE_GET_PTR(code);
    }
    JS_ThrowReferenceError(context, "Cannot load \"%s\": it is no part of this program", name);
    return NULL;
}

static JSValue run_module(JSContext *context, const char *name) {
    JSModuleDef *module = read_module(context, name, NULL);
    if (!module) return JS_EXCEPTION;
    JSValue code = JS_MKPTR(JS_TAG_MODULE, module);
    return JS_ResolveModule(context, code) < 0 ? JS_EXCEPTION : JS_EvalFunction(context, code);
}

/* load(name): runs a module that is not needed at every start. */
static JSValue load(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    const char *name = count < 1 ? NULL : JS_ToCString(context, values[0]);
    if (!name) return JS_EXCEPTION;
    JSValue result = run_module(context, name);
    JS_FreeCString(context, name);
    return result;
}

static JSValue host_of(JSContext *context) {
    JSValue global = JS_GetGlobalObject(context), host = JS_GetPropertyStr(context, global, "host");
    JS_FreeValue(context, global);
    return host;
}

/* The process ends soon, and the kernel takes all of its memory back at once: looking for garbage would be most of its work. */
static JSContext *start_engine(void) {
    JSRuntime *runtime = JS_NewRuntime2(&memory_functions, NULL);
    JSContext *context = runtime ? JS_NewContext(runtime) : NULL;
    if (!context) out_of_memory();
    JS_SetGCThreshold(runtime, (size_t)-1);
    JS_SetMaxStackSize(runtime, STACK_BYTES);
    JS_SetModuleLoaderFunc(runtime, NULL, read_module, NULL);
    JS_SetHostPromiseRejectionTracker(runtime, note_rejection, NULL);
    JSValue global = JS_GetGlobalObject(context), host = JS_NewObject(context);
    define_system(context, host);
    JS_SetPropertyStr(context, host, "addon", addon_functions(context));
    JS_SetPropertyStr(context, host, "load", JS_NewCFunction(context, load, "load", 1));
    JS_SetPropertyStr(context, global, "host", host);
    JS_FreeValue(context, global);
    for (size_t at = 0; at < ENTRIES; at++) checked(context, run_module(context, modules[at].name));
    return context;
}

/* Has every module run, so that none is left to be read. */
static void load_all(JSContext *context) {
    JSValue host = host_of(context), import = JS_GetPropertyStr(context, host, "import");
    for (size_t at = ENTRIES; at < MODULES; at++) {
        if (strncmp(modules[at].name, LOADER, strlen(LOADER)) != 0) continue;
        JSValue name = JS_NewString(context, modules[at].name + strlen(LOADER));
        checked(context, JS_Call(context, import, host, 1, &name));
        run_jobs(context);
    }
}

static JSValue strings(JSContext *context, char **values) {
    JSValue array = JS_NewArray(context);
    for (uint32_t at = 0; values[at]; at++)
        JS_SetPropertyUint32(context, array, at, JS_NewString(context, values[at]));
    return array;
}

/* A standard stream that is closed would be the next file that is opened. Where there is no /dev it becomes one that fails. */
static void open_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0 && open("/", O_PATH) < 0) _exit(1);
}

/* Where the stack may not grow to STACK_BYTES, deep recursion is to be an error all the same; some is left for C. */
static void limit_stack(JSContext *context) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur / 2 < STACK_BYTES)
        JS_SetMaxStackSize(JS_GetRuntime(context), limit.rlim_cur / 2);
}

/* More than any ADD has open at once, and a limit above which nobody counts how many are left. */
#define DESCRIPTORS 32
#define MANY_DESCRIPTORS 1024

/* Some four times what the deepest ADD takes of it, beside the environment, which is on the stack as well. */
#define LEAST_STACK_BYTES (256 << 10)

static void require_stack(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= LEAST_STACK_BYTES) return;
    fail_with("Cannot begin: stack too small, RLIMIT_STACK allows less than 256 KiB");
}

static void require_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= MANY_DESCRIPTORS) return;
    int opened[DESCRIPTORS], count = 0;
    while (count < DESCRIPTORS && (opened[count] = dup(0)) >= 0) count++;
    for (int at = 0; at < count; at++) close(opened[at]);
    if (count < DESCRIPTORS) fail_with("Cannot begin: too many open files, RLIMIT_NOFILE leaves less than 32 descriptors");
}

/* ADD begins only with what it may need: undoing what it did takes some, too. All others do what they can. */
static void require_resources(void) {
    const char *command = getenv("CNI_COMMAND");
    if (!command || strcmp(command, "ADD") != 0) return;
    require_stack();
    require_descriptors();
}

static int run(JSContext *context, char **arguments, char **environment) {
    JSValue host = host_of(context);
    use_context(context);
    JS_SetPropertyStr(context, host, "arguments", strings(context, arguments));
    JS_SetPropertyStr(context, host, "environment", strings(context, environment));
    JS_SetPropertyStr(context, host, "wake", JS_NewInt32(context, open_wake_fd()));
    JS_SetPropertyStr(context, host, "status", JS_NewInt32(context, 0));
    JSValue main = JS_GetPropertyStr(context, host, "main"), turn = JS_GetPropertyStr(context, host, "turn");
    checked(context, JS_Call(context, main, host, 0, NULL));
    do run_jobs(context);
    while (JS_ToBool(context, checked(context, JS_Call(context, turn, host, 0, NULL))));
    int32_t status = 1;
    JS_ToInt32(context, &status, JS_GetPropertyStr(context, host, "status"));
    return status;
}

static void *start_and_write(void *done) {
    JSContext *context = start_engine();
    load_all(context);
    *(bool *)done = write_recording(context, STDOUT_FILENO);
    return NULL;
}

/* On a stack that is always at the same place: the engine keeps its address. */
static int record(void) {
    static _Alignas(4096) uint8_t stack[1 << 20];
    bool done = false;
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, sizeof stack);
    if (pthread_create(&thread, &attributes, start_and_write, &done) == 0) pthread_join(thread, NULL);
    return done ? 0 : 1;
}

int main(int argc, char **argv, char **environment) {
    (void)argc;
    open_standard_streams();
    ignore_write_signals();
    JSContext *context = recorded_context();
    if (!context && begin_recording()) return record();
    if (!context) context = start_engine();
    limit_stack(context);
    require_resources();
    _exit(run(context, argv, environment));
}
