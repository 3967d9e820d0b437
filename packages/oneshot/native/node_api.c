/*
 * Those functions of Node-API that the native addon of @patchbay/linux calls, on this engine: its sources are linked in
 * unchanged.
 */
#include <stdlib.h>
#include <string.h>

#include "napi.h"

struct napi_callback_info__ {
    int count;
    JSValueConst *values;
};

struct napi_ref__ {
    JSValue value;
};

struct napi_deferred__ {
    JSValue resolve, reject;
};

struct napi_env__ environment;

void *require(void *memory) {
    if (!memory) out_of_memory();
    return memory;
}

napi_value handle(napi_env env, JSValue value) {
    if (env->count == MAX_HANDLES) abort();
    env->handles[env->count++] = value;
    return (napi_value)(uintptr_t)env->count;
}

JSValue value_of(napi_env env, napi_value value) {
    size_t place = (size_t)(uintptr_t)value;
    return place == 0 || place > env->count ? JS_UNDEFINED : env->handles[place - 1];
}

void forget_handles(napi_env env, size_t count) {
    while (env->count > count) JS_FreeValue(env->context, env->handles[--env->count]);
}

/* Functions */

static JSValue call_addon(JSContext *context, JSValueConst self, int count, JSValueConst *values, int magic,
                          JSValue *data) {
    (void)self, (void)magic;
    napi_env env = &environment;
    size_t before = env->count;
    int64_t function = 0;
    JS_ToInt64(context, &function, data[0]);
    struct napi_callback_info__ info = {count, values};
    napi_value result = ((napi_callback)(uintptr_t)function)(env, &info);
    JSValue value = env->thrown ? JS_EXCEPTION : JS_DupValue(context, value_of(env, result));
    env->thrown = false;
    forget_handles(env, before);
    return value;
}

napi_status napi_define_properties(napi_env env, napi_value object, size_t count,
                                   const napi_property_descriptor *properties) {
    for (size_t at = 0; at < count; at++) {
        JSValue data = JS_NewInt64(env->context, (int64_t)(uintptr_t)properties[at].method);
        JSValue function = JS_NewCFunctionData(env->context, call_addon, 0, 0, 1, &data);
        JS_SetPropertyStr(env->context, value_of(env, object), properties[at].utf8name, function);
    }
    return napi_ok;
}

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t *count, napi_value *values, napi_value *self,
                             void **data) {
    (void)self, (void)data;
    for (size_t at = 0; at < *count; at++) {
        JSValue value = at < (size_t)info->count ? info->values[at] : JS_UNDEFINED;
        values[at] = handle(env, JS_DupValue(env->context, value));
    }
    *count = (size_t)info->count;
    return napi_ok;
}

napi_status napi_call_function(napi_env env, napi_value self, napi_value function, size_t count, const napi_value *values,
                               napi_value *result) {
    JSValue arguments[4];
    if (count > 4) return napi_invalid_arg;
    for (size_t at = 0; at < count; at++) arguments[at] = value_of(env, values[at]);
    JSValue value = JS_Call(env->context, value_of(env, function), value_of(env, self), (int)count, arguments);
    if (JS_IsException(value)) return napi_pending_exception;
    if (result) *result = handle(env, value);
    else JS_FreeValue(env->context, value);
    return napi_ok;
}

napi_status napi_throw_type_error(napi_env env, const char *code, const char *message) {
    (void)code;
    JS_ThrowTypeError(env->context, "%s", message);
    env->thrown = true;
    return napi_ok;
}

/* Values */

napi_status napi_typeof(napi_env env, napi_value value, napi_valuetype *type) {
    JSValue inner = value_of(env, value);
    *type = JS_IsUndefined(inner)                      ? napi_undefined
            : JS_IsNumber(inner)                       ? napi_number
            : JS_IsString(inner)                       ? napi_string
            : JS_IsFunction(env->context, inner)       ? napi_function
                                                       : napi_object;
    return napi_ok;
}

napi_status napi_get_value_int32(napi_env env, napi_value value, int32_t *result) {
    if (!JS_IsNumber(value_of(env, value))) return napi_number_expected;
    return JS_ToInt32(env->context, result, value_of(env, value)) ? napi_generic_failure : napi_ok;
}

napi_status napi_get_value_uint32(napi_env env, napi_value value, uint32_t *result) {
    if (!JS_IsNumber(value_of(env, value))) return napi_number_expected;
    return JS_ToUint32(env->context, result, value_of(env, value)) ? napi_generic_failure : napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env env, napi_value value, char *text, size_t size, size_t *length) {
    if (!JS_IsString(value_of(env, value))) return napi_string_expected;
    const char *string = JS_ToCStringLen(env->context, length, value_of(env, value));
    if (!string) return napi_generic_failure;
    if (text) {
        *length = *length < size ? *length : size - 1;
        memcpy(text, string, *length);
        text[*length] = 0;
    }
    JS_FreeCString(env->context, string);
    return napi_ok;
}

napi_status napi_get_typedarray_info(napi_env env, napi_value value, napi_typedarray_type *type, size_t *length,
                                     void **data, napi_value *buffer, size_t *offset) {
    (void)buffer, (void)offset;
    size_t start = 0, element = 0, whole = 0;
    JSValue memory = JS_GetTypedArrayBuffer(env->context, value_of(env, value), &start, length, &element);
    if (JS_IsException(memory)) {
        JS_FreeValue(env->context, JS_GetException(env->context));
        return napi_invalid_arg;
    }
    uint8_t *bytes = JS_GetArrayBuffer(env->context, &whole, memory);
    JS_FreeValue(env->context, memory);
    if (!bytes || element != 1) return napi_invalid_arg;
    *type = napi_uint8_array;
    *data = bytes + start;
    return napi_ok;
}

napi_status napi_create_int64(napi_env env, int64_t value, napi_value *result) {
    *result = handle(env, JS_NewInt64(env->context, value));
    return napi_ok;
}

napi_status napi_create_string_utf8(napi_env env, const char *text, size_t length, napi_value *result) {
    *result = handle(env, JS_NewStringLen(env->context, text, length == NAPI_AUTO_LENGTH ? strlen(text) : length));
    return napi_ok;
}

napi_status napi_create_array_with_length(napi_env env, size_t length, napi_value *result) {
    (void)length;
    *result = handle(env, JS_NewArray(env->context));
    return napi_ok;
}

napi_status napi_set_element(napi_env env, napi_value array, uint32_t at, napi_value value) {
    JS_SetPropertyUint32(env->context, value_of(env, array), at, JS_DupValue(env->context, value_of(env, value)));
    return napi_ok;
}

napi_status napi_create_buffer_copy(napi_env env, size_t length, const void *data, void **copy, napi_value *result) {
    (void)copy;
    JSValue memory = JS_NewArrayBufferCopy(env->context, data, length);
    JSValue global = JS_GetGlobalObject(env->context);
    JSValue constructor = JS_GetPropertyStr(env->context, global, "Uint8Array");
    *result = handle(env, JS_CallConstructor(env->context, constructor, 1, &memory));
    JS_FreeValue(env->context, constructor);
    JS_FreeValue(env->context, global);
    JS_FreeValue(env->context, memory);
    return napi_ok;
}

napi_status napi_get_global(napi_env env, napi_value *result) {
    *result = handle(env, JS_GetGlobalObject(env->context));
    return napi_ok;
}

/*
 * A pointer that JavaScript carries but does not look into: the bytes of an ArrayBuffer, which is an object, as it is to Node.
 * It is freed by what takes it back, or with the process.
 */
napi_status napi_create_external(napi_env env, void *data, napi_finalize finalize, void *hint, napi_value *result) {
    (void)finalize, (void)hint;
    *result = handle(env, JS_NewArrayBufferCopy(env->context, (const uint8_t *)&data, sizeof data));
    return napi_ok;
}

napi_status napi_get_value_external(napi_env env, napi_value value, void **result) {
    size_t size = 0;
    uint8_t *pointer = JS_GetArrayBuffer(env->context, &size, value_of(env, value));
    if (!pointer) JS_FreeValue(env->context, JS_GetException(env->context));
    if (!pointer || size != sizeof *result) return napi_invalid_arg;
    memcpy(result, pointer, sizeof *result);
    return napi_ok;
}

napi_status napi_create_reference(napi_env env, napi_value value, uint32_t count, napi_ref *result) {
    (void)count;
    *result = require(malloc(sizeof **result));
    (*result)->value = JS_DupValue(env->context, value_of(env, value));
    return napi_ok;
}

napi_status napi_delete_reference(napi_env env, napi_ref reference) {
    JS_FreeValue(env->context, reference->value);
    free(reference);
    return napi_ok;
}

napi_status napi_create_promise(napi_env env, napi_deferred *deferred, napi_value *promise) {
    JSValue functions[2];
    *deferred = require(malloc(sizeof **deferred));
    *promise = handle(env, JS_NewPromiseCapability(env->context, functions));
    (*deferred)->resolve = functions[0];
    (*deferred)->reject = functions[1];
    return napi_ok;
}

napi_status napi_resolve_deferred(napi_env env, napi_deferred deferred, napi_value value) {
    JSValue argument = value_of(env, value);
    JS_FreeValue(env->context, JS_Call(env->context, deferred->resolve, JS_UNDEFINED, 1, &argument));
    JS_FreeValue(env->context, deferred->resolve);
    JS_FreeValue(env->context, deferred->reject);
    free(deferred);
    return napi_ok;
}

extern napi_value napi_register_module_v1(napi_env env, napi_value exports);

void use_context(JSContext *context) {
    environment.context = context;
}

JSValue addon_functions(JSContext *context) {
    environment.context = context;
    JSValue functions = JS_NewObject(context);
    napi_register_module_v1(&environment, handle(&environment, JS_DupValue(context, functions)));
    forget_handles(&environment, 0);
    return functions;
}
