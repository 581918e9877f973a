/* SPDX-License-Identifier: MIT */
/* A keymap that somebody wrote: taken whole or not at all; a name that was read prints as itself.
 */
#include <stdint.h>
#include <stdlib.h>

#include "tui/keymap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const panels[] = {"global", "approval", "prompt"};
static const char *const actions[] = {"down", "up", "pause", "step", "deny"};

static void require(int holds)
{
    if (!holds)
        abort();
}

static void require_round_trip(const char *text)
{
    struct key key, back;
    char name[KEY_NAME];

    if (key_parse(&key, text) < 0)
        return;
    key_print(name, key);
    require(key_parse(&back, name) == 0 && key_same(key, back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct keymap_names names = {panels, 3, actions, 5};
    struct keymap *map;
    struct key keys[8];

    if (size > 1 << 14)
        return 0;
    keymap_new(&map, &names);
    int rc = keymap_add(map, "fuzz", (const char *)data, size, NULL);
    for (int action = 0; action < 5; action++) {
        size_t count = keymap_keys(map, 1, action, keys, 8);
        require(rc == 0 || count == 0);
        for (size_t i = 0; i < count && i < 8; i++)
            require(keymap_find(map, 1, keys[i]) == action);
    }
    keymap_free(map);
    char text[64] = "";
    for (size_t i = 0; i < size && i < sizeof text - 1; i++)
        text[i] = (char)data[i];
    require_round_trip(text);
    return 0;
}
