/* The end of a process that has no JavaScript left to say what is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

#define MAX_TEXT 2048
/* What one byte may become, and what closes the object. */
#define LONGEST_ESCAPE 6
#define CLOSING "\"\n}"

static bool has_output;

void note_output(void) {
    has_output = true;
}

/* Appends a text as the inside of a JSON string, to its end or to that of the last character there is room for. */
static size_t append_escaped(char *into, size_t length, size_t room, const char *text) {
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        bool begins_character = (byte & 0xc0) != 0x80;
        if (begins_character && room - length < 4 * LONGEST_ESCAPE) break;
        if (byte < 0x20) length += (size_t)snprintf(into + length, room - length, "\\u%04x", byte);
        else {
            if (byte == '"' || byte == '\\') into[length++] = '\\';
            into[length++] = *text;
        }
    }
    return length;
}

static bool write_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written <= 0) return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

/* The error object of the protocol, CNI 1.1 §"Error"; false when nobody would read it. */
static bool write_error_object(const char *message) {
    char json[MAX_TEXT] = "{\n    \"code\": 999,\n    \"msg\": \"";
    const char *command = getenv("CNI_COMMAND");
    if (!command || !*command || has_output) return false;
    size_t length = append_escaped(json, strlen(json), sizeof json - sizeof CLOSING, message);
    memcpy(json + length, CLOSING, sizeof CLOSING - 1);
    return write_all(1, json, length + sizeof CLOSING - 1);
}

void fail_with(const char *message) {
    if (!write_error_object(message) && write_all(2, message, strlen(message))) write_all(2, "\n", 1);
    _exit(1);
}

void out_of_memory(void) {
    fail_with("Cannot go on: out of memory");
}
