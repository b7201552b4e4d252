// How messages speak about commands.
#pragma once

#include <string>

#include "device/device.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet {

std::string_view engine_title(bm1684::Engine engine);  // "TIU", "GDMA"

// "group 0, GDMA command 17 (layer 'conv1')"
std::string describe(const CommandPlace& place, const LaunchOptions& options);

// An operand, with addresses as the GDMA counts them; in local memory the bytes inside the lanes of the mask:
// "reads DDR bytes 0x105100000 to 0x105100200, runs of 512", "writes local memory lanes 0xf bytes 0x0 to 0x20 …".
std::string describe(const bm1684::Access& access);

// "DDR byte 0x105100000", "local memory, lane 3 byte 0x1000": `offset` inside the memory, lane after lane.
std::string describe_byte(bm1684::Access::Space space, uint64_t offset);

// `error` told of the command it befell: place, reason, disassembly.
tl::unexpected<Error> trap(const CommandPlace& place, const bm1684::Command& command, const LaunchOptions& options,
                           Error error);

}  // namespace bmnet
