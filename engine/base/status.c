/* SPDX-License-Identifier: MIT
 *
 * status.c - the message of the thread, the names of the status codes, the version.
 *
 * A message is built in a local array before it replaces the thread's, because an argument may
 * well be the thread's message itself.
 */
#include "base/status.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

static _Thread_local char thread_message[MESSAGE_BYTES_MAX];

/* Takes the first written bytes of message, or as many characters as there is room for. */
static void message_set(const char *message, size_t written)
{
    size_t size = written;
    if (size >= MESSAGE_BYTES_MAX)
        size = utf8_cut((const uint8_t *)message, MESSAGE_BYTES_MAX - 1, MESSAGE_BYTES_MAX - 4);
    memcpy(thread_message, message, size);
    thread_message[size] = '\0';
}

/* The bytes snprintf and vsnprintf would have written; 0 on their errors. */
static size_t written_of(int result)
{
    return result < 0 ? 0 : (size_t)result;
}

lupe_status fail(lupe_status status, const char *format, ...)
{
    char message[MESSAGE_BYTES_MAX];
    va_list arguments;

    assert(status != LUPE_OK);
    va_start(arguments, format);
    size_t written = written_of(vsnprintf(message, sizeof message, format, arguments));
    va_end(arguments);
    message_set(message, written);
    return status;
}

/* "context: detail" becomes the message; a context that fills it leaves no room for more. */
static void message_join(const char *format, va_list arguments, const char *detail)
{
    char message[MESSAGE_BYTES_MAX];

    size_t written = written_of(vsnprintf(message, sizeof message, format, arguments));
    if (written < sizeof message && *detail)
        written +=
            written_of(snprintf(message + written, sizeof message - written, ": %s", detail));
    message_set(message, written);
}

lupe_status fail_context(lupe_status status, const char *format, ...)
{
    va_list arguments;

    assert(status != LUPE_OK);
    va_start(arguments, format);
    message_join(format, arguments, thread_message);
    va_end(arguments);
    return status;
}

static lupe_status status_of_errno(int error)
{
    switch (error) {
    case ENOMEM:
        return LUPE_NO_MEMORY;
    case ENOENT:
    case ENOTDIR:
        return LUPE_NOT_FOUND;
    case EEXIST:
        return LUPE_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return LUPE_NO_PERMISSION;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return LUPE_NO_SPACE;
    case EBUSY:
    case EAGAIN:
    case ETXTBSY:
        return LUPE_BUSY;
    case ENAMETOOLONG:
    case EISDIR:
        return LUPE_INVALID;
    default:
        return LUPE_IO;
    }
}

lupe_status fail_errno(int error, const char *format, ...)
{
    char room[128];
    va_list arguments;

    /* strerror_r as glibc has it: the text is in room or is a constant. */
    const char *detail = strerror_r(error, room, sizeof room);
    va_start(arguments, format);
    message_join(format, arguments, detail);
    va_end(arguments);
    return status_of_errno(error);
}

lupe_status fail_memory(void)
{
    return fail(LUPE_NO_MEMORY, "out of memory");
}

const char *lupe_last_error(void)
{
    return thread_message;
}

const char *lupe_status_name(lupe_status status)
{
    switch (status) {
#define STATUS_NAME(name, value, text) \
    case name:                         \
        return #name;
        LUPE_STATUS_TABLE(STATUS_NAME)
#undef STATUS_NAME
    }
    return "unknown status";
}

const char *lupe_status_text(lupe_status status)
{
    switch (status) {
#define STATUS_TEXT(name, value, text) \
    case name:                         \
        return text;
        LUPE_STATUS_TABLE(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

const char *lupe_version(void)
{
    return LUPE_VERSION;
}
