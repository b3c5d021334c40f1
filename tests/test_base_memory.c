/* SPDX-License-Identifier: MIT
 *
 * test_base_memory.c - allocations are counted, the allocator can be replaced, arenas give
 * aligned pieces apart from each other and survive a failing allocator.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "support.h"

Test(memory, allocations_are_counted)
{
    cr_assert_eq(lupe_allocations_live(), 0);
    void *first = memory_alloc(10);
    void *second = memory_zalloc(4, 4);
    void *third = memory_realloc(NULL, 8);
    cr_assert(first && second && third);
    cr_assert_eq(lupe_allocations_live(), 3);
    third = memory_realloc(third, 100000);
    cr_assert_eq(lupe_allocations_live(), 3);
    memory_free(NULL);
    memory_free(first);
    memory_free(second);
    memory_free(third);
    support_no_leaks();
}

Test(memory, nothing_is_a_piece_too)
{
    void *pieces[] = {memory_alloc(0), memory_zalloc(0, 8), memory_zalloc(8, 0),
                      memory_realloc(NULL, 0)};
    for (size_t i = 0; i < 4; i++)
        cr_assert_not_null(pieces[i], "piece %zu", i);
    pieces[0] = memory_realloc(pieces[0], 0);
    cr_assert_not_null(pieces[0]);
    for (size_t i = 0; i < 4; i++)
        memory_free(pieces[i]);
    support_no_leaks();
}

Test(memory, zeroed_memory_is_zero_and_its_size_cannot_overflow)
{
    for (int hooked = 0; hooked < 2; hooked++) {
        if (hooked)
            support_fail_allocation(0);
        uint8_t *bytes = memory_alloc(5000);
        cr_assert_not_null(bytes);
        memset(bytes, 0xFF, 5000);
        memory_free(bytes);
        bytes = memory_zalloc(50, 100);
        cr_assert_not_null(bytes);
        for (size_t i = 0; i < 5000; i++)
            cr_assert_eq(bytes[i], 0);
        memory_free(bytes);
        cr_assert_null(memory_zalloc(SIZE_MAX / 2, 3));
        cr_assert_null(memory_zalloc((size_t)1 << 32, (size_t)1 << 32));
        support_no_leaks();
    }
}

Test(memory, copied_strings_end)
{
    char *copy = memory_copy_string("Wladiwostok", 5);
    cr_assert_str_eq(copy, "Wladi");
    char *nothing = memory_copy_string(NULL, 0);
    cr_assert_str_eq(nothing, "");
    cr_assert_null(memory_copy_string("x", SIZE_MAX));
    memory_free(copy);
    memory_free(nothing);
    support_no_leaks();
}

struct counts {
    size_t allocated;
    size_t reallocated;
    size_t released;
};

static void *count_allocate(void *user, size_t size)
{
    ((struct counts *)user)->allocated++;
    return malloc(size);
}

static void *count_reallocate(void *user, void *memory, size_t size)
{
    ((struct counts *)user)->reallocated++;
    return realloc(memory, size);
}

static void count_release(void *user, void *memory)
{
    ((struct counts *)user)->released++;
    free(memory);
}

Test(memory, the_allocator_can_be_replaced_and_restored)
{
    struct counts counts = {0, 0, 0};
    lupe_allocator counting = {count_allocate, count_reallocate, count_release, &counts};

    cr_assert_eq(lupe_set_allocator(&counting), LUPE_OK);
    memset(&counting.allocate, 0, sizeof counting.allocate); /* the library has its own copy */
    void *memory = memory_zalloc(1, 1);
    memory = memory_realloc(memory, 100);
    cr_assert_eq(lupe_set_allocator(NULL), LUPE_MISUSE);
    cr_assert_neq(strstr(lupe_last_error(), "1 allocation"), NULL);
    memory_free(memory);
    cr_assert_eq(counts.allocated, 1);
    cr_assert_eq(counts.reallocated, 1);
    cr_assert_eq(counts.released, 1);
    cr_assert_eq(lupe_set_allocator(&counting), LUPE_INVALID);
    cr_assert_eq(lupe_set_allocator(NULL), LUPE_OK);
    memory_free(memory_alloc(1));
    cr_assert_eq(counts.allocated, 1);
    cr_assert_eq(counts.released, 1);
    support_no_leaks();
}

Test(memory, a_failed_allocation_is_not_counted)
{
    support_fail_allocation(2);
    char *kept = memory_alloc(3);
    memcpy(kept, "ab", 3);
    cr_assert_null(memory_alloc(3));
    cr_assert(support_allocation_failed());
    support_fail_allocation(1);
    cr_assert_null(memory_realloc(kept, 1000));
    cr_assert_str_eq(kept, "ab");
    cr_assert_eq(lupe_allocations_live(), 1);
    support_fail_allocations_from(1);
    cr_assert_null(memory_zalloc(3, 3));
    cr_assert_null(memory_copy_string("x", 1));
    cr_assert_eq(support_allocations_seen(), 2);
    memory_free(kept);
    support_no_leaks();
}

static void *allocate_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20000; i++)
        memory_free(memory_alloc(8));
    return memory_alloc(8);
}

Test(memory, counting_is_exact_with_threads)
{
    pthread_t threads[4];
    void *piece;

    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, allocate_often, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(pthread_join(threads[i], &piece), 0);
        cr_assert_eq(lupe_allocations_live() >= 1, true);
        memory_free(piece);
    }
    support_no_leaks();
}

/* ---------------------------------------------------------------- arenas */

struct piece {
    uint8_t *bytes;
    size_t size;
    uint8_t mark;
};

Test(arena, pieces_are_aligned_and_apart)
{
    enum { PIECES = 4000 };
    static struct piece pieces[PIECES];
    struct arena arena = {0};
    struct support_random random = support_random_of(1);

    for (size_t i = 0; i < PIECES; i++) {
        size_t size = (size_t)support_random_below(&random, i % 100 == 0 ? 300000 : 200);
        pieces[i] = (struct piece){arena_alloc(&arena, size), size, (uint8_t)i};
        cr_assert_not_null(pieces[i].bytes, "seed %" PRIu64, random.seed);
        cr_assert_eq((uintptr_t)pieces[i].bytes % 8, 0);
        memset(pieces[i].bytes, pieces[i].mark, size);
    }
    size_t total = 0;
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t at = 0; at < pieces[i].size; at++)
            cr_assert_eq(pieces[i].bytes[at], pieces[i].mark, "seed %" PRIu64, random.seed);
        total += pieces[i].size;
    }
    cr_assert_geq(arena.bytes, total);
    cr_assert_leq(arena.bytes, total * 2);
    cr_assert_lt(lupe_allocations_live(), 200);
    arena_free(&arena);
    support_no_leaks();
}

Test(arena, empty_pieces_are_pieces)
{
    struct arena arena = {0};
    void *first = arena_alloc(&arena, 0);
    void *second = arena_alloc(&arena, 0);
    cr_assert_not_null(first);
    cr_assert_not_null(second);
    cr_assert_neq(first, second);
    arena_free(&arena);
    support_no_leaks();
}

Test(arena, a_large_piece_does_not_waste_the_chunk_in_use)
{
    struct arena arena = {0};
    uint8_t *before = arena_alloc(&arena, 16);
    uint8_t *large = arena_alloc(&arena, (size_t)8 << 20);
    uint8_t *after = arena_alloc(&arena, 16);
    cr_assert_not_null(large);
    memset(large, 1, (size_t)8 << 20);
    cr_assert_eq(after, before + 16);
    arena_free(&arena);
    support_no_leaks();
}

Test(arena, impossible_sizes_fail)
{
    struct arena arena = {0};
    volatile size_t sizes[] = {SIZE_MAX, SIZE_MAX - 6, SIZE_MAX - 7, SIZE_MAX - 8, SIZE_MAX - 30};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        cr_assert_null(arena_alloc(&arena, sizes[i]), "size %zu", sizes[i]);
    cr_assert_not_null(arena_alloc(&arena, 1));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        cr_assert_null(arena_alloc(&arena, sizes[i]), "size %zu", sizes[i]);
    arena_free(&arena);
    support_no_leaks();
}

Test(arena, works_on_after_a_failed_allocation_and_after_free)
{
    struct arena arena = {0};

    support_fail_allocation(2);
    uint8_t *piece = arena_alloc(&arena, 3000);
    cr_assert_not_null(piece);
    memset(piece, 7, 3000);
    cr_assert_null(arena_alloc(&arena, 3000));
    cr_assert_not_null(arena_alloc(&arena, 3000));
    cr_assert_eq(piece[2999], 7);
    arena_free(&arena);
    cr_assert_eq(arena.bytes, 0);
    support_no_leaks();
    cr_assert_not_null(arena_alloc(&arena, 8));
    arena_free(&arena);
    arena_free(&arena);
    support_no_leaks();
}

Test(arena, lent_memory_comes_first_and_is_not_freed)
{
    uint64_t room[8];
    struct arena arena = {0};

    arena_lend(&arena, room, sizeof room);
    uint8_t *first = arena_alloc(&arena, 20);
    cr_assert_eq(first, (uint8_t *)room);
    cr_assert_eq(arena_alloc(&arena, 40), first + 24);
    cr_assert_eq(lupe_allocations_live(), 0);
    uint8_t *further = arena_alloc(&arena, 1);
    cr_assert(further < first || further >= first + sizeof room);
    arena_free(&arena);
    support_no_leaks();
}

/* Pieces that fit no chunk have one each, behind the newest, which stays small. */
Test(arena, restarting_makes_one_chunk_of_several)
{
    struct arena arena = {0};

    for (unsigned round = 0; round < 3; round++) {
        cr_assert_not_null(arena_alloc(&arena, 24));
        for (unsigned i = 0; i < 10; i++)
            cr_assert_not_null(arena_alloc(&arena, 3000));
        cr_assert_eq(lupe_allocations_live(), round ? 1 : 11);
        arena_restart(&arena, 1 << 20);
        cr_assert_eq(lupe_allocations_live(), round ? 1 : 0);
    }
    arena_free(&arena);
    support_no_leaks();
}

Test(arena, restarting_keeps_the_newest_chunk_within_the_limit)
{
    struct arena arena = {0};

    arena_restart(&arena, 1 << 20);
    cr_assert_eq(arena.bytes, 0);
    for (unsigned i = 0; i < 20; i++)
        cr_assert_not_null(arena_alloc(&arena, 1000));
    cr_assert_gt(lupe_allocations_live(), 1);
    arena_restart(&arena, 20000);
    cr_assert_eq(lupe_allocations_live(), 1);
    size_t kept = arena.bytes;
    cr_assert_gt(kept, 8000);
    uint8_t *piece = arena_alloc(&arena, 6000);
    memset(piece, 1, 6000);
    cr_assert_eq(arena.bytes, kept, "the chunk is used again");
    arena_restart(&arena, kept);
    cr_assert_eq(arena_alloc(&arena, 6000), piece);
    arena_restart(&arena, kept - 1);
    cr_assert_eq(arena.bytes, 0);
    support_no_leaks();
}
