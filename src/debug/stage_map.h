// A loaded stage by the user's names: its layers, its tensors and which commands belong to what.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "debug/tensor_view.h"
#include "runtime/command_layers.h"
#include "runtime/network.h"

namespace bmnet::debug {

class StageMap {
 public:
  struct Layer {
    std::string name, op, note;
    bool on_host = false;
    uint64_t commands = 0;
  };
  // A tensor of the layer table; in files without one, an operand or result of a sub-net.
  struct Tensor {
    std::string name;
    Shape shape;
    std::optional<Element> element;   // none: a type that the debugger cannot show
    std::string type;                 // as the file names it
    int64_t interleave = 1;           // batch items in a word
    std::optional<uint64_t> address;  // in DDR, at run time; none: it never leaves local memory
    uint64_t bytes = 0;
    int32_t layer = -1, written_by = -1;  // as in bmodel::LayerTable
  };

  explicit StageMap(const runtime::LoadedStage& stage);

  const std::vector<Layer>& layers() const { return layers_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }
  const runtime::CommandLayers& commands() const { return commands_; }

  int32_t layer_named(std::string_view name) const;   // -1: none
  int32_t tensor_named(std::string_view name) const;  // -1: none
  // The layer that the host computes in this sub-net, or -1.
  int32_t host_layer(const bmodel::SubNet& sub_net) const;

 private:
  void add(const bmodel::LayerTable::Tensor& tensor, const runtime::Relocation& relocation);
  void add(const bmodel::Tensor& tensor, const runtime::Relocation& relocation);
  void count_commands(const runtime::LoadedStage& stage);

  runtime::CommandLayers commands_;
  std::vector<Layer> layers_;
  std::vector<Tensor> tensors_;
};

}  // namespace bmnet::debug
