/* Blocking calls that run on the thread pool and settle a promise with a number, as the synchronous ones answer. */
#include "native.h"
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
} job_t;

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
    napi_delete_async_work(env, job->work);
    free(job);
}

static napi_value job_start(napi_env env, job_t template, napi_value out, napi_value in) {
    napi_value promise = NULL, name = NULL;
    job_t *job = malloc(sizeof *job);
    if (!job) return number(env, -ENOMEM);
    *job = template;
    napi_create_promise(env, &job->deferred, &promise);
    napi_create_string_utf8(env, "patchbay", NAPI_AUTO_LENGTH, &name);
    if (out) napi_create_reference(env, out, 1, &job->buffers[0]);
    if (in) napi_create_reference(env, in, 1, &job->buffers[1]);
    napi_create_async_work(env, NULL, name, job_execute, job_complete, job, &job->work);
    make_way_for_job(job->run == run_exchange);
    napi_queue_async_work(env, job->work);
    return promise;
}

/* exchangeAsync(fd, request, response, timeoutMs): sends, then waits for one datagram. */
FUNCTION(exchange_async) {
    call_t call = call_begin(env, info);
    job_t job = {.run = run_exchange, .fd = call_int(&call, 0), .argument = call_int(&call, 3)};
    job.out = call_bytes(&call, 1);
    job.in = call_bytes(&call, 2);
    if (call.wrong) return wrong_arguments(env);
    return job_start(env, job, call.value[1], call.value[2]);
}

/* sendAsync(fd, bytes) */
FUNCTION(send_async) {
    call_t call = call_begin(env, info);
    job_t job = {.run = run_send, .fd = call_int(&call, 0)};
    job.out = call_bytes(&call, 1);
    if (call.wrong) return wrong_arguments(env);
    return job_start(env, job, call.value[1], NULL);
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
    return job_start(env, job, NULL, NULL);
}
