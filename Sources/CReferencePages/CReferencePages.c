#include "CReferencePages.h"

// `#embed` belongs to C23 and clang takes it in gnu17 as an extension; see CTrackAttendancePage.c.
#pragma clang diagnostic ignored "-Wc23-extensions"

// One condition for all: half of a release would be worse than none of it.
#if __has_embed("../../.build/reference/swagger-ui-bundle.js") && __has_embed("../../.build/reference/swagger-ui.css") \
    && __has_embed("../../.build/reference/redoc.standalone.js") && __has_embed("../../.build/reference/licenses.txt")

static const unsigned char swagger_js[] = {
#embed "../../.build/reference/swagger-ui-bundle.js"
};

static const unsigned char swagger_css[] = {
#embed "../../.build/reference/swagger-ui.css"
};

static const unsigned char redoc_js[] = {
#embed "../../.build/reference/redoc.standalone.js"
};

static const unsigned char licenses[] = {
#embed "../../.build/reference/licenses.txt"
};

const size_t creferencepages_swagger_js_length = sizeof swagger_js;
const size_t creferencepages_swagger_css_length = sizeof swagger_css;
const size_t creferencepages_redoc_js_length = sizeof redoc_js;
const size_t creferencepages_licenses_length = sizeof licenses;

#else

// C has no array of nothing.
static const unsigned char swagger_js[1], swagger_css[1], redoc_js[1], licenses[1];

const size_t creferencepages_swagger_js_length = 0;
const size_t creferencepages_swagger_css_length = 0;
const size_t creferencepages_redoc_js_length = 0;
const size_t creferencepages_licenses_length = 0;

#endif

const unsigned char *const creferencepages_swagger_js = swagger_js;
const unsigned char *const creferencepages_swagger_css = swagger_css;
const unsigned char *const creferencepages_redoc_js = redoc_js;
const unsigned char *const creferencepages_licenses = licenses;
