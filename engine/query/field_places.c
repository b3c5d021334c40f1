/* SPDX-License-Identifier: MIT
 *
 * field_places.c - which places of a document lie in a field: positions run on over the values of a
 * document, and the boundaries column tells where each value begins.
 */
#include "query/evaluate.h"

#define BOUNDARY_VALUES_MAX 512u /* text values of a document that field:word tells apart */

lupe_status field_places(struct segment *segment, uint32_t field_gap, int field, uint32_t document,
                         const uint32_t *places, uint32_t count, uint32_t span, uint32_t *inside)
{
    uint32_t pairs[2 * BOUNDARY_VALUES_MAX];
    size_t values = 0;
    *inside = 0;
    lupe_status status = segment_boundaries(segment, document, pairs, BOUNDARY_VALUES_MAX, &values);
    if (status)
        return status;
    uint64_t start = 0;
    uint32_t at = 0;
    for (size_t v = 0; v < values && v < BOUNDARY_VALUES_MAX; v++) {
        uint64_t end = start + pairs[2 * v + 1];
        while (at < count && places[at] < start)
            at++;
        for (; at < count && places[at] < end; at++)
            *inside += pairs[2 * v] == (uint32_t)field && (uint64_t)places[at] + span <= end;
        start = end + field_gap;
    }
    return LUPE_OK;
}
