/*
 * Runs a program, or attaches to one that runs, and lists its system calls or does something at one of them:
 *
 *     inject LOG list -- PROGRAM ARGS...
 *     inject LOG ACTION ROLE KIND NUMBER ORDINAL [ERRNO] -- PROGRAM ARGS...
 *     inject LOG ... -p PID
 *
 * A call is the ORDINAL-th (from 1) of its NUMBER by a process that has that ROLE, by its first thread (KIND m) or by any of
 * its other threads (KIND w): which thread of a pool gets a piece of work is up to chance. The first process has the role 0,
 * its children 0.1, 0.2 and so on. The actions:
 *
 *     kill, kill-first    kill all processes, or the first only
 *     fail                let the call fail with ERRNO without being carried out
 *     -after              at the end of each: carry the call out before that
 *
 * LOG gets a line for each call that was listed or hit. The status is the program's; 128 and the signal when one killed it.
 * When this process ends, so do those that it has traced.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <glob.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* <sys/ptrace.h> and <linux/ptrace.h> exclude each other. */
long ptrace(int request, ...);

#define CALLS 1024
#define TASKS 4096
#define OPTIONS                                                                                                        \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |     \
     PTRACE_O_EXITKILL)

typedef struct {
    pid_t pid;
    char role[64];
    unsigned children;
    unsigned counts[2][CALLS];
} process_t;

typedef struct {
    pid_t tid;
    process_t *process;
    bool in_call, is_target;
    unsigned *count;
    char line[900];
} task_t;

static task_t tasks[TASKS];
static size_t task_count;
static process_t *processes[TASKS];
static size_t process_count;
static bool counting, done;
static FILE *out;
static struct {
    const char *action, *role;
    char kind;
    unsigned long call, ordinal;
    uint64_t sequence;
    int error;
} wanted;

static void die(const char *what) {
    perror(what);
    exit(125);
}

/* Whether the action has that word. */
static bool acts(const char *word) { return strstr(wanted.action, word) != NULL; }

static task_t *find(pid_t tid) {
    for (size_t i = 0; i < task_count; i++)
        if (tasks[i].tid == tid) return &tasks[i];
    return NULL;
}

static task_t *add_task(pid_t tid, process_t *process) {
    if (task_count == TASKS) die("too many threads");
    return memcpy(&tasks[task_count++], &(task_t){.tid = tid, .process = process}, sizeof(task_t));
}

static process_t *add_process(pid_t pid, process_t *parent) {
    process_t *process = calloc(1, sizeof *process);
    if (!process || process_count == TASKS) die("too many processes");
    process->pid = pid;
    if (parent) snprintf(process->role, sizeof process->role, "%.50s.%u", parent->role, ++parent->children);
    else strcpy(process->role, "0");
    return processes[process_count++] = process;
}

static void append(task_t *task, const char *format, ...) {
    size_t at = strlen(task->line);
    va_list values;
    va_start(values, format);
    vsnprintf(task->line + at, sizeof task->line - at, format, values);
    va_end(values);
}

/* What an argument points to, if that is text. It may end a mapping: what is on the next page is read for itself. */
static void show_text(task_t *task, uint64_t address) {
    char text[128], *from = (char *)(uintptr_t)address;
    size_t size = 4096 - (address & 4095), length = 0;
    if (size > sizeof text) size = sizeof text;
    struct iovec local = {text, sizeof text}, remote[2] = {{from, size}, {from + size, sizeof text - size}};
    ssize_t result = address < 65536 ? 0 : process_vm_readv(task->tid, &local, 1, remote, 2, 0);
    while ((ssize_t)length < result && text[length] > 32 && text[length] < 127) length++;
    if (length > 2) append(task, " %.*s", (int)length, text);
}

/* Descriptors with what they are of, and text; other arguments say nothing to a reader. */
static void describe(task_t *task, const struct ptrace_syscall_info *info) {
    char link[64], target[128];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", task->tid, (int)info->entry.args[0]);
    ssize_t length = readlink(link, target, sizeof target);
    if (length > 0) append(task, "%d<%.*s>", (int)info->entry.args[0], (int)length, target);
    for (int i = 0; i < 4; i++) show_text(task, info->entry.args[i]);
}

/* A register's worth of the tracee: the number of the call it enters, or the result of the one it leaves. */
static void set_call(pid_t tid, bool is_result, long value) {
#ifdef __x86_64__
    size_t offset = is_result ? offsetof(struct user_regs_struct, rax) : offsetof(struct user_regs_struct, orig_rax);
    if (ptrace(PTRACE_POKEUSR, tid, offset, value) != 0) die("ptrace");
#else
    struct user_regs_struct registers;
    int call = (int)value;
    struct iovec all = {&registers, sizeof registers}, one = {&call, sizeof call};
    if (!is_result && ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &one) != 0) die("ptrace");
    if (is_result && ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &all) != 0) die("ptrace");
    registers.regs[0] = (uintmax_t)value;
    if (is_result && ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &all) != 0) die("ptrace");
#endif
}

static void log_call(const task_t *task, const char *result) { fprintf(out, "%s\t%s\n", task->line, result); }

static void kill_processes(void) {
    size_t end = acts("kill-first") ? 1 : process_count;
    for (size_t i = 0; i < end; i++) kill(processes[i]->pid, SIGKILL);
}

static void enter(task_t *task, const struct ptrace_syscall_info *info) {
    process_t *process = task->process;
    char kind = task->tid == process->pid ? 'm' : 'w';
    if (!counting || info->entry.nr >= CALLS) return;
    task->count = &process->counts[kind == 'w'][info->entry.nr];
    unsigned ordinal = ++*task->count;
    task->in_call = true;
    task->is_target = !acts("list") && info->entry.nr == wanted.call && ordinal == wanted.ordinal &&
                      kind == wanted.kind && strcmp(process->role, wanted.role) == 0;
    task->line[0] = 0;
    append(task, "%ju\t%s\t%c\t%ju\t%u\t", (uintmax_t)++wanted.sequence, process->role, kind,
           (uintmax_t)info->entry.nr, ordinal);
    if (acts("list") || task->is_target) describe(task, info);
    if (!task->is_target || acts("-after")) return;
    log_call(task, acts("kill") ? "killed" : "failed");
    if (acts("kill")) kill_processes();
    else set_call(task->tid, false, -1);
    done = acts("kill");
}

static void leave(task_t *task, const struct ptrace_syscall_info *info) {
    char result[32];
    /* The kernel begins it anew, as when another has the lock of the network: it is one call. */
    if (task->in_call && info->exit.rval <= -512 && info->exit.rval >= -516 && !(task->is_target && acts("fail"))) {
        --*task->count;
        task->in_call = task->is_target = false;
    }
    snprintf(result, sizeof result, "%lld", (long long)info->exit.rval);
    if (task->in_call && acts("list")) log_call(task, result);
    if (task->in_call && task->is_target && !done) {
        if (acts("-after")) log_call(task, result);
        if (acts("kill")) kill_processes();
        else set_call(task->tid, true, -wanted.error);
        done = true;
    }
    task->in_call = task->is_target = false;
}

/* The thread or child that a task has just made: its first stop may have come before this. */
static void note_new(task_t *maker) {
    unsigned long tid = 0;
    ptrace(PTRACE_GETEVENTMSG, maker->tid, 0, &tid);
    task_t *task = find((pid_t)tid);
    bool waits = task != NULL;
    if (!task) task = add_task((pid_t)tid, NULL);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%lu", maker->process->pid, tid);
    task->process = access(path, F_OK) == 0 ? maker->process : add_process((pid_t)tid, maker->process);
    if (waits) ptrace(done ? PTRACE_CONT : PTRACE_SYSCALL, (pid_t)tid, 0, 0);
}

static void handle(task_t *task, int status) {
    struct ptrace_syscall_info info;
    int signal = WSTOPSIG(status), event = status >> 16;
    if (signal == (SIGTRAP | 0x80)) {
        if (ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, sizeof info, &info) > 0 && !(done && !task->is_target)) {
            if (info.op == PTRACE_SYSCALL_INFO_ENTRY) enter(task, &info);
            if (info.op == PTRACE_SYSCALL_INFO_EXIT) leave(task, &info);
        }
        signal = 0;
    } else if (event != 0) {
        signal = 0;
        if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) note_new(task);
        if (event == PTRACE_EVENT_EXEC) counting = true;
    }
    ptrace(done && !task->is_target ? PTRACE_CONT : PTRACE_SYSCALL, task->tid, 0, signal);
}

static void forget(pid_t tid) {
    task_t *task = find(tid);
    if (!task) return;
    if (task->in_call && acts("list")) log_call(task, "?");
    *task = tasks[--task_count];
}

/* Until no traced process is left; gives the status of the first. */
static int trace(pid_t first) {
    int status, result = 0;
    for (pid_t tid; (tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
        if (tid < 0) continue;
        task_t *task = find(tid);
        if (WIFSTOPPED(status)) {
            /* One whose maker has not told of it yet waits. */
            if (!task) add_task(tid, NULL);
            else if (task->process) handle(task, status);
            continue;
        }
        if (tid == first) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        forget(tid);
    }
    return result;
}

static void seize(pid_t tid, process_t *process) {
    if (find(tid) || ptrace(PTRACE_SEIZE, tid, 0, OPTIONS) != 0) return;
    add_task(tid, process);
    ptrace(PTRACE_INTERRUPT, tid, 0, 0);
}

static pid_t attach(pid_t pid) {
    char pattern[64];
    glob_t threads = {0};
    process_t *process = add_process(pid, NULL);
    snprintf(pattern, sizeof pattern, "/proc/%d/task/*", pid);
    for (size_t before = task_count + 1; before != task_count;) {
        before = task_count;
        glob(pattern, 0, NULL, &threads);
        for (size_t i = 0; i < threads.gl_pathc; i++) seize(atoi(strrchr(threads.gl_pathv[i], '/') + 1), process);
    }
    counting = true;
    puts("ready");
    fflush(stdout);
    return pid;
}

static pid_t start(char **program) {
    pid_t pid = fork();
    if (pid == 0) {
        raise(SIGSTOP);
        execvp(program[0], program);
        die(program[0]);
    }
    waitpid(pid, NULL, WUNTRACED);
    seize(pid, add_process(pid, NULL));
    kill(pid, SIGCONT);
    return pid;
}

int main(int argc, char **argv) {
    int at = 3;
    if (argc < 5 || !(out = fopen(argv[1], "we"))) die("inject");
    setlinebuf(out);
    wanted.action = argv[2];
    if (!acts("list")) {
        if (argc < 9) die("inject");
        wanted.role = argv[3], wanted.kind = argv[4][0];
        wanted.call = strtoul(argv[5], NULL, 10), wanted.ordinal = strtoul(argv[6], NULL, 10);
        at = 7;
        if (acts("fail")) wanted.error = atoi(argv[at++]);
    }
    bool attaches = strcmp(argv[at], "-p") == 0;
    return trace(attaches ? attach(atoi(argv[at + 1])) : start(argv + at + 1));
}
