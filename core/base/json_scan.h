/* SPDX-License-Identifier: MIT */
/*
 * The strict reader behind json_check: one pass over the bytes, no recursion, no allocation, so
 * that every event of a model's stream can afford it. It judges and builds nothing. Pure: any
 * thread.
 */
#ifndef CORE_BASE_JSON_SCAN_H
#define CORE_BASE_JSON_SCAN_H

#include "core/base/err.h"

#include <stddef.h>

struct json_limits;

/* As json_check, but for duplicate keys, which need memory: those json.c looks for in the tree. */
int json_scan(const char *text, size_t len, const struct json_limits *limits, struct err *err);

#endif
