// Every named tensor of a run: each is taken when the last command that writes it has ended, before later layers use
// its memory again.
//
// Which tensors a stage has and where they lie is told by the file's layer table (bmodel/layer_table.h). A file of
// another compiler has none: then the inputs and outputs of its sub-nets are all that have names.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/npz.h"
#include "runtime/command_layers.h"
#include "runtime/observer.h"

namespace bmnet::runtime {

// The bytes of a tensor of the layer table, as they are in DDR now.
Result<Tensor> read_tensor(Device& device, const LoadedStage& stage, const bmodel::LayerTable::Tensor& tensor);

class TensorDump : public RunObserver {
 public:
  struct Missing {
    std::string name;
    std::string why;
  };

  explicit TensorDump(Device& device) : device_(device) {}

  Status sub_net_begins(const LoadedStage& stage, size_t index, const ReadTensor& read) override;
  Status after(const CommandPlace& place, const LaunchState& state) override;
  Status sub_net_ends(const LoadedStage& stage, size_t index, const ReadTensor& read) override;

  // What was taken since the last call, in the order of the layer table, then by name; `missing` (may be null): the
  // tensors of the table that were not, and why.
  std::vector<NamedTensor> take(std::vector<Missing>* missing);

 private:
  void start(const LoadedStage& stage);
  Status take_border(const std::vector<bmodel::Tensor>& tensors, const ReadTensor& read);
  Status take_views(const std::vector<bmodel::Tensor>& placed);
  Status take_written_by(int32_t layer);
  Status take_from_memory(size_t index);

  Device& device_;
  const LoadedStage* stage_ = nullptr;
  std::optional<CommandLayers> commands_;
  uint32_t first_group_ = 0;             // of the sub-net that runs
  std::map<std::string, Tensor> taken_;  // by name
};

}  // namespace bmnet::runtime
