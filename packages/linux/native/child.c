/*
 * Work that outlives this process. A child keeps the descriptors that its work needs, and nothing else: one of a named
 * namespace keeps the name's mount busy, one of a lock keeps it locked, and the end of a pipe keeps its reader waiting.
 */
#include "native.h"
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A number that all architectures share. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* How many descriptors are closed one by one at most, on kernels before 5.9 and where a filter refuses close_range(2). */
#define MOST_SINGLE_CLOSES 4096
/* How many descriptors a child holds at most. */
#define MOST_HELD 64
/* A send that lacks memory is tried again after so many milliseconds, so often: 30 seconds. */
#define RETRY_MS 10
#define MOST_TRIES 3000

static void close_from_to(unsigned first, unsigned last) {
    struct rlimit limit;
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
    unsigned end = getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > MOST_SINGLE_CLOSES
                       ? MOST_SINGLE_CLOSES
                       : (unsigned)limit.rlim_cur;
    for (unsigned fd = first; fd <= last && fd < end; fd++) close((int)fd);
}

/*
 * In a child: lets go of all that is its parent's but the descriptors given, lowest first. Its process group, too:
 * signals of a terminal are not meant for it, and a caller that waits for the group does not wait for it.
 */
static void keep_only(const int *kept, size_t count) {
    unsigned next = 0;
    setsid();
    /* The working directory would keep its file system mounted. */
    int changed = chdir("/");
    (void)changed;
    for (size_t at = 0; at < count; at++) {
        if (kept[at] < 0) continue;
        if (kept[at] > 0) close_from_to(next, (unsigned)kept[at] - 1);
        next = (unsigned)kept[at] + 1;
    }
    close_from_to(next, ~0u);
}

/*
 * Nobody hears of a send that fails here, so that one for which the kernel has no memory is tried again until there is
 * some, for as long as the parent waits for an answer.
 */
static bool send_persistently(int fd, bytes_t bytes) {
    static const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000};
    for (int tries = MOST_TRIES; send_all(fd, bytes) < 0; nanosleep(&pause, NULL))
        if ((errno != ENOMEM && errno != ENOBUFS) || --tries == 0) return false;
    return true;
}

/*
 * sendFromChild(fd, bytes): the child's process id. The kernel works on some requests while send waits for it, and a
 * process that ends meanwhile is kept until the kernel is done; a child can be left behind. It makes system calls only.
 */
FUNCTION(send_from_child) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    bytes_t bytes = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    pid_t child = fork();
    if (child != 0) return result_or_errno(env, child);
    keep_only(&fd, 1);
    _exit(!send_persistently(fd, bytes));
}

static int compare_numbers(const void *a, const void *b) {
    int left = *(const int *)a, right = *(const int *)b;
    return (left > right) - (left < right);
}

/*
 * The life of the child that holds: by its end of a pair of sockets it says that it holds nothing else, and hears the end. It says so
 * without a message: for one the kernel may have no memory, and the parent would wait for it for ever.
 */
static void hold_until_end(int end) {
    char nothing = 0;
    if (shutdown(end, SHUT_WR) < 0) _exit(1);
    while (recv(end, &nothing, sizeof nothing, 0) < 0 && errno == EINTR) continue;
    _exit(0);
}

/*
 * holdInChild(fds): the child's process id. The child keeps these descriptors until this process has ended, so that their
 * end, and what the kernel has to do then, is that of the child. They are the bytes of an array of int. Returns when the
 * child has let go of all others: a caller that waits for this process waits for that, too.
 */
FUNCTION(hold_in_child) {
    call_t call = call_begin(env, info);
    bytes_t fds = call_bytes(&call, 0);
    if (call.wrong) return wrong_arguments(env);
    size_t count = fds.length / sizeof(int);
    int ends[2], kept[MOST_HELD + 1];
    char ready;
    if (count > MOST_HELD) return number(env, -EINVAL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return number(env, -errno);
    kept[0] = ends[0];
    if (count > 0) memcpy(kept + 1, fds.data, count * sizeof(int));
    qsort(kept, count + 1, sizeof(int), compare_numbers);
    pid_t child = fork();
    if (child == 0) {
        keep_only(kept, count + 1);
        hold_until_end(ends[0]);
    }
    napi_value result = result_or_errno(env, child);
    close(ends[0]);
    while (child > 0 && recv(ends[1], &ready, sizeof ready, 0) < 0 && errno == EINTR) continue;
    /* This end stays open for as long as this process is there; without a child nobody waits for it. */
    if (child < 0) close(ends[1]);
    return result;
}
