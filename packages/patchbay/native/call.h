/* A call of a plugin as it came in, and how another program is given it whole. */
#ifndef PATCHBAY_CALL_H
#define PATCHBAY_CALL_H

#include "system.h"

#define PATH_BYTES 4096
/* All plugins, quick to start; and everything, for where there was no compiler to make the first. */
#define PLUGINS "patchbay-plugins"
#define EXECUTABLE "patchbay"

typedef struct {
    char **argv, **envp;
    const char *name;
    /* Standard input has been read, to its end or not: into the request, from this offset on. */
    bool stdin_taken;
    size_t stdin_at;
} call_t;

static const char *base_name(const char *path) {
    const char *name = path;
    for (; *path; path++)
        if (*path == '/') name = path + 1;
    return name;
}

/* The value in "NAME=value" when that is its name; otherwise NULL. */
static const char *value_of(const char *pair, const char *name) {
    while (*name && *pair == *name) pair++, name++;
    return *name == 0 && *pair == '=' ? pair + 1 : NULL;
}

static const char *variable(const call_t *call, const char *name) {
    for (char **pair = call->envp; *pair; pair++)
        if (value_of(*pair, name)) return value_of(*pair, name);
    return NULL;
}

/* Takes a variable away, however often it is there. */
static void remove_variable(call_t *call, const char *name) {
    char **kept = call->envp;
    for (char **pair = call->envp; *pair; pair++)
        if (!value_of(*pair, name)) *kept++ = *pair;
    *kept = NULL;
}

/* The kernel lays the variables out one behind the other, each ended by NUL: what /proc/PID/environ shows. */
static size_t environment_length(const call_t *call) {
    char **pair = call->envp;
    if (!*pair) return 0;
    while (pair[1]) pair++;
    return (size_t)(*pair - call->envp[0]) + strlen(*pair) + 1;
}

static bool streams_are_open(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (CALL2(__NR_fcntl, fd, F_GETFD) < 0) return false;
    return true;
}

/* Reads standard input to its end; false when that has not come after `limit` bytes, or never will. */
static bool read_stdin(bytes_t *request, size_t limit) {
    for (size_t taken = 0; taken <= limit;) {
        if (!reserve(request, 65536)) return false;
        long result = read_waiting(0, request->data + request->length, 65536);
        if (result <= 0) return result == 0;
        request->length += (size_t)result;
        taken += (size_t)result;
    }
    return false;
}

static void print(int fd, const char *text) { write_all(fd, text, strlen(text), false); }

static const char *decimal(long number, char digits[24]) {
    char *at = digits + 23;
    *at = 0;
    do *--at = (char)('0' + number % 10), number /= 10;
    while (number);
    return at;
}

/* The errors that a stream of a runtime may have, in words; all others by number. */
static const char *error_text(long negated_errno, char digits[24]) {
    switch (negated_errno) {
    case -EPIPE: return "EPIPE: broken pipe";
    case -ENOSPC: return "ENOSPC: no space left on device";
    case -EBADF: return "EBADF: bad file descriptor";
    case -EFBIG: return "EFBIG: file too large";
    case -EIO: return "EIO: input/output error";
    default: return decimal(-negated_errno, digits);
    }
}

/* Says on standard error what failed, and why; the exit status. */
static int complain(const char *what, long negated_errno) {
    char digits[24];
    const char *text = error_text(negated_errno, digits);
    print(2, what);
    print(2, *text >= '0' && *text <= '9' ? ": error " : ": ");
    print(2, text);
    print(2, "\n");
    return 1;
}

/* Prints the error object of the protocol (CNI 1.1 §"Error"); the exit status. `message` needs no escapes. */
static int fail(int code, const char *message) {
    char digits[24];
    print(1, "{\n    \"code\": ");
    print(1, decimal(code, digits));
    print(1, ",\n    \"msg\": \"");
    print(1, message);
    print(1, "\"\n}");
    return 1;
}

/* Puts what was read of standard input, and what is left of it, into a file in memory in its place. */
static bool restore_stdin(const call_t *call, const bytes_t *request) {
    char rest[16384];
    long fd = CALL2(__NR_memfd_create, "stdin", 0), size;
    if (fd < 0) return false;
    if (write_all((int)fd, request->data + call->stdin_at, request->length - call->stdin_at, false) < 0) return false;
    while ((size = read_waiting(0, rest, sizeof rest)) > 0)
        if (write_all((int)fd, rest, (size_t)size, false) < 0) return false;
    return CALL3(__NR_lseek, fd, 0, SEEK_SET) == 0 && CALL3(__NR_dup3, fd, 0, 0) == 0 && CALL1(__NR_close, fd) == 0;
}

/* <asm/signal.h>, as the kernel has it: handler, flags, restorer, mask */
typedef struct {
    unsigned long words[4];
} signal_action_t;

static const int write_signals[] = {13 /* SIGPIPE */, 25 /* SIGXFSZ */};
static signal_action_t inherited_actions[2];

/* The kernel tells of a write that fails by a signal, too, which would end this program before it could say so. */
static void ignore_write_signals(void) {
    static const signal_action_t ignore = {{1 /* SIG_IGN */}};
    for (size_t i = 0; i < 2; i++)
        CALL4(__NR_rt_sigaction, write_signals[i], &ignore, &inherited_actions[i], sizeof(long));
}

/* For the program that this one becomes. */
static void restore_write_signals(void) {
    for (size_t i = 0; i < 2; i++) CALL4(__NR_rt_sigaction, write_signals[i], &inherited_actions[i], 0, sizeof(long));
}

/* The path of `name` beside this program's own file; false when it cannot be found or is too long. */
static bool beside_self(char path[PATH_BYTES], const char *name) {
    size_t size = strlen(name) + 1;
    long length = CALL4(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", path, PATH_BYTES);
    while (length > 0 && path[length - 1] != '/') length--;
    if (length <= 0 || (size_t)length + size > PATH_BYTES) return false;
    memcpy(path + length, name, size);
    return true;
}

/* Does the call without the daemon: becomes the executable, which must not be steered by variables of its runtime. */
static int run_executable(call_t *call, const bytes_t *request) {
    char path[PATH_BYTES];
    if (call->stdin_taken && !restore_stdin(call, request))
        return fail(5, "Cannot hand standard input on: there is no memory for it");
    if (CALL2(__NR_getcwd, path, PATH_BYTES) < 0) CALL1(__NR_chdir, "/");
    remove_variable(call, "BUN_OPTIONS");
    remove_variable(call, "BUN_BE_BUN");
    if (!beside_self(path, PLUGINS)) return fail(999, "Cannot find the executable: /proc/self/exe does not say where");
    restore_write_signals();
    long result = CALL3(__NR_execve, path, call->argv, call->envp);
    if (result == -ENOENT && beside_self(path, EXECUTABLE)) result = CALL3(__NR_execve, path, call->argv, call->envp);
    complain("Cannot run \"" EXECUTABLE "\" beside this program", result);
    return fail(999, "Cannot run the executable that belongs beside this program");
}

/* For the daemon: becomes PATCHBAY_PROGRAM in the network namespace that PATCHBAY_NETNS is a path of. */
static int run_in_netns(call_t *call) {
    const char *netns = variable(call, "PATCHBAY_NETNS"), *program = variable(call, "PATCHBAY_PROGRAM");
    if (!netns || !program) return complain("Cannot run: this is what plugins are links to", -EINVAL);
    long fd = CALL4(__NR_openat, AT_FDCWD, netns, O_CLOEXEC, 0);
    if (fd < 0) return complain("Cannot open the network namespace", fd);
    long result = CALL2(__NR_setns, fd, CLONE_NEWNET);
    if (result < 0) return complain("Cannot enter the network namespace", result);
    char *argv[] = {(char *)program, NULL};
    remove_variable(call, "PATCHBAY_NETNS");
    remove_variable(call, "PATCHBAY_PROGRAM");
    return complain("Cannot run the plugin", CALL3(__NR_execve, program, argv, call->envp));
}

#endif
