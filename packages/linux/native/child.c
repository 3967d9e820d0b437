/* Work that outlives this process. */
#include "native.h"
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

/* closeFromChild(fd): the child's process id; the descriptor is closed here, and its end comes when the child's is too. */
FUNCTION(close_from_child) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    if (call.wrong) return wrong_arguments(env);
    int64_t child = fork();
    if (child == 0) {
        close_streams(fd);
        close(fd);
        _exit(0);
    }
    if (child < 0) child = -errno;
    close(fd);
    return number(env, child);
}
