#include "runtime/command_layers.h"

namespace bmnet::runtime {

CommandLayers::CommandLayers(const LoadedStage& stage) : last_(stage.layers.layers.size()) {
  for (const std::vector<CommandGroup>& groups : stage.sub_nets) {
    first_groups_.push_back(static_cast<uint32_t>(layers_.size()));
    for (const CommandGroup& group : groups) {
      const auto number = static_cast<uint32_t>(layers_.size());
      layers_.emplace_back();
      for (const bm1684::Engine engine : {bm1684::Engine::kTiu, bm1684::Engine::kGdma}) {
        std::vector<int32_t>& of_commands = layers_.back()[static_cast<size_t>(engine)];
        of_commands.assign(group.of(engine).size(), -1);
        if (number >= stage.layers.groups.size()) continue;
        uint32_t command = 0;
        for (const bmodel::LayerTable::Run& run : stage.layers.groups[number][static_cast<size_t>(engine)])
          for (uint32_t i = 0; i < run.count && command < of_commands.size(); ++i, ++command) {
            if (run.layer >= last_.size()) continue;
            of_commands[command] = static_cast<int32_t>(run.layer);
            last_[run.layer][static_cast<size_t>(engine)] = CommandPlace{number, engine, command};
          }
      }
    }
  }
}

int32_t CommandLayers::layer_of(const CommandPlace& place) const {
  if (place.group >= layers_.size()) return -1;
  const std::vector<int32_t>& of_commands = layers_[place.group][static_cast<size_t>(place.engine)];
  return place.index < of_commands.size() ? of_commands[place.index] : -1;
}

}  // namespace bmnet::runtime
