/* SPDX-License-Identifier: MIT
 *
 * test_segment_short_list.c - lists within the dictionary come back bit by bit, and damage is
 * survived.
 */
#include "segment/short_list.h"
#include "support.h"

#define COUNT_MAX 40u
#define MORES_MAX 400u

struct model {
    uint32_t segment_documents;
    uint32_t frequency;
    uint32_t documents[COUNT_MAX];
    uint32_t tfs[COUNT_MAX];
    uint32_t firsts[COUNT_MAX];
    uint32_t mores[MORES_MAX];
    bool has_tf;
    bool has_positions;
};

static struct model model_of(struct support_random *random)
{
    struct model model = {0};
    unsigned bits = (unsigned)support_random_below(random, 24);
    model.segment_documents = 1 + (uint32_t)support_random_below(random, UINT64_C(1) << bits);
    model.has_tf = support_random_below(random, 4) > 0;
    model.has_positions = model.has_tf && support_random_below(random, 3) > 0;
    uint32_t wanted = 1 + (uint32_t)support_random_below(random, 12);
    uint32_t next = 0;
    unsigned more = 0;
    while (model.frequency < wanted && next < model.segment_documents) {
        uint32_t i = model.frequency++;
        model.documents[i] =
            next + (uint32_t)support_random_below(random, (model.segment_documents - next + 3) / 4);
        next = model.documents[i] + 1;
        bool large = support_random_below(random, 20) == 0;
        model.tfs[i] =
            model.has_tf ? 1 + (uint32_t)support_random_below(random, large ? 20 : 2) : 1;
        if (model.has_tf && !model.has_positions && large)
            model.tfs[i] = 1 + (uint32_t)support_random_below(random, DOCUMENT_WORDS_MAX);
        model.firsts[i] = (uint32_t)support_random_below(random, large ? DOCUMENT_WORDS_MAX : 300);
        for (uint32_t j = 1; model.has_positions && j < model.tfs[i]; j++)
            model.mores[more++] =
                (uint32_t)support_random_below(random, large ? DOCUMENT_WORDS_MAX : 40);
    }
    return model;
}

static size_t write_model(const struct model *model, uint8_t out[SHORT_LIST_ROOM])
{
    struct short_list list = {
        .document_bits = document_bits(model->segment_documents),
        .frequency = model->frequency,
        .documents = model->documents,
        .tfs = model->has_tf ? model->tfs : NULL,
        .firsts = model->has_positions ? model->firsts : NULL,
        .mores = model->mores,
    };
    return short_list_write(&list, out);
}

static uint64_t gamma_bits(uint64_t number)
{
    return 2 * (63 - (unsigned)__builtin_clzll(number + 1)) + 1;
}

/* What the specification says that it takes. */
static uint64_t model_bytes(const struct model *model)
{
    uint64_t bits = gamma_bits(model->frequency - 1);
    const uint32_t *more = model->mores;
    bits += (uint64_t)model->frequency * document_bits(model->segment_documents);
    for (uint32_t i = 0; i < model->frequency; i++) {
        bits += model->has_tf ? gamma_bits(model->tfs[i] - 1) : 0;
        bits += model->has_positions ? gamma_bits(model->firsts[i] / 64) + 6 : 0;
        for (uint32_t j = 1; model->has_positions && j < model->tfs[i]; j++)
            bits += gamma_bits(*more++ / 32) + 5;
    }
    return (bits + 7) / 8;
}

static void check_model(const struct model *model, const uint8_t *bytes, size_t size)
{
    uint32_t documents[COUNT_MAX], tfs[COUNT_MAX], number;
    const uint32_t *more = model->mores;
    struct short_bytes list = {bytes, size, document_bits(model->segment_documents), model->has_tf};
    struct short_positions positions;
    cr_assert_eq(short_list_frequency(bytes, size), model->frequency);
    cr_assert(short_list_read(&list, model->frequency, documents, tfs));
    cr_assert_arr_eq(documents, model->documents, model->frequency * sizeof *documents);
    cr_assert_arr_eq(tfs, model->tfs, model->frequency * sizeof *tfs);
    short_positions_begin(&positions, &list, model->frequency, tfs);
    for (uint32_t i = 0; model->has_positions && i < model->frequency; i++)
        for (uint32_t j = 0; j < model->tfs[i]; j++) {
            cr_assert(short_positions_next(&positions, j == 0, &number));
            cr_assert_eq(number, j ? *more++ : model->firsts[i]);
        }
}

Test(segment_short_list, what_is_written_is_read)
{
    struct support_random random = support_random_of(71);
    unsigned written = 0;
    for (unsigned round = 0; round < (test_full() ? 200000u : 20000u); round++) {
        struct model model = model_of(&random);
        uint8_t out[SHORT_LIST_ROOM];
        size_t size = write_model(&model, out);
        uint64_t expected = model_bytes(&model);
        cr_assert_eq(size, expected <= DICTIONARY_INLINE_BYTES ? expected : 0, "seed %" PRIu64,
                     random.seed);
        if (size == 0)
            continue;
        uint8_t *exact = malloc(size); /* nothing is read behind it */
        memcpy(exact, out, size);
        check_model(&model, exact, size);
        free(exact);
        written++;
    }
    cr_assert_gt(written, 1000u);
}

/* Reads whatever the bytes say; answers need not be right. */
static void use(const uint8_t *bytes, size_t size, unsigned width, bool has_tf)
{
    uint32_t documents[COUNT_MAX], tfs[COUNT_MAX], number;
    struct short_bytes list = {bytes, size, width, has_tf};
    struct short_positions positions;
    uint32_t frequency = short_list_frequency(bytes, size);
    if (frequency == 0 || frequency > COUNT_MAX ||
        !short_list_read(&list, frequency, documents, tfs))
        return;
    short_positions_begin(&positions, &list, frequency, tfs);
    for (unsigned i = 0; i < 8 * DICTIONARY_INLINE_BYTES + 1; i++)
        if (!short_positions_next(&positions, i % 3 == 0, &number))
            return;
    cr_assert_fail("the bytes do not end");
}

Test(segment_short_list, damage_is_survived)
{
    struct support_random random = support_random_of(72);
    for (unsigned round = 0; round < (test_full() ? 200000u : 20000u); round++) {
        size_t size = (size_t)support_random_below(&random, DICTIONARY_INLINE_BYTES + 1);
        uint8_t *bytes = malloc(size + 1);
        unsigned sparse = (unsigned)support_random_below(&random, 3);
        for (size_t i = 0; i < size; i++)
            bytes[i] = support_random_below(&random, 4) < sparse
                           ? 0
                           : (uint8_t)support_random_below(&random, 256);
        use(bytes, size, (unsigned)support_random_below(&random, 25),
            support_random_below(&random, 2));
        free(bytes);
    }
}

Test(segment_short_list, what_is_cut_off_is_told)
{
    struct model model = {.segment_documents = 1000,
                          .frequency = 3,
                          .documents = {1, 2, 999},
                          .tfs = {1, 3, 1},
                          .firsts = {100, 0, 5000},
                          .mores = {7, 300},
                          .has_tf = true,
                          .has_positions = true};
    uint8_t out[SHORT_LIST_ROOM];
    size_t size = write_model(&model, out);
    cr_assert_gt(size, 0u);
    check_model(&model, out, size);
    for (size_t left = 0; left < size; left++) {
        uint32_t documents[3], tfs[3], number;
        struct short_bytes list = {out, left, 10, true};
        struct short_positions positions;
        bool sound =
            short_list_frequency(out, left) == 3 && short_list_read(&list, 3, documents, tfs);
        if (sound)
            short_positions_begin(&positions, &list, 3, tfs);
        for (unsigned i = 0; sound && i < 5; i++)
            sound = short_positions_next(&positions, i != 2 && i != 3, &number);
        cr_assert_not(sound, "%zu of %zu bytes", left, size);
    }
}
