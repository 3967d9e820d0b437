/* Makes the values of a text that json.c has found to be JSON: it looks for no error. */
#include <math.h>

#include "json.h"

/* An array or object whose values are still being made. */
typedef struct {
    JSValue container;
    JSValue spellings; /* of its numbers by their places; undefined while none is odd */
    JSAtom key;        /* of the next value */
    uint32_t count;    /* of values in an array */
    uint32_t spelled;  /* of places in an array's spellings */
    bool is_object, is_out_of_range;
    bool is_repeated; /* some key of it */
} frame_t;

typedef struct {
    JSContext *context;
    const told_t *told;
    const uint8_t *at;
    const later_t *later; /* the next member that is not made */
    bool is_later;       /* the value last made is the text of such a part */
    span_t odd;          /* how the number last made is spelled, if that is perhaps not as it would be printed */
    frame_t *frames;
    int depth;
} maker_t;

static void skip_space(maker_t *maker) {
    maker->at = end_of_space(maker->at);
}

static JSValue text_of(JSContext *context, span_t part) {
    return JS_NewStringLen(context, (const char *)part.begin, (size_t)(part.end - part.begin));
}

/* Calls a function with what an object and one or two more values say; the last ones are freed. */
static bool tell(JSContext *context, JSValueConst function, JSValueConst container, JSValue first, JSValue second) {
    JSValueConst values[] = {container, first, second};
    bool is_made = !JS_IsException(first) && !JS_IsException(second);
    JSValue result = is_made ? JS_Call(context, function, JS_UNDEFINED, 3, values) : JS_EXCEPTION;
    JS_FreeValue(context, first);
    JS_FreeValue(context, second);
    JS_FreeValue(context, result);
    return !JS_IsException(result);
}

/* Defines a property that nobody comes across. */
static bool hide(JSContext *context, JSValueConst container, JSAtom key, JSValue value) {
    return JS_DefinePropertyValue(context, container, key, value, JS_PROP_CONFIGURABLE) >= 0;
}

/* Has a number that no double holds be remembered of all that it is in. What knows of one is in nothing that does not. */
static bool keep_out_of_range(maker_t *maker, span_t number) {
    for (int at = maker->depth; at-- > 0 && !maker->frames[at].is_out_of_range;) {
        frame_t *frame = &maker->frames[at];
        frame->is_out_of_range = true;
        if (!hide(maker->context, frame->container, maker->told->out_of_range, text_of(maker->context, number))) return false;
    }
    return true;
}

static JSValue make_number(maker_t *maker) {
    span_t number = {.begin = maker->at};
    double value;
    bool is_odd = read_number(&maker->at, &value);
    number.end = maker->at;
    if (is_odd) maker->odd = number;
    if (isinf(value) && !keep_out_of_range(maker, number)) return JS_EXCEPTION;
    return JS_NewFloat64(maker->context, value);
}

static JSValue make_word(maker_t *maker, int length, JSValue value) {
    maker->at += length;
    return value;
}

/* Reads a key and its colon. */
static bool make_key(maker_t *maker, frame_t *frame) {
    skip_space(maker);
    JSValue text = make_json_string(maker->context, &maker->at);
    if (JS_IsException(text)) return false;
    frame->key = JS_ValueToAtom(maker->context, text);
    JS_FreeValue(maker->context, text);
    skip_space(maker);
    maker->at++;
    return frame->key != JS_ATOM_NULL;
}

static JSValue end_container(maker_t *maker) {
    frame_t *frame = &maker->frames[--maker->depth];
    JSContext *context = maker->context;
    maker->at++;
    if (JS_IsUndefined(frame->spellings)) return frame->container;
    if (hide(context, frame->container, maker->told->spellings, frame->spellings)) return frame->container;
    JS_FreeValue(context, frame->container);
    return JS_EXCEPTION;
}

/* Returns an empty array or object; one that has values is begun, and nothing returned. */
static JSValue begin_container(maker_t *maker) {
    bool is_object = *maker->at++ == '{';
    JSValue container = is_object ? JS_NewObject(maker->context) : JS_NewArray(maker->context);
    if (JS_IsException(container)) return container;
    skip_space(maker);
    frame_t *frame = &maker->frames[maker->depth++];
    *frame = (frame_t){.container = container, .spellings = JS_UNDEFINED, .key = JS_ATOM_NULL, .is_object = is_object};
    if (*maker->at == (is_object ? '}' : ']')) return end_container(maker);
    return is_object && !make_key(maker, frame) ? JS_EXCEPTION : JS_UNINITIALIZED;
}

static JSValue skip_later(maker_t *maker, later_t later) {
    maker->at = later.value.end;
    if (later.huge.begin && !keep_out_of_range(maker, later.huge)) return JS_EXCEPTION;
    return text_of(maker->context, later.value);
}

static JSValue begin_value(maker_t *maker) {
    skip_space(maker);
    maker->odd.begin = NULL;
    maker->is_later = maker->at == maker->later->value.begin;
    if (maker->is_later) return skip_later(maker, *maker->later++);
    switch (*maker->at) {
    case '{':
    case '[': return begin_container(maker);
    case '"': return make_json_string(maker->context, &maker->at);
    case 't': return make_word(maker, 4, JS_TRUE);
    case 'f': return make_word(maker, 5, JS_FALSE);
    case 'n': return make_word(maker, 4, JS_NULL);
    default: return make_number(maker);
    }
}

static bool keep_spelling(maker_t *maker, frame_t *frame) {
    JSContext *context = maker->context;
    if (JS_IsUndefined(frame->spellings))
        frame->spellings = frame->is_object ? JS_NewObjectProto(context, JS_NULL) : JS_NewArray(context);
    JSValue text = text_of(context, maker->odd);
    if (frame->is_object) return JS_DefinePropertyValue(context, frame->spellings, frame->key, text, JS_PROP_C_W_E) >= 0;
    /* An array with gaps would be a slow one. */
    while (frame->spelled < frame->count)
        JS_SetPropertyUint32(context, frame->spellings, frame->spelled++, JS_UNDEFINED);
    return JS_SetPropertyUint32(context, frame->spellings, frame->spelled++, text) >= 0;
}

/*
 * Takes away what the key said before: it moves to where it is said last. Only what is an object may be merged with another; of
 * anything else it is told once that the container has repeated keys.
 */
static bool forget_earlier(maker_t *maker, frame_t *frame, bool is_mergeable) {
    JSContext *context = maker->context;
    JSPropertyDescriptor earlier;
    int is_said = JS_GetOwnProperty(context, &earlier, frame->container, frame->key);
    if (is_said <= 0) return is_said == 0;
    bool is_told = !frame->is_repeated || is_mergeable || JS_IsObject(earlier.value) || (earlier.flags & JS_PROP_GETSET);
    frame->is_repeated = true;
    JS_FreeValue(context, earlier.value);
    JS_FreeValue(context, earlier.getter);
    JS_FreeValue(context, earlier.setter);
    JSValue key = is_told ? JS_AtomToString(context, frame->key) : JS_UNDEFINED;
    if (is_told && !tell(context, maker->told->again, frame->container, key, JS_UNDEFINED)) return false;
    if (!JS_IsUndefined(frame->spellings) && JS_DeleteProperty(context, frame->spellings, frame->key, 0) < 0) return false;
    return JS_DeleteProperty(context, frame->container, frame->key, 0) >= 0;
}

/* Gives the key its value, which is freed also when that fails. */
static bool store_member(maker_t *maker, frame_t *frame, JSValue value) {
    JSContext *context = maker->context;
    bool is_ready = forget_earlier(maker, frame, maker->is_later || JS_IsObject(value));
    if (is_ready && maker->odd.begin) is_ready = keep_spelling(maker, frame);
    if (!is_ready) {
        JS_FreeValue(context, value);
        return false;
    }
    if (maker->is_later) return tell(context, maker->told->later, frame->container, JS_AtomToString(context, frame->key), value);
    return JS_DefinePropertyValue(context, frame->container, frame->key, value, JS_PROP_C_W_E) >= 0;
}

static bool store_element(maker_t *maker, frame_t *frame, JSValue value) {
    if (maker->odd.begin && !keep_spelling(maker, frame)) return false;
    return JS_SetPropertyUint32(maker->context, frame->container, frame->count++, value) >= 0;
}

/* Stores a value, and goes on to the next one of its container or returns that. */
static JSValue end_value(maker_t *maker, JSValue value) {
    frame_t *frame = &maker->frames[maker->depth - 1];
    if (!frame->is_object) {
        if (!store_element(maker, frame, value)) return JS_EXCEPTION;
    } else {
        bool is_stored = store_member(maker, frame, value);
        JS_FreeAtom(maker->context, frame->key);
        frame->key = JS_ATOM_NULL;
        if (!is_stored) return JS_EXCEPTION;
    }
    maker->odd.begin = NULL;
    maker->is_later = false;
    skip_space(maker);
    if (*maker->at != ',') return end_container(maker);
    maker->at++;
    return frame->is_object && !make_key(maker, frame) ? JS_EXCEPTION : JS_UNINITIALIZED;
}

static JSValue make_document(maker_t *maker) {
    for (;;) {
        JSValue value = begin_value(maker);
        while (!JS_IsUninitialized(value)) {
            if (JS_IsException(value) || maker->depth == 0) return value;
            value = end_value(maker, value);
        }
    }
}

JSValue make_json(JSContext *context, const uint8_t *text, int depth, const later_t *later, const told_t *told) {
    maker_t maker = {.context = context, .told = told, .at = text, .later = later};
    maker.frames = js_malloc(context, ((size_t)depth + 1) * sizeof *maker.frames);
    if (!maker.frames) return JS_EXCEPTION;
    JSValue value = make_document(&maker);
    /* Some are left only when there was no memory. */
    while (maker.depth > 0) {
        frame_t *frame = &maker.frames[--maker.depth];
        JS_FreeValue(context, frame->container);
        JS_FreeValue(context, frame->spellings);
        JS_FreeAtom(context, frame->key);
    }
    js_free(context, maker.frames);
    return value;
}
