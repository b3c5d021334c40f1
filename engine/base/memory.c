/* SPDX-License-Identifier: MIT
 *
 * memory.c - the allocator of the process, the count of what is alive, arenas.
 *
 * The only file of the engine that names malloc, calloc, realloc and free.
 */
#include "base/memory.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_BYTES_MIN ((size_t)2 << 20)
#define ARENA_CHUNK_BYTES_MIN ((size_t)1016)    /* what malloc gives out fast */
#define ARENA_CHUNK_BYTES_MAX ((size_t)1 << 20) /* bounds what a half-used last chunk wastes */
#define CALLOC_BYTES_MIN ((size_t)4 << 10)

static void *standard_allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *standard_reallocate(void *user, void *memory, size_t size)
{
    (void)user;
    return realloc(memory, size);
}

static void standard_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static const lupe_allocator standard_allocator = {
    standard_allocate,
    standard_reallocate,
    standard_release,
    NULL,
};

/* Changed by lupe_set_allocator alone, which the caller keeps apart from all other calls. */
static lupe_allocator allocator = {
    standard_allocate,
    standard_reallocate,
    standard_release,
    NULL,
};

static atomic_size_t allocations_live;

lupe_status lupe_set_allocator(const lupe_allocator *chosen)
{
    if (lupe_allocations_live() != 0)
        return fail(LUPE_MISUSE,
                    "the allocator cannot change while %zu allocations are alive: close all "
                    "handles first",
                    lupe_allocations_live());
    if (!chosen)
        chosen = &standard_allocator;
    if (!chosen->allocate || !chosen->reallocate || !chosen->release)
        return fail(LUPE_INVALID, "an allocator needs allocate, reallocate and release");
    allocator = *chosen;
    return LUPE_OK;
}

size_t lupe_allocations_live(void)
{
    return atomic_load_explicit(&allocations_live, memory_order_relaxed);
}

/* Counts an allocation that succeeded. */
static void *counted(void *memory)
{
    if (memory)
        atomic_fetch_add_explicit(&allocations_live, 1, memory_order_relaxed);
    return memory;
}

/* Larger sizes come from arithmetic gone wrong; no allocator is asked for them. */
static bool impossible(size_t size)
{
    return size > PTRDIFF_MAX;
}

/* A size of 0 asks for 1, so that NULL always means failure. */
void *memory_alloc(size_t size)
{
    if (impossible(size))
        return NULL;
    return counted(allocator.allocate(allocator.user, size ? size : 1));
}

void *memory_zalloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || impossible(bytes))
        return NULL;
    if (bytes == 0)
        bytes = 1;
    /* calloc gets large pieces from the system already zero, but small ones more slowly than
     * malloc does; a hook has no such call. */
    if (bytes >= CALLOC_BYTES_MIN && allocator.allocate == standard_allocate)
        return counted(calloc(1, bytes));
    void *memory = memory_alloc(bytes);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

void *memory_realloc(void *memory, size_t size)
{
    if (!memory)
        return memory_alloc(size);
    if (impossible(size))
        return NULL;
    return allocator.reallocate(allocator.user, memory, size ? size : 1);
}

void memory_free(void *memory)
{
    if (!memory)
        return;
    size_t before = atomic_fetch_sub_explicit(&allocations_live, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
    allocator.release(allocator.user, memory);
}

void memory_scattered(void *memory, size_t size)
{
#ifdef MADV_HUGEPAGE
    uintptr_t page = 4096;
    uintptr_t first = ((uintptr_t)memory + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)memory + size) & ~(page - 1);
    /* Whether it helped shows in time alone, so that a refusal is nobody's concern. */
    if (memory && end > first && end - first >= HUGE_BYTES_MIN &&
        allocator.allocate == standard_allocate)
        (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)size;
#endif
}

char *memory_copy_string(const char *bytes, size_t size)
{
    if (size == SIZE_MAX)
        return NULL;
    char *copy = memory_alloc(size + 1);
    if (!copy)
        return NULL;
    if (size)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

/* The pieces of a chunk follow its header. */
struct arena_chunk {
    struct arena_chunk *older;
    size_t bytes; /* with the header */
};

_Static_assert(sizeof(struct arena_chunk) % 8 == 0, "pieces of an arena are aligned to 8");

static size_t arena_next_chunk_bytes(const struct arena *arena)
{
    if (!arena->chunks)
        return arena->bytes > ARENA_CHUNK_BYTES_MIN ? arena->bytes : ARENA_CHUNK_BYTES_MIN;
    size_t doubled = arena->chunks->bytes * 2;
    return doubled < ARENA_CHUNK_BYTES_MAX ? doubled : ARENA_CHUNK_BYTES_MAX;
}

void *arena_alloc_slow(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - 7 - sizeof(struct arena_chunk))
        return NULL;
    size = (size + !size + 7) & ~(size_t)7;

    size_t chunk_bytes = arena_next_chunk_bytes(arena);
    size_t needed = size + sizeof(struct arena_chunk);
    bool own_chunk = needed > chunk_bytes;
    struct arena_chunk *chunk = memory_alloc(own_chunk ? needed : chunk_bytes);
    if (!chunk)
        return NULL;
    chunk->bytes = own_chunk ? needed : chunk_bytes;
    arena->bytes = chunk->bytes + (arena->chunks ? arena->bytes : 0);

    uint8_t *piece = (uint8_t *)(chunk + 1);
    if (own_chunk && arena->chunks) {
        /* A piece too large for a chunk lies behind the newest one, which goes on being used. */
        chunk->older = arena->chunks->older;
        arena->chunks->older = chunk;
        return piece;
    }
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = piece + size;
    arena->end = (uint8_t *)chunk + chunk->bytes;
    return piece;
}

static void chunks_free(struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *older = chunk->older;
        memory_free(chunk);
        chunk = older;
    }
}

void arena_free(struct arena *arena)
{
    chunks_free(arena->chunks);
    *arena = (struct arena){NULL, NULL, NULL, 0};
}

void arena_lend(struct arena *arena, void *room, size_t size)
{
    assert(!arena->chunks && (uintptr_t)room % 8 == 0);
    arena->next = room;
    arena->end = arena->next + size;
}

void arena_restart(struct arena *arena, size_t bytes_max)
{
    struct arena_chunk *newest = arena->chunks;
    size_t bytes = arena->bytes;
    if (!newest)
        return;
    if (newest->bytes > bytes_max || (newest->older && bytes <= bytes_max)) {
        arena_free(arena);
        arena->bytes = bytes <= bytes_max ? bytes : 0;
        return;
    }
    chunks_free(newest->older);
    newest->older = NULL;
    arena->next = (uint8_t *)(newest + 1);
    arena->end = (uint8_t *)newest + newest->bytes;
    arena->bytes = newest->bytes;
}
