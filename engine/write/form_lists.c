/* SPDX-License-Identifier: MIT
 *
 * form_lists.c - see form_lists.h.
 */
#include "write/form_lists.h"

lupe_status form_lists_init(struct form_lists *lists)
{
    memset(lists, 0, sizeof *lists);
    form_writer_init(&lists->writer);
    lists->forms = memory_alloc(FORMS_MAX * sizeof *lists->forms);
    return lists->forms ? LUPE_OK : fail_memory();
}

void form_lists_free(struct form_lists *lists)
{
    form_writer_free(&lists->writer);
    memory_free(lists->forms);
    buffer_free(&lists->places);
    buffer_free(&lists->blocks);
    buffer_free(&lists->spare);
}

void form_lists_begin(struct form_lists *lists, const uint8_t *key)
{
    lists->term = key + 3;
    lists->term_size = key[0] - 2u;
    lists->count = 0;
    buffer_clear(&lists->places);
    buffer_clear(&lists->blocks);
}

/* The number of a form, which is given when it is new; beyond FORMS_MAX that of the one without
 * bytes. */
static uint8_t form_number(struct form_lists *lists, const struct surface_form *form)
{
    unsigned nameless = 0;
    for (unsigned i = 0; i < lists->count; i++) {
        if (lists->forms[i].size == form->size &&
            !memcmp(lists->forms[i].bytes, form->bytes, form->size))
            return (uint8_t)i;
        nameless += lists->forms[i].size == 0;
    }
    if (lists->count - nameless == FORMS_MAX - 1 && form->size)
        return form_number(lists, &(struct surface_form){.size = 0, .bytes = form->bytes});
    lists->forms[lists->count] = *form;
    return (uint8_t)lists->count++;
}

void form_lists_add(struct form_lists *lists, const struct accumulator *from, uint32_t number,
                    uint8_t numbers[FORMS_MAX])
{
    struct surface_form form = {.size = (uint8_t)lists->term_size, .bytes = lists->term};
    uint32_t at = load_u32(from->keys.data + accumulator_list(from, number)->key - 4);
    for (; at > FORMS_IS_TERM; at = form.next) {
        form = accumulator_form(from, at);
        numbers[form.number] = form_number(lists, &form);
    }
    if (at == FORMS_IS_TERM)
        numbers[0] = form_number(
            lists, &(struct surface_form){.size = (uint8_t)lists->term_size, .bytes = lists->term});
}

void form_lists_block(struct form_lists *lists, const uint8_t *marks, size_t positions)
{
    if (lists->count < 2)
        return;
    uint64_t *places = (void *)buffer_reserve(&lists->places, positions * sizeof *places);
    size_t count = 0;
    if (!places)
        return;
    for (size_t i = 0; i < positions; i += 8) {
        uint64_t word = load_u64(marks + i);
        while (word) {
            unsigned byte = (unsigned)__builtin_ctzll(word) / 8;
            places[count++] = form_place(i + byte, word >> 8 * byte & FORM_MASK);
            word &= ~((uint64_t)FORM_MASK << 8 * byte);
        }
    }
    lists->places.size += count * sizeof *places;
    buffer_add_u64(&lists->blocks, positions);
    buffer_add_u64(&lists->blocks, count);
}

/* ---- the record */

struct ranking {
    uint64_t counts[FORMS_MAX];
    uint8_t forms[FORMS_MAX]; /* by rank: the most frequent first, then by bytes */
    uint8_t ranks[FORMS_MAX];
};

static bool comes_before(const struct form_lists *lists, const struct ranking *ranking, unsigned a,
                         unsigned b)
{
    if (ranking->counts[a] != ranking->counts[b])
        return ranking->counts[a] > ranking->counts[b];
    const struct surface_form *left = &lists->forms[a], *right = &lists->forms[b];
    size_t shared = left->size < right->size ? left->size : right->size;
    int order = memcmp(left->bytes, right->bytes, shared);
    return order ? order < 0 : left->size < right->size;
}

static void rank(const struct form_lists *lists, struct ranking *ranking)
{
    const uint64_t *places = (const uint64_t *)(const void *)lists->places.data;
    const uint64_t *blocks = (const uint64_t *)(const void *)lists->blocks.data;
    size_t place_count = lists->places.size / sizeof *places, half = place_count / 2;
    uint64_t seconds[FORMS_MAX]; /* counted apart: one form often follows itself */
    memset(ranking->counts, 0, lists->count * sizeof *ranking->counts);
    memset(seconds, 0, lists->count * sizeof *seconds);
    for (size_t i = 0; i < half; i++) {
        ranking->counts[places[i] & FORM_MASK]++;
        seconds[places[half + i] & FORM_MASK]++;
    }
    if (place_count % 2)
        seconds[places[place_count - 1] & FORM_MASK]++;
    for (unsigned i = 0; i < lists->count; i++)
        ranking->counts[i] += seconds[i];
    for (size_t i = 0; i < lists->blocks.size / sizeof *blocks; i += 2)
        ranking->counts[0] += blocks[i] - blocks[i + 1];
    for (unsigned i = 0; i < lists->count; i++) {
        unsigned at = i;
        for (; at > 0 && comes_before(lists, ranking, i, ranking->forms[at - 1]); at--)
            ranking->forms[at] = ranking->forms[at - 1];
        ranking->forms[at] = (uint8_t)i;
    }
    for (unsigned i = 0; i < lists->count; i++)
        ranking->ranks[ranking->forms[i]] = (uint8_t)i;
}

/* The places of a block where the first form seen is not the most frequent one: its positions are
 * those between the others. */
static void block_turn(struct form_lists *lists, const struct ranking *ranking,
                       const uint64_t *places, size_t count, uint64_t positions)
{
    unsigned first = ranking->ranks[0];
    uint64_t at = 0;
    size_t turned = 0;
    buffer_clear(&lists->spare);
    uint64_t *spare =
        (void *)buffer_reserve(&lists->spare, ((size_t)positions + 1) * sizeof *spare);
    if (!spare)
        return;
    for (size_t i = 0; i <= count; i++) {
        uint64_t next = i < count ? places[i] >> FORM_BITS : positions;
        for (; at < next; at++)
            spare[turned++] = form_place(at, first);
        at = next + 1;
        unsigned form = i < count ? ranking->ranks[places[i] & FORM_MASK] : 0;
        spare[turned] = form_place(next, form);
        turned += form != 0;
    }
    form_writer_block(&lists->writer, spare, turned);
}

/* The places of a block by rank. */
static void block_rank(struct form_lists *lists, const struct ranking *ranking, uint64_t *places,
                       size_t count, uint64_t positions)
{
    if (ranking->ranks[0]) {
        block_turn(lists, ranking, places, count, positions);
        return;
    }
    for (size_t i = 0; i < count; i++)
        places[i] += (uint64_t)ranking->ranks[places[i] & FORM_MASK] - (places[i] & FORM_MASK);
    form_writer_block(&lists->writer, places, count);
}

static lupe_status several_end(struct form_lists *lists, struct buffer *record)
{
    struct ranking ranking;
    lupe_status status = LUPE_OK;
    TRY(buffer_status(&lists->places));
    TRY(buffer_status(&lists->blocks));
    rank(lists, &ranking);
    for (unsigned i = 0; i < lists->count; i++) {
        const struct surface_form *form = &lists->forms[ranking.forms[i]];
        if (ranking.counts[ranking.forms[i]]) /* deleted documents may have had all of it */
            form_writer_name(&lists->writer, form->bytes, form->size,
                             ranking.counts[ranking.forms[i]]);
    }
    form_writer_named(&lists->writer);
    uint64_t *places = (uint64_t *)(void *)lists->places.data;
    const uint64_t *blocks = (const uint64_t *)(const void *)lists->blocks.data;
    for (size_t i = 0; i < lists->blocks.size / sizeof *blocks; i += 2) {
        block_rank(lists, &ranking, places, (size_t)blocks[i + 1], blocks[i]);
        places += blocks[i + 1];
    }
    TRY(buffer_status(&lists->spare));
    TRY(form_writer_end(&lists->writer, record));
out:
    return status;
}

lupe_status form_lists_end(struct form_lists *lists, struct buffer *record)
{
    const struct surface_form *only = &lists->forms[0];
    if (lists->count == 1 && only->size == lists->term_size &&
        !memcmp(only->bytes, lists->term, only->size))
        return LUPE_OK;
    form_writer_begin(&lists->writer, lists->term, lists->term_size);
    if (lists->count > 1)
        return several_end(lists, record);
    form_writer_name(&lists->writer, only->bytes, only->size, 0);
    form_writer_named(&lists->writer);
    return form_writer_end(&lists->writer, record);
}
