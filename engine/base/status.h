/* SPDX-License-Identifier: MIT
 *
 * status.h - failing: one status code, one message for the calling thread.
 *
 * Owns the thread's message. Called by every module. Never prints, never allocates.
 *
 * The way to fail:        return fail(LUPE_CORRUPT, "segment %u: block %u ends behind ...", ...);
 * The way to pass it on:  TRY(section_at(...));   with one label `out:` in the function, a local
 *                         `lupe_status status = LUPE_OK;` and `return status;` behind the label.
 */
#ifndef LUPE_BASE_STATUS_H
#define LUPE_BASE_STATUS_H

#include "lupe.h"

#define CHECKED __attribute__((warn_unused_result))

/* Sets the thread's message and returns the status. */
lupe_status fail(lupe_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* Puts a context in front of the thread's message ("cannot open x: ...") and returns status. */
lupe_status fail_context(lupe_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* The status for a value of errno, with "what: strerror" as the message. */
lupe_status fail_errno(int error, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

lupe_status fail_memory(void) __attribute__((cold));

#define TRY(call)              \
    do {                       \
        status = (call);       \
        if (status != LUPE_OK) \
            goto out;          \
    } while (0)

#endif
