// libxlsxwriter for Swift: the library's own header, and what Swift cannot reach in it.

#ifndef CXLSXWRITER_H
#define CXLSXWRITER_H

#include <xlsxwriter.h>

// Swift would have to lend the directory's name for as long as the options live; here the call says how long that is.

/// A workbook whose rows go to a temporary file as they are written, so that memory does not grow with them.
static inline lxw_workbook *cxlsxwriter_open(const char *path, const char *directory) {
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = (char *)directory, .use_zip64 = LXW_FALSE};
    return workbook_new_opt(path, &options);
}

#endif
