/* SPDX-License-Identifier: MIT
 *
 * session.c - see session.h.
 */
#include "session.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "find.h"
#include "word_list.h"

#define WAIT_SLICE_MS 200u /* between two looks for Ctrl-C */
#define CREATION_WAIT_S 2  /* another process may be about to create the same index */
#define CREATION_BYTES_MAX 65536
#define CREATION_SLICE_MS 20
#define THREADS_MAX 64u

/* ------------------------------------------------------------------ failures */

/* What to do, and the exit status, by status of the library. */
static int advice(lupe_status status, const char **hint)
{
    *hint = NULL;
    switch (status) {
    case LUPE_OK:
        return EXIT_HITS;
    case LUPE_NOT_FOUND:
        *hint = "make an index with: lupe index -i FILE FOLDER";
        return EXIT_NO_INDEX;
    case LUPE_NOT_INDEX:
        *hint = "name another file with -i, or index into a new one";
        return EXIT_NO_INDEX;
    case LUPE_TOO_NEW:
        *hint = "use the newer lupe, or index the texts again";
        return EXIT_NO_INDEX;
    case LUPE_CORRUPT:
        *hint = "lupe check tells more; restore a backup or index the texts again";
        return EXIT_DAMAGED;
    case LUPE_NO_SPACE:
        *hint = "free space on that file system and run the command again";
        return EXIT_SYSTEM;
    case LUPE_NO_PERMISSION:
        *hint = "the index, the file with -lock beside it and their folder must be accessible";
        return EXIT_SYSTEM;
    case LUPE_NO_MEMORY:
        *hint = "try --memory with less, or --threads 1";
        return EXIT_SYSTEM;
    case LUPE_IO:
        return EXIT_SYSTEM;
    case LUPE_BUSY:
        *hint = "another process uses the index; try again when it is done";
        return EXIT_BUSY;
    default:
        return EXIT_OTHER;
    }
}

int session_failed(lupe_status status, const char *path)
{
    if (status == LUPE_CANCELLED && interrupted()) {
        complain("interrupted");
        return interrupt_status();
    }
    const char *hint;
    int exit_status = advice(status, &hint);
    const char *message = lupe_last_error();
    if (!*message)
        message = lupe_status_text(status);
    /* The path is told once, here when the library's message has none. */
    bool named = strstr(message, path) != NULL;
    complain("%s%s%s%s%s", named ? "" : path, named ? "" : ": ", message, hint ? "; " : "",
             hint ? hint : "");
    return exit_status;
}

/* ------------------------------------------------------------------ opening */

static bool show_progress(void *user, const char *what, double done)
{
    (void)user;
    progress_show("%s: %.0f %%", what, done * 100);
    return !interrupted();
}

static lupe_status open_index(const char *path, uint32_t flags, lupe_index **index)
{
    lupe_open_options open = LUPE_OPEN_OPTIONS_INIT;
    open.flags = flags;
    open.progress = show_progress;
    lupe_status status = lupe_index_open(path, &open, index);
    if (status == LUPE_NO_PERMISSION && (flags & LUPE_OPEN_READ_ONLY)) {
        /* On a medium that nobody can write the file with -lock cannot be made either. */
        open.flags |= LUPE_OPEN_IMMUTABLE;
        status = lupe_index_open(path, &open, index);
    }
    return status;
}

int session_open(const struct options *options, uint32_t flags, char **path, lupe_index **index)
{
    *index = NULL;
    *path = find_index(options->index, false);
    if (!*path) {
        complain("there is no index: no -i FILE, no $LUPE_INDEX, and no %s here or in a folder "
                 "above; make one with: lupe index FOLDER",
                 INDEX_NAME);
        return EXIT_NO_INDEX;
    }
    if (options->verify)
        flags |= LUPE_OPEN_VERIFY;
    lupe_status status = open_index(*path, flags, index);
    progress_clear();
    if (status != LUPE_OK)
        return session_failed(status, *path);
    if (options->command == COMMAND_SEARCH && lupe_index_lexicon_changed(*index))
        complain(
            "%s: compounds of older documents were split with another lexicon, so that words may "
            "be missed in them; index the texts into a new file",
            *path);
    return EXIT_HITS;
}

int session_answer(const struct options *options, session_answerer *answer)
{
    char *path = NULL;
    lupe_index *index = NULL;
    lupe_snapshot *snapshot = NULL;
    struct output output = {0};
    int result = session_open(options, LUPE_OPEN_READ_ONLY, &path, &index);
    if (result == EXIT_HITS) {
        lupe_status status = lupe_snapshot_open(index, &snapshot);
        result = status == LUPE_OK ? answer(options, path, snapshot, &output)
                                   : session_failed(status, path);
    }
    if (result == EXIT_HITS || result == EXIT_NONE)
        result = output_finish(&output, result);
    output_free(&output);
    lupe_snapshot_close(snapshot);
    lupe_index_close(index);
    free(path);
    return result;
}

static void sleep_ms(long milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Whether a file that is no index may become one at once: another process has begun to make
 * it this moment. */
static bool is_in_the_making(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) &&
           about.st_size <= CREATION_BYTES_MAX && time(NULL) - about.st_mtime <= CREATION_WAIT_S;
}

/* What a new index can be made without, that an older one has or lacks for good. */
struct lack {
    const char *name; /* of the option */
    size_t place;     /* in struct options */
    uint32_t flag;
};

static const struct lack lacks[] = {
    {"no-compounds", offsetof(struct options, no_compounds), LUPE_WITHOUT_COMPOUNDS},
    {"no-old-spelling", offsetof(struct options, no_old_spelling), LUPE_WITHOUT_OLD_SPELLING},
    {"no-mending", offsetof(struct options, no_mending), LUPE_WITHOUT_MENDING},
};
#define LACK_COUNT (sizeof lacks / sizeof *lacks)

static bool lack_is_wanted(const struct lack *lack, const struct options *options)
{
    return *(const bool *)((const char *)options + lack->place);
}

/* Opens or creates, and waits for another process that is creating. */
static lupe_status open_or_create(const char *path, const struct options *options,
                                  const struct word_list *words, bool *created, lupe_index **index)
{
    lupe_open_options open = LUPE_OPEN_OPTIONS_INIT;
    lupe_create_options create = LUPE_CREATE_OPTIONS_INIT;
    open.progress = show_progress;
    create.language = options->language;
    create.lexicon = words->bytes;
    create.lexicon_size = words->size;
    create.flags = options->no_pairs ? LUPE_WITHOUT_PAIRS : 0;
    create.flags |= options->no_forms ? LUPE_WITHOUT_FORMS : 0;
    for (size_t i = 0; i < LACK_COUNT; i++)
        create.flags |= lack_is_wanted(&lacks[i], options) ? lacks[i].flag : 0;
    lupe_status status = lupe_index_open(path, &open, index);
    if (status == LUPE_NOT_FOUND) {
        status = lupe_index_create(path, &create, &open, index);
        *created = status == LUPE_OK;
        if (status == LUPE_EXISTS)
            status = lupe_index_open(path, &open, index);
    }
    while (status == LUPE_NOT_INDEX && !interrupted() && is_in_the_making(path)) {
        sleep_ms(CREATION_SLICE_MS);
        status = lupe_index_open(path, &open, index);
    }
    return status;
}

/* Whether an index that was there already is made as the options ask for. */
static int check_made(const char *path, const struct options *options, lupe_index *index)
{
    lupe_snapshot *snapshot = NULL;
    lupe_statistics statistics = LUPE_STATISTICS_INIT;
    int result = EXIT_HITS;
    lupe_status status = lupe_snapshot_open(index, &snapshot);
    if (status == LUPE_OK)
        status = lupe_snapshot_statistics(snapshot, &statistics);
    if (status != LUPE_OK) {
        result = session_failed(status, path);
    } else if (options->language && strcmp(statistics.language, options->language) != 0) {
        complain("%s was made for the language \"%s\", not \"%s\"; leave --language out, or index "
                 "into a new file",
                 path, statistics.language, options->language);
        result = EXIT_USAGE;
    }
    for (size_t i = 0; i < LACK_COUNT && result == EXIT_HITS; i++) {
        if (!lack_is_wanted(&lacks[i], options) || statistics.flags & lacks[i].flag)
            continue;
        complain("%s was made without --%s; leave it out, or index into a new file", path,
                 lacks[i].name);
        result = EXIT_USAGE;
    }
    lupe_snapshot_close(snapshot);
    return result;
}

/* Whether an index that was there already has the word list that is given now. */
static int check_lexicon(const char *path, const struct word_list *words, lupe_index *index)
{
    if (lupe_index_lexicon_is(index, words->bytes, words->size))
        return EXIT_HITS;
    complain("%s was made with %s word list, which stays; leave --lexicon out, or index into a new "
             "file",
             path, lupe_index_lexicon_is(index, NULL, 0) ? "no" : "another");
    return EXIT_USAGE;
}

int session_open_or_create(const char *path, const struct options *options, lupe_index **index)
{
    struct word_list words = {0};
    bool created = false;
    int result = EXIT_HITS;
    if (options->lexicon && !word_list_read(&words, options->lexicon))
        return EXIT_INPUT;
    lupe_status status = open_or_create(path, options, &words, &created, index);
    if (status != LUPE_OK)
        result = session_failed(status, path);
    else if (!created)
        result = check_made(path, options, *index);
    if (result == EXIT_HITS && options->lexicon && !created)
        result = check_lexicon(path, &words, *index);
    word_list_free(&words);
    if (result != EXIT_HITS) {
        lupe_index_close(*index);
        *index = NULL;
    }
    return result;
}

/* ------------------------------------------------------------------ writing */

static uint32_t threads_wanted(const struct options *options)
{
    if (options->threads)
        return (uint32_t)options->threads;
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : count > (int)THREADS_MAX ? THREADS_MAX : (uint32_t)count;
}

lupe_status session_writer_open(struct session_writer *writer, lupe_index *index,
                                const struct options *options)
{
    lupe_writer_options wanted = LUPE_WRITER_OPTIONS_INIT;
    wanted.memory_bytes = options->memory_bytes;
    wanted.threads = threads_wanted(options);
    wanted.wait_ms = WAIT_SLICE_MS;
    *writer = (struct session_writer){0};
    return lupe_writer_open(index, &wanted, &writer->writer);
}

/* After LUPE_BUSY: whether to try once more. */
static bool go_on_waiting(struct session_writer *writer)
{
    uint64_t now = now_us();
    if (!writer->waiting_since_us) {
        writer->waiting_since_us = now;
        complain("another process is writing to the index; waiting for it, %u s at most",
                 WRITER_WAIT_MS / 1000);
    }
    return !interrupted() && now - writer->waiting_since_us < (uint64_t)WRITER_WAIT_MS * 1000;
}

lupe_status session_put(struct session_writer *writer, const lupe_document *document)
{
    lupe_status status;
    do {
        status = lupe_writer_put(writer->writer, document);
    } while (status == LUPE_BUSY && go_on_waiting(writer));
    writer->used = writer->used || status == LUPE_OK;
    return status;
}

lupe_status session_delete(struct session_writer *writer, const char *id, size_t id_size)
{
    lupe_status status;
    do {
        status = lupe_writer_delete(writer->writer, id, id_size);
    } while (status == LUPE_BUSY && go_on_waiting(writer));
    writer->used = writer->used || status == LUPE_OK;
    return status;
}

/* ------------------------------------------------------------------ documents */

const lupe_value *session_value(const lupe_document *document, const char *field)
{
    for (size_t i = 0; i < document->value_count; i++)
        if (strcmp(document->values[i].field, field) == 0)
            return &document->values[i];
    return NULL;
}

bool session_is_own_field(const char *field)
{
    return strcmp(field, FIELD_FILE) == 0 || strcmp(field, FIELD_FOLDER) == 0;
}
