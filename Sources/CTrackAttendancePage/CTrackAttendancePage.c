#include "CTrackAttendancePage.h"

// `#embed` belongs to C23 and clang takes it in gnu17 as an extension. The package stays on gnu17 because its other
// C targets are written for it, so only this file says that the extension is meant.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char html[] = {
#embed "dashboard.html"
};

static const unsigned char css[] = {
#embed "dashboard.css"
};

static const unsigned char js[] = {
#embed "dashboard.js"
};

const unsigned char *const ctrackattendancepage_html = html;
const size_t ctrackattendancepage_html_length = sizeof html;

const unsigned char *const ctrackattendancepage_css = css;
const size_t ctrackattendancepage_css_length = sizeof css;

const unsigned char *const ctrackattendancepage_js = js;
const size_t ctrackattendancepage_js_length = sizeof js;
