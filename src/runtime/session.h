// BModels run on named host tensors: the layer that tools share (run, compare, profile). Applications use the C or C++
// interface in runtime/include.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/npz.h"
#include "base/tensor.h"
#include "runtime/network.h"

namespace bmnet::runtime {

struct SessionOptions {
  std::string device = "simulator";  // as open_device takes it
  uint64_t ddr_bytes = 0;            // 0: the device's default
  bool trace = false;
  bool detect_races = false;
};

// An input or output as the net declares it.
struct TensorDeclaration {
  std::string name;
  TensorInfo info;
  float scale = 1;  // int8 input: integer = real * scale; int8 output: real = integer * scale
};

struct SessionRun {
  std::vector<NamedTensor> outputs;  // in the net's order
  LaunchReport report;
  double seconds = 0;  // of the host, launch only
};

// The tensors of these types and shapes that stand back to back in a .dat file (input_ref_data.dat …) from `offset` on,
// which moves behind them. `name` names the file in messages.
Result<std::vector<NamedTensor>> read_dat(const MappedFile& file, std::string_view name,
                                          std::span<const TensorDeclaration> declarations, size_t& offset);

class Session {
 public:
  static constexpr size_t kAnyStage = ~size_t{0};

  static Result<std::unique_ptr<Session>> open(const SessionOptions& options = {});
  // On a device of the caller's making.
  static Result<std::unique_ptr<Session>> open(std::unique_ptr<Device> device);
  // On a device that others use as well.
  static std::unique_ptr<Session> on(std::shared_ptr<DeviceContext> context);
  // With the nets of one file.
  static Result<std::unique_ptr<Session>> open(const std::filesystem::path& bmodel, const SessionOptions& options = {});

  // Adds the nets of a model or file.
  Status load(const std::filesystem::path& bmodel);
  Status load(const bmodel::Model& model, std::string_view what);

  const std::vector<std::unique_ptr<Network>>& networks() const { return runtime_->networks(); }
  Result<std::vector<TensorDeclaration>> inputs(size_t net = 0, size_t stage = 0) const;
  Result<std::vector<TensorDeclaration>> outputs(size_t net = 0, size_t stage = 0) const;

  // Runs a net on its inputs, given by name in any order. Element types are the net's; i64, u32 and bool are accepted
  // where the net has i32, f64 where it has f32. kAnyStage: the stage that fits the shapes. Races
  // (options.detect_races) are in the report, not an error.
  Result<SessionRun> run(std::span<const NamedTensor> inputs, size_t net = 0, size_t stage = kAnyStage);

  // The bytes that the last run left at a compile-time address of the net's activations or coefficients.
  Status read_memory(size_t net, size_t stage, uint64_t compiled_address, std::span<std::byte> bytes);

  DeviceContext& context() { return *context_; }

 private:
  explicit Session(std::shared_ptr<DeviceContext> context);
  Result<const LoadedStage*> stage_at(size_t net, size_t stage) const;
  Result<std::shared_ptr<DeviceBuffer>> upload(const bmodel::Tensor& tensor, const Tensor& value);
  Result<Tensor> download(const bmodel::Tensor& tensor, const DeviceTensor& value);

  std::shared_ptr<DeviceContext> context_;
  std::unique_ptr<Runtime> runtime_;
};

}  // namespace bmnet::runtime
