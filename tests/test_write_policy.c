/* SPDX-License-Identifier: MIT
 *
 * test_write_policy.c - the choice of merges, by simulation: how many segments stay, how often a
 * document is written again, what one commit may cost.
 */
#include "base/limits.h"
#include "support.h"
#include "write/policy.h"

#define SIMULATED_MAX 64

struct simulation {
    struct policy_segment segments[SIMULATED_MAX];
    uint32_t count;
    uint64_t written; /* by merges */
    uint32_t merges;
    uint64_t written_max; /* within one commit, by merges of choice */
};

static void merge(struct simulation *simulation, struct policy_choice choice)
{
    struct policy_segment *segments = simulation->segments;
    struct policy_segment merged = {0, 0, 0, 0};
    cr_assert(choice.count >= 1 && choice.first + choice.count <= simulation->count);
    for (uint32_t i = choice.first; i < choice.first + choice.count; i++) {
        merged.documents += segments[i].documents - segments[i].deleted;
        merged.bytes += segments[i].bytes * (segments[i].documents - segments[i].deleted) /
                        segments[i].documents;
    }
    uint32_t kept = merged.documents > 0;
    if (kept)
        segments[choice.first] = merged;
    for (uint32_t i = choice.first + choice.count; i < simulation->count; i++)
        segments[i - choice.count + kept] = segments[i];
    simulation->count -= choice.count - kept;
    simulation->written += merged.bytes;
    simulation->merges++;
}

static void commit(struct simulation *simulation, uint64_t bytes, uint32_t documents)
{
    uint64_t input = bytes * 4 > (8u << 20) ? bytes * 4 : 8u << 20;
    uint64_t written = simulation->written;
    struct policy_choice choice;
    bool must = false;
    simulation->segments[simulation->count++] = (struct policy_segment){bytes, documents, 0, 0};
    for (unsigned round = 0;; round++) {
        struct policy_limits limits = {SEGMENTS_MAX, SEGMENT_DOCUMENTS_MAX,
                                       input < 8u << 20 ? input : 8u << 20, input};
        cr_assert(round < 100, "merging never ends");
        if (!policy_choose(simulation->segments, simulation->count, &limits, &choice))
            break;
        must = must || simulation->count > SEGMENTS_MAX;
        for (uint32_t i = 0; i < choice.count; i++) {
            uint64_t size = simulation->segments[choice.first + i].bytes;
            input -= size < input ? size : input;
        }
        merge(simulation, choice);
    }
    if (!must && simulation->written - written > simulation->written_max)
        simulation->written_max = simulation->written - written;
}

static uint64_t live_bytes(const struct simulation *simulation)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < simulation->count; i++)
        bytes += simulation->segments[i].bytes;
    return bytes;
}

Test(write_policy, equal_commits)
{
    const struct {
        uint64_t bytes;
        uint32_t commits;
        double amplification_max; /* bytes written by merges for each byte put */
    } cases[] = {{1500, 10000, 7}, {30000, 5000, 7}, {1 << 20, 2000, 6}, {64 << 20, 300, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct simulation simulation = {.count = 0};
        for (uint32_t n = 0; n < cases[i].commits; n++) {
            commit(&simulation, cases[i].bytes, 10);
            cr_assert(simulation.count <= SEGMENTS_MAX);
        }
        double put = (double)cases[i].bytes * cases[i].commits;
        cr_assert(simulation.written <= put * cases[i].amplification_max, "case %zu: %.2f times", i,
                  (double)simulation.written / put);
        cr_assert(simulation.merges <= cases[i].commits * 3 / 10,
                  "case %zu: %u merges in %u commits", i, simulation.merges, cases[i].commits);
        uint64_t most = cases[i].bytes * 4 > (8u << 20) ? cases[i].bytes * 4 : 8u << 20;
        cr_assert(simulation.written_max <= most, "case %zu: %" PRIu64 " bytes in a commit", i,
                  simulation.written_max);
    }
}

Test(write_policy, mixed_commits)
{
    struct support_random random = support_random_of(1);
    struct simulation simulation = {.count = 0};
    uint64_t put = 0;
    for (uint32_t n = 0; n < 20000; n++) {
        uint64_t bytes =
            1000 + support_random_below(&random, 1u << (10 + support_random_below(&random, 15)));
        put += bytes;
        commit(&simulation, bytes, 10);
        cr_assert(simulation.count <= SEGMENTS_MAX);
    }
    cr_assert(simulation.written <= put * 8, "%.2f times",
              (double)simulation.written / (double)put);
}

/* Updates of few documents again and again: deleted ones never outweigh the live ones for long. */
Test(write_policy, updates)
{
    struct support_random random = support_random_of(2);
    struct simulation simulation = {.count = 0};
    commit(&simulation, 1000 * 1000, 1000);
    for (uint32_t n = 0; n < 20000; n++) {
        uint64_t victim = support_random_below(&random, 1000);
        for (uint32_t i = 0; i < simulation.count; i++) {
            struct policy_segment *segment = &simulation.segments[i];
            uint32_t live = segment->documents - segment->deleted;
            if (victim < live) {
                segment->deleted++;
                break;
            }
            victim -= live;
        }
        commit(&simulation, 1000, 1);
        cr_assert(simulation.count <= SEGMENTS_MAX);
        cr_assert(live_bytes(&simulation) <= 2000 * 1000, "%" PRIu64 " bytes",
                  live_bytes(&simulation));
    }
    cr_assert(simulation.written <= 20000ull * 1000 * 12, "%.1f times",
              (double)simulation.written / (20000.0 * 1000));
}

Test(write_policy, segments_at_the_limit_of_documents_stay_apart)
{
    struct policy_segment segments[30];
    struct policy_limits limits = {SEGMENTS_MAX, SEGMENT_DOCUMENTS_MAX, UINT64_MAX, UINT64_MAX};
    struct policy_choice choice;
    for (uint32_t i = 0; i < 30; i++)
        segments[i] = (struct policy_segment){1 << 20, SEGMENT_DOCUMENTS_MAX - 5, 0, 0};
    cr_assert(!policy_choose(segments, 30, &limits, &choice));
    segments[11].deleted = SEGMENT_DOCUMENTS_MAX / 2;
    cr_assert(policy_choose(segments, 30, &limits, &choice));
    cr_assert(choice.first == 11 && choice.count == 1);
    segments[12].deleted = SEGMENT_DOCUMENTS_MAX / 2 + 100;
    cr_assert(policy_choose(segments, 30, &limits, &choice));
    cr_assert(choice.first == 11 && choice.count == 2);
}

Test(write_policy, segments_at_the_limit_of_a_section_stay_apart)
{
    struct policy_segment segments[30];
    struct policy_limits limits = {SEGMENTS_MAX, SEGMENT_DOCUMENTS_MAX, UINT64_MAX, UINT64_MAX};
    struct policy_choice choice;
    for (uint32_t i = 0; i < 30; i++)
        segments[i] = (struct policy_segment){1ull << 32, 1000, 0, SEGMENT_SECTION_BYTES_MAX - 5};
    cr_assert(!policy_choose(segments, 30, &limits, &choice));
    segments[11].deleted = 500;
    cr_assert(policy_choose(segments, 30, &limits, &choice));
    cr_assert(choice.first == 11 && choice.count == 1);
    segments[12].section_bytes = 5;
    cr_assert(policy_choose(segments, 30, &limits, &choice));
    cr_assert(choice.first == 11 && choice.count == 2, "%u at %u", choice.count, choice.first);
}

Test(write_policy, few_sound_segments_are_left_alone)
{
    struct policy_segment segments[8];
    struct policy_limits limits = {SEGMENTS_MAX, SEGMENT_DOCUMENTS_MAX, UINT64_MAX, UINT64_MAX};
    struct policy_choice choice;
    cr_assert(!policy_choose(NULL, 0, &limits, &choice));
    for (uint32_t i = 0; i < 8; i++) {
        cr_assert(!policy_choose(segments, i, &limits, &choice), "%u segments", i);
        segments[i] = (struct policy_segment){5000, 10, 3, 0};
    }
    for (uint32_t i = 0; i < 8; i++)
        segments[i].deleted = 0;
    cr_assert(policy_choose(segments, 8, &limits, &choice));
    cr_assert(choice.first == 0 && choice.count == 8);
    segments[3].bytes = 1 << 20;
    cr_assert(!policy_choose(segments, 8, &limits, &choice));
}
