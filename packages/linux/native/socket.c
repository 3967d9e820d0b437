/* Sockets, locks and error texts. */
#include "native.h"
#include <linux/filter.h>
#include <poll.h>
#include <sys/file.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

FUNCTION(setsockopt_) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0), level = call_int(&call, 1), option = call_int(&call, 2), value = call_int(&call, 3);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, setsockopt(fd, level, option, &value, sizeof value));
}

/* attachFilter(fd, program): a socket filter, its instructions as the bytes of an array of struct sock_filter. */
FUNCTION(attach_filter) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    bytes_t program = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    /* The number of instructions has 16 bits. */
    if (program.length / sizeof(struct sock_filter) > BPF_MAXINSNS) return number(env, -EINVAL);
    struct sock_fprog filter = {program.length / sizeof(struct sock_filter), (struct sock_filter *)program.data};
    return result_or_errno(env, setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

/* bind(fd, address): the address as the bytes of a sockaddr. */
FUNCTION(bind_) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    bytes_t address = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, bind(fd, (struct sockaddr *)address.data, address.length));
}

/* connect(fd, address): the address as the bytes of a sockaddr. */
FUNCTION(connect_) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    bytes_t address = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, connect(fd, (struct sockaddr *)address.data, address.length));
}

ssize_t send_all(int fd, bytes_t bytes) {
    ssize_t sent;
    do sent = send(fd, bytes.data, bytes.length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

static ssize_t receive_with(int fd, bytes_t bytes, int flags) {
    ssize_t received;
    do received = recv(fd, bytes.data, bytes.length, MSG_TRUNC | flags);
    while (received < 0 && errno == EINTR);
    return received;
}

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/*
 * The whole length of the datagram, also when it was longer than the buffer; -ETIMEDOUT after timeout_ms (-1: never); 0 when
 * the socket is shut down.
 * A socket that poll calls readable may have nothing to receive: another thread has taken the datagram, or its checksum
 * was wrong. A blocking recv would then wait without an end.
 */
ssize_t receive_one(int fd, bytes_t bytes, int timeout_ms) {
    int64_t deadline = timeout_ms > 0 ? monotonic_ms() + timeout_ms : 0;
    int left_ms = timeout_ms;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    for (;;) {
        /* The kernel's answers to most requests are there already. */
        ssize_t received = receive_with(fd, bytes, MSG_DONTWAIT);
        if (received >= 0 || errno != EAGAIN) return received;
        if (wait.revents & POLLHUP) return 0;
        int ready = poll(&wait, 1, left_ms);
        if (ready < 0 && errno != EINTR) return -1;
        if (ready == 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (timeout_ms <= 0) continue;
        int64_t left = deadline - monotonic_ms();
        left_ms = left > 0 ? (int)left : 0;
    }
}

FUNCTION(send_) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    bytes_t bytes = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, send_all(fd, bytes));
}

FUNCTION(receive_) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0), timeout = call_int(&call, 2);
    bytes_t bytes = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, receive_one(fd, bytes, timeout));
}

/* shutdown(fd): in both directions; raw sockets are never connected, which is ENOTCONN and done all the same. */
FUNCTION(shutdown_) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, shutdown(fd, SHUT_RDWR));
}

/* exchange(fd, request, response, timeoutMs): sends, then waits for one datagram. The calls: send, recv. */
FUNCTION(exchange_) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0), timeout = call_int(&call, 3);
    bytes_t request = call_bytes(&call, 1), response = call_bytes(&call, 2);
    if (call.wrong) return wrong_arguments(env);
    if (send_all(fd, request) < 0) return failed_at(env, 0);
    ssize_t length = receive_one(fd, response, timeout);
    return length < 0 ? failed_at(env, 1) : number(env, length);
}

FUNCTION(close_) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, close(fd));
}

FUNCTION(flock_) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0), operation = call_int(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    return result_or_errno(env, flock(fd, operation));
}

/* peerCredentials(fd): [pid, uid, gid] of the process that connected, or a negated errno. */
FUNCTION(peer_credentials) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    if (call.wrong) return wrong_arguments(env);
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return number(env, -errno);
    napi_value result = NULL;
    napi_create_array_with_length(env, 3, &result);
    napi_set_element(env, result, 0, number(env, peer.pid));
    napi_set_element(env, result, 1, number(env, peer.uid));
    napi_set_element(env, result, 2, number(env, peer.gid));
    return result;
}

/* Since Linux 6.5. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* peerIsAlive(fd): 1 when the process that connected has not ended, else 0; ENOPROTOOPT on kernels that cannot tell. */
FUNCTION(peer_is_alive) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0), process = -1;
    if (call.wrong) return wrong_arguments(env);
    socklen_t length = sizeof process;
    /* EINVAL or ESRCH for one that is gone. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &process, &length) != 0)
        return number(env, errno == EINVAL || errno == ESRCH ? 0 : -errno);
    struct pollfd end = {.fd = process, .events = POLLIN};
    int ended;
    do ended = poll(&end, 1, 0);
    while (ended < 0 && errno == EINTR);
    close(process);
    return number(env, ended == 0);
}

/*
 * processNamespaces(pid): what tells a process's namespaces and its root directory from others, in one text of five words,
 * "user:[1] mnt:[2] pid:[3] net:[4] 5:6", the last of device and inode; or what failed. The calls: readlink, stat.
 */
FUNCTION(process_namespaces) {
    static const char *const names[] = {"user", "mnt", "pid", "net"};
    call_t call = call_begin(env, info);
    int pid = call_int(&call, 0);
    if (call.wrong) return wrong_arguments(env);
    char path[64], text[256];
    size_t length = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, names[i]);
        ssize_t added = readlink(path, text + length, 40);
        if (added < 0) return failed_at(env, 0);
        length += (size_t)added;
        text[length++] = ' ';
    }
    struct stat root;
    snprintf(path, sizeof path, "/proc/%d/root", pid);
    if (stat(path, &root) != 0) return failed_at(env, 1);
    length += (size_t)snprintf(text + length, sizeof text - length, "%llu:%llu", (unsigned long long)root.st_dev,
                               (unsigned long long)root.st_ino);
    napi_value result = NULL;
    napi_create_string_utf8(env, text, length, &result);
    return result;
}

/* strerror(errno): the C library's text. */
FUNCTION(strerror_) {
    call_t call = call_begin(env, info);
    int error = call_int(&call, 0);
    if (call.wrong) return wrong_arguments(env);
    char buffer[128];
    napi_value result = NULL;
    napi_create_string_utf8(env, strerror_r(error, buffer, sizeof buffer), NAPI_AUTO_LENGTH, &result);
    return result;
}
