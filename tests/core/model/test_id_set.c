/* SPDX-License-Identifier: MIT */
#include "core/model/id_set.h"

#include <stdint.h>
#include <stdio.h>

#include "tests/suite.h"

static void grows_and_shrinks(void)
{
    struct id_set set = {0};
    char id[16];

    CU_ASSERT_FALSE(id_set_has(&set, "0"));
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        CU_ASSERT_FALSE(id_set_has(&set, id));
        id_set_push(&set, id);
        CU_ASSERT_TRUE(id_set_has(&set, id));
    }
    id_set_cut(&set, 300);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        CU_ASSERT_EQUAL(id_set_has(&set, id), i < 300);
    }
    id_set_free(&set);
    CU_ASSERT_FALSE(id_set_has(&set, "0"));
}

static void twice(void)
{
    struct id_set set = {0};

    id_set_push(&set, "a");
    id_set_push(&set, "a");
    id_set_cut(&set, 1);
    CU_ASSERT_TRUE(id_set_has(&set, "a"));
    id_set_cut(&set, 0);
    CU_ASSERT_FALSE(id_set_has(&set, "a"));
    id_set_free(&set);
}

static const struct test tests[] = {
    {"what was put in is there until it is cut off", grows_and_shrinks},
    {"an id that came twice is there until both are cut off", twice},
    {NULL, NULL},
};

const struct suite suite_id_set = {"id_set", tests};
