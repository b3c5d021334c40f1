/* SPDX-License-Identifier: MIT
 *
 * test_base_status.c - codes have names and sentences, a thread has one message, and a message
 * is never longer than its limit.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/utf8.h"
#include "support.h"

Test(status, version_is_that_of_the_header)
{
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", LUPE_VERSION_MAJOR, LUPE_VERSION_MINOR,
             LUPE_VERSION_PATCH);
    cr_assert_str_eq(lupe_version(), expected);
    cr_assert_str_eq(LUPE_VERSION, expected);
}

Test(status, names_and_sentences)
{
    cr_assert_str_eq(lupe_status_name(LUPE_OK), "LUPE_OK");
    cr_assert_str_eq(lupe_status_text(LUPE_OK), "success");
    cr_assert_str_eq(lupe_status_name(LUPE_BUSY), "LUPE_BUSY");
    cr_assert_str_eq(lupe_status_text(LUPE_BUSY), "in use by another");
    cr_assert_str_eq(lupe_status_name(LUPE_UNSUPPORTED), "LUPE_UNSUPPORTED");
    for (int status = 0; status <= LUPE_UNSUPPORTED; status++) {
        cr_assert_str_neq(lupe_status_name((lupe_status)status), "unknown status");
        cr_assert_str_neq(lupe_status_text((lupe_status)status), "unknown status");
    }
    cr_assert_str_eq(lupe_status_name((lupe_status)(LUPE_UNSUPPORTED + 1)), "unknown status");
    cr_assert_str_eq(lupe_status_text((lupe_status)-1), "unknown status");
}

Test(status, message_is_empty_before_the_first_failure)
{
    cr_assert_str_eq(lupe_last_error(), "");
}

Test(status, fail_sets_the_message_and_returns_the_status)
{
    cr_assert_eq(fail(LUPE_CORRUPT, "segment %u: block %u", 7u, 9u), LUPE_CORRUPT);
    cr_assert_str_eq(lupe_last_error(), "segment 7: block 9");
    cr_assert_eq(fail_memory(), LUPE_NO_MEMORY);
    cr_assert_str_eq(lupe_last_error(), "out of memory");
}

Test(status, the_message_may_be_made_of_itself)
{
    cr_assert_eq(fail(LUPE_IO, "inner"), LUPE_IO);
    cr_assert_eq(fail(LUPE_IO, "outer (%s)", lupe_last_error()), LUPE_IO);
    cr_assert_str_eq(lupe_last_error(), "outer (inner)");
    cr_assert_eq(fail_context(LUPE_CORRUPT, "opening %s", "a.lupe"), LUPE_CORRUPT);
    cr_assert_str_eq(lupe_last_error(), "opening a.lupe: outer (inner)");
    cr_assert_eq(fail_context(LUPE_CORRUPT, "<%s>", lupe_last_error()), LUPE_CORRUPT);
    cr_assert_str_eq(lupe_last_error(),
                     "<opening a.lupe: outer (inner)>: opening a.lupe: outer (inner)");
}

Test(status, errno_becomes_a_status)
{
    static const struct {
        int error;
        lupe_status status;
    } rows[] = {
        {ENOMEM, LUPE_NO_MEMORY},
        {ENOENT, LUPE_NOT_FOUND},
        {EEXIST, LUPE_EXISTS},
        {EACCES, LUPE_NO_PERMISSION},
        {EPERM, LUPE_NO_PERMISSION},
        {EROFS, LUPE_NO_PERMISSION},
        {ENOSPC, LUPE_NO_SPACE},
        {EDQUOT, LUPE_NO_SPACE},
        {EBUSY, LUPE_BUSY},
        {EAGAIN, LUPE_BUSY},
        {ENAMETOOLONG, LUPE_INVALID},
        {EIO, LUPE_IO},
        {EMFILE, LUPE_IO},
        {0, LUPE_IO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert_eq(fail_errno(rows[i].error, "x"), rows[i].status, "errno %d", rows[i].error);
    cr_assert_eq(fail_errno(ENOSPC, "cannot write %s", "b"), LUPE_NO_SPACE);
    cr_assert_str_eq(lupe_last_error(), "cannot write b: No space left on device");
}

Test(status, a_long_message_is_cut_between_characters)
{
    char text[MESSAGE_BYTES_MAX * 2 + 2];

    /* Each of the offsets puts the cut at another place in the two bytes of the letter. */
    for (size_t offset = 0; offset < 4; offset++) {
        memset(text, 'x', offset);
        for (size_t at = offset; at + 2 < sizeof text; at += 2)
            memcpy(text + at, "\xC3\xA4", 2);
        text[sizeof text - 2] = '\0';
        cr_assert_eq(fail(LUPE_INVALID, "%s", text), LUPE_INVALID);
        size_t size = strlen(lupe_last_error());
        cr_assert_lt(size, MESSAGE_BYTES_MAX);
        cr_assert_geq(size, MESSAGE_BYTES_MAX - 8);
        cr_assert_eq(memcmp(lupe_last_error(), text, size), 0);
        cr_assert(utf8_valid((const uint8_t *)lupe_last_error(), size), "offset %zu", offset);
        cr_assert_eq(fail_context(LUPE_INVALID, "%s", text), LUPE_INVALID);
        cr_assert_lt(strlen(lupe_last_error()), MESSAGE_BYTES_MAX);
    }
}

Test(status, a_message_that_just_fits_is_whole)
{
    char text[MESSAGE_BYTES_MAX + 1];

    for (size_t size = MESSAGE_BYTES_MAX - 8; size < MESSAGE_BYTES_MAX; size++) {
        memset(text, 'y', size);
        text[size] = '\0';
        cr_assert_eq(fail(LUPE_INVALID, "%s", text), LUPE_INVALID);
        cr_assert_str_eq(lupe_last_error(), text);
    }
}

static void *other_thread(void *seen)
{
    *(bool *)seen = lupe_last_error()[0] == '\0';
    if (fail(LUPE_IO, "other") != LUPE_IO)
        *(bool *)seen = false;
    return NULL;
}

Test(status, each_thread_has_its_own_message)
{
    pthread_t thread;
    bool was_empty = false;

    cr_assert_eq(fail(LUPE_BUSY, "mine"), LUPE_BUSY);
    cr_assert_eq(pthread_create(&thread, NULL, other_thread, &was_empty), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert(was_empty);
    cr_assert_str_eq(lupe_last_error(), "mine");
}
