/* A subscription: a thread that reads datagrams and hands each one to a JavaScript callback, until stopped. */
#include "native.h"
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_BYTES 65536
#define QUEUED_DATAGRAMS 1024

typedef struct {
    int fd, stop;
    pthread_t thread;
    napi_threadsafe_function callback;
    /* Not on the stack of the thread: that is as small as RLIMIT_STACK says. */
    uint8_t buffer[DATAGRAM_BYTES];
} subscription_t;

typedef struct {
    int64_t length; /* or a negated errno */
    uint8_t data[];
} datagram_t;

static void deliver(napi_env env, napi_value callback, void *context, void *data) {
    (void)context;
    datagram_t *datagram = data;
    if (env && callback) {
        napi_value global = NULL, argument = NULL;
        void *copy = NULL;
        napi_get_global(env, &global);
        if (datagram->length < 0)
            argument = number(env, datagram->length);
        else if (napi_create_buffer_copy(env, (size_t)datagram->length, datagram->data, &copy, &argument) != napi_ok)
            argument = number(env, -ENOBUFS);
        /* The callback never throws: Node would drop the error with a warning. */
        napi_call_function(env, global, callback, 1, &argument, NULL);
    }
    free(datagram);
}

/* napi_queue_full when there is no memory. */
static napi_status hand_over(subscription_t *subscription, int64_t length, const uint8_t *data) {
    size_t size = length > 0 ? (size_t)length : 0;
    datagram_t *datagram = malloc(sizeof *datagram + size);
    if (!datagram) return napi_queue_full;
    datagram->length = length;
    if (size) memcpy(datagram->data, data, size);
    napi_status status = napi_call_threadsafe_function(subscription->callback, datagram, napi_tsfn_blocking);
    if (status != napi_ok) free(datagram);
    return status;
}

static void *read_datagrams(void *data) {
    subscription_t *subscription = data;
    struct pollfd wait[2] = {{.fd = subscription->fd, .events = POLLIN}, {.fd = subscription->stop, .events = POLLIN}};
    napi_status status = napi_ok;
    bool overrun = false;
    while (status == napi_ok || status == napi_queue_full) {
        if (status == napi_queue_full) overrun = true;
        status = napi_ok;
        int ready = poll(wait, 2, overrun ? 1 : -1);
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) {
            status = hand_over(subscription, -errno, NULL);
            break;
        }
        if (wait[1].revents) break;
        if (ready == 0) {
            status = hand_over(subscription, -ENOBUFS, NULL);
            overrun = false;
        }
        if (!wait[0].revents) continue;
        ssize_t length = recv(subscription->fd, subscription->buffer, DATAGRAM_BYTES, MSG_DONTWAIT);
        if (length < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        /*
         * An overrun loses messages but not the socket, and goes on losing them until all that is queued has been read:
         * told earlier, the caller would ask for the state of things too early.
         */
        if (length < 0 && errno == ENOBUFS) {
            overrun = true;
            continue;
        }
        status = hand_over(subscription, length < 0 ? -errno : length, subscription->buffer);
        if (length <= 0) break;
    }
    /* A call that was refused because of an abort has given this thread's hold back already. */
    if (status != napi_closing) napi_release_threadsafe_function(subscription->callback, napi_tsfn_release);
    return NULL;
}

/* The reader may be waiting for room in the queue that only the calling thread empties; the abort wakes it. */
static void stop_reading(subscription_t *subscription) {
    uint64_t one = 1;
    if (subscription->stop < 0) return;
    napi_release_threadsafe_function(subscription->callback, napi_tsfn_abort);
    if (write(subscription->stop, &one, sizeof one) == sizeof one) pthread_join(subscription->thread, NULL);
    close(subscription->stop);
    subscription->stop = -1;
}

/* Before the environment takes the callback away; what JavaScript holds is finalized after that. */
static void stop_with_environment(void *data) {
    stop_reading(data);
}

static void subscription_free(napi_env env, void *data, void *hint) {
    (void)hint;
    napi_remove_env_cleanup_hook(env, stop_with_environment, data);
    stop_reading(data);
    free(data);
}

static int start_reading(napi_env env, subscription_t *subscription, napi_value callback) {
    napi_value name = NULL;
    subscription->stop = eventfd(0, EFD_CLOEXEC);
    if (subscription->stop < 0) return errno;
    napi_create_string_utf8(env, "patchbay", NAPI_AUTO_LENGTH, &name);
    /* Two hold the function: the reader, and the thread that will stop it. */
    int error = napi_create_threadsafe_function(env, callback, NULL, name, QUEUED_DATAGRAMS, 2, NULL, NULL, NULL, deliver,
                                                &subscription->callback) == napi_ok
                    ? 0
                    : EINVAL;
    if (!error && (error = pthread_create(&subscription->thread, NULL, read_datagrams, subscription)) != 0)
        napi_release_threadsafe_function(subscription->callback, napi_tsfn_abort);
    if (error) close(subscription->stop);
    return error;
}

/* subscribe(fd, callback): a handle for unsubscribe. The callback gets a Buffer, or a negated errno. */
FUNCTION(subscribe) {
    call_t call = call_begin(env, info);
    int fd = call_int(&call, 0);
    napi_valuetype type = napi_undefined;
    if (napi_typeof(env, call.value[1], &type) != napi_ok || type != napi_function) call.wrong = true;
    if (call.wrong) return wrong_arguments(env);
    subscription_t *subscription = calloc(1, sizeof *subscription);
    if (!subscription) return number(env, -ENOMEM);
    subscription->fd = fd;
    int error = start_reading(env, subscription, call.value[1]);
    if (error) {
        free(subscription);
        return number(env, -error);
    }
    napi_value handle = NULL;
    napi_add_env_cleanup_hook(env, stop_with_environment, subscription);
    napi_create_external(env, subscription, subscription_free, NULL, &handle);
    return handle;
}

/* unsubscribe(handle): after it returns no further datagram is read, and the descriptor may be closed. */
FUNCTION(unsubscribe) {
    call_t call = call_begin(env, info);
    void *data = NULL;
    if (call.wrong || napi_get_value_external(env, call.value[0], &data) != napi_ok) return wrong_arguments(env);
    stop_reading(data);
    return number(env, 0);
}
