/*
 * Keeps the threads that run jobs off the processor of the thread that starts them and goes on. A kernel that finds the machine somewhat
 * busy wakes a thread on the processor of who wakes it, even when another one has nothing to do; there it would begin only
 * once the event loop waits, so that the two would do one after the other what is meant to be done at the same time.
 */
#include "native.h"
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_THREADS 64

static atomic_bool is_wanted;
/* Thread ids; 0 where there is none. */
static _Atomic pid_t threads[MAX_THREADS];
static _Thread_local bool is_known;
/* The processor that they are kept off. */
enum { NONE = -1, UNKNOWN = -2 /* some thread has not been told */ };
static atomic_int kept_off = UNKNOWN;

/* pinJobsToOtherCpus(): from now on. */
FUNCTION(pin_jobs_to_other_cpus) {
    (void)info;
    is_wanted = true;
    return number(env, 0);
}

/* Called by each thread that runs jobs. */
void know_job_thread(void) {
    if (is_known || !is_wanted) return;
    is_known = true;
    for (size_t at = 0; at < MAX_THREADS; at++) {
        pid_t nobody = 0;
        if (!atomic_compare_exchange_strong(&threads[at], &nobody, gettid())) continue;
        kept_off = UNKNOWN;
        return;
    }
}

/* A thread that has ended is forgotten: its number may be another program's one day. */
static void tell(_Atomic pid_t *thread, const cpu_set_t *processors) {
    pid_t id = *thread;
    if (id == 0) return;
    if (syscall(SYS_tgkill, getpid(), id, 0) != 0) *thread = 0;
    else sched_setaffinity(id, sizeof *processors, processors);
}

/*
 * Called by the thread that starts a job, before that is: whether it goes on while the job is done, or is going to wait for it.
 * Costs nothing while the answer is the same.
 */
void make_way_for_job(bool goes_on) {
    cpu_set_t processors;
    if (!is_wanted) return;
    int here = goes_on ? sched_getcpu() : NONE;
    if (here == kept_off) return;
    /* Where this one may run the others may, too; on a single processor, or one of thousands, the scheduler knows best. */
    if (sched_getaffinity(0, sizeof processors, &processors) != 0 || CPU_COUNT(&processors) < 2) return;
    kept_off = here;
    if (here >= 0) CPU_CLR(here, &processors);
    for (size_t at = 0; at < MAX_THREADS; at++) tell(&threads[at], &processors);
}
