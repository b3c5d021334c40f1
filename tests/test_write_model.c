/* SPDX-License-Identifier: MIT
 *
 * test_write_model.c - random puts, replacements, deletes, commits and rollbacks against a model,
 * with small budgets, several threads and every shape of index.
 */
#include "write_helpers.h"

static struct model model;

struct shape {
    uint32_t flags;
    uint64_t memory_bytes;
    uint32_t threads;
    uint32_t ids;
    size_t words;
    uint32_t commits;
    uint32_t changes; /* a commit */
};

static void run_shape(const struct shape *shape, uint64_t seed)
{
    struct support_random random = support_random_of(seed);
    remove(support_path("model.lupe"));
    lupe_index *index = helper_create(support_path("model.lupe"), shape->flags);
    lupe_writer *writer = helper_writer(index, shape->memory_bytes, shape->threads);
    model_init(&model, shape->ids, shape->words);
    for (uint32_t commit = 0; commit < shape->commits; commit++) {
        uint64_t changes = support_random_below(&random, 2 * shape->changes) + 1;
        for (uint64_t i = 0; i < changes; i++) {
            uint32_t number = (uint32_t)support_random_below(&random, shape->ids);
            if (support_random_below(&random, 5) == 0)
                model_delete(&model, writer, number);
            else
                model_put(&model, writer, number);
        }
        if (support_random_below(&random, 6) == 0)
            model_rollback(&model, writer);
        else
            model_commit(&model, writer);
        if (commit % 8 == 7)
            helper_check(index);
    }
    helper_check(index);
    if (!(shape->flags & LUPE_WITHOUT_STORED_TEXT))
        model_verify(&model, index);
    lupe_writer_close(writer);
    model_verify_optimized(&model, index, shape->flags);
    lupe_index_close(index);
    support_no_leaks();
}

Test(write_model, small_commits)
{
    struct shape shape = {0, 1 << 20, 1, 60, 12, test_full() ? 400 : 120, 6};
    run_shape(&shape, 1);
}

Test(write_model, flushes_within_a_run)
{
    struct shape shape = {0, 1 << 20, 1, 800, 250, test_full() ? 30 : 5, 1500};
    run_shape(&shape, 2);
}

Test(write_model, threads)
{
    for (uint32_t threads = 2; threads <= 4; threads++) {
        struct shape shape = {0, 1 << 20, threads, 800, 250, test_full() ? 10 : 3, 1200};
        run_shape(&shape, 10 + threads);
    }
}

Test(write_model, other_indexes)
{
    const uint32_t flags[] = {LUPE_WITHOUT_POSITIONS, LUPE_WITHOUT_STORED_TEXT,
                              LUPE_WITHOUT_POSITIONS | LUPE_WITHOUT_STORED_TEXT};
    for (size_t i = 0; i < 3; i++) {
        struct shape shape = {flags[i], 1 << 20, i == 1 ? 2 : 1, 500, 100, 10, 300};
        run_shape(&shape, 20 + i);
    }
}

Test(write_model, everything_is_deleted)
{
    lupe_index *index = helper_create(support_path("model.lupe"), 0);
    lupe_writer *writer = helper_writer(index, 1 << 20, 1);
    model_init(&model, 200, 20);
    for (uint32_t i = 0; i < 200; i++)
        model_put(&model, writer, i);
    model_commit(&model, writer);
    for (uint32_t i = 0; i < 200; i++)
        model_delete(&model, writer, i);
    model_commit(&model, writer);
    helper_check(index);
    model_verify(&model, index);
    must(lupe_index_optimize(index, NULL));
    model_put(&model, writer, 7);
    model_commit(&model, writer);
    model_verify(&model, index);
    lupe_writer_close(writer);
    model_verify_optimized(&model, index, 0);
    lupe_index_close(index);
    support_no_leaks();
}
