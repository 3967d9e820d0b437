/* Strings of JSON whose escapes json.c has found to be right. */
#include <string.h>

#include "json.h"

#define REPLACEMENT 0xfffd

/* UTF-8 that is being written, and the first half of a surrogate pair that perhaps has a second one. */
typedef struct {
    uint8_t *to;
    uint32_t high;
} writer_t;

static void put_code(writer_t *writer, uint32_t code) {
    static const uint8_t firsts[] = {0x00, 0xc0, 0xe0, 0xf0};
    int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *writer->to++ = (uint8_t)(firsts[more] | code >> 6 * more);
    while (more-- > 0) *writer->to++ = (uint8_t)(0x80 | (code >> 6 * more & 0x3f));
}

/* A first half alone is no character. */
static void end_pair(writer_t *writer) {
    if (writer->high) put_code(writer, REPLACEMENT);
    writer->high = 0;
}

static void put_unit(writer_t *writer, uint32_t unit) {
    bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if (is_low && writer->high) {
        put_code(writer, 0x10000 + ((writer->high - 0xd800) << 10) + (unit - 0xdc00));
        writer->high = 0;
        return;
    }
    end_pair(writer);
    if (unit >= 0xd800 && unit < 0xdc00) writer->high = unit;
    else put_code(writer, is_low ? REPLACEMENT : unit);
}

static uint32_t hex_digit(uint8_t byte) {
    return (uint32_t)(is_digit(byte) ? byte - '0' : (byte | 0x20) - 'a' + 10);
}

/* Reads what follows a backslash. */
static const uint8_t *read_escape(const uint8_t *at, writer_t *writer) {
    static const char letters[] = "bfnrt", codes[] = "\b\f\n\r\t";
    const char *letter = strchr(letters, *at);
    if (*at != 'u') {
        put_unit(writer, letter ? (uint8_t)codes[letter - letters] : *at);
        return at + 1;
    }
    uint32_t unit = 0;
    for (int digit = 1; digit <= 4; digit++) unit = unit << 4 | hex_digit(at[digit]);
    put_unit(writer, unit);
    return at + 5;
}

/* The engine writes a lone surrogate as the three bytes it would have in UTF-8. */
static bool is_surrogate(const uint8_t *at) {
    return at[0] == 0xed && at[1] >= 0xa0;
}

/* The contents of a string up to its last quote; they are never longer than what stands for them. */
static const uint8_t *read_contents(const uint8_t *at, writer_t *writer) {
    while (*at != '"') {
        if (*at == '\\') {
            at = read_escape(at + 1, writer);
        } else if (is_surrogate(at)) {
            put_unit(writer, 0xd000u | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu));
            at += 3;
        } else {
            end_pair(writer);
            *writer->to++ = *at++;
        }
    }
    end_pair(writer);
    return at;
}

static size_t length_of(const uint8_t *contents) {
    const uint8_t *at = contents;
    while (*at != '"') at += *at == '\\' ? 2 : 1;
    return (size_t)(at - contents);
}

JSValue make_json_string(JSContext *context, const uint8_t **at) {
    const uint8_t *start = *at + 1, *end = start;
    while (*end != '"' && *end != '\\' && !is_surrogate(end)) end++;
    if (*end == '"') {
        *at = end + 1;
        return JS_NewStringLen(context, (const char *)start, (size_t)(end - start));
    }
    uint8_t *contents = js_malloc(context, length_of(start));
    if (!contents) return JS_EXCEPTION;
    writer_t writer = {.to = contents};
    *at = read_contents(start, &writer) + 1;
    JSValue text = JS_NewStringLen(context, (const char *)contents, (size_t)(writer.to - contents));
    js_free(context, contents);
    return text;
}
