/* SPDX-License-Identifier: MIT */
#include "tui/outlet.h"

#include "core/base/mem.h"
#include "core/base/new_file.h"
#include "core/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct outlet {
    struct new_file *file; /* NULL = standard output */
};

int outlet_open(struct outlet **out, const char *path, bool force, struct err *err)
{
    struct outlet *outlet = mem_new(sizeof *outlet);
    bool file = path && !str_eq(path, "-");
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
    if (fwrite(data, 1, len, stdout) != len)
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
    else if (fflush(stdout) == EOF)
        rc = err_sys(err, errno, "standard output");
    free(outlet);
    return rc;
}
