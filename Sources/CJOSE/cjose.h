// cjose for Swift: the library's own headers of what is used here. Its other headers would bring in libcrypto's types.
#pragma once

#include <cjose/error.h>
#include <cjose/header.h>
#include <cjose/jwk.h>
#include <cjose/jws.h>
