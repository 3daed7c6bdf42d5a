// libFuzzer as a library: it comes with the toolchain, without a header. Source: "Using libFuzzer as a library" in its manual.
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *bytes, size_t count));
