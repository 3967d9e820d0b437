/* The build's tool: compiles modules to the bytecode that the host embeds.  compile FOLDER NAME... */
#include <stdio.h>
#include <stdlib.h>

#include "quickjs.h"

#define MAX_PATH 4096

static void fail(const char *what, const char *why) {
    fprintf(stderr, "Cannot compile \"%s\": %s\n", what, why ? why : "out of memory");
    exit(1);
}

static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) fail(path, "it cannot be read");
    long size = ftell(file);
    char *text = size < 0 ? NULL : malloc((size_t)size + 1);
    rewind(file);
    if (!text || fread(text, 1, (size_t)size, file) != (size_t)size) fail(path, "it cannot be read");
    text[size] = 0;
    *length = (size_t)size;
    fclose(file);
    return text;
}

static int never(JSContext *context, JSModuleDef *module) {
    (void)context, (void)module;
    return -1;
}

/* What a module imports is looked up when it is run. */
static JSModuleDef *load_nothing(JSContext *context, const char *name, void *data) {
    (void)data;
    return JS_NewCModule(context, name, never);
}

static void compile(JSContext *context, const char *folder, const char *name) {
    char path[MAX_PATH];
    size_t length, size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = read_file(path, &length);
    int flags = JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY | JS_EVAL_FLAG_STRIP;
    JSValue code = JS_Eval(context, text, length, name, flags);
    if (JS_IsException(code)) fail(path, JS_ToCString(context, JS_GetException(context)));
    uint8_t *bytes = JS_WriteObject(context, &size, code, JS_WRITE_OBJ_BYTECODE);
    if (!bytes) fail(path, NULL);
    snprintf(path, sizeof path, "%s/%s.bytecode", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) fail(path, "it cannot be written");
    free(text);
}

int main(int argc, char **argv) {
    for (int at = 2; at < argc; at++) {
        JSRuntime *runtime = JS_NewRuntime();
        JSContext *context = runtime ? JS_NewContext(runtime) : NULL;
        if (!context) fail(argv[at], NULL);
        JS_SetModuleLoaderFunc(runtime, NULL, load_nothing, NULL);
        compile(context, argv[1], argv[at]);
    }
    return 0;
}
