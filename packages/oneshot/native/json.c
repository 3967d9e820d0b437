/*
 * Reads JSON: first looks through the whole text, then has its values made, but for long ones in members of objects, which
 * somebody may ask for later. The text ends with a zero byte, which no token of JSON takes: nothing else has to look for the end.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define LONG 4096
/* Numbers as short as this are less than the greatest double when they have an exponent of two digits, or none. */
#define SAFE_LENGTH 100
#define SAFE_EXPONENT 2

typedef struct {
    const uint8_t *at;
    bool is_strict; /* a number that no double holds is an error */
    span_t huge;    /* the member's first such number */
    later_t *later; /* long members; NULL when all are made at once */
    size_t found;
    /* From where on the text has to be read to find what is wrong with it, what stands for all before, and how many are open then. */
    const uint8_t *resume;
    const char *instead;
    int resume_depth;
    int depth, deepest;
    uint8_t closers[JSON_DEPTH]; /* what ends each open array and object */
} reader_t;

static void skip_space(reader_t *reader) {
    reader->at = end_of_space(reader->at);
}

static bool skip_digits(reader_t *reader) {
    const uint8_t *start = reader->at;
    while (is_digit(*reader->at)) reader->at++;
    return reader->at > start;
}

static bool skip_number(reader_t *reader) {
    const uint8_t *start = reader->at;
    int64_t exponent = 0;
    if (*reader->at == '-') reader->at++;
    if (*reader->at == '0') reader->at++;
    else if (!skip_digits(reader)) return false;
    if (*reader->at == '.' && (reader->at++, !skip_digits(reader))) return false;
    if (*reader->at == 'e' || *reader->at == 'E') {
        reader->at++;
        if (*reader->at == '+' || *reader->at == '-') reader->at++;
        const uint8_t *digits = reader->at;
        if (!skip_digits(reader)) return false;
        exponent = reader->at - digits;
    }
    if (exponent <= SAFE_EXPONENT && reader->at - start <= SAFE_LENGTH) return true;
    if (!isinf(strtod((const char *)start, NULL))) return true;
    if (!reader->huge.begin) reader->huge = (span_t){start, reader->at};
    return !reader->is_strict;
}

static bool skip_escape(reader_t *reader) {
    uint8_t letter = *reader->at++;
    if (letter != 'u') return letter && strchr("\"\\/bfnrt", letter);
    for (int digit = 0; digit < 4; digit++, reader->at++)
        if (!is_digit(*reader->at) && !((*reader->at | 0x20) >= 'a' && (*reader->at | 0x20) <= 'f')) return false;
    return true;
}

static void resume_at(reader_t *reader, const uint8_t *at, const char *instead) {
    reader->resume = at;
    reader->instead = instead;
    reader->resume_depth = reader->depth;
}

static bool skip_string(reader_t *reader) {
    if (*reader->at != '"') return false;
    for (reader->at++;;) {
        const uint8_t *start = reader->at;
        uint8_t byte = *reader->at++;
        if (byte == '"') return true;
        if (byte >= 0x20 && (byte != '\\' || skip_escape(reader))) continue;
        resume_at(reader, start, "\"");
        return false;
    }
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
    if (reader->depth == JSON_DEPTH) return false;
    reader->at++;
    reader->closers[reader->depth++] = is_object ? '}' : ']';
    if (reader->depth > reader->deepest) reader->deepest = reader->depth;
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

/* A member of an object that is in no other one's member. */
typedef struct {
    const uint8_t *begin; /* NULL between members */
    int depth;
} member_t;

static void begin_member(reader_t *reader, member_t *member) {
    if (member->begin || reader->depth == 0 || reader->closers[reader->depth - 1] != '}') return;
    *member = (member_t){.begin = reader->at, .depth = reader->depth};
    reader->huge.begin = NULL;
}

/* Remembers a long member that ends here; not a number, whose spelling may be asked for. */
static void end_member(reader_t *reader, member_t *member) {
    if (!member->begin || reader->depth != member->depth) return;
    if (reader->later && reader->at - member->begin > LONG && strchr("[{\"", *member->begin))
        reader->later[reader->found++] = (later_t){{member->begin, reader->at}, reader->huge};
    member->begin = NULL;
}

/* Returns false for what is no JSON. */
static bool read_document(reader_t *reader, const uint8_t *end) {
    member_t member = {.begin = NULL};
    for (;;) {
        skip_space(reader);
        resume_at(reader, reader->at, "");
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
            end_member(reader, &member);
            if (reader->depth == 0) {
                skip_space(reader);
                return reader->at == end;
            }
            if (!next_value(reader, &is_end)) return false;
        } while (is_end);
    }
}

/* Has what is wrong be told: as much is open as in the text, and what comes first is what is wrong. */
static JSValue tell_wrong(JSContext *context, const reader_t *reader, const uint8_t *end, const told_t *told) {
    static const char array[] = "[0,", object[] = "{\"\":";
    char *before = js_malloc(context, sizeof object * (size_t)reader->resume_depth + 2), *to = before;
    if (!before) return JS_EXCEPTION;
    for (int at = 0; at < reader->resume_depth; at++) to = stpcpy(to, reader->closers[at] == ']' ? array : object);
    stpcpy(to, reader->instead);
    JSValue texts[] = {JS_NewString(context, before),
                       JS_NewStringLen(context, (const char *)reader->resume, (size_t)(end - reader->resume))};
    js_free(context, before);
    JSValue result = JS_Call(context, told->wrong, JS_UNDEFINED, 2, texts);
    for (int at = 0; at < 2; at++) JS_FreeValue(context, texts[at]);
    return result;
}

static JSValue read_text(JSContext *context, reader_t *reader, const uint8_t *text, size_t length, const told_t *told) {
    later_t none = {{NULL, NULL}, {NULL, NULL}}, *later = &none;
    if (JS_IsFunction(context, told->later)) {
        /* They do not overlap: there cannot be more, and the last one is empty. */
        later = reader->later = js_malloc(context, (length / LONG + 2) * sizeof *later);
        if (!later) return JS_EXCEPTION;
    }
    JSValue value;
    bool is_json = read_document(reader, text + length);
    later[reader->found] = none;
    if (!is_json) value = tell_wrong(context, reader, text + length, told);
    else if (told->is_list_empty && end_of_space(text)[0] == '[') value = JS_NewArray(context);
    else value = make_json(context, text, reader->deepest, later, told);
    js_free(context, reader->later);
    return value;
}

static JSAtom symbol_of(JSContext *context, JSValueConst told, const char *name) {
    JSValue symbol = JS_GetPropertyStr(context, told, name);
    JSAtom atom = JS_ValueToAtom(context, symbol);
    JS_FreeValue(context, symbol);
    return atom;
}

static bool flag_of(JSContext *context, JSValueConst told, const char *name) {
    return JS_ToBool(context, JS_GetPropertyStr(context, told, name)) > 0;
}

static told_t told_of(JSContext *context, JSValueConst told) {
    return (told_t){
        .is_strict = flag_of(context, told, "isStrict"),
        .is_list_empty = flag_of(context, told, "isListEmpty"),
        .later = JS_GetPropertyStr(context, told, "later"),
        .again = JS_GetPropertyStr(context, told, "again"),
        .wrong = JS_GetPropertyStr(context, told, "wrong"),
        .spellings = symbol_of(context, told, "spellings"),
        .out_of_range = symbol_of(context, told, "outOfRange"),
    };
}

static void free_told(JSContext *context, told_t *told) {
    JS_FreeValue(context, told->later);
    JS_FreeValue(context, told->again);
    JS_FreeValue(context, told->wrong);
    JS_FreeAtom(context, told->spellings);
    JS_FreeAtom(context, told->out_of_range);
}

/* readJson(text, told): the value, or what `wrong` returns. */
JSValue read_json(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    size_t length = 0;
    const char *text = count < 2 ? NULL : JS_ToCStringLen(context, &length, values[0]);
    if (!text) return JS_EXCEPTION;
    reader_t *reader = js_malloc(context, sizeof *reader);
    if (!reader) return JS_EXCEPTION;
    memset(reader, 0, offsetof(reader_t, closers));
    told_t told = told_of(context, values[1]);
    reader->at = (const uint8_t *)text;
    reader->is_strict = told.is_strict;
    JSValue value = read_text(context, reader, (const uint8_t *)text, length, &told);
    free_told(context, &told);
    js_free(context, reader);
    JS_FreeCString(context, text);
    return value;
}
