/*
 * The shim's ground: system calls without a C library, and the few functions on memory that it needs. Compiled with
 * SHIM_HOSTED it stands on the C library instead, for the sanitizers.
 */
#ifndef PATCHBAY_SYSTEM_H
#define PATCHBAY_SYSTEM_H

#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/sockios.h>
#include <linux/un.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __BYTE_ORDER__
#error "the compiler does not say the order of bytes"
#endif
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are written as they lie in memory");

/* <linux/net.h>, <linux/socket.h>, <asm-generic/mman-common.h> and <linux/sched.h>: not all can be included together. */
#define SOCK_STREAM 1
#define SHUT_RDWR 2
#define MSG_NOSIGNAL 0x4000
#define PROT_READ_WRITE 3
#define MAP_PRIVATE_ANONYMOUS 0x22
#define CLONE_NEWNET 0x40000000
#define SIGCHLD 17
#define SEEK_SET 0
#define POLLIN 1
#define POLLOUT 4

#ifdef SHIM_HOSTED

#include <errno.h>
#include <string.h>
long syscall(long number, ...);
static long system_call(long number, long a, long b, long c, long d, long e, long f) {
    long result = syscall(number, a, b, c, d, e, f);
    return result == -1 ? -errno : result;
}

#else

#if defined __x86_64__

__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n");

static long system_call(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined __aarch64__

__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n and sp, x0, #-16\n bl start\n");

static long system_call(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

#else
#error "no system calls for this processor: build without the shim"
#endif

/* What the compiler may call by itself. */
void *memcpy(void *to, const void *from, size_t size) {
    for (size_t i = 0; i < size; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memset(void *at, int byte, size_t size) {
    for (size_t i = 0; i < size; i++) ((volatile char *)at)[i] = (char)byte;
    return at;
}

size_t strlen(const char *text) {
    const volatile char *end = text;
    while (*end) end++;
    return (size_t)((const char *)end - text);
}

int strcmp(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int main(int argc, char **argv, char **envp);

/* The kernel leaves argc, argv and envp on the stack, each list ended by a null pointer. */
__attribute__((noreturn, used)) void start(long *stack) {
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    int status = main(argc, argv, argv + argc + 1);
    for (;;) system_call(__NR_exit_group, status, 0, 0, 0, 0, 0);
}

#endif

#define CALL1(n, a) system_call(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(n, a, b) system_call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(n, a, b, c) system_call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL4(n, a, b, c, d) system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CALL5(n, a, b, c, d, e) system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define CALL6(n, a, b, c, d, e, f) system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* Bytes that grow at their end, in pages of their own. */
typedef struct {
    char *data;
    size_t length, capacity;
} bytes_t;

/* Makes room for `more` bytes behind those that are there; false when there is no memory. */
static bool reserve(bytes_t *bytes, size_t more) {
    size_t wanted = bytes->length + more, capacity = bytes->capacity ? bytes->capacity : 65536;
    if (wanted <= bytes->capacity) return true;
    while (capacity < wanted) capacity *= 2;
    long at = bytes->capacity ? CALL4(__NR_mremap, bytes->data, bytes->capacity, capacity, MREMAP_MAYMOVE)
                              : CALL6(__NR_mmap, 0, capacity, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
    if (at < 0 && at > -4096) return false;
    bytes->data = (char *)at;
    bytes->capacity = capacity;
    return true;
}

static bool append(bytes_t *bytes, const void *data, size_t size) {
    if (!reserve(bytes, size)) return false;
    memcpy(bytes->data + bytes->length, data, size);
    bytes->length += size;
    return true;
}

/* As read(2), but not interrupted. */
static long read_some(int fd, void *into, size_t size) {
    long result;
    do result = CALL3(__NR_read, fd, into, size);
    while (result == -EINTR);
    return result;
}

/* Waits until a descriptor that does not block can be read or written, or never will be. */
static void wait_for(int fd, short events) {
    struct {
        int fd;
        short events, revents;
    } wait = {fd, events, 0};
    CALL5(__NR_ppoll, &wait, 1, 0, 0, 0);
}

/* As read_some, for a descriptor that may not block, as one shared with others may be: there is an end, or more to come. */
static long read_waiting(int fd, void *into, size_t size) {
    long result;
    while ((result = read_some(fd, into, size)) == -EAGAIN) wait_for(fd, POLLIN);
    return result;
}

/* Writes all; 0, or the negated errno. A socket's end that is gone sends no signal, and one that takes no more is given up. */
static long write_all(int fd, const char *data, size_t size, bool is_socket) {
    for (size_t at = 0; at < size;) {
        long result = is_socket ? CALL6(__NR_sendto, fd, data + at, size - at, MSG_NOSIGNAL, 0, 0)
                                : CALL3(__NR_write, fd, data + at, size - at);
        if (result == -EAGAIN && !is_socket) wait_for(fd, POLLOUT);
        else if (result < 0 && result != -EINTR) return result;
        if (result > 0) at += (size_t)result;
    }
    return 0;
}

#endif
