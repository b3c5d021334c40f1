/* SPDX-License-Identifier: MIT
 *
 * parse_clauses.h - the groups of a query being parsed: equal clauses are folded, nested groups
 * simplified, and at the end the tree of nodes is made.
 *
 * Owns the stack of open groups and the limit on clauses. Called by parse.c alone. Never looks at
 * text.
 *
 * What a group comes to is an item: nothing, one leaf, a branch (a boolean of at least two
 * clauses, of which one is wanted), or exclusions alone, which mean nothing by themselves but
 * apply to the group around them. Boosts end up on leaves; a boolean's is always 1.
 */
#ifndef LUPE_QUERY_PARSE_CLAUSES_H
#define LUPE_QUERY_PARSE_CLAUSES_H

#include "query/parse_leaves.h"

enum parse_item_kind { ITEM_NOTHING, ITEM_LEAF, ITEM_BRANCH, ITEM_EXCLUSIONS };

struct parse_branch;

struct parse_item {
    enum parse_item_kind kind;
    bool filter; /* all it asks for are keywords */
    bool loose;  /* such a filter that stands beside other operands without sign or operator */
    double boost;
    const struct parse_leaf *leaf;
    const struct parse_branch *branch; /* of ITEM_BRANCH and ITEM_EXCLUSIONS */
};

struct parse_draft {
    struct parse_item item;
    enum occur occur;
    uint32_t slot; /* in the table of leaves of open groups; UINT32_MAX: none */
};

struct parse_branch {
    const struct parse_draft *drafts;
    uint32_t count;
    uint32_t counts[3]; /* by enum occur */
};

struct parse_slot {
    uint32_t draft; /* 1 + place on the stack; 0: empty */
    uint32_t base;
    uint32_t key;
};

#define STACK_MIN 8u

/* Few clauses need no memory but what is in here. */
struct parse_clauses {
    struct arena *scratch; /* the parser's: branches */
    struct parse_draft *stack;
    uint32_t top;
    uint32_t capacity;
    struct parse_slot *slots;
    uint32_t slot_count;
    uint32_t used; /* clauses on the stack and in branches */
    uint64_t words_dropped;
    struct parse_draft stack_room[STACK_MIN];
    struct parse_slot slots_room[2 * STACK_MIN];
};

void clauses_init(struct parse_clauses *clauses, struct arena *scratch);
void clauses_free(struct parse_clauses *clauses);

/* Opens a group; the answer names it to the other functions. Groups close in reverse order. */
uint32_t clauses_begin(const struct parse_clauses *clauses);
CHECKED lupe_status clauses_add(struct parse_clauses *clauses, uint32_t base, enum occur occur,
                                const struct parse_item *item);

/* Makes the loose keywords of a group mean what a person means who puts them beside words: a
 * filter. They become required, those of one field as alternatives, and of the words beside them
 * one is required. */
CHECKED lupe_status clauses_require_filters(struct parse_clauses *clauses, uint32_t base);

CHECKED lupe_status clauses_end(struct parse_clauses *clauses, uint32_t base,
                                struct parse_item *item);

/* The tree of an item in the query's arena; *node is NULL when it matches nothing. */
CHECKED lupe_status clauses_build(struct arena *arena, const struct parse_item *item,
                                  const struct node **node);

#endif
