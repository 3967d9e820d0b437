/*
 * Those functions of Node-API that are about other threads: work runs on a thread of its own, and what it leaves is picked
 * up by the loop.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "napi.h"

/* Something that another thread has finished, to be run on the thread of JavaScript. */
typedef struct completion {
    struct completion *next;
    void (*run)(napi_env env, struct completion *self);
} completion_t;

struct napi_async_work__ {
    completion_t completion;
    napi_async_execute_callback execute;
    napi_async_complete_callback complete;
    void *data;
};

struct napi_threadsafe_function__ {
    JSValue callback;
    napi_threadsafe_function_call_js call;
    void *context;
    size_t holders;
    bool closing;
};

typedef struct {
    completion_t completion;
    napi_threadsafe_function function;
    void *data;
} delivery_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static completion_t *first, **last = &first;
static int wake = -1;
/* Work that has not completed, and functions that other threads may still call. */
static size_t under_way;

static void leave(completion_t *completion) {
    pthread_mutex_lock(&lock);
    completion->next = NULL;
    *last = completion;
    last = &completion->next;
    pthread_mutex_unlock(&lock);
    wake_loop();
}

static completion_t *take(void) {
    pthread_mutex_lock(&lock);
    completion_t *completion = first;
    if (completion && !(first = completion->next)) last = &first;
    pthread_mutex_unlock(&lock);
    return completion;
}

/* Also called by signal handlers. */
void wake_loop(void) {
    int saved = errno;
    uint64_t one = 1;
    ssize_t written = write(wake, &one, sizeof one);
    (void)written;
    errno = saved;
}

int open_wake_fd(void) {
    return wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

bool is_work_under_way(void) {
    return under_way > 0;
}

bool run_completion(void) {
    completion_t *completion = take();
    if (!completion) return false;
    size_t before = environment.count;
    completion->run(&environment, completion);
    forget_handles(&environment, before);
    return true;
}

static void complete_work(napi_env env, completion_t *completion) {
    napi_async_work work = (napi_async_work)completion;
    under_way--;
    work->complete(env, napi_ok, work->data);
}

static void *execute_work(void *data) {
    napi_async_work work = data;
    work->execute(&environment, work->data);
    leave(&work->completion);
    return NULL;
}

napi_status napi_create_async_work(napi_env env, napi_value resource, napi_value name,
                                   napi_async_execute_callback execute, napi_async_complete_callback complete,
                                   void *data, napi_async_work *result) {
    (void)env, (void)resource, (void)name;
    *result = require(calloc(1, sizeof **result));
    **result = (struct napi_async_work__){
        .completion = {.run = complete_work}, .execute = execute, .complete = complete, .data = data};
    return napi_ok;
}

/* Where no thread can be started, or none could wake this one, the work is done here: slower for the others, but done. */
napi_status napi_queue_async_work(napi_env env, napi_async_work work) {
    (void)env;
    pthread_t thread;
    under_way++;
    if (wake >= 0 && pthread_create(&thread, NULL, execute_work, work) == 0) pthread_detach(thread);
    else execute_work(work);
    return napi_ok;
}

napi_status napi_delete_async_work(napi_env env, napi_async_work work) {
    (void)env;
    free(work);
    return napi_ok;
}

napi_status napi_create_threadsafe_function(napi_env env, napi_value callback, napi_value resource, napi_value name,
                                            size_t queue, size_t threads, void *data, napi_finalize finalize,
                                            void *context, napi_threadsafe_function_call_js call,
                                            napi_threadsafe_function *result) {
    (void)resource, (void)name, (void)queue, (void)data, (void)finalize;
    if (wake < 0) return napi_generic_failure;
    *result = require(calloc(1, sizeof **result));
    (*result)->callback = callback ? JS_DupValue(env->context, value_of(env, callback)) : JS_UNDEFINED;
    (*result)->call = call;
    (*result)->context = context;
    (*result)->holders = threads;
    under_way++;
    return napi_ok;
}

static void deliver(napi_env env, completion_t *completion) {
    delivery_t *delivery = (delivery_t *)completion;
    napi_threadsafe_function function = delivery->function;
    pthread_mutex_lock(&lock);
    bool closing = function->closing;
    pthread_mutex_unlock(&lock);
    napi_value callback = closing ? NULL : handle(env, JS_DupValue(env->context, function->callback));
    function->call(closing ? NULL : env, callback, function->context, delivery->data);
    free(delivery);
}

/* The queue has no end: a process that ends soon cannot fall behind far. */
napi_status napi_call_threadsafe_function(napi_threadsafe_function function, void *data,
                                          napi_threadsafe_function_call_mode mode) {
    (void)mode;
    pthread_mutex_lock(&lock);
    bool closing = function->closing;
    pthread_mutex_unlock(&lock);
    if (closing) return napi_closing;
    delivery_t *delivery = malloc(sizeof *delivery);
    if (!delivery) return napi_generic_failure;
    *delivery = (delivery_t){.completion = {.run = deliver}, .function = function, .data = data};
    leave(&delivery->completion);
    return napi_ok;
}

/* The function itself stays: a delivery may still be on its way, and the process ends soon. */
napi_status napi_release_threadsafe_function(napi_threadsafe_function function,
                                             napi_threadsafe_function_release_mode mode) {
    pthread_mutex_lock(&lock);
    bool was_closing = function->closing;
    if (function->holders > 0) function->holders--;
    function->closing = was_closing || mode == napi_tsfn_abort || function->holders == 0;
    /* Counted by the thread of JavaScript alone; a reader is never the last one to let go. */
    if (function->closing && !was_closing) under_way--;
    pthread_mutex_unlock(&lock);
    return napi_ok;
}

/* The environment ends with the process. */
napi_status napi_add_env_cleanup_hook(napi_env env, void (*hook)(void *data), void *data) {
    (void)env, (void)hook, (void)data;
    return napi_ok;
}

napi_status napi_remove_env_cleanup_hook(napi_env env, void (*hook)(void *data), void *data) {
    (void)env, (void)hook, (void)data;
    return napi_ok;
}
