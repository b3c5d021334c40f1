/* SPDX-License-Identifier: MIT
 *
 * index_files.c - text files: which are new, changed, unchanged or gone, and putting them.
 *
 * A file's id is its path, relative to the folder of the index where it lies below it, so that
 * index and texts can move together; else absolute. With every file the index keeps
 *     _lupe_file      "SIZE MTIME HASH": bytes, nanoseconds, hexadecimal hash of the content
 *     _lupe_folder    the folders above it, as hashes of their ids: so the files below a folder
 *                     can be asked for, whatever characters are in its name
 * A file of the same size and time is taken as unchanged without being read; one of the same
 * size and content but another time is read and not put. A file that was changed so shortly
 * before it was read that a second change could have left the same time is noted with time 0,
 * and read again the next time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "encoding.h"
#include "index_run.h"

#define FILE_BYTES_MAX ((uint64_t)1 << 30) /* the library's limit of a document */
#define UNSETTLED_NS 100000000             /* coarser than any file system's clock but FAT's */
#define FOLDER_DEPTH_MAX 256u              /* folders noted with a file, nearest first */
#define FILE_NOTE_BYTES_MAX 80u

/* ------------------------------------------------------------------ ids */

/* The part of an absolute path that is its id. The folder itself has the id "". */
static const char *id_of(const struct run *run, const char *path)
{
    size_t size = strlen(run->folder);
    if (strncmp(path, run->folder, size) == 0 && (path[size] == '/' || path[size] == '\0'))
        return path + size + (path[size] == '/');
    return path;
}

static char *path_of(const struct run *run, const char *id)
{
    return id[0] == '/' ? copy_bytes(id, strlen(id)) : format_text("%s/%s", run->folder, id);
}

/* Whether an absolute path lies below an absolute folder. */
static bool lies_below(const char *path, const char *folder)
{
    size_t size = strlen(folder);
    if (size == 1)
        return path[0] == '/';
    return strncmp(path, folder, size) == 0 && path[size] == '/';
}

static void folder_hash(const char *id, size_t size, char out[HASH_TEXT_BYTES])
{
    hash_format(hash_text(id, size), out);
}

/* ------------------------------------------------------------------ known files */

static void read_note(struct file_state *state, const lupe_document *document)
{
    const lupe_value *value = session_value(document, FIELD_FILE);
    char note[FILE_NOTE_BYTES_MAX];
    unsigned long long size, hash;
    long long mtime_ns;
    if (!value || value->size >= sizeof note)
        return;
    memcpy(note, value->data, value->size);
    note[value->size] = '\0';
    if (sscanf(note, "%llu %lld %llx", &size, &mtime_ns, &hash) != 3)
        return;
    state->known_size = size;
    state->known_mtime_ns = mtime_ns;
    state->known_hash = hash;
    state->unchanged = size == state->file->size && mtime_ns == state->file->mtime_ns;
}

static int compare_states(const void *left, const void *right)
{
    const struct file_state *a = *(struct file_state *const *)left;
    const struct file_state *b = *(struct file_state *const *)right;
    int order = strcmp(a->id, b->id);
    return order ? order : (a > b) - (a < b);
}

static int compare_id(const void *id, const void *state)
{
    return strcmp(id, (*(struct file_state *const *)state)->id);
}

static bool is_in_walk(const struct run *run, const char *id)
{
    return run->walk.file_count &&
           bsearch(id, run->sorted, run->walk.file_count, sizeof *run->sorted, compare_id);
}

static void make_states(struct run *run)
{
    size_t count = run->walk.file_count;
    run->states = allocate(count * sizeof *run->states);
    run->sorted = allocate(count * sizeof(struct file_state *));
    for (size_t i = 0; i < count; i++) {
        run->states[i].file = &run->walk.files[i];
        run->states[i].id = id_of(run, run->walk.files[i].path);
        run->sorted[i] = &run->states[i];
    }
    if (count)
        qsort(run->sorted, count, sizeof *run->sorted, compare_states);
    for (size_t i = 1; i < count; i++)
        if (strcmp(run->sorted[i]->id, run->sorted[i - 1]->id) == 0)
            run->sorted[i - 1]->double_ = true;
}

static bool compare_known(struct run *run, lupe_snapshot *snapshot)
{
    for (size_t i = 0; i < run->walk.file_count && !interrupted(); i++) {
        struct file_state *state = &run->states[i];
        const lupe_document *document = NULL;
        if (state->double_ || state->file->kind > WALK_MARKDOWN || strlen(state->id) > 4096)
            continue;
        lupe_status status = lupe_snapshot_get(snapshot, state->id, strlen(state->id), &document);
        if (status == LUPE_NOT_FOUND)
            continue;
        if (status != LUPE_OK)
            return run_failed(run, status);
        state->known = true;
        read_note(state, document);
        progress_show("%zu of %zu files compared", i, run->walk.file_count);
    }
    return !interrupted();
}

/* ------------------------------------------------------------------ gone files */

/* Notes the id when its file lies below the folder and is not there any more. A file that is
 * there but was not found by the walk (since a folder could not be read) stays. */
static void note_gone(struct run *run, const char *folder, const char *id)
{
    struct stat about;
    if (is_in_walk(run, id))
        return;
    char *path = path_of(run, id);
    bool gone = lies_below(path, folder) && stat(path, &about) != 0 &&
                (errno == ENOENT || errno == ENOTDIR);
    free(path);
    if (!gone)
        return;
    run->gone = grow_array(run->gone, run->gone_count, &run->gone_capacity, sizeof *run->gone);
    run->gone[run->gone_count++] = copy_bytes(id, strlen(id));
}

/* All ids of the index whose files lie below the folder with this id (or that hash to it). */
static lupe_status list_folder(struct run *run, lupe_snapshot *snapshot, const char *folder,
                               const char *folder_id)
{
    char hash[HASH_TEXT_BYTES], text[HASH_TEXT_BYTES + sizeof FIELD_FOLDER + 1];
    lupe_query *query = NULL;
    lupe_results *results = NULL;
    lupe_search_options search = LUPE_SEARCH_OPTIONS_INIT;
    folder_hash(folder_id, strlen(folder_id), hash);
    snprintf(text, sizeof text, "%s:%s", FIELD_FOLDER, hash);
    lupe_status status = lupe_query_parse(run->index, text, strlen(text), NULL, &query);
    if (status != LUPE_OK || lupe_query_matches_nothing(query))
        goto out;
    search.limit = 0;
    search.count_limit = LUPE_COUNT_EXACT;
    status = lupe_search(snapshot, query, &search, &results);
    if (status != LUPE_OK)
        goto out;
    uint64_t total = lupe_results_total(results, NULL);
    lupe_results_free(results);
    results = NULL;
    search.limit = total < (1u << 30) ? (uint32_t)total : 1u << 30;
    search.count_limit = 0;
    if (total)
        status = lupe_search(snapshot, query, &search, &results);
    for (size_t i = 0; status == LUPE_OK && results && i < lupe_results_count(results); i++) {
        const lupe_hit *hit = NULL;
        status = lupe_results_hit(results, i, &hit);
        if (status == LUPE_OK && !memchr(hit->id, '\0', hit->id_size))
            note_gone(run, folder, hit->id);
    }
out:
    lupe_results_free(results);
    lupe_query_free(query);
    return status;
}

static bool find_gone(struct run *run, lupe_snapshot *snapshot)
{
    for (size_t i = 0; i < run->walk.folder_count && !interrupted(); i++) {
        const char *folder = run->walk.folders[i].path;
        lupe_status status = list_folder(run, snapshot, folder, id_of(run, folder));
        /* Files below the folder of the index have relative ids: where that lies below the
         * folder that is walked, they are listed under another name. */
        if (status == LUPE_OK && lies_below(run->folder, folder))
            status = list_folder(run, snapshot, folder, "");
        if (status != LUPE_OK)
            return run_failed(run, status);
    }
    return !interrupted();
}

bool files_compare(struct run *run)
{
    lupe_snapshot *snapshot = NULL;
    make_states(run);
    lupe_status status = lupe_snapshot_open(run->index, &snapshot);
    if (status != LUPE_OK)
        return run_failed(run, status);
    bool good = compare_known(run, snapshot) && find_gone(run, snapshot);
    lupe_snapshot_close(snapshot);
    return good;
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

bool files_remove_gone(struct run *run)
{
    if (run->gone_count)
        qsort(run->gone, run->gone_count, sizeof *run->gone, compare_texts);
    for (size_t i = 0; i < run->gone_count && !interrupted(); i++) {
        /* Two folders of the command line may hold it. */
        if (i && strcmp(run->gone[i], run->gone[i - 1]) == 0)
            continue;
        lupe_status status = session_delete(&run->writer, run->gone[i], strlen(run->gone[i]));
        if (status != LUPE_OK)
            return run_failed(run, status);
        run->removed++;
    }
    return !interrupted();
}

/* ------------------------------------------------------------------ reading */

/* The bytes of a file and what is said of it at that moment. NULL with errno, EFBIG when it is
 * too large. */
static char *read_file(const char *path, size_t *size, struct stat *about)
{
    char *bytes = NULL;
    size_t done = 0;
    ssize_t got = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return NULL;
    int error = fstat(descriptor, about) == 0 ? 0 : errno;
    if (!error && (uint64_t)about->st_size > FILE_BYTES_MAX)
        error = EFBIG;
    if (!error) {
        size_t room = (size_t)about->st_size + 1; /* one more: to see that it has not grown */
        bytes = reallocate(NULL, room);
        while (done < room && (got = read(descriptor, bytes + done, room - done)) != 0) {
            if (got > 0)
                done += (size_t)got;
            else if (errno != EINTR || interrupted())
                break;
        }
        error = got < 0 ? errno : 0;
    }
    close(descriptor);
    if (error) {
        free(bytes);
        errno = error;
        return NULL;
    }
    *size = done > (size_t)about->st_size ? (size_t)about->st_size : done;
    return bytes;
}

static void note_skipped(struct skipped *skipped, const char *name)
{
    if (skipped->count < NAMES_SHOWN_MAX)
        skipped->names[skipped->count] = name;
    skipped->count++;
}

/* ------------------------------------------------------------------ writing */

static void write_note(char note[FILE_NOTE_BYTES_MAX], const struct stat *about, uint64_t hash)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t mtime_ns = walk_mtime_ns(about);
    int64_t now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    if (now_ns - mtime_ns < UNSETTLED_NS)
        mtime_ns = 0;
    snprintf(note, FILE_NOTE_BYTES_MAX, "%llu %lld %llx", (unsigned long long)about->st_size,
             (long long)mtime_ns, (unsigned long long)hash);
}

/* Values for the folders above the file with this id, nearest first; the last is the folder of
 * the index ("") or the root. */
static size_t folder_values(lupe_value *values, char (*hashes)[HASH_TEXT_BYTES], const char *id,
                            lupe_kind kind)
{
    size_t count = 0;
    size_t size = strlen(id);
    while (size > 0 && count < FOLDER_DEPTH_MAX) {
        do {
            size--;
        } while (size > 0 && id[size] != '/');
        /* The root's own id is "/". */
        folder_hash(id, size == 0 && id[0] == '/' ? 1 : size, hashes[count]);
        values[count] = (lupe_value){.field = FIELD_FOLDER,
                                     .kind = kind,
                                     .data = hashes[count],
                                     .size = HASH_TEXT_BYTES - 1};
        count++;
    }
    return count;
}

static bool put_text(struct run *run, const struct file_state *state, const struct text_file *text,
                     const char *note)
{
    lupe_value values[3 + FOLDER_DEPTH_MAX];
    char hashes[FOLDER_DEPTH_MAX][HASH_TEXT_BYTES];
    values[0] = (lupe_value){.field = "title",
                             .kind = run_kind(run, "title", LUPE_TEXT),
                             .data = text->title,
                             .size = strlen(text->title)};
    values[1] = (lupe_value){.field = "text",
                             .kind = run_kind(run, "text", LUPE_TEXT),
                             .data = text->text,
                             .size = text->size};
    values[2] = (lupe_value){.field = FIELD_FILE,
                             .kind = run_kind(run, FIELD_FILE, LUPE_STORED),
                             .data = note,
                             .size = strlen(note)};
    size_t count =
        3 + folder_values(values + 3, hashes, state->id, run_kind(run, FIELD_FOLDER, LUPE_KEYWORD));
    lupe_document document = {
        .id = state->id, .id_size = strlen(state->id), .values = values, .value_count = count};
    lupe_status status = session_put(&run->writer, &document);
    if (status == LUPE_INVALID || status == LUPE_CONFLICT || status == LUPE_LIMIT) {
        complain("%s: %s; passed over", state->file->path, lupe_last_error());
        run->bad_lines++;
        run->input_bad = true;
        return true;
    }
    if (status != LUPE_OK)
        return run_failed(run, status);
    run->indexed++;
    run->windows += text->windows;
    return true;
}

/* Takes the document of a file out that is not one any more. */
static bool drop(struct run *run, const struct file_state *state)
{
    if (!state->known)
        return true;
    lupe_status status = session_delete(&run->writer, state->id, strlen(state->id));
    if (status != LUPE_OK)
        return run_failed(run, status);
    run->removed++;
    return true;
}

static bool put_bytes(struct run *run, const struct file_state *state, const char *bytes,
                      size_t size, const struct stat *about)
{
    struct text_file text;
    char note[FILE_NOTE_BYTES_MAX];
    bool good = true;
    uint64_t hash = hash_text(bytes, size);
    if (state->known && state->known_size == size && state->known_hash == hash) {
        run->unchanged++;
        return true;
    }
    switch (text_file_read(&text, bytes, size, state->file->kind == WALK_MARKDOWN)) {
    case TEXT_GOOD:
        write_note(note, about, hash);
        good = put_text(run, state, &text, note);
        break;
    case TEXT_BINARY:
        note_skipped(&run->binary, state->file->path);
        good = drop(run, state);
        break;
    case TEXT_EMPTY:
        note_skipped(&run->empty, state->file->path);
        good = drop(run, state);
        break;
    }
    text_file_free(&text);
    return good;
}

bool files_put(struct run *run, struct file_state *state)
{
    struct stat about;
    size_t size = 0;
    if (state->double_)
        return true;
    run_progress(run);
    if (state->unchanged) {
        run->unchanged++;
        return true;
    }
    char *bytes = read_file(state->file->path, &size, &about);
    if (!bytes && interrupted())
        return false;
    if (!bytes) {
        complain("%s: %s; passed over", state->file->path, strerror(errno));
        run->unreadable++;
        run->input_bad = true;
        return true;
    }
    run->bytes_done += size;
    bool good = put_bytes(run, state, bytes, size, &about);
    free(bytes);
    return good;
}
