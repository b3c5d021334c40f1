/* SPDX-License-Identifier: MIT
 *
 * reorder.c - see reorder.h. After L. Dhulipala et al., Compressing graphs and indexes with
 * recursive graph bisection (2016), and J. Mackenzie et al., Faster index reordering with bipartite
 * graph partitioning (2021).
 *
 * A range of documents is halved so that its terms have their documents in one half rather than in
 * both, then each half likewise. A term with l documents in the left half and r in the right, each
 * of n, costs about l * log2(n / (l + 1)) + r * log2(n / (r + 1)) bits of gaps. Moving one of its
 * documents from left to right saves step(r) - step(l - 1), where step(d) is what d * log2(d + 1)
 * grows by with the next document. In each round the documents that save most change sides, pair by
 * pair, until a pair saves nothing. All are integers: the order is the same on every machine.
 */
#include "write/reorder.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/sort.h"

#define ROUNDS_MAX 20u
#define LEAF_DOCUMENTS 512u       /* a range that is not halved any more */
#define FREQUENCY_MIN 2u          /* a term of one document says nothing, */
#define FREQUENCY_SHARE_MIN 5u    /* one that a fifth of the documents have says little */
#define GAIN_BITS 12u             /* a gain's unit is 2^-GAIN_BITS bits */
#define STEP_DOCUMENTS (1u << 16) /* times rounds, between two chances to cancel */
#define TERM_NONE UINT32_MAX
#define TERM_TABLE_BYTES (sizeof(struct sides) + 2 * sizeof(int32_t) + sizeof(uint32_t))
#define CLASSES 512u /* of frequencies, 16 an octave */
#define RANGES_MAX 32u

enum pass { PASS_FREQUENCIES, PASS_LENGTHS, PASS_FILL, PASS_OVER };

struct sides {
    uint32_t left;
    uint32_t right;
};

struct range {
    uint32_t first;
    uint32_t count;
    uint32_t terms; /* the numbers of its terms are below */
    unsigned round; /* 0: not yet begun */
};

struct reorder {
    uint32_t documents;
    uint64_t memory_bytes;
    enum pass pass;
    uint64_t class_bytes[CLASSES]; /* what terms need, by class of frequency */
    uint64_t frequency_min;
    uint64_t frequency_max;
    uint32_t terms;   /* wanted ones so far in this pass */
    uint64_t *starts; /* where a document's terms begin */
    uint32_t *counts; /* how many it has */
    uint32_t *ranks;  /* by document, its place in the order of ids */
    uint32_t ranked;
    uint32_t *forward;   /* terms of document after document */
    uint32_t *order;     /* by place the document */
    int32_t *steps;      /* documents + 1 of them */
    struct sides *sides; /* by term of the range in work */
    int32_t *gains;      /* of moving out of the left half, by term; then out of the right */
    uint32_t *numbers;   /* by term its number within the range */
    uint64_t *keys;      /* {gain, place} of those that may move, then as much spare room */
    struct range ranges[RANGES_MAX]; /* still to be halved, the last first */
    unsigned range_count;
    uint64_t work_done; /* documents times rounds */
    uint64_t work_total;
};

/* ---- the forward index */

lupe_status reorder_open(uint32_t documents, uint64_t memory_bytes, struct reorder **out)
{
    struct reorder *reorder = memory_zalloc(1, sizeof *reorder);
    *out = NULL;
    if (!reorder)
        return fail_memory();
    reorder->documents = documents;
    reorder->memory_bytes = memory_bytes;
    reorder->frequency_max = documents / FREQUENCY_SHARE_MIN;
    reorder->frequency_min = FREQUENCY_MIN;
    reorder->starts = memory_zalloc(documents, sizeof *reorder->starts);
    reorder->counts = memory_zalloc(documents, sizeof *reorder->counts);
    reorder->ranks = memory_zalloc(documents, sizeof *reorder->ranks);
    reorder->order = memory_alloc(documents * sizeof *reorder->order);
    if (!reorder->starts || !reorder->counts || !reorder->ranks || !reorder->order) {
        reorder_close(reorder);
        return fail_memory();
    }
    for (uint32_t i = 0; i < documents; i++)
        reorder->order[i] = i;
    *out = reorder;
    return LUPE_OK;
}

void reorder_close(struct reorder *reorder)
{
    if (!reorder)
        return;
    memory_free(reorder->starts);
    memory_free(reorder->counts);
    memory_free(reorder->ranks);
    memory_free(reorder->forward);
    memory_free(reorder->order);
    memory_free(reorder->steps);
    memory_free(reorder->sides);
    memory_free(reorder->gains);
    memory_free(reorder->numbers);
    memory_free(reorder->keys);
    memory_free(reorder);
}

static unsigned class_of(uint64_t frequency)
{
    unsigned octave = 63 - (unsigned)__builtin_clzll(frequency);
    return octave * 16 + (unsigned)((frequency << 4 >> octave) & 15);
}

static uint64_t class_least(unsigned class)
{
    return (((16 + (uint64_t) class % 16) << (class / 16)) + 15) >> 4;
}

bool reorder_term(struct reorder *reorder, uint64_t frequency)
{
    if (frequency < reorder->frequency_min || frequency > reorder->frequency_max)
        return false;
    if (reorder->pass == PASS_FREQUENCIES) {
        reorder->class_bytes[class_of(frequency)] +=
            TERM_TABLE_BYTES + frequency * sizeof *reorder->forward;
        return false;
    }
    reorder->terms++;
    return true;
}

void reorder_documents(struct reorder *reorder, const uint32_t *documents, uint32_t count)
{
    if (reorder->pass == PASS_LENGTHS) {
        for (uint32_t i = 0; i < count; i++)
            reorder->counts[documents[i]]++;
    } else {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t document = documents[i];
            uint64_t at = reorder->starts[document] + reorder->counts[document]++;
            reorder->forward[at] = reorder->terms - 1;
        }
    }
}

bool reorder_ids(const struct reorder *reorder)
{
    return reorder->pass == PASS_FREQUENCIES;
}

void reorder_id_documents(struct reorder *reorder, const uint32_t *documents, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        reorder->ranks[documents[i]] = reorder->ranked++;
}

/* Leaves the rarest terms out until the others have room: they bring fewest documents together. */
static void frequencies_choose(struct reorder *reorder)
{
    uint64_t bytes = 0;
    unsigned class = CLASSES;
    while (class > 0 && bytes + reorder->class_bytes[class - 1] <= reorder->memory_bytes)
        bytes += reorder->class_bytes[--class];
    if (class_least(class) > reorder->frequency_min)
        reorder->frequency_min = class_least(class);
}

/* log2 of a number above 0, by basic operations alone: these are the same everywhere. */
static double log2_of(uint32_t number)
{
    unsigned octave = 31 - (unsigned)__builtin_clz(number);
    double mantissa = (double)number / (double)(1u << octave);
    double ratio = (mantissa - 1.0) / (mantissa + 1.0);
    double sum = 0.0;
    for (int power = 33; power > 0; power -= 2)
        sum = sum * ratio * ratio + 1.0 / power;
    return octave + 2.0 * 1.44269504088896340736 * ratio * sum;
}

static lupe_status bisection_begin(struct reorder *reorder)
{
    size_t documents = reorder->documents;
    size_t terms = reorder->terms ? reorder->terms : 1;
    reorder->steps = memory_alloc((documents + 1) * sizeof *reorder->steps);
    reorder->keys = memory_alloc(2 * documents * sizeof *reorder->keys);
    reorder->sides = memory_alloc(terms * sizeof *reorder->sides);
    reorder->gains = memory_alloc(2 * terms * sizeof *reorder->gains);
    reorder->numbers = memory_alloc(terms * sizeof *reorder->numbers);
    if (!reorder->steps || !reorder->keys || !reorder->sides || !reorder->gains ||
        !reorder->numbers)
        return fail_memory();
    double before = 0.0;
    for (uint32_t i = 0; i <= documents; i++) {
        double now = (i + 1.0) * log2_of(i + 2);
        reorder->steps[i] = (int32_t)((now - before) * (1 << GAIN_BITS) + 0.5);
        before = now;
    }
    reorder->ranges[0] = (struct range){0, reorder->documents, reorder->terms, 0};
    reorder->range_count = 1;
    for (uint64_t count = documents; count > LEAF_DOCUMENTS; count = (count + 1) / 2)
        reorder->work_total += documents * ROUNDS_MAX;
    return LUPE_OK;
}

lupe_status reorder_pass_end(struct reorder *reorder, bool *more)
{
    uint64_t postings = 0;
    *more = true;
    switch (reorder->pass++) {
    case PASS_FREQUENCIES:
        frequencies_choose(reorder);
        break;
    case PASS_LENGTHS:
        for (uint32_t i = 0; i < reorder->documents; i++) {
            reorder->starts[i] = postings;
            postings += reorder->counts[i];
            reorder->counts[i] = 0;
        }
        reorder->forward = memory_alloc((postings ? postings : 1) * sizeof *reorder->forward);
        if (!reorder->forward)
            return fail_memory();
        reorder->terms = 0;
        break;
    default:
        *more = false;
        return bisection_begin(reorder);
    }
    return LUPE_OK;
}

/* ---- halving a range */

/* Counts the terms of the range in both halves; those that say nothing within it are taken out of
 * its documents, the others get numbers without gaps, so that the tables of small ranges are
 * small. */
static void range_begin(struct reorder *reorder, struct range *range)
{
    struct sides *sides = reorder->sides;
    uint32_t half = range->count / 2;
    uint32_t terms = 0;
    memset(sides, 0, range->terms * sizeof *sides);
    for (uint32_t i = 0; i < range->count; i++) {
        uint32_t document = reorder->order[range->first + i];
        const uint32_t *term = reorder->forward + reorder->starts[document];
        const uint32_t *end = term + reorder->counts[document];
        if (i < half)
            while (term < end)
                sides[*term++].left++;
        else
            while (term < end)
                sides[*term++].right++;
    }
    for (uint32_t i = 0; i < range->terms; i++) {
        uint32_t frequency = sides[i].left + sides[i].right;
        bool speaks = frequency >= FREQUENCY_MIN && frequency < range->count;
        reorder->numbers[i] = speaks ? terms : TERM_NONE;
        if (speaks)
            sides[terms++] = sides[i];
    }
    for (uint32_t i = 0; i < range->count; i++) {
        uint32_t document = reorder->order[range->first + i];
        uint32_t *list = reorder->forward + reorder->starts[document];
        uint32_t count = 0;
        for (uint32_t j = 0; j < reorder->counts[document]; j++) {
            uint32_t number = reorder->numbers[list[j]];
            list[count] = number;
            count += number != TERM_NONE;
        }
        reorder->counts[document] = count;
    }
    range->terms = terms;
}

static void gains_compute(struct reorder *reorder, uint32_t terms)
{
    const int32_t *steps = reorder->steps;
    for (uint32_t i = 0; i < terms; i++) {
        uint32_t left = reorder->sides[i].left;
        uint32_t right = reorder->sides[i].right;
        reorder->gains[i] = left ? steps[right] - steps[left - 1] : 0;
        reorder->gains[terms + i] = right ? steps[left] - steps[right - 1] : 0;
    }
}

/* What moving a document saves, by place, from keys[first] on; returns the most. */
static int32_t documents_gain(struct reorder *reorder, const uint32_t *order, uint32_t first,
                              uint32_t count, const int32_t *gains)
{
    int32_t most = INT32_MIN;
    for (uint32_t i = first; i < first + count; i++) {
        uint32_t document = order[i];
        const uint32_t *term = reorder->forward + reorder->starts[document];
        const uint32_t *end = term + reorder->counts[document];
        int64_t sum = 0;
        while (term < end)
            sum += gains[*term++];
        int32_t gain = sum > INT32_MAX ? INT32_MAX : sum < -INT32_MAX ? -INT32_MAX : (int32_t)sum;
        reorder->keys[i] = (uint64_t)((uint32_t)INT32_MAX - (uint32_t)gain) << 32 | i;
        most = gain > most ? gain : most;
    }
    return most;
}

static int32_t gain_of(uint64_t key)
{
    return (int32_t)((uint32_t)INT32_MAX - (uint32_t)(key >> 32));
}

/* Leaves the keys that together with the best of the other half save something, best first. */
static uint32_t keys_choose(struct reorder *reorder, uint32_t first, uint32_t count, int32_t most)
{
    uint64_t *keys = reorder->keys + first;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key = keys[i];
        keys[kept] = key;
        kept += (int64_t)gain_of(key) + most > 0;
    }
    sort_by_high(keys, reorder->keys + reorder->documents, kept, 4);
    return kept;
}

static void document_move(struct reorder *reorder, uint32_t document, bool to_left)
{
    const uint32_t *term = reorder->forward + reorder->starts[document];
    const uint32_t *end = term + reorder->counts[document];
    uint32_t left = to_left ? 1 : UINT32_MAX;
    for (; term < end; term++) {
        reorder->sides[*term].left += left;
        reorder->sides[*term].right -= left;
    }
}

/* One round; false when nothing moved. */
static bool range_round(struct reorder *reorder, const struct range *range)
{
    uint32_t *order = reorder->order + range->first;
    uint32_t half = range->count / 2;
    gains_compute(reorder, range->terms);
    int32_t left_most = documents_gain(reorder, order, 0, half, reorder->gains);
    int32_t right_most =
        documents_gain(reorder, order, half, range->count - half, reorder->gains + range->terms);
    uint32_t left_count = keys_choose(reorder, 0, half, right_most);
    uint32_t right_count = keys_choose(reorder, half, range->count - half, left_most);
    uint32_t pairs = left_count < right_count ? left_count : right_count;
    const uint64_t *left = reorder->keys;
    const uint64_t *right = reorder->keys + half;
    uint32_t moved = 0;
    for (; moved < pairs && (int64_t)gain_of(left[moved]) + gain_of(right[moved]) > 0; moved++) {
        uint32_t *one = &order[(uint32_t)left[moved]];
        uint32_t *other = &order[(uint32_t)right[moved]];
        document_move(reorder, *one, false);
        document_move(reorder, *other, true);
        uint32_t swap = *one;
        *one = *other;
        *other = swap;
    }
    return moved > 0;
}

/* What is not halved is put into the order of ids, which then have more in common with their
 * neighbours. Blocks of lists have too many documents to gain by halving further. */
static void leaf_end(struct reorder *reorder, const struct range *range)
{
    uint32_t *order = reorder->order + range->first;
    for (uint32_t i = 0; i < range->count; i++)
        reorder->keys[i] = (uint64_t)reorder->ranks[order[i]] << 32 | order[i];
    sort_by_high(reorder->keys, reorder->keys + reorder->documents, range->count, 4);
    for (uint32_t i = 0; i < range->count; i++)
        order[i] = (uint32_t)reorder->keys[i];
    reorder->range_count--;
}

/* Takes the range in work from the stack and puts its halves there, the left one on top. */
static void range_end(struct reorder *reorder)
{
    struct range range = reorder->ranges[--reorder->range_count];
    uint32_t half = range.count / 2;
    assert(reorder->range_count + 2 <= RANGES_MAX);
    reorder->work_done += (uint64_t)range.count * (ROUNDS_MAX - range.round);
    reorder->ranges[reorder->range_count++] =
        (struct range){range.first + half, range.count - half, range.terms, 0};
    reorder->ranges[reorder->range_count++] = (struct range){range.first, half, range.terms, 0};
}

bool reorder_step(struct reorder *reorder)
{
    assert(reorder->pass == PASS_OVER);
    uint64_t work = 0;
    while (reorder->range_count && work < STEP_DOCUMENTS) {
        struct range *range = &reorder->ranges[reorder->range_count - 1];
        work += range->count;
        if (range->count <= LEAF_DOCUMENTS || range->terms == 0) {
            leaf_end(reorder, range);
            continue;
        }
        if (range->round++ == 0)
            range_begin(reorder, range);
        reorder->work_done += range->count;
        if (!range_round(reorder, range) || range->round == ROUNDS_MAX)
            range_end(reorder);
    }
    return reorder->range_count == 0;
}

double reorder_share(const struct reorder *reorder)
{
    if (reorder->work_total == 0 || reorder->work_done >= reorder->work_total)
        return reorder->pass == PASS_OVER ? 1.0 : 0.0;
    return (double)reorder->work_done / (double)reorder->work_total;
}

const uint32_t *reorder_order(const struct reorder *reorder)
{
    assert(reorder->range_count == 0);
    return reorder->order;
}
