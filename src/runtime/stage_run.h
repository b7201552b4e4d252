// One run of one stage: inputs to where the net wants them, every sub-net in its order on TPU or host, outputs back.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/network.h"
#include "runtime/observer.h"

namespace bmnet::runtime {

class StageRun {
 public:
  StageRun(DeviceContext& context, const LoadedStage& stage)
      : context_(context), stage_(stage), relocation_(stage.relocation()) {}

  Result<LaunchReport> run(std::span<const DeviceTensor> inputs, std::span<DeviceTensor> outputs);

 private:
  // What a tensor name stands for at the moment: bytes on the device, on the host (1N), or both.
  struct Value {
    bmodel::DataType type = bmodel::DataType::kFloat32;
    Shape shape;
    bool on_device = false;
    uint64_t address = 0;
    bmodel::StoreMode mode = bmodel::StoreMode::k1N;
    uint64_t placed_at = 0;  // where the TPU finds it, when that is another place than `address`
    std::shared_ptr<std::vector<uint32_t>> host;
    uint64_t written = 0;  // greater = later; 0: not yet

    std::span<std::byte> host_bytes() const;
  };

  Status run_sub_net(size_t index);
  Status run_tpu(size_t index);
  Status begins(size_t index);
  ReadTensor reader();
  LaunchOptions options_for(size_t index) const;
  Status run_cpu(size_t index);
  Status run_merge(const bmodel::SubNet& sub_net);
  Result<bool> run_switch(const bmodel::SubNet& sub_net);  // the branch taken
  Status deliver(std::span<DeviceTensor> outputs);

  Result<Value*> find(const std::string& name);
  uint32_t padding_of(const bmodel::Tensor& tensor) const;  // as bmodel::Tensor::pad_h
  Status place_for_tpu(const bmodel::Tensor& tensor);
  Status bring_to_host(Value& value);
  Value device_value(const bmodel::Tensor& tensor, uint64_t address);
  Status transfer(const Value& from, uint64_t to, bmodel::StoreMode mode, uint32_t pad_h);

  DeviceContext& context_;
  const LoadedStage& stage_;
  Relocation relocation_;
  std::map<std::string, Value> values_;
  uint64_t writes_ = 0;
  LaunchReport report_;
};

}  // namespace bmnet::runtime
