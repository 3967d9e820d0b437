/*
 * Sysctls, in a proc file system of our own that is mounted nowhere, and files of links, in a sysfs of that kind. Below /proc/sys/net every namespace has entries of the same
 * names. Those of all namespaces that anyone has looked at are one list, which the kernel goes through for each path: 10 ms
 * beside 5,000 namespaces. A file system that has just been made knows none of them. A sysfs shows the links of the namespace that it was made in.
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

/* A descriptor of the root of a new file system, or -1: on kernels before 5.2, and for processes that may not mount. */
static int make_root(const char *type) {
    int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
    if (context < 0) return -1;
    int root = -1;
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
    close(context);
    return root;
}

static int starts_with(const char *path, const char *prefix) { return strncmp(path, prefix, strlen(prefix)) == 0; }

/* The one that is mounted at /sys may be of another namespace. */
static int open_in_sysfs(const char *path, int flags) {
    int root = make_root("sysfs");
    if (root < 0) return -1;
    int fd = openat(root, path + strlen("/sys/"), flags | O_CLOEXEC), saved = errno;
    close(root);
    errno = saved;
    return fd;
}

/* As open(2), for files of /proc and /sys that namespaces have each for themselves. */
int open_of_namespace(const char *path, int flags) {
    if (starts_with(path, "/sys/")) return open_in_sysfs(path, flags);
    if (!starts_with(path, "/proc/sys/")) return open(path, flags | O_CLOEXEC);
    pthread_mutex_lock(&lock);
    if (paths_left-- == 0) {
        if (own >= 0) close(own);
        own = make_root("proc");
        paths_left = MAX_PATHS - 1;
    }
    int fd = own < 0 ? open(path, flags | O_CLOEXEC) : openat(own, path + strlen("/proc/"), flags | O_CLOEXEC);
    pthread_mutex_unlock(&lock);
    return fd;
}
