#ifndef CREFERENCEPAGES_H
#define CREFERENCEPAGES_H

#include <stddef.h>

// Swagger UI and ReDoc, part of the program so that /docs and /redoc need no file and nothing from another host.
// script/bootstrap puts them into .build/reference. Where they are not there the program is built without them, and each
// length is 0.
//
// Each file is a pointer and a length in bytes: not terminated, alive and unchanged as long as the process.

// Nothing ever writes to these, so Swift may read them from any thread without a check.
#define CREFERENCEPAGES_CONSTANT __attribute__((swift_attr("nonisolated(unsafe)")))

/// `swagger-ui-bundle.js` of swagger-ui-dist.
extern const unsigned char *_Nonnull const creferencepages_swagger_js CREFERENCEPAGES_CONSTANT;
extern const size_t creferencepages_swagger_js_length;

/// `swagger-ui.css` of swagger-ui-dist.
extern const unsigned char *_Nonnull const creferencepages_swagger_css CREFERENCEPAGES_CONSTANT;
extern const size_t creferencepages_swagger_css_length;

/// `redoc.standalone.js`.
extern const unsigned char *_Nonnull const creferencepages_redoc_js CREFERENCEPAGES_CONSTANT;
extern const size_t creferencepages_redoc_js_length;

/// What both are licensed under, and what is in them: whoever hands on the program hands it on too.
extern const unsigned char *_Nonnull const creferencepages_licenses CREFERENCEPAGES_CONSTANT;
extern const size_t creferencepages_licenses_length;

#endif
