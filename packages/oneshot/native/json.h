/* What the files that read JSON share: json.c looks through a text, json_value.c makes its values. */
#ifndef PATCHBAY_JSON_H
#define PATCHBAY_JSON_H

#include "host.h"

/* How deep arrays and objects may nest: Go's limit. */
#define JSON_DEPTH 10000

/* A part of a text. */
typedef struct {
    const uint8_t *begin, *end;
} span_t;

/* A long member of an object, and the first number in it that no double holds, if there is one. */
typedef struct {
    span_t value, huge;
} later_t;

/* See packages/cni/src/json/quick-reader.ts. */
typedef struct {
    bool is_strict, is_list_empty;
    JSValue later, again, wrong;
    JSAtom spellings, out_of_range;
} told_t;

/*
 * Makes the value of a text that is JSON and ends with a zero byte, with as many levels as `depth`. What is in `later`, which
 * ends with an empty one, is not made.
 */
JSValue make_json(JSContext *context, const uint8_t *text, int depth, const later_t *later, const told_t *told);

/* Reads the number that begins at `*at`. Returns whether it may be spelled otherwise than it would be printed. */
bool read_number(const uint8_t **at, double *value);

/* Makes the string whose first quote is at `*at`, which moves behind its last one. Lone surrogates become U+FFFD. */
JSValue make_json_string(JSContext *context, const uint8_t **at);

static inline const uint8_t *end_of_space(const uint8_t *at) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
    return at;
}

static inline bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

#endif
