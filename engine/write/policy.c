/* SPDX-License-Identifier: MIT
 *
 * policy.c - see policy.h. In this order:
 *
 *   1. More than segments_max segments: the neighbours with the best ratio of gain to cost.
 *   2. POLICY_NEIGHBOURS or more of about one size.
 *   3. A segment with many deletes, with its smaller neighbours.
 *
 * The gain of a merge: with n log n bits for n bytes a pile of segments becomes one, whatever the
 * order of merges; a merge of segments s into S yields sum s log2(S / s) of them for S bytes
 * written. Equal ones yield most; a large one with a small one next to nothing, and doing that
 * is what makes merging slow. Dividing by a small power of S makes it begin with small ones.
 * Simulated with commits of one size and of mixed sizes, powers from 0.05 to 0.25 write each
 * byte 4 to 5 times in 10,000 commits at 12 segments; choosing the least bytes for each
 * segment saved writes it 240 times.
 */
#include "write/policy.h"

#include <math.h>
#include <stddef.h>

#include "base/limits.h"

#define COST_POWER 0.15
#define SEGMENT_OVERHEAD_BYTES 4096u /* what a segment costs besides its bytes */

/* Neighbours that might be merged. */
struct window {
    uint32_t first;
    uint32_t last;
    double read;      /* bytes */
    double written;   /* live bytes */
    double largest;   /* of the live bytes of one segment */
    double logarithm; /* sum s log2 s over the live bytes */
    uint64_t documents;
    uint64_t section_bytes;
};

static double live_bytes(const struct policy_segment *segment)
{
    double live = segment->documents
                      ? (double)(segment->documents - segment->deleted) / segment->documents
                      : 0.0;
    return (double)segment->bytes * live + SEGMENT_OVERHEAD_BYTES;
}

static void window_take(struct window *window, const struct policy_segment *segment)
{
    double live = live_bytes(segment);
    window->read += (double)segment->bytes + SEGMENT_OVERHEAD_BYTES;
    window->written += live;
    window->largest = live > window->largest ? live : window->largest;
    window->logarithm += live * log2(live);
    window->documents += segment->documents - segment->deleted;
    window->section_bytes += segment->section_bytes;
}

/* One segment may have what is in the window. */
static bool window_fits(const struct window *window, const struct policy_limits *limits)
{
    return window->documents <= limits->documents_max &&
           window->section_bytes <= SEGMENT_SECTION_BYTES_MAX;
}

/* Gain for the bytes written; what deletes give back counts as well. */
static double window_value(const struct window *window)
{
    double bits = window->written * log2(window->written) - window->logarithm;
    double gain = bits + window->read - window->written;
    return gain / window->written / pow(window->written, COST_POWER);
}

static bool must_merge(const struct policy_segment *segments, uint32_t count,
                       const struct policy_limits *limits, struct policy_choice *choice)
{
    double best = 0;
    bool found = false;
    for (uint32_t first = 0; first + 1 < count; first++) {
        struct window window = {.first = first};
        window_take(&window, &segments[first]);
        for (uint32_t last = first + 1; last < count; last++) {
            window_take(&window, &segments[last]);
            if (!window_fits(&window, limits))
                break;
            double value = window_value(&window);
            if (!found || value > best) {
                found = true;
                best = value;
                *choice = (struct policy_choice){first, last - first + 1};
            }
        }
    }
    return found;
}

/* The smallest POLICY_NEIGHBOURS or more of which none is above a quarter of all. */
static bool may_merge(const struct policy_segment *segments, uint32_t count,
                      const struct policy_limits *limits, struct policy_choice *choice)
{
    double least = 0;
    bool found = false;
    for (uint32_t first = 0; first < count; first++) {
        struct window window = {.first = first};
        for (uint32_t last = first; last < count; last++) {
            window_take(&window, &segments[last]);
            if (!window_fits(&window, limits) || window.read > (double)limits->merge_bytes_max)
                break;
            if (last - first + 1 < POLICY_NEIGHBOURS || window.largest * 4 > window.written)
                continue;
            if (!found || window.written < least) {
                found = true;
                least = window.written;
                *choice = (struct policy_choice){first, last - first + 1};
            }
        }
    }
    return found;
}

static bool has_many_deletes(const struct policy_segment *segment, double bytes_total)
{
    double freed = (double)segment->bytes + SEGMENT_OVERHEAD_BYTES - live_bytes(segment);
    return (uint64_t)segment->deleted * 100 >
               (uint64_t)segment->documents * POLICY_DELETED_PERCENT &&
           (freed * POLICY_REWRITE_SHARE > bytes_total || freed > POLICY_REWRITE_BYTES);
}

/* May the window of a rewrite have this neighbour, too? */
static bool joins(const struct window *window, const struct policy_segment *segment,
                  const struct policy_limits *limits)
{
    struct window joined = *window;
    window_take(&joined, segment);
    return live_bytes(segment) <= window->written && window_fits(&joined, limits) &&
           joined.read <= (double)limits->rewrite_bytes_max;
}

static bool rewrite(const struct policy_segment *segments, uint32_t count,
                    const struct policy_limits *limits, struct policy_choice *choice)
{
    double bytes_total = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes_total += (double)segments[i].bytes + SEGMENT_OVERHEAD_BYTES;
    for (uint32_t i = 0; i < count; i++) {
        struct window window = {.first = i, .last = i};
        if (!has_many_deletes(&segments[i], bytes_total) ||
            segments[i].bytes > limits->rewrite_bytes_max)
            continue;
        window_take(&window, &segments[i]);
        while (window.last + 1 < count && joins(&window, &segments[window.last + 1], limits))
            window_take(&window, &segments[++window.last]);
        while (window.first > 0 && joins(&window, &segments[window.first - 1], limits))
            window_take(&window, &segments[--window.first]);
        *choice = (struct policy_choice){window.first, window.last - window.first + 1};
        return true;
    }
    return false;
}

bool policy_choose(const struct policy_segment *segments, uint32_t count,
                   const struct policy_limits *limits, struct policy_choice *choice)
{
    if (count > limits->segments_max && must_merge(segments, count, limits, choice))
        return true;
    return may_merge(segments, count, limits, choice) || rewrite(segments, count, limits, choice);
}
