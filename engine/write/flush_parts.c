/* SPDX-License-Identifier: MIT
 *
 * flush_parts.c - see flush_parts.h. Both the parts of each accumulator and the words of the batch
 * come in the order of their terms, so one walk over them finds each part's own list.
 */
#include "write/flush_parts.h"

#include "base/sort.h"
#include "write/part_lists.h"

/* The parts of all accumulators in the order of their terms. */
struct part_order {
    uint32_t **orders; /* one an accumulator */
    uint32_t *places;  /* the next of each */
};

static void part_order_free(struct part_order *order, uint32_t count)
{
    for (uint32_t i = 0; order->orders && i < count; i++)
        memory_free(order->orders[i]);
    memory_free(order->orders);
    memory_free(order->places);
}

static lupe_status part_order_make(const struct flush_input *input, struct part_order *order)
{
    lupe_status status = LUPE_OK;
    order->orders = memory_zalloc(input->accumulator_count, sizeof *order->orders);
    order->places = memory_zalloc(input->accumulator_count, sizeof *order->places);
    if (!order->orders || !order->places)
        return fail_memory();
    for (uint32_t i = 0; i < input->accumulator_count; i++)
        TRY(part_notes_order(&input->accumulators[i]->parts, &order->orders[i]));
out:
    return status;
}

/* size:u8, term of the next part of an accumulator; NULL behind the last. */
static const uint8_t *part_next(const struct flush_input *input, const struct part_order *order,
                                uint32_t accumulator)
{
    const struct part_notes *parts = &input->accumulators[accumulator]->parts;
    uint32_t place = order->places[accumulator];
    return place < part_notes_count(parts) ? part_key(parts, order->orders[accumulator][place])
                                           : NULL;
}

/* The least of the next parts; NULL when none is left. */
static const uint8_t *part_least(const struct flush_input *input, const struct part_order *order)
{
    const uint8_t *least = NULL;
    for (uint32_t i = 0; i < input->accumulator_count; i++) {
        const uint8_t *key = part_next(input, order, i);
        if (key && (!least || compare_bytes(key + 1, key[0], least + 1, least[0]) < 0))
            least = key;
    }
    return least;
}

/* Adds what all accumulators noted for a part, and moves them on; *single: it is one part of some
 * word. */
static lupe_status noted_add(struct flusher *flusher, struct part_order *order, const uint8_t *key,
                             struct part_lists *parts, bool *single)
{
    const struct flush_input *input = flusher->input;
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < input->accumulator_count; i++) {
        const uint8_t *next = part_next(input, order, i);
        if (!next || compare_bytes(next + 1, next[0], key + 1, key[0]) != 0)
            continue;
        uint32_t number = order->orders[i][order->places[i]++];
        *single |= part_notes_at(&input->accumulators[i]->parts, number)->is_single;
        TRY(part_lists_add_noted(parts, input->accumulators[i], number, flusher->map));
    }
out:
    return status;
}

/* Moves *word, in the order of words, to a term; whether it is there. */
static bool word_seek(const struct terms *terms, const uint8_t *key, uint64_t *word)
{
    for (; *word < terms->count && ref_at(terms, *word).stage == STAGE_WORDS; ++*word) {
        struct term_ref ref = ref_at(terms, *word);
        const struct accumulator *from = terms->flusher->input->accumulators[ref.accumulator];
        const uint8_t *own = from->keys.data + list_of(terms, ref)->key;
        int order = compare_bytes(own + 3, own[0] - 2u, key + 1, key[0]);
        if (order >= 0)
            return order == 0;
    }
    return false;
}

/* Adds the lists of a word, which begin at *word. */
static lupe_status own_add(const struct terms *terms, struct part_lists *parts, uint64_t *word)
{
    lupe_status status = LUPE_OK;
    do {
        struct term_ref ref = ref_at(terms, *word);
        TRY(part_lists_add_own_list(parts, terms->flusher->input->accumulators[ref.accumulator],
                                    ref.number, terms->flusher->map));
        ++*word;
    } while (*word < terms->count && ref_at(terms, *word).again);
out:
    return status;
}

lupe_status flush_parts(struct terms *terms)
{
    lupe_status status = LUPE_OK;
    struct flusher *flusher = terms->flusher;
    struct part_lists parts = {0};
    struct part_order order = {0};
    const uint8_t *part;
    uint8_t key[KEY_BYTES_MAX];
    uint64_t word = 0;
    TRY(part_order_make(flusher->input, &order));
    TRY(part_lists_init(&parts, flusher->writer, flusher->documents));
    while ((part = part_least(flusher->input, &order)) != NULL) {
        bool single = false;
        TRY(noted_add(flusher, &order, part, &parts, &single));
        bool is_word = word_seek(terms, part, &word);
        if (!single && !is_word) {
            part_lists_drop(&parts);
            continue;
        }
        part_lists_choose(&parts);
        if (is_word)
            TRY(own_add(terms, &parts, &word));
        TRY(part_lists_write(&parts, key, key_make(key, LIST_PARTS, part + 1, part[0])));
    }
out:
    part_order_free(&order, flusher->input->accumulator_count);
    part_lists_free(&parts);
    return status;
}
