/*
 * Blocking calls that settle a promise with a number, as the synchronous ones answer. They run on the thread pool. Those that the kernel
 * takes long over run on threads of their own: the pool may have two threads, and a few such calls would keep everything
 * else from it.
 */
#include "native.h"
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    napi_async_work work;
    napi_deferred deferred;
    napi_ref buffers[2];
    int64_t (*run)(int fd, bytes_t out, bytes_t in, int argument);
    int fd, argument;
    bytes_t out, in;
    int64_t result;
    /* Of a job with a thread of its own, which may outlive the environment and its buffers: `out` and `in` are copies. */
    napi_threadsafe_function settle;
    bytes_t answer;
    bool is_abandoned;
} job_t;

enum { STACK_BYTES = 256 * 1024 };

static int64_t run_exchange(int fd, bytes_t out, bytes_t in, int timeout) {
    ssize_t length = send_all(fd, out);
    if (length >= 0) length = receive_one(fd, in, timeout);
    return length < 0 ? -errno : length;
}

static int64_t run_send(int fd, bytes_t out, bytes_t in, int argument) {
    (void)in, (void)argument;
    ssize_t sent = send_all(fd, out);
    return sent < 0 ? -errno : sent;
}

static int64_t run_receive(int fd, bytes_t out, bytes_t in, int timeout) {
    (void)out;
    ssize_t length = receive_one(fd, in, timeout);
    return length < 0 ? -errno : length;
}

static int64_t run_close(int fd, bytes_t out, bytes_t in, int argument) {
    (void)out, (void)in, (void)argument;
    return close(fd) < 0 ? -errno : 0;
}

static void job_execute(napi_env env, void *data) {
    (void)env;
    job_t *job = data;
    know_job_thread();
    job->result = job->run(job->fd, job->out, job->in, job->argument);
}

static void job_complete(napi_env env, napi_status status, void *data) {
    job_t *job = data;
    napi_resolve_deferred(env, job->deferred, number(env, status == napi_ok ? job->result : -ECANCELED));
    for (int i = 0; i < 2; i++)
        if (job->buffers[i]) napi_delete_reference(env, job->buffers[i]);
    if (job->work) napi_delete_async_work(env, job->work);
    free(job);
}

static void free_alone(job_t *job) {
    free(job->out.data);
    free(job->in.data);
    free(job);
}

/* Held while a thread of its own hands its result over, and while the environment stops to wait for it. */
static pthread_mutex_t handing_over = PTHREAD_MUTEX_INITIALIZER;

/* The environment ends before the thread does: the function that would settle the promise goes with it. */
static void abandon(void *data) {
    job_t *job = data;
    pthread_mutex_lock(&handing_over);
    job->is_abandoned = true;
    pthread_mutex_unlock(&handing_over);
}

static void settle_alone(napi_env env, napi_value callback, void *context, void *data) {
    (void)callback, (void)context;
    job_t *job = data;
    if (env) {
        /* A datagram that is longer than the buffer was cut off. */
        size_t length = job->result < 0 ? 0 : (size_t)job->result;
        if (job->answer.data) memcpy(job->answer.data, job->in.data, length < job->in.length ? length : job->in.length);
        napi_resolve_deferred(env, job->deferred, number(env, job->result));
        if (job->buffers[1]) napi_delete_reference(env, job->buffers[1]);
        napi_remove_env_cleanup_hook(env, abandon, job);
        napi_release_threadsafe_function(job->settle, napi_tsfn_release);
    }
    free_alone(job);
}

static void *run_alone(void *data) {
    job_t *job = data;
    job->result = job->run(job->fd, job->out, job->in, job->argument);
    pthread_mutex_lock(&handing_over);
    if (job->is_abandoned || napi_call_threadsafe_function(job->settle, job, napi_tsfn_nonblocking) != napi_ok)
        free_alone(job);
    pthread_mutex_unlock(&handing_over);
    return NULL;
}

static bool start_thread(job_t *job) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    bool is_started = pthread_create(&thread, &attributes, run_alone, job) == 0;
    pthread_attr_destroy(&attributes);
    return is_started;
}

static bool queue(napi_env env, job_t *job) {
    napi_value name = NULL;
    if (napi_create_string_utf8(env, "patchbay", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_async_work(env, NULL, name, job_execute, job_complete, job, &job->work) != napi_ok)
        return false;
    make_way_for_job(job->run == run_exchange);
    return napi_queue_async_work(env, job->work) == napi_ok;
}

/* The promise is settled in any case: what cannot be queued is done at once. */
static napi_value job_start(napi_env env, job_t template, napi_value out, napi_value in) {
    napi_value promise = NULL;
    job_t *job = malloc(sizeof *job);
    if (!job) return number(env, -ENOMEM);
    *job = template;
    napi_create_promise(env, &job->deferred, &promise);
    if (out) napi_create_reference(env, out, 1, &job->buffers[0]);
    if (in) napi_create_reference(env, in, 1, &job->buffers[1]);
    if (queue(env, job)) return promise;
    job->result = job->run(job->fd, job->out, job->in, job->argument);
    job_complete(env, napi_ok, job);
    return promise;
}

static bool copy(bytes_t *bytes) {
    uint8_t *data = malloc(bytes->length ? bytes->length : 1);
    if (data && bytes->length) memcpy(data, bytes->data, bytes->length);
    bytes->data = data;
    return data != NULL;
}

/* As job_start, on a thread of its own; on the pool when no thread can be started. */
static napi_value job_start_alone(napi_env env, job_t template, napi_value out, napi_value in) {
    napi_value promise = NULL, name = NULL;
    job_t *job = malloc(sizeof *job);
    if (!job) return number(env, -ENOMEM);
    *job = template;
    job->answer = job->in;
    job->in.data = NULL;
    bool is_ready = copy(&job->out) && (!in || (job->in.data = malloc(job->in.length ? job->in.length : 1)));
    napi_create_string_utf8(env, "patchbay", NAPI_AUTO_LENGTH, &name);
    if (is_ready && napi_create_threadsafe_function(env, NULL, NULL, name, 1, 1, NULL, NULL, NULL, settle_alone,
                                                    &job->settle) == napi_ok) {
        napi_create_promise(env, &job->deferred, &promise);
        if (in) napi_create_reference(env, in, 1, &job->buffers[1]);
        napi_add_env_cleanup_hook(env, abandon, job);
        if (start_thread(job)) return promise;
        napi_remove_env_cleanup_hook(env, abandon, job);
        if (in) napi_delete_reference(env, job->buffers[1]);
        napi_release_threadsafe_function(job->settle, napi_tsfn_abort);
    }
    free_alone(job);
    return job_start(env, template, out, in);
}

static napi_value start_exchange(napi_env env, napi_callback_info info,
                                 napi_value (*start)(napi_env env, job_t template, napi_value out, napi_value in)) {
    call_t call = call_begin(env, info);
    job_t job = {.run = run_exchange, .fd = call_int(&call, 0), .argument = call_int(&call, 3)};
    job.out = call_bytes(&call, 1);
    job.in = call_bytes(&call, 2);
    if (call.wrong) return wrong_arguments(env);
    return start(env, job, call.value[1], call.value[2]);
}

/* exchangeAsync(fd, request, response, timeoutMs): sends, then waits for one datagram. */
FUNCTION(exchange_async) {
    return start_exchange(env, info, job_start);
}

/* exchangeLong(fd, request, response, timeoutMs): for a request that the kernel takes long over. */
FUNCTION(exchange_long) {
    return start_exchange(env, info, job_start_alone);
}

/* sendAsync(fd, bytes): for a request that the kernel takes long over. */
FUNCTION(send_async) {
    call_t call = call_begin(env, info);
    job_t job = {.run = run_send, .fd = call_int(&call, 0)};
    job.out = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    return job_start_alone(env, job, call.value[1], NULL);
}

/* receiveAsync(fd, response, timeoutMs) */
FUNCTION(receive_async) {
    call_t call = call_begin(env, info);
    job_t job = {.run = run_receive, .fd = call_int(&call, 0), .argument = call_int(&call, 2)};
    job.in = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    return job_start(env, job, NULL, call.value[1]);
}

/* closeAsync(fd): for a descriptor whose end the kernel takes long over. */
FUNCTION(close_async) {
    call_t call = call_begin(env, info);
    job_t job = {.run = run_close, .fd = call_int(&call, 0)};
    if (call.wrong) return wrong_arguments(env);
    return job_start_alone(env, job, NULL, NULL);
}
