// How messages speak about commands.
#pragma once

#include <string>

#include "device/device.h"

namespace bmnet {

std::string_view engine_title(bm1684::Engine engine);  // "TIU", "GDMA"

// "group 0, GDMA command 17 (layer 'conv1')"
std::string describe(const CommandPlace& place, const LaunchOptions& options);

// `error` told of the command it befell: place, reason, disassembly.
tl::unexpected<Error> trap(const CommandPlace& place, const bm1684::Command& command, const LaunchOptions& options,
                           Error error);

}  // namespace bmnet
