/* SPDX-License-Identifier: MIT
 *
 * policy.h - which neighbouring segments to merge next.
 *
 * Owns nothing and touches nothing: a function of sizes. Called by upkeep.c. Never merges.
 */
#ifndef LUPE_WRITE_POLICY_H
#define LUPE_WRITE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define POLICY_NEIGHBOURS 8u       /* so many of about one size are merged before they must be */
#define POLICY_DELETED_PERCENT 30u /* with more deletes than that a segment is rewritten, */
#define POLICY_REWRITE_SHARE 16u   /* unless what that frees is below such a share of all bytes, */
#define POLICY_REWRITE_BYTES (256u << 10) /* and below this */

struct policy_segment {
    uint64_t bytes; /* of all its sections */
    uint32_t documents;
    uint32_t deleted;
    uint64_t section_bytes; /* of the longest section whose offsets are u32: those of the segments
                             * merged stay within SEGMENT_SECTION_BYTES_MAX together */
};

struct policy_limits {
    uint32_t segments_max;      /* beyond that something must be merged */
    uint32_t documents_max;     /* live documents of a merged segment */
    uint64_t merge_bytes_max;   /* input of a merge that is not a must */
    uint64_t rewrite_bytes_max; /* and of one that drops deleted documents */
};

/* The neighbours to merge: count of them from first on. count 1: to rewrite alone. */
struct policy_choice {
    uint32_t first;
    uint32_t count;
};

/* True when something should be merged. Called again after each merge until it says no. */
bool policy_choose(const struct policy_segment *segments, uint32_t count,
                   const struct policy_limits *limits, struct policy_choice *choice);

#endif
