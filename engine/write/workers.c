/* SPDX-License-Identifier: MIT
 *
 * workers.c - see workers.h.
 *
 *   ring: [free][at work][at work][waiting][waiting][   free   ]
 *                                   ^ next_waiting       ^ submitted
 *
 * A portion's part tells where its documents are in which accumulator: parts are in the order of
 * documents, whoever inverted them.
 */
#include "write/workers.h"

#include <assert.h>
#include <pthread.h>

#include "write/accumulate_document.h"

#define MESSAGE_BYTES 512u

struct job {
    struct portion portion;
    uint64_t number; /* counts from 0 in a round: its part */
    bool in_use;
};

struct worker {
    struct accumulator *accumulator;
    uint64_t bytes; /* of it, under the mutex */
};

struct workers {
    struct workers_options options;
    struct team *team;
    struct worker *list;
    struct accumulator **accumulators; /* those of list */
    struct job *jobs;                  /* a ring of job_count; numbers grow until a flush */
    uint32_t job_count;
    struct flush_part *parts; /* as many as were submitted */
    size_t part_capacity;
    bool inverting; /* the team is at it */

    pthread_mutex_t mutex; /* over what follows, and the parts */
    pthread_cond_t work;   /* a job waits, or there will be no more */
    pthread_cond_t room;   /* a job is done */
    uint64_t submitted;
    uint64_t next_waiting;
    bool last; /* no more jobs in this round */
    uint64_t portion_bytes;
    lupe_status status; /* the first error */
    char message[MESSAGE_BYTES];
};

void portion_init(struct portion *portion)
{
    *portion = (struct portion){BUFFER_INIT(0), 0, 0};
}

void portion_free(struct portion *portion)
{
    buffer_free(&portion->bytes);
    portion_init(portion);
}

lupe_status portion_add(struct portion *portion, const struct batch_value *values,
                        size_t value_count)
{
    struct buffer *bytes = &portion->bytes;
    size_t start = bytes->size;
    buffer_add_u32(bytes, 0);
    batch_record(bytes, values, value_count);
    portion->count++;
    if (bytes->status == LUPE_OK)
        store_u32(bytes->data + start, (uint32_t)(bytes->size - start - 4));
    return buffer_status(bytes);
}

lupe_status portion_invert(const struct portion *portion, struct accumulator *accumulator)
{
    lupe_status status = LUPE_OK;
    struct cursor cursor = cursor_of(portion->bytes.data, portion->bytes.size);
    for (uint32_t i = 0; i < portion->count; i++) {
        uint32_t size = cursor_u32(&cursor);
        const uint8_t *record = cursor_take(&cursor, size);
        assert(record);
        TRY(accumulator_add(accumulator, portion->first + i, record, size, record, 0));
    }
out:
    return status;
}

/* ---- in the workers' threads */

static void job_fail(struct workers *workers, lupe_status status)
{
    if (workers->status != LUPE_OK)
        return;
    workers->status = status;
    size_t size = strnlen(lupe_last_error(), MESSAGE_BYTES - 1);
    memcpy(workers->message, lupe_last_error(), size);
    workers->message[size] = 0;
}

/* Takes portions until there are no more in this round. */
static void invert(void *user, uint32_t thread)
{
    struct workers *workers = user;
    struct worker *worker = &workers->list[thread];
    struct accumulator *accumulator = worker->accumulator;
    pthread_mutex_lock(&workers->mutex);
    for (;;) {
        while (workers->next_waiting == workers->submitted && !workers->last)
            pthread_cond_wait(&workers->work, &workers->mutex);
        if (workers->next_waiting == workers->submitted)
            break;
        struct job *job = &workers->jobs[workers->next_waiting++ % workers->job_count];
        bool skip = workers->status != LUPE_OK;
        pthread_mutex_unlock(&workers->mutex);

        uint32_t first = accumulator->document_count;
        lupe_status status = skip ? LUPE_OK : portion_invert(&job->portion, accumulator);
        uint64_t bytes =
            accumulator_full(accumulator) ? UINT64_MAX / 256 : accumulator_bytes(accumulator);
        uint64_t portion_bytes = job->portion.bytes.size;
        buffer_clear(&job->portion.bytes);
        if (job->portion.bytes.capacity > 2 * PORTION_BYTES_MAX)
            buffer_free(&job->portion.bytes);

        pthread_mutex_lock(&workers->mutex);
        workers->parts[job->number] =
            (struct flush_part){accumulator, first, accumulator->document_count - first};
        worker->bytes = bytes;
        workers->portion_bytes -= portion_bytes;
        if (status != LUPE_OK)
            job_fail(workers, status);
        job->in_use = false;
        pthread_cond_signal(&workers->room);
    }
    pthread_mutex_unlock(&workers->mutex);
}

/* ---- in the thread that puts */

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
    pthread_cond_init(&workers->room, NULL);
    workers->job_count = 2 * options->threads + 1;
    workers->list = memory_zalloc(options->threads, sizeof *workers->list);
    workers->accumulators = memory_zalloc(options->threads, sizeof *workers->accumulators);
    workers->jobs = memory_zalloc(workers->job_count, sizeof *workers->jobs);
    if (!workers->list || !workers->accumulators || !workers->jobs) {
        status = fail_memory();
        goto out;
    }
    for (uint32_t i = 0; i < workers->job_count; i++)
        portion_init(&workers->jobs[i].portion);
    for (uint32_t i = 0; i < options->threads; i++) {
        TRY(accumulator_open(options->catalogue, &workers->list[i].accumulator));
        workers->accumulators[i] = workers->list[i].accumulator;
    }
    TRY(team_start(options->threads, &workers->team));
    *out_workers = workers;
    workers = NULL;
out:
    workers_stop(workers);
    return status;
}

/* Waits until every portion is inverted, and the threads have nothing to do. */
static void round_end(struct workers *workers)
{
    if (!workers->inverting)
        return;
    pthread_mutex_lock(&workers->mutex);
    workers->last = true;
    pthread_cond_broadcast(&workers->work);
    pthread_mutex_unlock(&workers->mutex);
    team_wait(workers->team);
    workers->inverting = false;
    workers->last = false;
}

void workers_stop(struct workers *workers)
{
    if (!workers)
        return;
    round_end(workers);
    team_stop(workers->team);
    for (uint32_t i = 0; workers->list && i < workers->options.threads; i++)
        accumulator_close(workers->list[i].accumulator);
    for (uint32_t i = 0; workers->jobs && i < workers->job_count; i++)
        portion_free(&workers->jobs[i].portion);
    pthread_cond_destroy(&workers->room);
    pthread_cond_destroy(&workers->work);
    pthread_mutex_destroy(&workers->mutex);
    memory_free(workers->parts);
    memory_free(workers->jobs);
    memory_free(workers->accumulators);
    memory_free(workers->list);
    memory_free(workers);
}

/* Under the mutex, as workers write into the parts. */
static lupe_status parts_room(struct workers *workers)
{
    if (workers->submitted < workers->part_capacity)
        return LUPE_OK;
    size_t capacity = workers->part_capacity ? workers->part_capacity * 2 : 64;
    struct flush_part *parts = memory_realloc(workers->parts, capacity * sizeof *parts);
    if (!parts)
        return fail_memory();
    workers->parts = parts;
    workers->part_capacity = capacity;
    return LUPE_OK;
}

lupe_status workers_submit(struct workers *workers, struct portion *portion)
{
    lupe_status status = LUPE_OK;
    if (!workers->inverting) {
        team_begin(workers->team, invert, workers);
        workers->inverting = true;
    }
    pthread_mutex_lock(&workers->mutex);
    struct job *job = &workers->jobs[workers->submitted % workers->job_count];
    while (job->in_use)
        pthread_cond_wait(&workers->room, &workers->mutex);
    TRY(parts_room(workers));
    if (workers->status != LUPE_OK) {
        status = fail(workers->status, "%s", workers->message);
        goto out;
    }
    struct buffer empty = job->portion.bytes;
    job->portion = *portion;
    job->number = workers->submitted++;
    job->in_use = true;
    workers->portion_bytes += portion->bytes.size;
    *portion = (struct portion){empty, portion->first + portion->count, 0};
    pthread_cond_signal(&workers->work);
out:
    pthread_mutex_unlock(&workers->mutex);
    return status;
}

uint64_t workers_bytes(struct workers *workers)
{
    pthread_mutex_lock(&workers->mutex);
    uint64_t bytes = workers->portion_bytes;
    for (uint32_t i = 0; i < workers->options.threads; i++)
        bytes += workers->list[i].bytes;
    pthread_mutex_unlock(&workers->mutex);
    return bytes;
}

lupe_status workers_flush(struct workers *workers, const struct batch *batch,
                          const struct flush_options *options, struct publication *publication,
                          struct segment_entry *entry, uint64_t *words_cut)
{
    lupe_status status = LUPE_OK;
    round_end(workers);
    *words_cut = 0;
    if (workers->status != LUPE_OK)
        return fail(workers->status, "%s", workers->message);
    struct flush_input input = {
        batch,          workers->accumulators,      workers->options.threads,
        workers->parts, (size_t)workers->submitted, workers->team};
    for (uint32_t i = 0; i < workers->options.threads; i++) {
        TRY(accumulator_seal(workers->list[i].accumulator));
        *words_cut += workers->list[i].accumulator->words_cut;
    }
    TRY(flush(&input, options, publication, entry));
out:
    for (uint32_t i = 0; i < workers->options.threads; i++) {
        accumulator_reset(workers->list[i].accumulator);
        workers->list[i].bytes = 0;
    }
    workers->submitted = workers->next_waiting = 0;
    return status;
}
