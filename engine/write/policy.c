/* SPDX-License-Identifier: MIT
 *
 * policy.c - see policy.h. In this order:
 *
 *   1. More than segments_max segments: the neighbours whose merge costs least for each segment
 *      it does away with. With equal commits this alone rewrites a document about log(n) times.
 *   2. POLICY_RATIO neighbours or more of the same or a lower tier.
 *   3. A segment with many deletes, with its smaller neighbours.
 */
#include "write/policy.h"

#include <stddef.h>

static uint32_t live_of(const struct policy_segment *segment)
{
    return segment->documents - segment->deleted;
}

/* Reading costs all bytes, writing those of live documents. A tiny segment counts as a page. */
static uint64_t cost_of(const struct policy_segment *segment)
{
    return segment->bytes + 4096;
}

static unsigned tier_of(const struct policy_segment *segment)
{
    unsigned tier = 0;
    uint64_t live_bytes = segment->documents
                              ? (uint64_t)((double)segment->bytes * live_of(segment) / segment->documents)
                              : 0;
    for (uint64_t bytes = POLICY_FLOOR_BYTES; live_bytes > bytes && tier < 16; bytes *= POLICY_RATIO)
        tier++;
    return tier;
}

static bool must_merge(const struct policy_segment *segments, uint32_t count, const struct policy_limits *limits,
                       struct policy_choice *choice)
{
    double least = 0;
    bool found = false;
    for (uint32_t first = 0; first + 1 < count; first++) {
        uint64_t bytes = cost_of(&segments[first]);
        uint64_t documents = live_of(&segments[first]);
        for (uint32_t last = first + 1; last < count; last++) {
            bytes += cost_of(&segments[last]);
            documents += live_of(&segments[last]);
            if (documents > limits->documents_max)
                break;
            double cost = (double)bytes / (last - first);
            if (!found || cost < least) {
                found = true;
                least = cost;
                *choice = (struct policy_choice){first, last - first + 1};
            }
        }
    }
    return found;
}

/* The longest run of neighbours up to a tier, lowest tier first. */
static bool tier_merge(const struct policy_segment *segments, uint32_t count, const struct policy_limits *limits,
                       struct policy_choice *choice)
{
    for (unsigned tier = 0; tier <= 16; tier++) {
        uint64_t bytes = 0;
        uint64_t documents = 0;
        uint32_t first = 0;
        for (uint32_t i = 0; i <= count; i++) {
            bool ends = i == count || tier_of(&segments[i]) > tier ||
                        documents + live_of(&segments[i]) > limits->documents_max;
            if (ends) {
                if (i - first >= POLICY_RATIO && bytes <= limits->input_bytes_max) {
                    *choice = (struct policy_choice){first, i - first};
                    return true;
                }
                bytes = documents = 0;
                first = i < count && tier_of(&segments[i]) > tier ? i + 1 : i;
            }
            if (i < count && i >= first) {
                bytes += segments[i].bytes;
                documents += live_of(&segments[i]);
            }
        }
    }
    return false;
}

static bool has_many_deletes(const struct policy_segment *segment)
{
    return (uint64_t)segment->deleted * 100 > (uint64_t)segment->documents * POLICY_DELETED_PERCENT;
}

/* A segment to rewrite takes neighbours along that are not larger than what is left of it. */
static bool rewrite(const struct policy_segment *segments, uint32_t count, const struct policy_limits *limits,
                    struct policy_choice *choice)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!has_many_deletes(&segments[i]) || segments[i].bytes > limits->input_bytes_max)
            continue;
        uint64_t bytes = segments[i].bytes;
        uint64_t documents = live_of(&segments[i]);
        uint32_t first = i;
        uint32_t last = i;
        unsigned tier = tier_of(&segments[i]);
        while (last + 1 < count && tier_of(&segments[last + 1]) <= tier &&
               bytes + segments[last + 1].bytes <= limits->input_bytes_max &&
               documents + live_of(&segments[last + 1]) <= limits->documents_max) {
            bytes += segments[++last].bytes;
            documents += live_of(&segments[last]);
        }
        while (first > 0 && tier_of(&segments[first - 1]) <= tier &&
               bytes + segments[first - 1].bytes <= limits->input_bytes_max &&
               documents + live_of(&segments[first - 1]) <= limits->documents_max) {
            bytes += segments[--first].bytes;
            documents += live_of(&segments[first]);
        }
        *choice = (struct policy_choice){first, last - first + 1};
        return true;
    }
    return false;
}

bool policy_choose(const struct policy_segment *segments, uint32_t count, const struct policy_limits *limits,
                   struct policy_choice *choice)
{
    if (count > limits->segments_max && must_merge(segments, count, limits, choice))
        return true;
    return tier_merge(segments, count, limits, choice) || rewrite(segments, count, limits, choice);
}
