/* UTF-8 as the Encoding Standard has it; the engine's own conversions let lone surrogates and broken sequences through. */
#include <string.h>

#include "host.h"

/* U+FFFD */
static const uint8_t replacement[3] = {0xef, 0xbf, 0xbd};

/* The length of the sequence at `bytes`; negated, how much of it to replace when it is broken (Unicode 15, table 3-7). */
static int sequence_length(const uint8_t *bytes, size_t left) {
    uint8_t first = bytes[0], low = 0x80, high = 0xbf;
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return -1;
    int length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    for (int at = 1; at < length; at++) {
        if ((size_t)at >= left || bytes[at] < low || bytes[at] > high) return -at;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

static size_t valid_prefix(const uint8_t *bytes, size_t length) {
    size_t at = 0;
    while (at < length) {
        int size = sequence_length(bytes + at, length - at);
        if (size < 0) break;
        at += (size_t)size;
    }
    return at;
}

/* Copies what is valid and replaces what is not; `repaired` has room for three times as much. */
static size_t repair(const uint8_t *bytes, size_t length, uint8_t *repaired) {
    size_t written = 0;
    for (size_t at = 0; at < length;) {
        int size = sequence_length(bytes + at, length - at);
        const uint8_t *from = size < 0 ? replacement : bytes + at;
        size_t taken = (size_t)(size < 0 ? -size : size), given = size < 0 ? sizeof replacement : taken;
        memcpy(repaired + written, from, given);
        written += given;
        at += taken;
    }
    return written;
}

/* decode(bytes): text. */
JSValue text_of_bytes(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    uint8_t *bytes;
    size_t length;
    if (count < 1 || !is_bytes(context, values[0], &bytes, &length))
        return JS_ThrowTypeError(context, "Cannot decode: not a byte array");
    if (valid_prefix(bytes, length) == length) return JS_NewStringLen(context, (const char *)bytes, length);
    uint8_t *repaired = js_malloc(context, 3 * length);
    if (!repaired) return JS_EXCEPTION;
    JSValue text = JS_NewStringLen(context, (const char *)repaired, repair(bytes, length, repaired));
    js_free(context, repaired);
    return text;
}

/* encode(text): an ArrayBuffer. The engine writes a lone surrogate as the three bytes it would have in UTF-8. */
JSValue bytes_of_text(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    size_t length = 0, whole = 0;
    const char *text = count < 1 ? NULL : JS_ToCStringLen(context, &length, values[0]);
    if (!text) return JS_EXCEPTION;
    JSValue buffer = JS_NewArrayBufferCopy(context, (const uint8_t *)text, length);
    JS_FreeCString(context, text);
    uint8_t *bytes = JS_IsException(buffer) ? NULL : JS_GetArrayBuffer(context, &whole, buffer);
    for (size_t at = 0; bytes && at + 2 < length; at++)
        if (bytes[at] == 0xed && bytes[at + 1] >= 0xa0) memcpy(bytes + at, replacement, sizeof replacement);
    return buffer;
}
