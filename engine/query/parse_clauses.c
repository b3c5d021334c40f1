/* SPDX-License-Identifier: MIT
 *
 * parse_clauses.c - folding and simplifying the groups of a query.
 *
 * Open groups lie on one stack; a table finds the clause of an open group that has a given leaf.
 * Entries leave the table in the reverse order of their coming, which under linear probing
 * restores exactly what was there before: no tombstones.
 *
 *     stack   | +haus  garten | a  b  c |            group 2 is open inside group 1
 *               base 0          base 2    top
 *
 * Why folding happens while parsing: `wort wort wort ...` may have a million words, and only what
 * is distinct may cost memory or count against a limit.
 */
#include "query/parse_clauses.h"

#include <assert.h>
#include <stdlib.h>

#define NO_SLOT UINT32_MAX

void clauses_init(struct parse_clauses *clauses, struct arena *scratch)
{
    clauses->scratch = scratch;
    clauses->stack = clauses->stack_room;
    clauses->top = 0;
    clauses->capacity = STACK_MIN;
    clauses->slots = clauses->slots_room;
    clauses->slot_count = 2 * STACK_MIN;
    clauses->used = 0;
    clauses->words_dropped = 0;
    memset(clauses->slots_room, 0, sizeof clauses->slots_room);
}

void clauses_free(struct parse_clauses *clauses)
{
    if (clauses->stack != clauses->stack_room)
        memory_free(clauses->stack);
    if (clauses->slots != clauses->slots_room)
        memory_free(clauses->slots);
}

static double boost_limited(double boost)
{
    return boost > BOOST_MAX ? BOOST_MAX : boost < BOOST_MIN ? BOOST_MIN : boost;
}

/* ---- the table of leaves */

/* An excluded leaf and a wanted one of the same group are different clauses. */
static uint32_t slot_key(enum occur occur, const struct parse_leaf *leaf)
{
    return leaf->number * 2 + (occur == OCCUR_NOT);
}

static uint32_t slot_home(const struct parse_clauses *clauses, uint32_t base, uint32_t key)
{
    uint32_t mixed = (key ^ base * 0x85ebca6bu) * 0x9e3779b1u;
    return (mixed ^ mixed >> 15) & (clauses->slot_count - 1);
}

/* The slot of the clause, or the empty one where it belongs. */
static uint32_t slot_find(const struct parse_clauses *clauses, uint32_t base, uint32_t key)
{
    uint32_t slot = slot_home(clauses, base, key);
    for (;; slot = (slot + 1) & (clauses->slot_count - 1)) {
        const struct parse_slot *at = &clauses->slots[slot];
        if (at->draft == 0 || (at->base == base && at->key == key))
            return slot;
    }
}

/* Room for one more clause on the stack and in the table, which is kept at twice the size. */
static lupe_status stack_grow(struct parse_clauses *clauses)
{
    uint32_t capacity = clauses->capacity * 2;
    bool lent = clauses->stack == clauses->stack_room;
    struct parse_draft *stack =
        memory_realloc(lent ? NULL : clauses->stack, capacity * sizeof *stack);
    if (!stack)
        return fail_memory();
    if (lent)
        memcpy(stack, clauses->stack, clauses->top * sizeof *stack);
    clauses->stack = stack;
    struct parse_slot *slots = memory_zalloc((size_t)capacity * 2, sizeof *slots);
    if (!slots)
        return fail_memory();
    struct parse_slot *before = clauses->slots;
    clauses->slots = slots;
    clauses->slot_count = capacity * 2;
    clauses->capacity = capacity;
    /* In the order of the stack, so that they can leave in reverse. */
    for (uint32_t i = 0; i < clauses->top; i++) {
        if (stack[i].slot == NO_SLOT)
            continue;
        struct parse_slot entry = before[stack[i].slot];
        stack[i].slot = slot_find(clauses, entry.base, entry.key);
        slots[stack[i].slot] = entry;
    }
    if (before != clauses->slots_room)
        memory_free(before);
    return LUPE_OK;
}

/* Takes all clauses of the group off the stack. */
static void stack_pop(struct parse_clauses *clauses, uint32_t base)
{
    while (clauses->top > base) {
        uint32_t slot = clauses->stack[--clauses->top].slot;
        if (slot != NO_SLOT)
            clauses->slots[slot].draft = 0;
    }
}

/* ---- adding */

uint32_t clauses_begin(const struct parse_clauses *clauses)
{
    return clauses->top;
}

/* slot is the empty one where a leaf belongs. */
static lupe_status draft_push(struct parse_clauses *clauses, uint32_t base, enum occur occur,
                              const struct parse_item *item, uint32_t slot)
{
    if (clauses->used >= QUERY_CLAUSES_MAX) {
        clauses->words_dropped++;
        return LUPE_OK;
    }
    if (clauses->top == clauses->capacity) {
        lupe_status status = stack_grow(clauses);
        if (status != LUPE_OK)
            return status;
        if (slot != NO_SLOT)
            slot = slot_find(clauses, base, slot_key(occur, item->leaf));
    }
    if (slot != NO_SLOT)
        clauses->slots[slot] =
            (struct parse_slot){clauses->top + 1, base, slot_key(occur, item->leaf)};
    clauses->stack[clauses->top++] = (struct parse_draft){*item, occur, slot};
    clauses->used++;
    return LUPE_OK;
}

/* A leaf: folded into the clause of the group that has it already. */
static lupe_status leaf_add(struct parse_clauses *clauses, uint32_t base, enum occur occur,
                            const struct parse_item *item)
{
    uint32_t slot = slot_find(clauses, base, slot_key(occur, item->leaf));
    if (clauses->slots[slot].draft) {
        struct parse_draft *draft = &clauses->stack[clauses->slots[slot].draft - 1];
        draft->item.boost = boost_limited(draft->item.boost + item->boost);
        draft->item.loose |= item->loose;
        if (occur == OCCUR_MUST)
            draft->occur = OCCUR_MUST;
        return LUPE_OK;
    }
    return draft_push(clauses, base, occur, item, slot);
}

/* Whether a branch in this place may be dissolved into its group, without changing what matches or
 * scores. */
static bool dissolves(const struct parse_branch *branch, enum occur occur)
{
    if (occur == OCCUR_MUST)
        return branch->counts[OCCUR_MUST] > 0;
    return branch->counts[OCCUR_SHOULD] == branch->count;
}

lupe_status clauses_add(struct parse_clauses *clauses, uint32_t base, enum occur occur,
                        const struct parse_item *item)
{
    lupe_status status = LUPE_OK;

    if (item->kind == ITEM_NOTHING)
        return LUPE_OK;
    if (item->kind == ITEM_LEAF)
        return leaf_add(clauses, base, occur, item);
    if (item->kind == ITEM_EXCLUSIONS && occur == OCCUR_NOT) {
        clauses->used -= item->branch->count; /* to exclude an exclusion asks for nothing */
        return LUPE_OK;
    }
    if (item->kind == ITEM_BRANCH && (item->loose || !dissolves(item->branch, occur)))
        return draft_push(clauses, base, occur, item, NO_SLOT);
    clauses->used -= item->branch->count;
    for (uint32_t i = 0; i < item->branch->count; i++) {
        const struct parse_draft *draft = &item->branch->drafts[i];
        struct parse_item inner = draft->item;
        inner.loose = false;
        inner.boost = boost_limited(inner.boost * item->boost);
        enum occur inner_occur = occur == OCCUR_NOT ? OCCUR_NOT : draft->occur;
        if (inner.kind == ITEM_LEAF)
            TRY(leaf_add(clauses, base, inner_occur, &inner));
        else
            TRY(draft_push(clauses, base, inner_occur, &inner, NO_SLOT));
    }
out:
    return status;
}

/* ---- closing */

static void branch_count(struct parse_branch *branch)
{
    memset(branch->counts, 0, sizeof branch->counts);
    for (uint32_t i = 0; i < branch->count; i++)
        branch->counts[branch->drafts[i].occur]++;
}

/* One wanted clause beside exclusions: it is required, and when it is a branch of required
 * clauses the exclusions join it: ((+a +b) -c) is (+a +b -c). */
static lupe_status single_join(struct parse_clauses *clauses, struct parse_branch *branch)
{
    uint32_t place = 0;
    while (branch->drafts[place].occur == OCCUR_NOT)
        place++;
    struct parse_item item = branch->drafts[place].item;
    if (item.kind != ITEM_BRANCH || !dissolves(item.branch, OCCUR_MUST)) {
        ((struct parse_draft *)branch->drafts)[place].occur = OCCUR_MUST;
        branch_count(branch);
        return LUPE_OK;
    }
    uint32_t count = branch->count - 1 + item.branch->count;
    struct parse_draft *joined = arena_alloc(clauses->scratch, count * sizeof *joined);
    if (!joined)
        return fail_memory();
    uint32_t at = 0;
    for (uint32_t i = 0; i < item.branch->count; i++) {
        joined[at] = item.branch->drafts[i];
        joined[at].item.boost = boost_limited(joined[at].item.boost * item.boost);
        at++;
    }
    for (uint32_t i = 0; i < branch->count; i++)
        if (i != place)
            joined[at++] = branch->drafts[i];
    assert(at == count);
    clauses->used--;
    branch->drafts = joined;
    branch->count = count;
    branch_count(branch);
    return LUPE_OK;
}

static bool all_filters(const struct parse_branch *branch)
{
    for (uint32_t i = 0; i < branch->count; i++)
        if (branch->drafts[i].occur != OCCUR_NOT && !branch->drafts[i].item.filter)
            return false;
    return true;
}

lupe_status clauses_end(struct parse_clauses *clauses, uint32_t base, struct parse_item *item)
{
    uint32_t count = clauses->top - base;
    struct parse_branch *branch = NULL;
    struct parse_draft *drafts = NULL;

    *item = (struct parse_item){.kind = ITEM_NOTHING, .boost = 1};
    if (count == 0)
        return LUPE_OK;
    if (count == 1 && clauses->stack[base].occur != OCCUR_NOT) {
        *item = clauses->stack[base].item;
        item->loose = false;
        stack_pop(clauses, base);
        clauses->used--;
        return LUPE_OK;
    }
    branch = arena_alloc(clauses->scratch, sizeof *branch);
    drafts = arena_alloc(clauses->scratch, count * sizeof *drafts);
    if (!branch || !drafts)
        return fail_memory();
    memcpy(drafts, clauses->stack + base, count * sizeof *drafts);
    stack_pop(clauses, base);
    branch->drafts = drafts;
    branch->count = count;
    branch_count(branch);
    item->branch = branch;
    if (branch->counts[OCCUR_NOT] == count) {
        item->kind = ITEM_EXCLUSIONS;
        return LUPE_OK;
    }
    item->kind = ITEM_BRANCH;
    item->filter = all_filters(branch);
    if (count - branch->counts[OCCUR_NOT] == 1)
        return single_join(clauses, branch);
    return LUPE_OK;
}

/* ---- filters */

static bool is_loose_filter(const struct parse_draft *draft)
{
    return draft->occur == OCCUR_SHOULD && draft->item.loose;
}

/* Keywords by field, in the order of their coming; branches of keywords last. */
static int filters_compare(const void *left, const void *right)
{
    const struct parse_draft *a = left;
    const struct parse_draft *b = right;
    bool leaf_a = a->item.kind == ITEM_LEAF;
    bool leaf_b = b->item.kind == ITEM_LEAF;
    if (leaf_a != leaf_b)
        return leaf_a ? -1 : 1;
    if (leaf_a && a->item.leaf->node.field != b->item.leaf->node.field)
        return a->item.leaf->node.field < b->item.leaf->node.field ? -1 : 1;
    return a->slot < b->slot ? -1 : a->slot > b->slot;
}

/* Adds the filters: those of one field as alternatives. */
static lupe_status filters_add(struct parse_clauses *clauses, uint32_t base,
                               const struct parse_draft *filters, uint32_t count)
{
    lupe_status status = LUPE_OK;

    for (uint32_t i = 0; i < count;) {
        uint32_t inner = clauses_begin(clauses);
        uint32_t next = i;
        struct parse_item item;
        do {
            TRY(clauses_add(clauses, inner, OCCUR_SHOULD, &filters[next].item));
            next++;
        } while (next < count && filters[i].item.kind == ITEM_LEAF &&
                 filters[next].item.kind == ITEM_LEAF &&
                 filters[next].item.leaf->node.field == filters[i].item.leaf->node.field);
        TRY(clauses_end(clauses, inner, &item));
        TRY(clauses_add(clauses, base, OCCUR_MUST, &item));
        i = next;
    }
out:
    return status;
}

lupe_status clauses_require_filters(struct parse_clauses *clauses, uint32_t base)
{
    lupe_status status = LUPE_OK;
    uint32_t count = clauses->top - base;
    uint32_t filter_count = 0;
    bool has_must = false;
    struct parse_item words;

    for (uint32_t i = base; i < clauses->top; i++) {
        filter_count += is_loose_filter(&clauses->stack[i]);
        has_must |= clauses->stack[i].occur == OCCUR_MUST;
    }
    if (filter_count == 0)
        return LUPE_OK;
    struct parse_draft *drafts = arena_alloc(clauses->scratch, count * sizeof *drafts);
    struct parse_draft *filters = arena_alloc(clauses->scratch, filter_count * sizeof *filters);
    if (!drafts || !filters)
        return fail_memory();
    memcpy(drafts, clauses->stack + base, count * sizeof *drafts);
    stack_pop(clauses, base);
    clauses->used -= count;
    filter_count = 0;
    for (uint32_t i = 0; i < count; i++)
        if (is_loose_filter(&drafts[i])) {
            filters[filter_count] = drafts[i];
            filters[filter_count].item.loose = false;
            filters[filter_count++].slot = i; /* keeps the sort stable */
        }
    uint32_t inner = clauses_begin(clauses);
    for (uint32_t i = 0; i < count; i++)
        if (drafts[i].occur == OCCUR_SHOULD && !drafts[i].item.loose)
            TRY(clauses_add(clauses, inner, OCCUR_SHOULD, &drafts[i].item));
    TRY(clauses_end(clauses, inner, &words));
    TRY(clauses_add(clauses, base, has_must ? OCCUR_SHOULD : OCCUR_MUST, &words));
    for (uint32_t i = 0; i < count; i++)
        if (drafts[i].occur != OCCUR_SHOULD)
            TRY(clauses_add(clauses, base, drafts[i].occur, &drafts[i].item));
    qsort(filters, filter_count, sizeof *filters, filters_compare);
    TRY(filters_add(clauses, base, filters, filter_count));
out:
    return status;
}

/* ---- the tree */

/* boost is that of the groups around, 0 inside an exclusion, which has no weight. Depth is bounded
 * by that of parentheses: a few levels for each. */
static lupe_status node_build(struct arena *arena, const struct parse_item *item, double boost,
                              const struct node **out)
{
    struct node *node = arena_alloc(arena, sizeof *node);

    if (!node)
        return fail_memory();
    *out = node;
    boost = boost == 0 ? 0 : boost_limited(boost * item->boost);
    if (item->kind == ITEM_LEAF) {
        *node = item->leaf->node;
        if (node->kind != NODE_KEYWORD && boost != 0)
            node->boost = boost;
        return LUPE_OK;
    }
    const struct parse_branch *branch = item->branch;
    struct clause *clauses = arena_alloc(arena, branch->count * sizeof *clauses);
    if (!clauses)
        return fail_memory();
    *node = (struct node){.kind = NODE_BOOLEAN, .field = -1, .boost = 1};
    node->clauses = clauses;
    node->clause_count = branch->count;
    for (uint32_t i = 0; i < branch->count; i++) {
        const struct parse_draft *draft = &branch->drafts[i];
        double outer = draft->occur == OCCUR_NOT ? 0 : boost;
        clauses[i].occur = draft->occur;
        lupe_status status = node_build(arena, &draft->item, outer, &clauses[i].node);
        if (status != LUPE_OK)
            return status;
    }
    return LUPE_OK;
}

lupe_status clauses_build(struct arena *arena, const struct parse_item *item,
                          const struct node **node)
{
    *node = NULL;
    if (item->kind == ITEM_NOTHING || item->kind == ITEM_EXCLUSIONS)
        return LUPE_OK;
    return node_build(arena, item, 1, node);
}
