/* SPDX-License-Identifier: MIT
 *
 * workers.c - see workers.h.
 *
 *      taken         submitted
 *        |               |
 *   ring: [done][done][at work][at work][waiting][   free   ]
 *                         ^ next_waiting moves on as workers take jobs
 */
#include "write/workers.h"

#include <assert.h>
#include <pthread.h>

#define MESSAGE_BYTES 512u

struct job {
    struct batch batch;
    struct segment_entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    uint64_t words_cut;
    bool done;
    lupe_status status;
    char message[MESSAGE_BYTES];
};

struct worker {
    struct workers *workers;
    struct accumulator *accumulator;
    pthread_t thread;
};

struct workers {
    struct workers_options options;
    struct worker *list;
    uint32_t started;
    struct job *jobs; /* a ring of job_count; numbers grow for ever */
    uint32_t job_count;
    uint64_t submitted;
    uint64_t next_waiting;
    uint64_t taken;
    bool stop;
    pthread_mutex_t mutex;
    pthread_cond_t work; /* a job waits, or stop */
    pthread_cond_t done; /* a job is done */
};

static struct job *job_at(struct workers *workers, uint64_t number)
{
    return &workers->jobs[number % workers->job_count];
}

/* ---- in the worker's thread */

static lupe_status job_add_entry(struct job *job, const struct segment_entry *entry)
{
    if (job->entry_count == job->entry_capacity) {
        size_t capacity = job->entry_capacity ? job->entry_capacity * 2 : 4;
        struct segment_entry *entries = memory_realloc(job->entries, capacity * sizeof *entries);
        if (!entries)
            return fail_memory();
        job->entries = entries;
        job->entry_capacity = capacity;
    }
    job->entries[job->entry_count++] = *entry;
    return LUPE_OK;
}

static lupe_status job_flush(struct worker *worker, struct job *job)
{
    lupe_status status = LUPE_OK;
    const struct workers_options *options = &worker->workers->options;
    struct publication publication;
    struct segment_entry entry;

    publication_init(&publication, options->store);
    accumulator_seal(worker->accumulator);
    TRY(flush(worker->accumulator, &job->batch, &options->flush, &publication, &entry));
    TRY(publication_flush(&publication));
    entry.number = publication.segment;
    if (entry.documents)
        TRY(job_add_entry(job, &entry));
    job->words_cut += worker->accumulator->words_cut;
out:
    if (status != LUPE_OK && publication.segment)
        publish_drop(options->store, &publication.segment, 1);
    publication_free(&publication);
    accumulator_reset(worker->accumulator);
    return status;
}

/* A batch whose lists outgrow the worker's share becomes several segments. */
static lupe_status job_run(struct worker *worker, struct job *job)
{
    lupe_status status = LUPE_OK;
    const struct workers_options *options = &worker->workers->options;
    uint64_t share = 2 * workers_batch_bytes(options->memory_bytes, options->threads);
    for (uint32_t i = 0; i < job->batch.count; i++) {
        if (job->batch.documents[i].dead)
            continue;
        TRY(accumulator_add(worker->accumulator, &job->batch, i));
        if (accumulator_bytes(worker->accumulator) >= share ||
            accumulator_full(worker->accumulator))
            TRY(job_flush(worker, job));
    }
    if (worker->accumulator->document_count)
        TRY(job_flush(worker, job));
out:
    accumulator_reset(worker->accumulator);
    return status;
}

static void *worker_main(void *user)
{
    struct worker *worker = user;
    struct workers *workers = worker->workers;
    pthread_mutex_lock(&workers->mutex);
    while (!workers->stop) {
        if (workers->next_waiting == workers->submitted) {
            pthread_cond_wait(&workers->work, &workers->mutex);
            continue;
        }
        struct job *job = job_at(workers, workers->next_waiting++);
        pthread_mutex_unlock(&workers->mutex);
        lupe_status status = job_run(worker, job);
        if (status != LUPE_OK) {
            size_t size = strnlen(lupe_last_error(), MESSAGE_BYTES - 1);
            memcpy(job->message, lupe_last_error(), size);
            job->message[size] = 0;
        }
        pthread_mutex_lock(&workers->mutex);
        job->status = status;
        job->done = true;
        pthread_cond_signal(&workers->done);
    }
    pthread_mutex_unlock(&workers->mutex);
    return NULL;
}

/* ---- in the thread that puts */

static void job_clear(struct job *job)
{
    batch_clear(&job->batch);
    job->entry_count = 0;
    job->words_cut = 0;
    job->done = false;
    job->status = LUPE_OK;
}

lupe_status workers_start(const struct workers_options *options, struct workers **out_workers)
{
    lupe_status status = LUPE_OK;
    *out_workers = NULL;
    struct workers *workers = memory_zalloc(1, sizeof *workers);
    if (!workers)
        return fail_memory();
    workers->options = *options;
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->work, NULL);
    pthread_cond_init(&workers->done, NULL);
    workers->job_count = options->threads + 1; /* one waits while all work */
    workers->list = memory_zalloc(options->threads, sizeof *workers->list);
    workers->jobs = memory_zalloc(workers->job_count, sizeof *workers->jobs);
    if (!workers->list || !workers->jobs) {
        status = fail_memory();
        goto out;
    }
    for (uint32_t i = 0; i < workers->job_count; i++)
        batch_init(&workers->jobs[i].batch);
    for (uint32_t i = 0; i < options->threads; i++) {
        struct worker *worker = &workers->list[i];
        worker->workers = workers;
        TRY(accumulator_open(options->catalogue, &worker->accumulator));
        int error = pthread_create(&worker->thread, NULL, worker_main, worker);
        if (error) {
            accumulator_close(worker->accumulator);
            status = fail_errno(error, "cannot start thread %u of %u", i + 1, options->threads);
            goto out;
        }
        workers->started++;
    }
    *out_workers = workers;
    workers = NULL;
out:
    workers_stop(workers, true);
    return status;
}

static void job_drop(struct workers *workers, const struct job *job)
{
    for (size_t i = 0; i < job->entry_count; i++)
        publish_drop(workers->options.store, &job->entries[i].number, 1);
}

void workers_stop(struct workers *workers, bool drop)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->mutex);
    workers->stop = true;
    pthread_cond_broadcast(&workers->work);
    pthread_mutex_unlock(&workers->mutex);
    for (uint32_t i = 0; i < workers->started; i++) {
        pthread_join(workers->list[i].thread, NULL);
        accumulator_close(workers->list[i].accumulator);
    }
    for (uint64_t number = workers->taken; drop && number < workers->next_waiting; number++)
        job_drop(workers, job_at(workers, number));
    for (uint32_t i = 0; workers->jobs && i < workers->job_count; i++) {
        batch_free(&workers->jobs[i].batch);
        memory_free(workers->jobs[i].entries);
    }
    pthread_cond_destroy(&workers->done);
    pthread_cond_destroy(&workers->work);
    pthread_mutex_destroy(&workers->mutex);
    memory_free(workers->jobs);
    memory_free(workers->list);
    memory_free(workers);
}

lupe_status workers_submit(struct workers *workers, struct batch *batch)
{
    assert(workers->submitted - workers->taken < workers->job_count);
    pthread_mutex_lock(&workers->mutex);
    struct job *job = job_at(workers, workers->submitted);
    struct batch empty = job->batch;
    job->batch = *batch;
    *batch = empty;
    workers->submitted++;
    pthread_cond_signal(&workers->work);
    pthread_mutex_unlock(&workers->mutex);
    return LUPE_OK;
}

bool workers_next(struct workers *workers, bool all, struct workers_result *result)
{
    if (workers->taken == workers->submitted)
        return false;
    struct job *job = job_at(workers, workers->taken);
    pthread_mutex_lock(&workers->mutex);
    bool wait = all || workers->submitted - workers->taken == workers->job_count;
    while (wait && !job->done)
        pthread_cond_wait(&workers->done, &workers->mutex);
    bool done = job->done;
    pthread_mutex_unlock(&workers->mutex);
    if (!done)
        return false;
    *result = (struct workers_result){job->status, &job->batch, job->entries, job->entry_count,
                                      job->words_cut};
    if (job->status != LUPE_OK)
        result->status = fail(job->status, "%s", job->message);
    return true;
}

void workers_done(struct workers *workers)
{
    job_clear(job_at(workers, workers->taken));
    workers->taken++;
}
