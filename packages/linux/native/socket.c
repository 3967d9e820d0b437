/* Sockets, locks and error texts. */
#include "native.h"
#include <linux/filter.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>

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

/* The whole length of the datagram, also when it was longer than the buffer; -ETIMEDOUT after timeout_ms (-1: never). */
ssize_t receive_one(int fd, bytes_t bytes, int timeout_ms) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready;
    do ready = poll(&wait, 1, timeout_ms);
    while (ready < 0 && errno == EINTR);
    if (ready == 0) errno = ETIMEDOUT;
    if (ready <= 0) return -1;
    ssize_t received;
    do received = recv(fd, bytes.data, bytes.length, MSG_TRUNC);
    while (received < 0 && errno == EINTR);
    return received;
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
