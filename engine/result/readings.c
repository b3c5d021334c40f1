/* SPDX-License-Identifier: MIT
 *
 * readings.c - see readings.h. The planner measures from the rarest word of a reading
 * (query/plan_compounds.c). Here any word may be the one in the middle: of two words that is the
 * same, of more it marks a little more than is found, and nothing that is found stays unmarked.
 */
#include "result/readings.h"

#include <stdlib.h>

#include "query/weights.h"

#define PLACES_KEPT_MAX 4096u /* resolved places, before they are dropped */

void readings_free(struct readings *readings)
{
    buffer_free(&readings->list);
    buffer_free(&readings->words);
    buffer_free(&readings->places);
}

lupe_status readings_add(struct readings *readings, const struct reading *reading)
{
    uint32_t number = (uint32_t)(readings->list.size / sizeof *reading);
    buffer_add(&readings->list, reading, sizeof *reading);
    for (uint32_t i = 0; i < reading->count; i++) {
        struct reading_word word = {reading->ids[i], number};
        buffer_add(&readings->words, &word, sizeof word);
    }
    lupe_status status = buffer_status(&readings->list);
    return status != LUPE_OK ? status : buffer_status(&readings->words);
}

static const struct reading_word *words_of(const struct readings *readings)
{
    return (const struct reading_word *)(const void *)readings->words.data;
}

static struct reading_place *places_of(const struct readings *readings)
{
    return (struct reading_place *)(void *)readings->places.data;
}

static int compare_words(const void *left, const void *right)
{
    const struct reading_word *a = left;
    const struct reading_word *b = right;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return a->reading < b->reading ? -1 : a->reading > b->reading;
}

void readings_sort(struct readings *readings)
{
    if (readings->words.size)
        qsort(readings->words.data, readings->words.size / sizeof(struct reading_word),
              sizeof(struct reading_word), compare_words);
}

void readings_restart(struct readings *readings)
{
    buffer_restart(&readings->places);
    readings->resolved = 0;
}

lupe_status readings_note(struct readings *readings, const struct reading_place *place)
{
    buffer_add(&readings->places, place, sizeof *place);
    return buffer_status(&readings->places);
}

/* Places first to end are near enough to place `at`. */
struct surroundings {
    size_t at;
    size_t first;
    size_t end;
};

static bool is_around(const struct readings *readings, const struct surroundings *around,
                      uint32_t id)
{
    const struct reading_place *places = places_of(readings);
    for (size_t p = around->first; p < around->end; p++)
        if (p != around->at && places[p].id == id)
            return true;
    return false;
}

/* Adds the words of a reading of which one stands at around->at, if the others do around it. */
static lupe_status reading_try(const struct readings *readings, const struct reading *reading,
                               const struct surroundings *around, struct match_list *list)
{
    const struct reading_place *places = places_of(readings);
    bool is_self = false; /* one of the words is the one at around->at; equal ones are others */
    lupe_status status = LUPE_OK;
    for (uint32_t i = 0; i < reading->count; i++) {
        if (!is_self && reading->ids[i] == places[around->at].id)
            is_self = true;
        else if (!is_around(readings, around, reading->ids[i]))
            return LUPE_OK;
    }
    for (size_t p = around->first; p < around->end; p++)
        for (uint32_t i = 0; i < reading->count; i++) {
            if (places[p].id != reading->ids[i])
                continue;
            struct match match = {places[p].match.start, places[p].match.end, reading->clause};
            TRY(match_list_add(list, &match));
            break;
        }
out:
    return status;
}

static lupe_status place_resolve(const struct readings *readings, size_t at,
                                 struct match_list *list)
{
    const struct reading_place *places = places_of(readings);
    const struct reading_word *words = words_of(readings);
    const struct reading *all = (const struct reading *)(const void *)readings->list.data;
    size_t count = readings->places.size / sizeof *places;
    uint64_t near = (uint64_t)PARTS_NEAR;
    struct surroundings around = {at, at, at + 1};
    size_t low = 0, high = readings->words.size / sizeof *words;
    lupe_status status = LUPE_OK;

    while (around.first > 0 && places[around.first - 1].position + near >= places[at].position)
        around.first--;
    while (around.end < count && places[around.end].position <= places[at].position + near)
        around.end++;
    if (around.end - around.first < 2)
        return LUPE_OK;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (words[middle].id < places[at].id)
            low = middle + 1;
        else
            high = middle;
    }
    for (high = readings->words.size / sizeof *words; low < high && words[low].id == places[at].id;
         low++)
        TRY(reading_try(readings, &all[words[low].reading], &around, list));
out:
    return status;
}

lupe_status readings_resolve(struct readings *readings, uint64_t until, struct match_list *list)
{
    struct reading_place *places = places_of(readings);
    size_t count = readings->places.size / sizeof *places;
    uint64_t near = (uint64_t)PARTS_NEAR;
    lupe_status status = LUPE_OK;

    for (; readings->resolved < count; readings->resolved++) {
        if (until - places[readings->resolved].position <= near)
            break;
        TRY(place_resolve(readings, readings->resolved, list));
    }
    if (readings->resolved > PLACES_KEPT_MAX) {
        size_t dropped = readings->resolved - 2 * near; /* no more places are near one */
        memmove(places, places + dropped, (count - dropped) * sizeof *places);
        readings->places.size = (count - dropped) * sizeof *places;
        readings->resolved -= dropped;
    }
out:
    return status;
}
