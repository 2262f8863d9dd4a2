#include "blackbox/run_frame.h"

void run_frame_put(struct packer *packer, const struct run *run)
{
    pack_unsigned(packer, run->monotonic_ns);
    pack_unsigned(packer, run->wall_ns);
    pack_unsigned(packer, run->pid);
    pack_string(packer, run->version);
}

bool run_frame_take(struct unpacker *unpacker, struct run *run)
{
    run->monotonic_ns = unpack_unsigned(unpacker);
    run->wall_ns = unpack_unsigned(unpacker);
    run->pid = unpack_unsigned(unpacker);
    unpack_string(unpacker, run->version, sizeof(run->version));
    return !unpacker->bad;
}

void stop_frame_put(struct packer *packer, const struct stop *stop)
{
    pack_unsigned(packer, stop->monotonic_ns);
    pack_unsigned(packer, stop->wall_ns);
}

bool stop_frame_take(struct unpacker *unpacker, struct stop *stop)
{
    stop->monotonic_ns = unpack_unsigned(unpacker);
    stop->wall_ns = unpack_unsigned(unpacker);
    return !unpacker->bad;
}
