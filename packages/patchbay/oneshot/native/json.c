/*
 * Finds the long values in a JSON text, as packages/cni/src/json/long-values.ts does, which says what they are. The text ends
 * with a zero byte, which no token of JSON takes: nothing else has to look for the end.
 */
#include <string.h>

#include "host.h"

#define DEPTH 10000
#define LONG 4096
#define SAFE_DIGITS 300

typedef struct {
    const uint8_t *start, *end, *at;
    int64_t surplus; /* bytes before `at` that are no UTF-16 unit of their own */
    bool is_unsafe;  /* a number may be more than a double holds */
    uint32_t found;
    int depth;
    uint8_t closers[DEPTH]; /* what ends each open array and object */
} reader_t;

static void skip_space(reader_t *reader) {
    while (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\t' || *reader->at == '\r') reader->at++;
}

static bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

static bool skip_digits(reader_t *reader) {
    const uint8_t *start = reader->at;
    while (is_digit(*reader->at)) reader->at++;
    return reader->at > start;
}

static bool skip_number(reader_t *reader) {
    const uint8_t *start = reader->at;
    if (*reader->at == '-') reader->at++;
    if (*reader->at == '0') reader->at++;
    else if (!skip_digits(reader)) return false;
    if (*reader->at == '.' && (reader->at++, !skip_digits(reader))) return false;
    bool has_exponent = *reader->at == 'e' || *reader->at == 'E';
    if (has_exponent) {
        reader->at++;
        if (*reader->at == '+' || *reader->at == '-') reader->at++;
        if (!skip_digits(reader)) return false;
    }
    if (has_exponent || reader->at - start > SAFE_DIGITS) reader->is_unsafe = true;
    return true;
}

static bool skip_escape(reader_t *reader) {
    uint8_t letter = *reader->at++;
    if (letter != 'u') return letter && strchr("\"\\/bfnrt", letter);
    for (int digit = 0; digit < 4; digit++, reader->at++)
        if (!is_digit(*reader->at) && !((*reader->at | 0x20) >= 'a' && (*reader->at | 0x20) <= 'f')) return false;
    return true;
}

static bool skip_string(reader_t *reader) {
    if (*reader->at++ != '"') return false;
    for (uint8_t byte; (byte = *reader->at++) != '"';) {
        if (byte < 0x20 || (byte == '\\' && !skip_escape(reader))) return false;
        if (byte < 0x80) continue;
        /* Sequences of four bytes are two units, all others one. */
        if (byte < 0xc0) reader->surplus++;
        else if (byte >= 0xf0) reader->surplus--;
    }
    return true;
}

static bool skip_word(reader_t *reader, const char *word) {
    size_t length = strlen(word);
    if (strncmp((const char *)reader->at, word, length) != 0) return false;
    reader->at += length;
    return true;
}

static bool skip_scalar(reader_t *reader) {
    switch (*reader->at) {
    case '"': return skip_string(reader);
    case 't': return skip_word(reader, "true");
    case 'f': return skip_word(reader, "false");
    case 'n': return skip_word(reader, "null");
    default: return skip_number(reader);
    }
}

static bool skip_key(reader_t *reader) {
    skip_space(reader);
    if (!skip_string(reader)) return false;
    skip_space(reader);
    return *reader->at++ == ':';
}

/* Reads up to the first value, if there is one. */
static bool open_values(reader_t *reader, bool *is_empty) {
    bool is_object = *reader->at == '{';
    if (reader->depth == DEPTH) return false;
    reader->at++;
    reader->closers[reader->depth++] = is_object ? '}' : ']';
    skip_space(reader);
    *is_empty = *reader->at == reader->closers[reader->depth - 1];
    return *is_empty || !is_object || skip_key(reader);
}

/* Behind a value: ends what ends here, and goes on to the next value. */
static bool next_value(reader_t *reader, bool *is_end) {
    uint8_t closer = reader->closers[reader->depth - 1];
    skip_space(reader);
    *is_end = *reader->at == closer;
    if (*is_end) reader->depth--;
    else if (*reader->at != ',') return false;
    reader->at++;
    return *is_end || closer == ']' || skip_key(reader);
}

static int64_t place_of(const reader_t *reader) {
    return reader->at - reader->start - reader->surplus;
}

/* The member that is being read: the outermost one, not those inside its value. */
typedef struct {
    int64_t begin; /* -1 between members */
    int depth;
} member_t;

static void begin_member(reader_t *reader, member_t *member) {
    if (member->begin >= 0 || reader->depth == 0 || reader->closers[reader->depth - 1] != '}') return;
    *member = (member_t){.begin = place_of(reader), .depth = reader->depth};
    reader->is_unsafe = false;
}

/* Appends where the member begins and ends, when it does here and is long. */
static void end_member(reader_t *reader, member_t *member, JSContext *context, JSValue found) {
    if (member->begin < 0 || reader->depth != member->depth) return;
    int64_t end = place_of(reader);
    if (end - member->begin > LONG && !reader->is_unsafe) {
        JS_SetPropertyUint32(context, found, reader->found++, JS_NewInt64(context, member->begin));
        JS_SetPropertyUint32(context, found, reader->found++, JS_NewInt64(context, end));
    }
    member->begin = -1;
}

/* Returns false for what is no JSON. */
static bool read_document(reader_t *reader, JSContext *context, JSValue found) {
    member_t member = {.begin = -1};
    for (;;) {
        skip_space(reader);
        begin_member(reader, &member);
        if (*reader->at == '{' || *reader->at == '[') {
            bool is_empty = false;
            if (!open_values(reader, &is_empty)) return false;
            if (!is_empty) continue;
        } else if (!skip_scalar(reader)) {
            return false;
        }
        bool is_end = false;
        do {
            end_member(reader, &member, context, found);
            if (reader->depth == 0) {
                skip_space(reader);
                return reader->at == reader->end;
            }
            if (!next_value(reader, &is_end)) return false;
        } while (is_end);
    }
}

/* longValues(text): an array of where they begin and end. */
JSValue long_values(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    size_t length = 0;
    const char *text = count < 1 ? NULL : JS_ToCStringLen(context, &length, values[0]);
    if (!text) return JS_EXCEPTION;
    reader_t reader = {.start = (const uint8_t *)text, .at = (const uint8_t *)text};
    reader.end = reader.start + length;
    JSValue found = JS_NewArray(context);
    bool is_json = read_document(&reader, context, found);
    JS_FreeCString(context, text);
    if (is_json) return found;
    JS_FreeValue(context, found);
    return JS_NewArray(context);
}
