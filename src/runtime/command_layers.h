// The layer of every command of a stage, by direct look-up: the layer table spelled out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/network.h"

namespace bmnet::runtime {

class CommandLayers {
 public:
  explicit CommandLayers(const LoadedStage& stage);

  // Number of the sub-net's first command group among those of the whole stage, by which the layer table and the
  // places below count.
  uint32_t first_group(size_t sub_net) const { return first_groups_[sub_net]; }

  // Index of the layer, or -1.
  int32_t layer_of(const CommandPlace& place) const;

  // A layer's last command on the engine; none when it has no command there.
  std::optional<CommandPlace> last_of(size_t layer, bm1684::Engine engine) const {
    return last_[layer][static_cast<size_t>(engine)];
  }
  bool has_commands(size_t layer) const { return last_[layer][0] || last_[layer][1]; }

 private:
  std::vector<uint32_t> first_groups_;                                 // by sub-net
  std::vector<std::array<std::vector<int32_t>, 2>> layers_;            // by group, engine, command
  std::vector<std::array<std::optional<CommandPlace>, 2>> last_ = {};  // by layer, engine
};

}  // namespace bmnet::runtime
