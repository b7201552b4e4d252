// Networks as they stand in device memory, ready to run.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bmodel/layer_table.h"
#include "bmodel/model.h"
#include "runtime/device_context.h"
#include "runtime/dtype.h"
#include "runtime/relocation.h"

namespace bmnet::runtime {

struct LoadedStage {
  bmodel::Stage source;
  std::shared_ptr<DeviceBuffer> coefficients;       // null: the net has none
  std::shared_ptr<DeviceBuffer> context;            // activations, perhaps shared with other nets
  bmodel::LayerTable layers;                        // empty when the file has none
  std::vector<std::vector<CommandGroup>> sub_nets;  // commands of the TPU sub-nets, by index

  Relocation relocation() const;
};

struct Network {
  std::string name;
  std::vector<LoadedStage> stages;

  const bmodel::Stage& first() const { return stages.front().source; }
  // The stage that takes these input shapes: all equal, or, when there is only one stage, of equal element counts.
  Result<size_t> stage_for(std::span<const Shape> input_shapes) const;
  // Bytes that input / output `index` needs in any stage; 8-bit tensors count with the batch rounded up to 4.
  uint64_t max_input_bytes(size_t index) const;
  uint64_t max_output_bytes(size_t index) const;
};

// A tensor of the caller in device memory.
struct DeviceTensor {
  uint64_t address = 0;
  bmodel::StoreMode mode = bmodel::StoreMode::k1N;
  Shape shape;
};

// All nets that one user of a device has loaded.
class Runtime {
 public:
  explicit Runtime(std::shared_ptr<DeviceContext> context) : context_(std::move(context)) {}

  DeviceContext& context() { return *context_; }

  // Adds the nets of a model; a net whose name is present is skipped, and its name is put into `skipped`. `what` names
  // the model in messages. On failure nothing is added.
  Status load(const bmodel::Model& model, std::string_view what, std::vector<std::string>* skipped = nullptr);
  const std::vector<std::unique_ptr<Network>>& networks() const { return networks_; }
  const Network* find(std::string_view name) const;

  // Runs one stage and returns when the outputs are in place. Inputs have the net's element types and the stage's
  // shapes; outputs have room for the stage's shapes, and receive the actual shape (host layers may shrink it).
  // Serialised over all runtimes of the device.
  Result<LaunchReport> launch(const Network& network, size_t stage, std::span<const DeviceTensor> inputs,
                              std::span<DeviceTensor> outputs);

 private:
  Result<LoadedStage> load_stage(const bmodel::Stage& stage, const std::string& where,
                                 const std::shared_ptr<DeviceBuffer>& shared_context);

  std::shared_ptr<DeviceContext> context_;
  std::shared_ptr<DeviceBuffer> shared_activations_;  // of all nets with one sub-net
  std::vector<std::unique_ptr<Network>> networks_;    // in the order of loading; never removed
};

}  // namespace bmnet::runtime
