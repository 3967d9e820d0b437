/*
 * System calls by number: numbers, texts and byte arrays go in, a number or a negated errno comes out. The layout of
 * what they read and write is TypeScript's business; only calls whose structures are alike on all machines are offered.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

#define MAX_ARGUMENTS 6

static const struct {
    const char *name;
    long number;
} calls[] = {
    {"openat", SYS_openat},         {"close", SYS_close},           {"read", SYS_read},
    {"write", SYS_write},           {"pread64", SYS_pread64},       {"pwrite64", SYS_pwrite64},
    {"statx", SYS_statx},           {"getdents64", SYS_getdents64}, {"mkdirat", SYS_mkdirat},
    {"renameat2", SYS_renameat2},   {"linkat", SYS_linkat},         {"unlinkat", SYS_unlinkat},
    {"symlinkat", SYS_symlinkat},   {"readlinkat", SYS_readlinkat}, {"fchmodat", SYS_fchmodat},
    {"fsync", SYS_fsync},           {"fdatasync", SYS_fdatasync},   {"ftruncate", SYS_ftruncate},
    {"utimensat", SYS_utimensat},   {"statfs", SYS_statfs},         {"faccessat", SYS_faccessat},
    {"memfd_create", SYS_memfd_create}, {"lseek", SYS_lseek},       {"pipe2", SYS_pipe2},
    {"fcntl", SYS_fcntl},           {"kill", SYS_kill},             {"getpid", SYS_getpid},
    {"getuid", SYS_getuid},         {"getgid", SYS_getgid},         {"ppoll", SYS_ppoll},
    {"wait4", SYS_wait4},           {"getrandom", SYS_getrandom},   {"umask", SYS_umask},
};

bool is_bytes(JSContext *context, JSValueConst value, uint8_t **data, size_t *length) {
    size_t offset, size, element;
    JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, &size, &element);
    if (JS_IsException(buffer)) {
        JS_FreeValue(context, JS_GetException(context));
        return false;
    }
    size_t whole;
    uint8_t *start = JS_GetArrayBuffer(context, &whole, buffer);
    JS_FreeValue(context, buffer);
    *data = start + offset;
    *length = size;
    return start != NULL;
}

/* One argument as the kernel takes it; a text is freed by the caller. */
static bool argument_of(JSContext *context, JSValueConst value, long *argument, const char **text) {
    uint8_t *data;
    size_t length;
    int64_t number;
    if (JS_IsNumber(value)) {
        if (JS_ToInt64(context, &number, value)) return false;
        *argument = number;
        return true;
    }
    if (JS_IsString(value)) {
        *text = JS_ToCStringLen(context, &length, value);
        if (!*text || strlen(*text) != length) return false;
        *argument = (long)*text;
        return true;
    }
    if (JS_IsNull(value)) {
        *argument = 0;
        return true;
    }
    if (!is_bytes(context, value, &data, &length)) return false;
    *argument = (long)data;
    return true;
}

static JSValue system_call(JSContext *context, JSValueConst self, int count, JSValueConst *values, int magic) {
    (void)self;
    long arguments[MAX_ARGUMENTS] = {0}, result = 0;
    const char *texts[MAX_ARGUMENTS] = {NULL};
    bool right = count <= MAX_ARGUMENTS;
    for (int at = 0; right && at < count; at++) right = argument_of(context, values[at], &arguments[at], &texts[at]);
    if (right) {
        long number = calls[magic].number;
        do result = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
        while (result < 0 && errno == EINTR && number != SYS_ppoll && number != SYS_close);
        /* An interrupted close has closed: the number may be that of what another thread has opened since. */
        if (result < 0) result = number == SYS_close && errno == EINTR ? 0 : -errno;
        else if (number == SYS_write && arguments[0] == STDOUT_FILENO) note_output();
    }
    for (int at = 0; at < MAX_ARGUMENTS; at++) JS_FreeCString(context, texts[at]);
    if (!right) return JS_ThrowTypeError(context, "Cannot call %s: wrong argument", calls[magic].name);
    return JS_NewInt64(context, result);
}

#define MAX_STRINGS 4096

/* A NULL-terminated array of C strings, freed with free_strings. */
static const char **strings_of(JSContext *context, JSValueConst array) {
    int64_t length = 0;
    JSValue size = JS_GetPropertyStr(context, array, "length");
    if (JS_ToInt64(context, &length, size) || length < 0 || length > MAX_STRINGS) return NULL;
    const char **strings = js_mallocz(context, (size_t)(length + 1) * sizeof *strings);
    for (uint32_t at = 0; strings && at < length; at++) {
        JSValue item = JS_GetPropertyUint32(context, array, at);
        strings[at] = JS_ToCString(context, item);
        JS_FreeValue(context, item);
    }
    return strings;
}

static void free_strings(JSContext *context, const char **strings) {
    for (size_t at = 0; strings && strings[at]; at++) JS_FreeCString(context, strings[at]);
    js_free(context, strings);
}

/* Those that this program ignores though they had their default: the programs that it starts have that again. */
static sigset_t ignored_here;

void ignore_write_signals(void) {
    static const int signals[] = {SIGPIPE, SIGXFSZ};
    sigemptyset(&ignored_here);
    for (size_t at = 0; at < sizeof signals / sizeof *signals; at++)
        if (signal(signals[at], SIG_IGN) != SIG_IGN) sigaddset(&ignored_here, signals[at]);
}

/* spawn(path, arguments, environment, [stdin, stdout, stderr], ownGroup): the process id, or a negated errno. */
static JSValue spawn_process(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    const char *path = count == 5 ? JS_ToCString(context, values[0]) : NULL;
    const char **arguments = path ? strings_of(context, values[1]) : NULL;
    const char **environment = arguments ? strings_of(context, values[2]) : NULL;
    if (!environment) return JS_ThrowTypeError(context, "Cannot start a process: wrong arguments");
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (uint32_t at = 0; at < 3; at++) {
        int32_t fd = -1;
        JSValue item = JS_GetPropertyUint32(context, values[3], at);
        JS_ToInt32(context, &fd, item);
        posix_spawn_file_actions_adddup2(&actions, fd, (int)at);
    }
    posix_spawnattr_setsigdefault(&attributes, &ignored_here);
    short flags = POSIX_SPAWN_SETSIGDEF;
    if (JS_ToBool(context, values[4])) flags |= POSIX_SPAWN_SETSID;
    posix_spawnattr_setflags(&attributes, flags);
    pid_t pid = 0;
    int error = posix_spawn(&pid, path, &actions, &attributes, (char **)arguments, (char **)environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    JS_FreeCString(context, path);
    free_strings(context, arguments);
    free_strings(context, environment);
    return JS_NewInt32(context, error ? -error : pid);
}

/* now(clock): milliseconds. */
static JSValue time_of_clock(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    int32_t clock = CLOCK_MONOTONIC;
    struct timespec now = {0, 0};
    if (count > 0 && JS_ToInt32(context, &clock, values[0])) return JS_EXCEPTION;
    if (clock_gettime(clock, &now) != 0) return JS_ThrowRangeError(context, "Cannot read clock %d", clock);
    return JS_NewFloat64(context, (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6);
}

static const char architecture[] =
#if defined __aarch64__
    "arm64";
#else
    "x64";
#endif

static volatile sig_atomic_t caught[NSIG];

static void on_signal(int signal) {
    caught[signal] = 1;
    wake_loop();
}

static bool is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/*
 * catchSignal(signal, how): what it does from now on: 0 the default, 1 it is noted, 2 it is noted once. One that the caller of
 * this program has it ignore (nohup) does nothing; the ends of children are always asked for.
 */
static JSValue catch_signal(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    int32_t signal = 0, how = 0;
    if (count < 2 || JS_ToInt32(context, &signal, values[0]) || JS_ToInt32(context, &how, values[1]))
        return JS_EXCEPTION;
    if (signal != SIGCHLD && is_ignored(signal)) return JS_NewInt32(context, 0);
    struct sigaction action = {.sa_handler = how ? on_signal : SIG_DFL, .sa_flags = SA_RESTART};
    if (how == 2) action.sa_flags |= (int)SA_RESETHAND;
    return JS_NewInt32(context, sigaction(signal, &action, NULL) == 0 ? 0 : -errno);
}

/* caughtSignal(signal): whether it has come since this was last asked. */
static JSValue caught_signal(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    int32_t signal = 0;
    if (count < 1 || JS_ToInt32(context, &signal, values[0]) || signal < 1 || signal >= NSIG) return JS_EXCEPTION;
    if (!caught[signal]) return JS_FALSE;
    /* Only now: a signal that came since it was looked at would be forgotten. One that comes here is answered with this one. */
    caught[signal] = 0;
    return JS_TRUE;
}

static JSValue complete(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self, (void)count, (void)values;
    return JS_NewBool(context, run_completion());
}

static JSValue work_under_way(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self, (void)count, (void)values;
    return JS_NewBool(context, is_work_under_way());
}

static const struct {
    const char *name;
    JSCFunction *function;
} functions[] = {
    {"spawn", spawn_process},       {"now", time_of_clock},           {"decode", text_of_bytes},
    {"encode", bytes_of_text},      {"catchSignal", catch_signal},    {"caughtSignal", caught_signal},
    {"complete", complete},         {"workUnderWay", work_under_way}, {"hash", hash_of_bytes},
    {"readJson", read_json},
};

void define_system(JSContext *context, JSValue host) {
    JSValue system = JS_NewObject(context);
    for (size_t at = 0; at < sizeof calls / sizeof *calls; at++) {
        JSValue function = JS_NewCFunctionMagic(context, system_call, calls[at].name, 0, JS_CFUNC_generic_magic, (int)at);
        JS_SetPropertyStr(context, system, calls[at].name, function);
    }
    for (size_t at = 0; at < sizeof functions / sizeof *functions; at++)
        JS_SetPropertyStr(context, host, functions[at].name,
                          JS_NewCFunction(context, functions[at].function, functions[at].name, 0));
    JS_SetPropertyStr(context, host, "system", system);
    JS_SetPropertyStr(context, host, "architecture", JS_NewString(context, architecture));
}
