#include "device/diagnosis.h"

#include "target/bm1684/isa/codec.h"

namespace bmnet {

std::string_view engine_title(bm1684::Engine engine) { return engine == bm1684::Engine::kTiu ? "TIU" : "GDMA"; }

std::string describe(const CommandPlace& place, const LaunchOptions& options) {
  std::string text = fmt::format("group {}, {} command {}", place.group, engine_title(place.engine), place.index);
  if (options.layer_of)
    if (const std::string layer = options.layer_of(place); !layer.empty()) text += fmt::format(" (layer '{}')", layer);
  return text;
}

tl::unexpected<Error> trap(const CommandPlace& place, const bm1684::Command& command, const LaunchOptions& options,
                           Error error) {
  error.message =
      fmt::format("{}: {}\n  {}", describe(place, options), error.message, bm1684::disassemble(command, place.engine));
  return tl::unexpected(std::move(error));
}

}  // namespace bmnet
