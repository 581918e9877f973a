/* SPDX-License-Identifier: MIT */
#include "core/base/bug.h"

#ifdef RERAIL_BUGS
enum bug bug_planted = BUG_NONE;
#else
typedef int bug_none_here; /* an empty file is no C */
#endif
