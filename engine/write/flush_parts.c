/* SPDX-License-Identifier: MIT
 *
 * flush_parts.c - see flush_parts.h. Both the parts of each accumulator and the words of the batch
 * come in the order of their terms, so one walk over them finds each part's own list.
 */
#include "write/flush_parts.h"

#include "base/sort.h"
#include "write/part_lists.h"

/* The parts of an accumulator in the order of their terms. */
struct part_order {
    struct noted_sources sources;
    uint32_t *stamps;        /* by list: the part + 1 that it was met for last */
    struct sort_item *items; /* sorted */
    struct sort_item *memory;
    uint32_t next;
};

static void part_orders_free(struct part_order *orders, uint32_t count)
{
    for (uint32_t i = 0; orders && i < count; i++) {
        noted_sources_free(&orders[i].sources);
        memory_free(orders[i].stamps);
        memory_free(orders[i].memory);
    }
    memory_free(orders);
}

static lupe_status part_order_make(const struct accumulator *accumulator, struct part_order *order)
{
    lupe_status status = LUPE_OK;
    const struct part_notes *notes = &accumulator->parts;
    uint32_t count = part_notes_count(notes);
    struct sort_context context = {.keys = notes->keys.data};
    if (count == 0)
        return LUPE_OK;
    uint32_t *numbers = memory_alloc(count * sizeof *numbers); /* offsets of keys, then places */
    order->stamps = memory_zalloc(accumulator->list_count, sizeof *order->stamps);
    if (!numbers || !order->stamps) {
        status = fail_memory();
        goto out;
    }
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = part_notes_at(notes, i)->key;
    context.offsets = numbers;
    TRY(sort_keys(&context, count, &order->items, &order->memory));
    for (uint32_t i = 0; i < count; i++)
        numbers[order->items[i].number] = i;
    TRY(noted_sources_make(notes, numbers, &order->sources));
out:
    memory_free(numbers);
    return status;
}

/* The lists noted for the part at a place, each once: surface forms of one term note the same. */
static const uint32_t *part_lists_of(struct part_order *order, uint32_t place, uint32_t *count)
{
    uint32_t *sources = order->sources.sources + order->sources.starts[place];
    uint32_t noted = order->sources.starts[place + 1] - order->sources.starts[place];
    *count = 0;
    for (uint32_t i = 0; i < noted; i++) {
        uint32_t source = sources[i];
        if (order->stamps[source] == place + 1)
            continue;
        order->stamps[source] = place + 1;
        sources[(*count)++] = source;
    }
    return sources;
}

/* size:u8, key of the next part of an accumulator; NULL behind the last. */
static const uint8_t *part_next(const struct part_notes *notes, const struct part_order *order)
{
    return order->next < part_notes_count(notes) ? part_key(notes, order->items[order->next].number)
                                                 : NULL;
}

/* The least of the next parts; NULL when none is left. */
static const uint8_t *part_least(const struct flush_input *input, const struct part_order *orders)
{
    const uint8_t *least = NULL;
    for (uint32_t i = 0; i < input->accumulator_count; i++) {
        const uint8_t *key = part_next(&input->accumulators[i]->parts, &orders[i]);
        if (key && (!least || compare_bytes(key + 1, key[0], least + 1, least[0]) < 0))
            least = key;
    }
    return least;
}

/* Adds what all accumulators noted for a part, and moves them on; *single: it is one part of some
 * word. */
static lupe_status noted_add(struct flusher *flusher, struct part_order *orders, const uint8_t *key,
                             struct part_lists *parts, bool *single)
{
    const struct flush_input *input = flusher->input;
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < input->accumulator_count; i++) {
        const struct accumulator *accumulator = input->accumulators[i];
        struct part_order *order = &orders[i];
        const uint8_t *next = part_next(&accumulator->parts, order);
        if (!next || compare_bytes(next + 1, next[0], key + 1, key[0]) != 0)
            continue;
        uint32_t place = order->next++;
        uint32_t count;
        const uint32_t *lists = part_lists_of(order, place, &count);
        const uint32_t *end = order->sources.sources + order->sources.starts[order->sources.count];
        *single |= order->sources.single[place];
        TRY(part_lists_add_noted(parts, accumulator, lists, count, (size_t)(end - lists),
                                 flusher->map));
    }
out:
    return status;
}

/* Moves *word, in the order of words, to a term; whether it is there. Of one accumulator the order
 * of its words tells without a look at most of them that they come before. */
static bool word_seek(const struct terms *terms, const uint8_t *key, uint64_t *word)
{
    uint64_t prefix = sort_prefix(key);
    for (; *word < terms->count && ref_at(terms, *word).stage == STAGE_WORDS; ++*word) {
        struct term_ref ref = ref_at(terms, *word);
        if (!terms->refs && terms->orders[0].items[*word].prefix < prefix)
            continue;
        const struct accumulator *from = terms->flusher->input->accumulators[ref.accumulator];
        const uint8_t *own = from->keys.data + list_of(terms, ref)->key;
        int order = compare_bytes(own + 3, own[0] - 2u, key + 3, key[0] - 2u);
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
    const struct flush_input *input = flusher->input;
    struct part_lists parts = {0};
    struct part_order *orders = memory_zalloc(input->accumulator_count, sizeof *orders);
    const uint8_t *key;
    uint64_t word = 0;
    if (!orders)
        return fail_memory();
    for (uint32_t i = 0; i < input->accumulator_count; i++)
        TRY(part_order_make(input->accumulators[i], &orders[i]));
    TRY(part_lists_init(&parts, flusher->writer, flusher->documents));
    while ((key = part_least(input, orders)) != NULL) {
        bool single = false;
        TRY(noted_add(flusher, orders, key, &parts, &single));
        bool is_word = word_seek(terms, key, &word);
        if (!single && !is_word) {
            part_lists_drop(&parts);
            continue;
        }
        part_lists_choose(&parts);
        if (is_word)
            TRY(own_add(terms, &parts, &word));
        TRY(part_lists_write(&parts, key + 1, key[0]));
    }
out:
    part_orders_free(orders, input->accumulator_count);
    part_lists_free(&parts);
    return status;
}
