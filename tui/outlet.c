/* SPDX-License-Identifier: MIT */
#include "tui/outlet.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/new_file.h"
#include "core/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define HELD_MAX ((size_t)1 << 30) /* bytes on their way to standard output */

struct outlet {
    struct new_file *file; /* NULL = standard output … */
    struct buf held;       /* … which gets all of it at the end */
};

int outlet_open(struct outlet **out, const char *path, bool force, struct err *err)
{
    struct outlet *outlet = mem_new(sizeof *outlet);
    bool file = path && !str_eq(path, "-");

    buf_init(&outlet->held, HELD_MAX);
    int rc = file ? new_file_open(&outlet->file, path, force, err) : 0;
    if (rc < 0)
        free(outlet);
    else
        *out = outlet;
    return rc;
}

int outlet_put(void *self, const char *data, size_t len, struct err *err)
{
    struct outlet *outlet = self;

    if (outlet->file)
        return new_file_add(outlet->file, data, len, err);
    int rc = buf_add(&outlet->held, data, len);
    return rc < 0 ? err_set(err, rc, "it is too long for standard output: --output FILE") : 0;
}

static int flush(const struct outlet *outlet, struct err *err)
{
    if (fwrite(outlet->held.data, 1, outlet->held.len, stdout) != outlet->held.len ||
        fflush(stdout) == EOF)
        return err_sys(err, errno, "standard output");
    return 0;
}

int outlet_end(struct outlet *outlet, int rc, struct err *err)
{
    if (!outlet)
        return rc;
    if (rc < 0)
        new_file_drop(outlet->file);
    else if (outlet->file)
        rc = new_file_end(outlet->file, err);
    else
        rc = flush(outlet, err);
    buf_free(&outlet->held);
    free(outlet);
    return rc;
}
