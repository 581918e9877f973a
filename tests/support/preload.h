/* SPDX-License-Identifier: MIT */
/*
 * Libraries of tests/preload, which do to a program under test what the kernel will not do on
 * demand. They are built here, with the system's compiler; where there is none, or under a
 * sanitizer, which has an allocator and locks of its own, a test of them is skipped.
 */
#ifndef TESTS_SUPPORT_PRELOAD_H
#define TESTS_SUPPORT_PRELOAD_H

/* "LD_PRELOAD=…" for tests/preload/NAME.c, made once and good until the suite's process ends; NULL
   after suite_skip(test). */
const char *preload(const char *name, const char *test);

#endif
