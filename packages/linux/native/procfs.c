/*
 * Sysctls, in a proc file system of our own that is mounted nowhere. Below /proc/sys/net every namespace has entries of the same
 * names. Those of all namespaces that anyone has looked at are one list, which the kernel goes through for each path: 10 ms
 * beside 5,000 namespaces. A file system that has just been made knows none of them.
 */
#include "native.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/mount.h>, which does not go together with <sys/mount.h> */
#define FSOPEN_CLOEXEC 1
#define FSMOUNT_CLOEXEC 1
#define FSCONFIG_CMD_CREATE 6
/* A number that all architectures share. */
#ifndef SYS_fsopen
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif

/* So many paths in one file system: more would be a long list again, and to make one takes as long as some paths. */
#define MAX_PATHS 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int own = -1;
static int paths_left;

/* A descriptor of its root, or -1: on kernels before 5.2, and for processes that may not mount. */
static int make_procfs(void) {
    int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
    if (context < 0) return -1;
    int root = -1;
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
    close(context);
    return root;
}

/* As open(2), for files of /proc that namespaces have each for themselves. */
int open_proc(const char *path, int flags) {
    static const char prefix[] = "/proc/sys/";
    if (strncmp(path, prefix, sizeof prefix - 1) != 0) return open(path, flags | O_CLOEXEC);
    pthread_mutex_lock(&lock);
    if (paths_left-- == 0) {
        if (own >= 0) close(own);
        own = make_procfs();
        paths_left = MAX_PATHS - 1;
    }
    int fd = own < 0 ? open(path, flags | O_CLOEXEC) : openat(own, path + strlen("/proc/"), flags | O_CLOEXEC);
    pthread_mutex_unlock(&lock);
    return fd;
}
