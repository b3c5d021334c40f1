/* SPDX-License-Identifier: MIT
 *
 * test_write_crash.c - a process that writes is killed at any moment: what it was told to be
 * committed is there, all or nothing of each commit, and the file is sound. Two processes read
 * all the while.
 */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "write_helpers.h"

#define IDS 400

static struct helper_document made;

/* Commit number c puts version c of the documents c * 7 + 0 to 9, and deletes another. */
static uint32_t number_of(uint64_t commit, uint32_t i)
{
    return (uint32_t)((commit * 7 + i) % IDS);
}

static void write_for_ever(const char *path, uint64_t commit, int ledger)
{
    lupe_open_options open = helper_open_options();
    lupe_writer_options options = LUPE_WRITER_OPTIONS_INIT;
    lupe_optimize_options optimize = LUPE_OPTIMIZE_OPTIONS_INIT;
    lupe_index *index = NULL;
    lupe_writer *writer = NULL;
    options.memory_bytes = 1 << 20;
    options.threads = commit % 3 == 0 ? 2 : 1;
    options.wait_ms = UINT32_MAX;
    if (lupe_index_open(path, &open, &index) || lupe_writer_open(index, &options, &writer))
        _exit(1);
    for (;; commit++) {
        bool large = commit % 20 == 0; /* several flushes and merges */
        for (uint32_t i = 0; i < (large ? 1200u : 10u); i++) {
            helper_document(&made, number_of(commit, i), commit, large ? 300 : 30);
            if (lupe_writer_put(writer, &made.document))
                _exit(2);
        }
        if (lupe_writer_commit(writer))
            _exit(3);
        if (write(ledger, &commit, sizeof commit) != sizeof commit)
            _exit(4);
        optimize.flags = commit % 100 == 0 ? LUPE_OPTIMIZE_REORDER : 0;
        if (commit % 50 == 0 && lupe_index_optimize(index, &optimize))
            _exit(5);
    }
}

/* The last commit that is there, by the version of its first document. */
static uint64_t commits_seen(lupe_snapshot *snapshot, uint64_t commit_max)
{
    const lupe_document *stored;
    for (uint64_t commit = commit_max; commit > 0; commit--) {
        helper_document(&made, number_of(commit, 0), commit, commit % 20 == 0 ? 300 : 30);
        if (lupe_snapshot_get(snapshot, made.id, made.document.id_size, &stored) == LUPE_OK &&
            helper_same_values(stored, &made.document))
            return commit;
    }
    return 0;
}

/* The version a document has after a commit; 0: none. */
static uint64_t version_after(uint64_t commit, uint32_t number)
{
    for (; commit > 0; commit--) {
        uint32_t first = number_of(commit, 0);
        uint32_t distance = (number + IDS - first) % IDS;
        if (distance < 10 || commit % 20 == 0)
            return commit;
    }
    return 0;
}

static void documents_verify(lupe_snapshot *snapshot, uint64_t commit)
{
    const lupe_document *stored;
    for (uint32_t i = 0; i < IDS; i++) {
        uint64_t version = version_after(commit, i);
        helper_document(&made, i, version, version % 20 == 0 ? 300 : 30);
        lupe_status status = lupe_snapshot_get(snapshot, made.id, made.document.id_size, &stored);
        if (version == 0) {
            cr_assert_eq(status, LUPE_NOT_FOUND);
            continue;
        }
        cr_assert_eq(status, LUPE_OK, "document %u is gone after commit %" PRIu64, i, commit);
        cr_assert(helper_same_values(stored, &made.document),
                  "document %u is not of commit %" PRIu64, i, version);
    }
}

static void sleep_us(uint64_t microseconds)
{
    struct timespec time = {(time_t)(microseconds / 1000000),
                            (long)(microseconds % 1000000) * 1000};
    nanosleep(&time, NULL);
}

/* Reads until it is killed, or has no parent any more; a snapshot always shows whole commits. */
static void read_for_ever(const char *path)
{
    pid_t parent = getppid();
    lupe_open_options open = helper_open_options();
    lupe_index *index = NULL;
    if (lupe_index_open(path, &open, &index))
        _exit(1);
    while (getppid() == parent) {
        lupe_snapshot *snapshot = NULL;
        lupe_statistics statistics = LUPE_STATISTICS_INIT;
        if (lupe_snapshot_open(index, &snapshot) || lupe_snapshot_statistics(snapshot, &statistics))
            _exit(2);
        uint64_t found = 0;
        for (uint32_t i = 0; i < IDS; i++) {
            const lupe_document *stored;
            char id[32];
            lupe_status status = lupe_snapshot_get(snapshot, id, helper_id(id, i), &stored);
            if (status != LUPE_OK && status != LUPE_NOT_FOUND)
                _exit(3);
            found += status == LUPE_OK;
        }
        if (found != statistics.documents)
            _exit(4);
        lupe_snapshot_close(snapshot);
        sleep_us(2000);
    }
}

static pid_t start(void (*run)(const char *), const char *path)
{
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        run(path);
        _exit(0);
    }
    return child;
}

/* Kills it; it must not have ended by itself. */
static void stop(pid_t child, const char *what)
{
    int status = 0;
    kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s ended with 0x%x", what,
              (unsigned)status);
}

static uint64_t ledger_read(int ledger, uint64_t last)
{
    uint64_t commit;
    while (read(ledger, &commit, sizeof commit) == sizeof commit)
        last = commit;
    return last;
}

Test(write_crash, killed_at_any_moment, .timeout = 600)
{
    const char *path = support_path("crash.lupe");
    struct support_random random = support_random_of(1);
    uint64_t last = 0;
    lupe_index_close(helper_create(path, 0));
    pid_t readers[2] = {start(read_for_ever, path), start(read_for_ever, path)};
    for (unsigned round = 0; round < (test_full() ? 200 : 20); round++) {
        int line[2];
        cr_assert_eq(pipe(line), 0);
        pid_t child = fork();
        cr_assert(child >= 0);
        if (child == 0)
            write_for_ever(path, last + 1, line[1]);
        close(line[1]);
        sleep_us(2000 + support_random_below(&random, 120000));
        stop(child, "the writer");
        uint64_t told = ledger_read(line[0], last);
        close(line[0]);

        lupe_snapshot *snapshot = NULL;
        lupe_index *index = helper_open(path);
        must(lupe_snapshot_open(index, &snapshot));
        last = commits_seen(snapshot, told + 1);
        cr_assert(last == told || last == told + 1,
                  "commit %" PRIu64 " was told, %" PRIu64 " is there", told, last);
        documents_verify(snapshot, last);
        lupe_snapshot_close(snapshot);
        helper_check(index);
        lupe_index_close(index);
    }
    stop(readers[0], "a reader");
    stop(readers[1], "a reader");

    /* What the killed left behind is dropped by the next writer. */
    lupe_index *index = helper_open(path);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    must(lupe_writer_delete(writer, "id/0", 4));
    must(lupe_writer_commit(writer));
    struct view *view = NULL;
    must(view_open(index->store, &view));
    uint32_t segment = 1;
    uint32_t number = 0;
    uint32_t named = 0;
    const uint8_t *value;
    size_t size;
    while (store_seek(view->read, &segment, &number, &value, &size) == LUPE_OK) {
        for (uint32_t i = 0; i < view->catalogue.segment_count; i++)
            named += view->catalogue.segments[i].number == segment;
        cr_assert(named > 0, "segment %u is left over", segment);
        named = 0;
        segment++;
        number = 0;
    }
    view_close(view);
    lupe_writer_close(writer);
    lupe_index_close(index);
    support_no_leaks();
}
