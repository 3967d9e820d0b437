/* Network namespaces and mounts. */
#include "native.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* socketIn(netns, domain, type, protocol): a descriptor. netns -1 is the process's own. */
FUNCTION(socket_in) {
    call_t call = call_begin(env, info);
    int netns = call_int(&call, 0), domain = call_int(&call, 1), type = call_int(&call, 2), protocol = call_int(&call, 3);
    if (call.wrong) return wrong_arguments(env);
    visit_t visit;
    if (visit_begin(&visit, netns) != 0) return number(env, -errno);
    int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    visit_end(&visit);
    return result_or_errno(env, fd);
}

/* openIn(netns, path, flags): a descriptor of a file as that namespace shows it (/proc/sys/net). */
FUNCTION(open_in) {
    call_t call = call_begin(env, info);
    char path[PATH_BYTES];
    int netns = call_int(&call, 0), flags = call_int(&call, 2);
    call_string(&call, 1, path);
    if (call.wrong) return wrong_arguments(env);
    visit_t visit;
    if (visit_begin(&visit, netns) != 0) return number(env, -errno);
    int fd = open(path, flags | O_CLOEXEC);
    visit_end(&visit);
    return result_or_errno(env, fd);
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
