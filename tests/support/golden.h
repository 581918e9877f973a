/* SPDX-License-Identifier: MIT */
/*
 * A text that a file holds: the test fails, showing both, when they differ. ACCEPT=1 writes the
 * file instead; the diff is then reviewed.
 */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

struct grid;

void golden_text(const char *path, const char *text);
void golden_grid(const char *path, const struct grid *grid);

#endif
