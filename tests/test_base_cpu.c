/* SPDX-License-Identifier: MIT
 *
 * test_base_cpu.c - the SIMD path is the best one, or the one asked for where it can run. Each
 * test is a process, so each chooses anew.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "support.h"

static const enum cpu_level levels[] = {CPU_SCALAR, CPU_SSE41, CPU_AVX2, CPU_AVX512, CPU_NEON};

static enum cpu_level best(void)
{
    enum cpu_level found = CPU_SCALAR;
    for (size_t i = 0; i < 5; i++) {
        if (cpu_has(levels[i]))
            found = levels[i];
    }
    return found;
}

Test(cpu, scalar_runs_everywhere_and_higher_levels_include_lower_ones)
{
    cr_assert(cpu_has(CPU_SCALAR));
    cr_assert(!cpu_has(CPU_AVX512) || cpu_has(CPU_AVX2));
    cr_assert(!cpu_has(CPU_AVX2) || cpu_has(CPU_SSE41));
    cr_assert(!cpu_has(CPU_NEON) || !cpu_has(CPU_SSE41));
}

Test(cpu, the_best_level_is_used)
{
    unsetenv("LUPE_SIMD");
    cr_assert_eq(cpu_level(), best());
}

Test(cpu, the_environment_chooses_once)
{
    setenv("LUPE_SIMD", "scalar", 1);
    cr_assert_eq(cpu_level(), CPU_SCALAR);
    unsetenv("LUPE_SIMD");
    cr_assert_eq(cpu_level(), CPU_SCALAR);
}

Test(cpu, the_environment_chooses_among_what_the_machine_has)
{
    enum cpu_level wanted = cpu_has(CPU_SSE41) ? CPU_SSE41 : best();
    setenv("LUPE_SIMD", "sse41", 1);
    cr_assert_eq(cpu_level(), wanted);
}

Test(cpu, a_level_the_machine_lacks_is_not_used)
{
    setenv("LUPE_SIMD", cpu_has(CPU_NEON) ? "avx2" : "neon", 1);
    cr_assert_eq(cpu_level(), best());
}

Test(cpu, an_unknown_level_is_ignored)
{
    setenv("LUPE_SIMD", "AVX9", 1);
    cr_assert_eq(cpu_level(), best());
}

Test(cpu, names)
{
    static const char *const names[] = {"scalar", "sse41", "avx2", "avx512", "neon"};
    for (size_t i = 0; i < 5; i++)
        cr_assert_str_eq(cpu_level_name(levels[i]), names[i]);
    cr_assert_str_eq(cpu_level_name((enum cpu_level)5), "unknown");
}
