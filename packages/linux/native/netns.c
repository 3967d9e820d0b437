/* Network namespaces and mounts. */
#include "native.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif
/* What one read of a sysctl takes. */
#define TEXT_BYTES 4096

/*
 * The calling thread's namespace is changed for one system call and restored before anything else can run. Should the
 * way back fail, every later call of the process would act in a stranger's namespace, so the process ends.
 */
typedef struct {
    int home;
} visit_t;

static int visit_begin(visit_t *visit, int netns) {
    visit->home = -1;
    if (netns == -1) return 0;
    visit->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (visit->home < 0) return -1;
    /* The number of a namespace that was closed may just have been given out again, for the way home. */
    if (netns == visit->home)
        errno = EBADF;
    else if (setns(netns, CLONE_NEWNET) == 0)
        return 0;
    int saved = errno;
    close(visit->home);
    errno = saved;
    return -1;
}

static void visit_end(visit_t *visit) {
    if (visit->home < 0) return;
    int saved = errno;
    if (setns(visit->home, CLONE_NEWNET) != 0) {
        perror("Cannot return to the network namespace of this process");
        abort();
    }
    close(visit->home);
    errno = saved;
}

static void close_quietly(int fd) {
    int saved = errno;
    close(fd);
    errno = saved;
}

/* A descriptor, or -1. netns -1 is the process's own. */
static int socket_of(int netns, int domain, int type, int protocol) {
    visit_t visit;
    if (visit_begin(&visit, netns) != 0) return -1;
    int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    visit_end(&visit);
    return fd;
}

/* socketIn(netns, domain, type, protocol): a descriptor. */
FUNCTION(socket_in) {
    call_t call = call_begin(env, info);
    int netns = call_int(&call, 0), domain = call_int(&call, 1), type = call_int(&call, 2), protocol = call_int(&call, 3);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, socket_of(netns, domain, type, protocol));
}

/*
 * netlinkIn(netns, protocol): a descriptor of a netlink socket that the kernel tells all it knows about errors, and that
 * takes nothing from anyone else: with root in a container's namespace one could pose as its kernel. The calls: socket,
 * setsockopt, connect.
 */
FUNCTION(netlink_in) {
    static const int options[] = {NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK};
    static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    call_t call = call_begin(env, info);
    int netns = call_int(&call, 0), protocol = call_int(&call, 1), one = 1, failed = 0;
    if (call.wrong) return wrong_arguments(env);
    int fd = socket_of(netns, AF_NETLINK, SOCK_RAW, protocol);
    if (fd < 0) return failed_at(env, 0);
    for (size_t i = 0; i < sizeof options / sizeof *options && !failed; i++)
        if (setsockopt(fd, SOL_NETLINK, options[i], &one, sizeof one) != 0) failed = 1;
    if (!failed && connect(fd, (const struct sockaddr *)&kernel, sizeof kernel) != 0) failed = 2;
    if (!failed) return number(env, fd);
    close_quietly(fd);
    return failed_at(env, failed);
}

/* A descriptor of a file as a namespace shows it (/proc/sys/net, /sys/class/net), or -1. netns -1 is the process's own. */
static int file_of(int netns, const char *path, int flags) {
    visit_t visit;
    if (visit_begin(&visit, netns) != 0) return -1;
    int fd = open_of_namespace(path, flags);
    visit_end(&visit);
    return fd;
}

/* readIn(netns, path): the text that one read gives, or what failed. The calls: open, read. */
FUNCTION(read_in) {
    call_t call = call_begin(env, info);
    char path[PATH_BYTES], text[TEXT_BYTES];
    int netns = call_int(&call, 0);
    call_string(&call, 1, path);
    if (call.wrong) return wrong_arguments(env);
    int fd = file_of(netns, path, O_RDONLY);
    if (fd < 0) return failed_at(env, 0);
    ssize_t length = read(fd, text, sizeof text);
    close_quietly(fd);
    if (length < 0) return failed_at(env, 1);
    napi_value result = NULL;
    napi_create_string_utf8(env, text, (size_t)length, &result);
    return result;
}

static napi_value write_text(napi_env env, int fd, const char *text, size_t length) {
    if (fd < 0) return failed_at(env, 0);
    ssize_t written = write(fd, text, length);
    close_quietly(fd);
    return written < 0 ? failed_at(env, 1) : number(env, written);
}

/* writeIn(netns, path, text): how many bytes one write took, or what failed. The calls: open, write. */
FUNCTION(write_in) {
    call_t call = call_begin(env, info);
    char path[PATH_BYTES];
    size_t length = 0;
    int netns = call_int(&call, 0);
    call_string(&call, 1, path);
    char *text = call_text(&call, 2, &length);
    napi_value result = call.wrong ? wrong_arguments(env)
                                   : write_text(env, file_of(netns, path, O_WRONLY), text, length);
    free(text);
    return result;
}

/* openNetns(path): a descriptor of a file on a file system of namespaces; EINVAL for a file that is elsewhere. */
FUNCTION(open_netns) {
    call_t call = call_begin(env, info);
    char path[PATH_BYTES];
    struct statfs system;
    call_string(&call, 0, path);
    if (call.wrong) return wrong_arguments(env);
    if (statfs(path, &system) != 0) return number(env, -errno);
    /* procfs has them on kernels before 3.19. */
    if (system.f_type != NSFS_MAGIC && system.f_type != PROC_SUPER_MAGIC) return number(env, -EINVAL);
    /* Another file may have come there since: a FIFO without a writer must not stop this process. */
    return result_or_errno(env, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

/* A namespace is made by a thread that ends, so no thread of the process ever lives in it. */
typedef struct {
    const char *path;
    int fd;
    int error;
} birth_t;

static void *give_birth(void *data) {
    birth_t *birth = data;
    /* The mount comes last, so that nothing stays behind when there is no descriptor left. */
    if (unshare(CLONE_NEWNET) != 0 || (birth->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) < 0)
        birth->error = errno;
    else if (birth->path[0] && mount("/proc/thread-self/ns/net", birth->path, "none", MS_BIND, NULL) != 0) {
        birth->error = errno;
        close(birth->fd);
    }
    return NULL;
}

/* newNetns(path?): a descriptor of a new namespace, mounted on the existing file `path` when given. */
FUNCTION(new_netns) {
    call_t call = call_begin(env, info);
    char path[PATH_BYTES];
    call_string(&call, 0, path);
    if (call.wrong) return wrong_arguments(env);
    birth_t birth = {.path = path, .fd = -1};
    pthread_t thread;
    int error = pthread_create(&thread, NULL, give_birth, &birth);
    if (error != 0) return number(env, -error);
    pthread_join(thread, NULL);
    return number(env, birth.error ? -birth.error : birth.fd);
}

FUNCTION(mount_) {
    call_t call = call_begin(env, info);
    char source[PATH_BYTES], target[PATH_BYTES], type[PATH_BYTES];
    call_string(&call, 0, source);
    call_string(&call, 1, target);
    call_string(&call, 2, type);
    uint32_t flags = call_uint(&call, 3);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, mount(source, target, type, flags, NULL));
}

FUNCTION(umount_) {
    call_t call = call_begin(env, info);
    char target[PATH_BYTES];
    call_string(&call, 0, target);
    int flags = call_int(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, umount2(target, flags));
}
