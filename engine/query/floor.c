/* SPDX-License-Identifier: MIT
 *
 * floor.c - see floor.h.
 */
#include "query/floor.h"

#define FLOOR_SEGMENTS_MAX 16u /* with champions, the first of them: merging keeps to fewer */
#define FLOOR_STEPS_MAX (2u * FLOOR_SEGMENTS_MAX)

/* More of the best are supposed to be deleted than of all documents: so many times as often, and so
 * many besides. */
#define SUPPOSED_SHARE 2.0
#define SUPPOSED_MORE 4.0

/* So many documents of a segment reach a score. */
struct floor_step {
    uint32_t score;
    uint32_t documents;
    uint32_t segment;
};

static const uint32_t champion_places[3] = {10, 100, 1000};

/* The score that a champion, a value of 1 at most, is worth at least. */
static uint32_t champion_score(const struct plan *plan, const struct segment *segment, float weight,
                               uint16_t champion)
{
    double value = champion_value(&segment->bm25, &plan->used, 1.0, champion);
    double score = (double)weight * value * (1.0 - 1.0 / (1 << 20)) - 1.0;
    return score > 0 ? (uint32_t)score : 0;
}

/* Puts a step behind those of higher scores. */
static void step_insert(struct floor_step *steps, unsigned count, struct floor_step step)
{
    unsigned at = count;
    for (; at > 0 && steps[at - 1].score < step.score; at--)
        steps[at] = steps[at - 1];
    steps[at] = step;
}

/* The steps of a list, highest first: of the places that can be of use to find k. */
static unsigned list_steps(const struct plan *plan, const struct list *list, uint32_t segment,
                           float weight, uint64_t k, struct floor_step *steps, unsigned count)
{
    for (unsigned i = 0; i < 3; i++) {
        uint64_t places = champion_places[i];
        if (places * plan->view->catalogue.segment_count < k || places > 10 * k)
            continue;
        uint32_t score =
            champion_score(plan, plan->view->segments[segment], weight, list->champions[i]);
        if (score && count < FLOOR_STEPS_MAX)
            step_insert(steps, count++, (struct floor_step){score, champion_places[i], segment});
    }
    return count;
}

/* Goes down the steps until k live documents are sure to be above. */
static struct score_floor descend(const struct plan *plan, const struct floor_step *steps,
                                  unsigned count, uint64_t k)
{
    struct score_floor found = {0, 0};
    uint64_t sure = 0;
    double likely = -SUPPOSED_MORE;
    for (unsigned i = 0; i < count && !found.proven; i++) {
        const struct live *live = &plan->view->segments[steps[i].segment]->live;
        uint32_t before = 0; /* of this segment at the step above */
        for (unsigned j = 0; j < i; j++)
            if (steps[j].segment == steps[i].segment && steps[j].documents > before)
                before = steps[j].documents;
        if (before >= steps[i].documents)
            continue;
        uint32_t more = steps[i].documents - before;
        double share = SUPPOSED_SHARE * live->deleted / live->documents;
        if (share < 1.0)
            likely += more * (1.0 - share);
        sure += steps[i].documents > live->deleted ? steps[i].documents - live->deleted : 0;
        sure -= before > live->deleted ? before - live->deleted : 0;
        if (!found.supposed && likely >= (double)k)
            found.supposed = steps[i].score;
        if (sure >= k)
            found.proven = steps[i].score;
    }
    if (found.supposed < found.proven)
        found.supposed = found.proven;
    return found;
}

/* Of a word: whatever else its documents get, they have the share of its first list. */
static struct score_floor group_floor(const struct plan *plan, const struct plan_node *node,
                                      uint64_t k)
{
    struct floor_step steps[FLOOR_STEPS_MAX];
    unsigned count = 0;
    if (node->kind != PLAN_GROUP || node->field >= 0 || node->member_count == 0 ||
        node->members[0].weight < 1.0f)
        return (struct score_floor){0, 0};
    struct list *const *lists = node->members[0].term->lists;
    for (uint32_t s = 0; s < plan->view->catalogue.segment_count; s++)
        if (lists[s] && lists[s]->has_champions)
            count = list_steps(plan, lists[s], s, node->weight, k, steps, count);
    return count ? descend(plan, steps, count, k) : (struct score_floor){0, 0};
}

/* Of a boolean every match of one word must match: of the only one that is required, or, where none
 * is, of any. */
struct score_floor plan_floor(const struct plan *plan, uint64_t k)
{
    const struct plan_node *root = plan->root;
    struct score_floor best = {0, 0};
    unsigned required = 0;
    if (k == 0 || root->kind != PLAN_BOOLEAN)
        return k ? group_floor(plan, root, k) : best;
    for (unsigned i = 0; i < root->child_count; i++) {
        if (root->occurs[i] == OCCUR_NOT)
            return best;
        required += root->occurs[i] == OCCUR_MUST;
    }
    for (unsigned i = 0; required < 2 && i < root->child_count; i++) {
        if (required && root->occurs[i] != OCCUR_MUST)
            continue;
        struct score_floor one = group_floor(plan, root->children[i], k);
        best.proven = one.proven > best.proven ? one.proven : best.proven;
        best.supposed = one.supposed > best.supposed ? one.supposed : best.supposed;
    }
    return best;
}
