#include "device/diagnosis.h"

#include "target/bm1684/isa/codec.h"
#include "target/bm1684/machine.h"

namespace bmnet {
namespace {

using bm1684::Access;

struct SpaceRow {
  std::string_view name;
  uint64_t base;  // of its addresses in texts
};
constexpr SpaceRow kSpaces[] = {
    {"local memory", 0}, {"L2", bm1684::kL2Base}, {"DTCM", bm1684::kDtcmBase}, {"DDR", bm1684::kDdrBase}};

const SpaceRow& row_of(Access::Space space) { return kSpaces[static_cast<size_t>(space)]; }

}  // namespace

std::string_view engine_title(bm1684::Engine engine) { return engine == bm1684::Engine::kTiu ? "TIU" : "GDMA"; }

std::string describe(const CommandPlace& place, const LaunchOptions& options) {
  std::string text = fmt::format("group {}, {} command {}", place.group, engine_title(place.engine), place.index);
  if (options.layer_of)
    if (const std::string layer = options.layer_of(place); !layer.empty()) text += fmt::format(" (layer '{}')", layer);
  return text;
}

std::string describe(const Access& access) {
  const SpaceRow& space = row_of(access.space);
  std::string text = fmt::format("{} {}", access.write ? "writes" : "reads", space.name);
  if (access.space == Access::Space::kLocal) text += fmt::format(" lanes {:#x}", access.lanes);
  text += fmt::format(" bytes {:#x} to {:#x}, runs of {}", space.base + access.begin, space.base + access.end(),
                      access.run_bytes);
  for (const Access::Axis& axis : access.axes)
    if (axis.count > 1) text += fmt::format(", {} x {:+}", axis.count, axis.stride);
  return text;
}

std::string describe_byte(Access::Space space, uint64_t offset) {
  if (space != Access::Space::kLocal)
    return fmt::format("{} byte {:#x}", row_of(space).name, row_of(space).base + offset);
  return fmt::format("local memory, lane {} byte {:#x}", offset / bm1684::kLaneBytes, offset % bm1684::kLaneBytes);
}

tl::unexpected<Error> trap(const CommandPlace& place, const bm1684::Command& command, const LaunchOptions& options,
                           Error error) {
  error.message =
      fmt::format("{}: {}\n  {}", describe(place, options), error.message, bm1684::disassemble(command, place.engine));
  return tl::unexpected(std::move(error));
}

}  // namespace bmnet
