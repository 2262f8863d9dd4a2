#include "blackbox/packed_value.h"

void pack_value(struct packer *packer, struct value value)
{
    pack_byte(packer, value.present);
    if (value.present)
        pack_unsigned(packer, value.number);
}

struct value unpack_value(struct unpacker *unpacker)
{
    bool present = unpack_byte(unpacker) != 0;
    return (struct value){present ? unpack_unsigned(unpacker) : 0, present};
}
