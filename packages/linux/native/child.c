/* A send that outlives this process. */
#include "native.h"
#include <sys/socket.h>
#include <unistd.h>

/*
 * sendFromChild(fd, bytes): the child's process id. The kernel works on some requests while send waits for it, and a
 * process that ends meanwhile is kept until the kernel is done; a child can be left behind. It gives back the standard
 * streams first, so that nobody who reads them to their end waits for it, and makes system calls only.
 */
FUNCTION(send_from_child) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    bytes_t bytes = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    pid_t child = fork();
    if (child != 0) return result_or_errno(env, child);
    for (int stream = 0; stream <= 2; stream++)
        if (stream != fd) close(stream);
    _exit(send_all(fd, bytes) < 0);
}
