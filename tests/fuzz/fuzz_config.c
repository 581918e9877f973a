/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a config file: taken whole or refused with one line that names the file, changing
 * nothing. What was taken can be written, stored with a run and read back as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void try_values(const struct config *config)
{
    for (const struct setting *setting = setting_table; setting->name; setting++) {
        struct setting_value value;
        struct buf text;

        buf_init(&text, 8u << 20);
        must(config_value(&text, config, setting) == 0);
        must(setting_parse(&value, setting, text.data, NULL) == 0);
        setting_value_free(&value);
        buf_free(&text);
        must(config_origin(config, setting)[0] != '\0');
    }
}

static void try_stored(const struct config *config)
{
    struct run_config *back = NULL;
    char *json = run_config_json(config_run(config));

    must(run_config_parse(&back, json, strlen(json), NULL) == 0);
    char *again = run_config_json(back);
    must(strcmp(json, again) == 0);
    free(json);
    free(again);
    run_config_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config;
    struct err err = {0};

    config_new(&config);
    char *before = run_config_json(config_run(config));
    int rc = config_parse(config, "config.yaml", (const char *)data, size, &err);
    if (rc) {
        char *after = run_config_json(config_run(config));

        must(rc == err.code && strncmp(err.msg, "config.yaml", 11) == 0);
        must(utf8_valid(err.msg, strlen(err.msg)) && !strchr(err.msg, '\n'));
        must(strcmp(before, after) == 0);
        free(after);
    } else {
        try_values(config);
        try_stored(config);
    }
    free(before);
    config_free(config);
    return 0;
}
