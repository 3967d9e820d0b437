/* Work that outlives this process. */
#include "native.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* In a child: the standard streams go first, so that nobody who reads them to their end waits for it. */
static void close_streams(int but) {
    for (int stream = 0; stream <= 2; stream++)
        if (stream != but) close(stream);
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
    close_streams(fd);
    _exit(send_all(fd, bytes) < 0);
}

/*
 * holdInChild(): the child's process id. The child has all descriptors of this process until this process has ended, so
 * that their end, and what the kernel has to do then, is that of the child.
 */
FUNCTION(hold_in_child) {
    (void)info;
    int ends[2];
    char nothing;
    if (pipe2(ends, O_CLOEXEC) < 0) return number(env, -errno);
    pid_t child = fork();
    if (child == 0) {
        close_streams(-1);
        close(ends[1]);
        while (read(ends[0], &nothing, 1) < 0 && errno == EINTR) continue;
        _exit(0);
    }
    /* The other end stays open for as long as this process is there. */
    close(ends[0]);
    return result_or_errno(env, child);
}
