/* SPDX-License-Identifier: MIT
 *
 * test_support.c - the helpers of the tests do what support.h says.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

Test(support, files_come_back)
{
    size_t size = 0;
    const char *path = support_path("a");
    support_write_file(path, "x\0y", 3);
    uint8_t *bytes = support_read_file(path, &size);
    cr_assert_eq(size, 3);
    cr_assert_eq(memcmp(bytes, "x\0y", 3), 0);
    free(bytes);
    cr_assert_str_eq(support_path("a"), path);
}

Test(support, the_directory_goes_at_exit_of_its_process_alone)
{
    int ends[2];
    char path[4096] = "";

    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        const char *made = support_directory();
        if (mkdir(support_path("inner"), 0700) != 0 || write(ends[1], made, strlen(made)) < 1)
            _exit(1);
        support_write_file(support_path("inner/file"), "z", 1);
        pid_t grandchild = fork();
        if (grandchild == 0)
            exit(0);
        if (grandchild < 0 || waitpid(grandchild, NULL, 0) != grandchild || access(made, F_OK))
            _exit(2);
        exit(0);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
    cr_assert_gt(read(ends[0], path, sizeof path - 1), 0);
    cr_assert_neq(access(path, F_OK), 0, "%s is still there", path);
}

Test(support, random_numbers_are_those_of_their_seed)
{
    unsetenv("TEST_SEED");
    struct support_random random = support_random_of(0);
    cr_assert_eq(support_random_next(&random), 0xE220A8397B1DCDAFu);
    setenv("TEST_SEED", "0x2a", 1);
    random = support_random_of(0);
    cr_assert_eq(random.seed, 42);
    for (int i = 0; i < 1000; i++) {
        double real = support_random_real(&random);
        cr_assert(real >= 0 && real < 1);
        cr_assert_lt(support_random_below(&random, 7), 7);
    }
}
