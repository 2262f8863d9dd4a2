/* A value that may be absent, as bytes: 0; or 1, and the number. */
#pragma once

#include "base/pack.h"
#include "kernel/scan.h"

void pack_value(struct packer *packer, struct value value);
struct value unpack_value(struct unpacker *unpacker);
