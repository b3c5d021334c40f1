/* SPDX-License-Identifier: MIT
 *
 * cpu.c - finding the SIMD path; see cpu.h.
 */
#include "base/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS 5
#define LEVEL_UNKNOWN (-1)

static const char *const level_names[LEVELS] = {"scalar", "sse41", "avx2", "avx512", "neon"};

static atomic_int level_in_use = LEVEL_UNKNOWN;

#if defined(__x86_64__) || defined(__i386__)

/* What the kernels of a level may use besides its namesake is asked for as well. */
static bool machine_has(enum cpu_level level)
{
    __builtin_cpu_init();
    switch (level) {
    case CPU_SCALAR:
        return true;
    case CPU_SSE41:
        return __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3") &&
               __builtin_cpu_supports("popcnt");
    case CPU_AVX2:
        return machine_has(CPU_SSE41) && __builtin_cpu_supports("avx2") &&
               __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    case CPU_AVX512:
        return machine_has(CPU_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi") &&
               __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vpopcntdq");
    case CPU_NEON:
        return false;
    }
    return false;
}

#elif defined(__aarch64__)

static bool machine_has(enum cpu_level level)
{
    return level == CPU_SCALAR || level == CPU_NEON;
}

#else

static bool machine_has(enum cpu_level level)
{
    return level == CPU_SCALAR;
}

#endif

bool cpu_has(enum cpu_level level)
{
    return machine_has(level);
}

static enum cpu_level best_level(void)
{
    for (int level = LEVELS - 1; level > CPU_SCALAR; level--) {
        if (machine_has((enum cpu_level)level))
            return (enum cpu_level)level;
    }
    return CPU_SCALAR;
}

static enum cpu_level chosen_level(void)
{
    const char *wanted = getenv("LUPE_SIMD");
    for (int level = CPU_SCALAR; wanted && level < LEVELS; level++) {
        if (strcmp(wanted, level_names[level]) == 0 && machine_has((enum cpu_level)level))
            return (enum cpu_level)level;
    }
    return best_level();
}

/* Two threads that come first at once both choose, and choose the same. */
enum cpu_level cpu_level(void)
{
    int level = atomic_load_explicit(&level_in_use, memory_order_relaxed);
    if (level == LEVEL_UNKNOWN) {
        level = (int)chosen_level();
        atomic_store_explicit(&level_in_use, level, memory_order_relaxed);
    }
    return (enum cpu_level)level;
}

const char *cpu_level_name(enum cpu_level level)
{
    return (unsigned)level < LEVELS ? level_names[level] : "unknown";
}
