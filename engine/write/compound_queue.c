/* SPDX-License-Identifier: MIT
 *
 * compound_queue.c - see compound_queue.h. Some words are split and the places of their parts in
 * the notes asked for; then the parts are looked up.
 */
#include "write/compound_queue.h"

#include "write/word_hash.h"

#define HEAD_BYTES 5u
#define RUNS_MAX \
    (COMPOUND_PARTS_MAX * (COMPOUND_PARTS_MAX + 1) / 2) /* neighbouring parts of a word */
#define RUNS_AT_ONCE 64u
_Static_assert(RUNS_AT_ONCE >= RUNS_MAX, "a word's runs are noted together");

/* Neighbouring parts of a word as a word. */
struct run {
    uint32_t list;
    uint32_t hash;
    uint8_t size;
    bool single; /* it is one part */
    uint8_t word[PART_WORD_BYTES_MAX + WORD_PADDING_BYTES];
};

struct runs {
    unsigned count;
    struct run items[RUNS_AT_ONCE];
};

void compound_queue_init(struct compound_queue *queue)
{
    queue->words = BUFFER_INIT(0);
}

void compound_queue_free(struct compound_queue *queue)
{
    buffer_free(&queue->words);
}

lupe_status compound_queue_add(struct compound_queue *queue, uint32_t list, const uint8_t *folded,
                               size_t size)
{
    if (size < COMPOUND_LETTERS_MIN || size > COMPOUND_LETTERS_MAX)
        return LUPE_OK;
    buffer_add_u32(&queue->words, list);
    buffer_add_u8(&queue->words, (uint8_t)size);
    buffer_add(&queue->words, folded, size);
    return buffer_status(&queue->words);
}

/* The runs of a word; the whole word is none. */
static void runs_add(struct runs *runs, const struct part_notes *notes, uint32_t list,
                     const struct compound *compound, const uint8_t *folded)
{
    for (unsigned first = 0; first < compound->count; first++)
        for (unsigned last = first; last < compound->count; last++) {
            if (last - first + 1 == compound->count)
                continue;
            struct run *run = &runs->items[runs->count++];
            size_t size = compound_part_word(compound, folded, first, last, run->word);
            memset(run->word + size, 0, WORD_PADDING_BYTES);
            run->list = list;
            run->size = (uint8_t)size;
            run->single = first == last;
            run->hash = word_hash(run->word, (uint32_t)size, 0);
            part_notes_ask(notes, run->hash);
        }
}

/* The part that a run is, or PART_NONE. */
static lupe_status run_find(const struct run *run, struct analyzer *analyzer,
                            struct part_notes *notes, uint32_t *part)
{
    struct term term;
    if (part_notes_find(notes, run->word, run->size, run->hash, part))
        return LUPE_OK;
    lupe_status status = analyzer_part_term(analyzer, run->word, run->size, &term);
    return status ? status
                  : part_notes_learn(notes, run->word, run->size, run->hash, term.bytes, term.size,
                                     part);
}

static lupe_status runs_note(struct runs *runs, struct analyzer *analyzer, struct part_notes *notes)
{
    lupe_status status = LUPE_OK;
    uint32_t parts[RUNS_AT_ONCE];
    for (unsigned i = 0; i < runs->count;) {
        uint32_t list = runs->items[i].list;
        unsigned count = 0;
        for (; i < runs->count && runs->items[i].list == list; i++) {
            uint32_t part;
            TRY(run_find(&runs->items[i], analyzer, notes, &part));
            if (part != PART_NONE)
                parts[count++] =
                    part << NOTE_PART_SHIFT | (runs->items[i].single ? NOTE_SINGLE : 0);
        }
        TRY(part_notes_add(notes, list, parts, count));
    }
out:
    runs->count = 0;
    return status;
}

lupe_status compound_queue_note(struct compound_queue *queue, struct analyzer *analyzer,
                                struct part_notes *notes)
{
    lupe_status status = LUPE_OK;
    struct runs runs = {.count = 0};
    const struct lexicon *lexicon = analyzer_lexicon(analyzer);
    const uint8_t *at = queue->words.data;
    const uint8_t *end = at + queue->words.size;
    while (at < end) {
        struct compound compound;
        const uint8_t *folded = at + HEAD_BYTES;
        uint32_t list = load_u32(at);
        uint8_t size = at[4];
        at = folded + size;
        compound_split(lexicon, folded, size, &compound);
        if (runs.count + RUNS_MAX > RUNS_AT_ONCE)
            TRY(runs_note(&runs, analyzer, notes));
        runs_add(&runs, notes, list, &compound, folded);
    }
    TRY(runs_note(&runs, analyzer, notes));
out:
    buffer_clear(&queue->words);
    return status;
}
