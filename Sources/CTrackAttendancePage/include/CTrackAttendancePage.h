#ifndef CTRACKATTENDANCEPAGE_H
#define CTRACKATTENDANCEPAGE_H

#include <stddef.h>

// The public page of the TrackAttendance dialect, part of the program so that no deployment can lose or change it.
// Swift cannot embed a file without a byte-array literal that takes minutes to compile, hence this target.
//
// Each file is a pointer and a length in bytes: UTF-8, not terminated, alive and unchanged as long as the process.

// Nothing ever writes to these, so Swift may read them from any thread without a check.
#define CTRACKATTENDANCEPAGE_CONSTANT __attribute__((swift_attr("nonisolated(unsafe)")))

/// `dashboard.html`, served at `/dashboard/` as `text/html; charset=utf-8`.
extern const unsigned char *_Nonnull const ctrackattendancepage_html CTRACKATTENDANCEPAGE_CONSTANT;
extern const size_t ctrackattendancepage_html_length;

/// `dashboard.css`, served at `/dashboard/dashboard.css` as `text/css; charset=utf-8`.
extern const unsigned char *_Nonnull const ctrackattendancepage_css CTRACKATTENDANCEPAGE_CONSTANT;
extern const size_t ctrackattendancepage_css_length;

/// `dashboard.js`, served at `/dashboard/dashboard.js` as `text/javascript; charset=utf-8`.
extern const unsigned char *_Nonnull const ctrackattendancepage_js CTRACKATTENDANCEPAGE_CONSTANT;
extern const size_t ctrackattendancepage_js_length;

#endif
