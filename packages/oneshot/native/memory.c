/*
 * The engine's memory. A program that lives for a few milliseconds asks for some ten thousand small blocks: they are cut
 * off large pieces that the kernel fills in at once, and go back to a list of blocks of their size.
 *
 * The first piece is a section of the executable. The build runs the engine up to the point where it would start to work
 * on a call, and writes the section as it is then into the executable: every call starts from there. That takes an
 * executable whose functions and data lie at fixed addresses, because the section is full of them.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"

#define UNIT 16
#define LARGEST 1024
#define PIECE (1 << 20)
#define PAGE 4096

/* The size of a block, with this header, in bytes; a block above LARGEST is the C library's, if not in the section. */
typedef struct block {
    size_t size;
    struct block *next; /* only while it is free: what is used begins here */
} block_t;

#define HEADER offsetof(block_t, next)

/* Where blocks come from. */
typedef struct {
    block_t *unused[LARGEST / UNIT + 1];
    uint8_t *next, *end;
} source_t;

/* What the section begins with. */
typedef struct {
    const void *executable; /* something in the one that it was made by */
    JSContext *context;
    source_t source;
} image_t;

/* Made by the build; empty in an executable that has no such section. */
extern uint8_t heap_start[], heap_end[];

static source_t source;
static bool is_recording;

static size_t section_size(void) {
    return (uintptr_t)heap_end - (uintptr_t)heap_start;
}

static bool is_in_section(const void *memory) {
    return (uintptr_t)memory - (uintptr_t)heap_start < section_size();
}

static block_t *block_of(const void *memory) {
    return (block_t *)((uint8_t *)(uintptr_t)memory - HEADER);
}

static void *memory_of(block_t *block) {
    return (uint8_t *)block + HEADER;
}

static block_t *cut(size_t size) {
    if ((size_t)(source.end - source.next) < size) {
        if (is_recording) out_of_memory();
        void *piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        /* The engine could not even say what is wrong. */
        if (piece == MAP_FAILED) out_of_memory();
        source.next = piece;
        source.end = source.next + PIECE;
    }
    block_t *block = (block_t *)source.next;
    source.next += size;
    return block;
}

static block_t *take(size_t size) {
    if (size > LARGEST) return is_recording ? cut(size) : malloc(size);
    block_t **list = &source.unused[size / UNIT];
    if (!*list) return cut(size);
    block_t *block = *list;
    *list = block->next;
    return block;
}

static void *allocate(JSMallocState *state, size_t wanted) {
    (void)state;
    if (wanted > SIZE_MAX / 2) return NULL;
    size_t size = (wanted + HEADER + UNIT - 1) / UNIT * UNIT;
    block_t *block = take(size);
    if (!block) return NULL;
    block->size = size;
    return memory_of(block);
}

static void release(JSMallocState *state, void *memory) {
    (void)state;
    if (!memory) return;
    block_t *block = block_of(memory);
    if (block->size > LARGEST) {
        if (!is_in_section(block)) free(block);
        return;
    }
    block->next = source.unused[block->size / UNIT];
    source.unused[block->size / UNIT] = block;
}

static size_t usable_size(const void *memory) {
    return memory ? block_of(memory)->size - HEADER : 0;
}

static void *reallocate(JSMallocState *state, void *memory, size_t wanted) {
    size_t had = usable_size(memory);
    if (memory && wanted == 0) {
        release(state, memory);
        return NULL;
    }
    if (wanted <= had) return memory;
    if (had + HEADER > LARGEST && !is_in_section(memory) && wanted <= SIZE_MAX / 2) {
        block_t *block = realloc(block_of(memory), wanted + HEADER);
        if (!block) return NULL;
        block->size = wanted + HEADER;
        return memory_of(block);
    }
    void *larger = allocate(state, wanted);
    if (!larger) return NULL;
    if (memory) memcpy(larger, memory, had);
    release(state, memory);
    return larger;
}

const JSMallocFunctions memory_functions = {allocate, release, reallocate, usable_size};

bool begin_recording(void) {
    if (section_size() == 0) return false;
    is_recording = true;
    source.next = heap_start + sizeof(image_t);
    source.end = heap_end;
    return true;
}

/* Whole pages, so that nothing else shares the last one. */
bool write_recording(JSContext *context, int fd) {
    image_t *image = (image_t *)heap_start;
    *image = (image_t){.executable = &memory_functions, .context = context, .source = source};
    image->source.next = image->source.end = NULL;
    const uint8_t *end = heap_start + ((size_t)(source.next - heap_start) + PAGE - 1) / PAGE * PAGE;
    for (const uint8_t *at = heap_start; at < end;) {
        ssize_t written = write(fd, at, (size_t)(end - at));
        if (written <= 0) return false;
        at += written;
    }
    return true;
}

JSContext *recorded_context(void) {
    const image_t *image = (const image_t *)heap_start;
    if (section_size() == 0 || !image->context) return NULL;
    if (image->executable != &memory_functions) abort();
    source = image->source;
    JS_UpdateStackTop(JS_GetRuntime(image->context));
    return image->context;
}

/* The engine asks for the time once, for a beginning of its random numbers: what is recorded is the same every time. */
int __real_gettimeofday(struct timeval *now, void *zone);
int __wrap_gettimeofday(struct timeval *now, void *zone);
int __wrap_gettimeofday(struct timeval *now, void *zone) {
    if (!is_recording) return __real_gettimeofday(now, zone);
    memset(now, 0, 2 * sizeof(long));
    return 0;
}
