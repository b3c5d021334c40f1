/* SPDX-License-Identifier: MIT
 *
 * memory.h - the allocator hook, and arenas for what dies together.
 *
 * Owns the process's allocator and the count of live allocations. Everything the engine
 * allocates comes from here (a test looks for bare malloc). A NULL answer is an error of the
 * caller's to report: return fail_memory().
 */
#ifndef LUPE_BASE_MEMORY_H
#define LUPE_BASE_MEMORY_H

#include "base/status.h"

void *memory_alloc(size_t size);                /* uninitialised */
void *memory_zalloc(size_t count, size_t size); /* zeroed; NULL on overflow of count * size */
void *memory_realloc(void *memory, size_t size);
void memory_free(void *memory);
char *memory_copy_string(const char *bytes, size_t size); /* NUL-terminated copy */

/* Tells the system that memory of several megabytes will be touched all over in no order, so that
 * it may use larger pages where it has them. Changes nothing else; any memory of this allocator. */
void memory_scattered(void *memory, size_t size);

/* An arena: small pieces from chunks of doubling size, freed all at once. */
struct arena_chunk;
struct arena {
    struct arena_chunk *chunks;
    uint8_t *next;
    uint8_t *end;
    size_t bytes; /* taken from the allocator; without chunks, what the first is to have at least */
};

void *arena_alloc_slow(struct arena *arena, size_t size);
void arena_free(struct arena *arena); /* also leaves it ready for use */
/* Gives an empty arena its first piece of memory, aligned to 8, which stays the caller's and has to
 * outlive the arena's use. */
void arena_lend(struct arena *arena, void *room, size_t size);
/* As arena_free, but the only chunk is kept for the next use; of several, which together have up
 * to bytes_max, the next use gets one as large; else the newest is kept unless it exceeds
 * bytes_max. */
void arena_restart(struct arena *arena, size_t bytes_max);

/* size bytes aligned to 8, or NULL. A size of 0 is a piece of its own, too. */
static inline void *arena_alloc(struct arena *arena, size_t size)
{
    size_t rounded = (size + !size + 7) & ~(size_t)7;
    if (rounded < size || (size_t)(arena->end - arena->next) < rounded)
        return arena_alloc_slow(arena, size);
    void *piece = arena->next;
    arena->next += rounded;
    return piece;
}

#endif
