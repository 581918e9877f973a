/* SPDX-License-Identifier: MIT */
#include "tui/role.h"

#include <string.h>

#include "core/base/str.h"

static const char *const names[] = {
#define ROLE(constant, name, help) [ROLE_##constant] = name,
    ROLES(ROLE)
#undef ROLE
};

static const char *const helps[] = {
#define ROLE(constant, name, help) [ROLE_##constant] = help,
    ROLES(ROLE)
#undef ROLE
};

const char *role_name(enum role role)
{
    return names[role];
}

const char *role_help(enum role role)
{
    return helps[role];
}

int role_find(enum role *out, const char *name)
{
    for (enum role role = 0; role < ROLE_COUNT; role++)
        if (strcmp(names[role], name) == 0) {
            *out = role;
            return 0;
        }
    return -1;
}

const char *role_nearest(const char *name)
{
    return str_nearest(name, names, ROLE_COUNT);
}
