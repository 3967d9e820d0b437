/*
 * What a runtime executes under a plugin's name: hands the call to the daemon and relays its answer. Whenever there is no
 * daemon that will take it, an executable beside this file does the call instead, and nothing of it is lost.
 * The frames are described in docs/decisions/0009-a-shim-and-a-daemon.md; packages/patchbay/src/daemon/frames.ts is the
 * other side.
 */
#include "system.h"
#include "call.h"
#include "versions.h"

#define DEFAULT_SOCKET "/run/patchbay/patchbay.sock"
#define PROTOCOL 2
#define REQUEST_LIMIT (16u << 20)
#define ANSWER_LIMIT (32u << 20)
/* A daemon that has not read the request by then is given up; one that lets a call wait says so every five seconds. */
#define SILENCE_SECONDS 15

/* What the daemon reads first; the program's name, the environment and standard input follow. */
typedef struct {
    char magic[4];
    uint32_t protocol;
    char build[32];
    uint32_t name_length, env_length, stdin_length;
} header_t;

enum { FRAME_QUEUED = 1, FRAME_BEGUN, FRAME_REFUSED, FRAME_STDERR, FRAME_DONE };

/* How the conversation with the daemon ended. An answer that standard output refuses is UNWRITTEN. */
typedef enum { ANSWERED, UNWRITTEN, NOT_BEGUN, LOST } outcome_t;

/* What has become of the call so far. One that was sent may begin without a word, unless the daemon says that it waits. */
typedef enum { SENT, WAITING, BEGUN } progress_t;

static bool answer_version(const char *name) {
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (strcmp(versions[i].name, name) == 0)
            return write_all(1, versions[i].answer, strlen(versions[i].answer), false) == 0;
    return false;
}

/* A descriptor, or a negated errno. */
static long connect_daemon(const char *path) {
    struct sockaddr_un address = {.sun_family = 1 /* AF_UNIX */};
    long limit[2] = {SILENCE_SECONDS, 0};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address.sun_path) return -ENOENT;
    memcpy(address.sun_path, path, length);
    long fd = CALL3(__NR_socket, address.sun_family, SOCK_STREAM | O_CLOEXEC, 0);
    if (fd < 0) return fd;
    CALL5(__NR_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, limit, sizeof limit);
    CALL5(__NR_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, limit, sizeof limit);
    long result = CALL3(__NR_connect, fd, &address, sizeof address);
    if (result < 0) CALL1(__NR_close, fd);
    return result < 0 ? result : fd;
}

/* Everything the daemon is told; false when standard input is longer than it takes, or cannot be read. */
static bool collect(call_t *call, bytes_t *request) {
    if (call->stdin_taken) return true;
    header_t header = {.magic = "CNIP", .protocol = PROTOCOL, .build = BUILD_ID};
    size_t name_length = strlen(call->name), env_length = environment_length(call);
    header.name_length = (uint32_t)name_length;
    header.env_length = (uint32_t)env_length;
    if (env_length > REQUEST_LIMIT || !append(request, &header, sizeof header) ||
        !append(request, call->name, name_length) || !append(request, call->envp[0], env_length))
        return false;
    call->stdin_at = request->length;
    bool whole = read_stdin(request, REQUEST_LIMIT);
    call->stdin_taken = true;
    header.stdin_length = (uint32_t)(request->length - call->stdin_at);
    memcpy(request->data, &header, sizeof header);
    return whole;
}

static bool is_unread(int fd) {
    int bytes = 0;
    return CALL3(__NR_ioctl, fd, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

/*
 * Whether the daemon has read the request, so that it may have begun. One that has not is hung up on first: it would find
 * its caller gone, and not begin any more.
 */
static bool was_read(int fd) {
    if (is_unread(fd)) CALL2(__NR_shutdown, fd, SHUT_RDWR);
    return !is_unread(fd);
}

/* From here on the daemon may take as long as it likes. */
static void note_begun(int fd, progress_t *progress) {
    long limit[2] = {0, 0};
    if (*progress != BEGUN) CALL5(__NR_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, limit, sizeof limit);
    *progress = BEGUN;
}

/* 1, 0 when the daemon has closed the connection, or a negated errno. */
static long read_fully(int fd, char *into, size_t size, progress_t *progress) {
    for (size_t at = 0; at < size;) {
        long result = read_some(fd, into + at, size - at);
        if (result == -EAGAIN && *progress == SENT && was_read(fd)) {
            note_begun(fd, progress);
            continue;
        }
        if (result <= 0) return result;
        at += (size_t)result;
    }
    return 1;
}

/* What there is to say of a call without an answer. The kernel resets the connection when the request has not been read. */
static outcome_t without_answer(progress_t progress, long error) {
    if (progress == WAITING) return NOT_BEGUN;
    return progress == SENT && (error == -ECONNRESET || error == -EAGAIN) ? NOT_BEGUN : LOST;
}

/* The last frame: the exit status in one byte, then what goes to `output`. */
static outcome_t finish(const bytes_t *frame, int output, int *status) {
    long result = write_all(output, frame->data + 1, frame->length - 1, false);
    *status = (uint8_t)frame->data[0];
    if (result == 0) return ANSWERED;
    complain("Cannot write to standard output", result);
    return UNWRITTEN;
}

/* Reads frames until the call has been answered, or will not be. */
static outcome_t converse(int fd, int output, int *status) {
    bytes_t frame = {0};
    for (progress_t progress = SENT;;) {
        struct __attribute__((packed)) {
            uint32_t length;
            uint8_t type;
        } head;
        long result = read_fully(fd, (char *)&head, sizeof head, &progress);
        if (result <= 0) return without_answer(progress, result);
        frame.length = 0;
        if (head.length > ANSWER_LIMIT || !reserve(&frame, head.length)) return without_answer(progress, 0);
        if (head.length > 0) result = read_fully(fd, frame.data, head.length, &progress);
        if (result <= 0) return without_answer(progress, result);
        frame.length = head.length;
        switch (head.type) {
        case FRAME_QUEUED:
            if (progress == SENT) progress = WAITING;
            break;
        case FRAME_BEGUN:
            note_begun(fd, &progress);
            break;
        case FRAME_REFUSED:
            return progress == BEGUN ? LOST : NOT_BEGUN;
        case FRAME_STDERR:
            note_begun(fd, &progress);
            write_all(2, frame.data, frame.length, false);
            break;
        case FRAME_DONE:
            if (frame.length == 0) return without_answer(progress, 0);
            return finish(&frame, output, status);
        default:
            return without_answer(progress, 0);
        }
    }
}

static outcome_t ask_daemon(call_t *call, bytes_t *request, int output, int *status) {
    const char *path = variable(call, "PATCHBAY_SOCKET");
    long fd = connect_daemon(path ? path : DEFAULT_SOCKET);
    if (fd < 0) return NOT_BEGUN;
    outcome_t outcome = NOT_BEGUN;
    /* One that is refused early may not get its request out whole. */
    if (collect(call, request) && write_all((int)fd, request->data, request->length, true) == 0)
        outcome = converse((int)fd, output, status);
    CALL1(__NR_close, fd);
    return outcome;
}

/*
 * Undoes an ADD of which the runtime will not hear: the same call as DEL, by the daemon or by the executable in a process
 * of its own. What it has to say goes to standard error.
 */
static void take_back(call_t *call, bytes_t *request) {
    int status;
    for (char **pair = call->envp; *pair; pair++)
        if (value_of(*pair, "CNI_COMMAND")) memcpy(*pair + sizeof "CNI_COMMAND", "DEL", 3);
    memcpy(request->data + sizeof(header_t) + strlen(call->name), call->envp[0], environment_length(call));
    if (ask_daemon(call, request, 2, &status) == ANSWERED) return;
    long child = CALL5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0 && CALL3(__NR_dup3, 2, 1, 0) == 1) run_executable(call, request);
    if (child == 0) CALL1(__NR_exit, 1);
    if (child > 0) CALL4(__NR_wait4, child, 0, 0, 0);
}

int main(int argc, char **argv, char **envp) {
    static char *unnamed[] = {"", NULL};
    call_t call = {.argv = argc > 0 ? argv : unnamed, .envp = envp};
    bytes_t request = {0};
    int status = 1;
    call.name = base_name(call.argv[0]);
    if (strcmp(call.name, "patchbay-shim") == 0) return run_in_netns(&call);
    ignore_write_signals();
    const char *command = variable(&call, "CNI_COMMAND");
    if (command && strcmp(command, "VERSION") == 0 && answer_version(call.name)) return 0;
    outcome_t outcome = NOT_BEGUN;
    /* Without a command it is a person who asks; a stream that is closed would be taken for the socket. */
    if (command && command[0] && streams_are_open()) outcome = ask_daemon(&call, &request, 1, &status);
    if (outcome == ANSWERED) return status;
    bool is_add = command && strcmp(command, "ADD") == 0;
    if (outcome == UNWRITTEN && is_add && status == 0) take_back(&call, &request);
    if (outcome == UNWRITTEN) return 1;
    /* Everything else may be done twice. */
    if (outcome == LOST && is_add)
        return fail(11, "Cannot finish ADD: the daemon ended while it worked on it; DEL undoes what it did");
    return run_executable(&call, &request);
}
