/* SPDX-License-Identifier: MIT
 *
 * pair.c - see pair.h.
 */
#include "query/pair.h"

#include <assert.h>

#include "segment/pairs.h"

static bool is_paired(const struct segment *segment, uint32_t place, const struct plan_term *term)
{
    const struct list *list = term->lists[place];
    return list && term->key[0] == 0 && term->key[1] == LIST_WORDS &&
           pair_has_word(segment->entry.pair_frequency_min, list->frequency, term->key_size - 2);
}

bool pair_is_kept(const struct view *view, uint32_t place, const struct plan_variant *variant,
                  unsigned at)
{
    const struct segment *segment = view->segments[place];
    return segment->entry.pair_frequency_min && at + 1 < variant->count &&
           variant->offsets[at + 1] == variant->offsets[at] + 1 &&
           is_paired(segment, place, variant->terms[at]) &&
           is_paired(segment, place, variant->terms[at + 1]);
}

lupe_status pair_list(const struct view *view, uint32_t place, const struct plan_variant *variant,
                      unsigned at, struct list *list, bool *found)
{
    const struct plan_term *first = variant->terms[at];
    const struct plan_term *second = variant->terms[at + 1];
    uint8_t key[KEY_BYTES_MAX];
    assert(pair_is_kept(view, place, variant, at));
    size_t size = key_of_pair(key, first->key + 2, first->key_size - 2, second->key + 2,
                              second->key_size - 2);
    lupe_status status = segment_find(view->segments[place], key, size, list);
    *found = status == LUPE_OK;
    if (status == LUPE_OK && !(list->flags & ENTRY_HAS_TF))
        return fail(LUPE_CORRUPT, "segment %u: the list of a pair of words has no frequencies",
                    view->segments[place]->entry.number);
    return status == LUPE_NOT_FOUND ? LUPE_OK : status;
}
