#include "runtime/session.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "bmodel/reader.h"
#include "runtime/store_mode.h"

namespace bmnet::runtime {
namespace {

template <typename To, typename From>
Status convert_elements(const Tensor& from, Tensor& to) {
  for (size_t i = 0; i < from.data<From>().size(); ++i) {
    const From value = from.data<From>()[i];
    to.data<To>()[i] = static_cast<To>(value);
    if (std::numeric_limits<To>::is_integer && static_cast<From>(to.data<To>()[i]) != value)
      return user_error("value {} at {} does not fit {}", value, i, dtype_name(to.dtype()));
  }
  return {};
}

// `value` in the type in which the net keeps it.
Result<Tensor> as_stored(const Tensor& value, DType type) {
  if (value.dtype() == type) return value;
  Tensor result({type, value.shape()});
  Status status;
  if (value.dtype() == DType::kI64 && type == DType::kI32)
    status = convert_elements<int32_t, int64_t>(value, result);
  else if (value.dtype() == DType::kBool && type == DType::kI32)
    status = convert_elements<int32_t, bool>(value, result);
  else if (value.dtype() == DType::kU32 && type == DType::kI32)
    status = convert_elements<int32_t, uint32_t>(value, result);
  else if (value.dtype() == DType::kF64 && type == DType::kF32)
    status = convert_elements<float, double>(value, result);
  else
    status = user_error("type {} where the net takes {}", dtype_name(value.dtype()), dtype_name(type));
  if (!status) return tl::unexpected(std::move(status).error());
  return result;
}

Result<std::vector<TensorDeclaration>> declarations(const std::vector<bmodel::Tensor>& tensors) {
  std::vector<TensorDeclaration> result;
  for (const bmodel::Tensor& tensor : tensors) {
    BMNET_ASSIGN(const DType type, host_type(tensor.data_type));
    result.push_back({tensor.name, {type, shape_of(tensor)}, tensor.scale});
  }
  return result;
}

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.raw()), tensor.bytes()};
}

}  // namespace

Result<std::vector<NamedTensor>> read_dat(const MappedFile& file, std::string_view name,
                                          std::span<const TensorDeclaration> declarations, size_t& offset) {
  std::vector<NamedTensor> tensors;
  for (const TensorDeclaration& declaration : declarations) {
    const size_t bytes = declaration.info.bytes();
    if (!contains(file.bytes(), offset, bytes))
      return user_error("{}: {} bytes, but tensor '{}' needs {} from byte {}", name, file.bytes().size(),
                        declaration.name, bytes, offset);
    Tensor tensor(declaration.info);
    std::memcpy(tensor.raw(), file.bytes().data() + offset, bytes);
    tensors.push_back({declaration.name, std::move(tensor)});
    offset += bytes;
  }
  return tensors;
}

Session::Session(std::shared_ptr<DeviceContext> context)
    : context_(std::move(context)), runtime_(std::make_unique<Runtime>(context_)) {}

Result<std::unique_ptr<Session>> Session::open(const SessionOptions& options) {
  BMNET_ASSIGN(std::unique_ptr<Device> device, open_device(options.device, options.ddr_bytes));
  BMNET_ASSIGN(std::unique_ptr<Session> session, open(std::move(device)));
  session->context_->launch_options().trace = options.trace;
  session->context_->launch_options().detect_races = options.detect_races;
  return session;
}

Result<std::unique_ptr<Session>> Session::open(std::unique_ptr<Device> device) {
  BMNET_ASSIGN(std::shared_ptr<DeviceContext> context, DeviceContext::open(std::move(device)));
  return on(std::move(context));
}

std::unique_ptr<Session> Session::on(std::shared_ptr<DeviceContext> context) {
  return std::unique_ptr<Session>(new Session(std::move(context)));
}

Result<std::unique_ptr<Session>> Session::open(const std::filesystem::path& bmodel, const SessionOptions& options) {
  BMNET_ASSIGN(std::unique_ptr<Session> session, open(options));
  BMNET_TRY(session->load(bmodel));
  return session;
}

Status Session::load(const std::filesystem::path& path) {
  BMNET_ASSIGN(const bmodel::Model model, bmodel::read_file(path));
  return load(model, path.string());
}

Status Session::load(const bmodel::Model& model, std::string_view what) { return runtime_->load(model, what); }

Result<const LoadedStage*> Session::stage_at(size_t net, size_t stage) const {
  if (net >= networks().size()) return user_error("no net {}; {} are loaded", net, networks().size());
  const Network& network = *networks()[net];
  if (stage >= network.stages.size())
    return user_error("net '{}': no stage {}; it has {}", network.name, stage, network.stages.size());
  return &network.stages[stage];
}

Result<std::vector<TensorDeclaration>> Session::inputs(size_t net, size_t stage) const {
  BMNET_ASSIGN(const LoadedStage* loaded, stage_at(net, stage));
  return declarations(loaded->source.inputs);
}

Result<std::vector<TensorDeclaration>> Session::outputs(size_t net, size_t stage) const {
  BMNET_ASSIGN(const LoadedStage* loaded, stage_at(net, stage));
  return declarations(loaded->source.outputs);
}

Result<SessionRun> Session::run(std::span<const NamedTensor> inputs, size_t net, size_t stage) {
  BMNET_ASSIGN(const LoadedStage* loaded, stage_at(net, stage == kAnyStage ? 0 : stage));
  const Network& network = *networks()[net];
  std::vector<const Tensor*> values;
  std::vector<Shape> shapes;
  for (const bmodel::Tensor& tensor : loaded->source.inputs) {
    const auto given =
        std::find_if(inputs.begin(), inputs.end(), [&](const NamedTensor& input) { return input.name == tensor.name; });
    if (given == inputs.end()) return user_error("net '{}': input '{}' is missing", network.name, tensor.name);
    values.push_back(&given->tensor);
    shapes.push_back(given->tensor.shape());
  }
  if (inputs.size() != values.size())
    return user_error("net '{}': {} inputs given; it has {}", network.name, inputs.size(), values.size());
  BMNET_ASSIGN(const size_t fitting, network.stage_for(shapes));
  if (stage == kAnyStage) stage = fitting;
  const bmodel::Stage& source = network.stages[stage].source;

  std::vector<std::shared_ptr<DeviceBuffer>> buffers;
  std::vector<DeviceTensor> from, to;
  for (size_t i = 0; i < values.size(); ++i) {
    Result<std::shared_ptr<DeviceBuffer>> buffer = upload(source.inputs[i], *values[i]);
    if (!buffer)
      return with_context(fmt::format("net '{}' input '{}'", network.name, source.inputs[i].name),
                          std::move(buffer).error());
    from.push_back({(*buffer)->address(), bmodel::StoreMode::k1N, shapes[i]});
    buffers.push_back(std::move(*buffer));
  }
  for (size_t i = 0; i < source.outputs.size(); ++i) {
    BMNET_ASSIGN(std::shared_ptr<DeviceBuffer> buffer, context_->allocate(network.max_output_bytes(i)));
    to.push_back({buffer->address(), bmodel::StoreMode::k1N, {}});
    buffers.push_back(std::move(buffer));
  }
  SessionRun run;
  const auto start = std::chrono::steady_clock::now();
  BMNET_ASSIGN(run.report, runtime_->launch(network, stage, from, to));
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (size_t i = 0; i < to.size(); ++i) {
    BMNET_ASSIGN(Tensor value, download(source.outputs[i], to[i]));
    run.outputs.push_back({source.outputs[i].name, std::move(value)});
  }
  return run;
}

Result<std::shared_ptr<DeviceBuffer>> Session::upload(const bmodel::Tensor& tensor, const Tensor& value) {
  BMNET_ASSIGN(const DType type, host_type(tensor.data_type));
  BMNET_ASSIGN(const Tensor stored, as_stored(value, type));
  BMNET_ASSIGN(std::shared_ptr<DeviceBuffer> buffer, context_->allocate(stored.bytes()));
  BMNET_TRY(context_->device().write(buffer->address(), bytes_of(stored)));
  return buffer;
}

Result<Tensor> Session::download(const bmodel::Tensor& tensor, const DeviceTensor& value) {
  BMNET_ASSIGN(const DType type, host_type(tensor.data_type));
  Tensor result({type, value.shape});
  BMNET_TRY(context_->device().read(value.address, {static_cast<std::byte*>(result.raw()), result.bytes()}));
  return result;
}

Status Session::read_memory(size_t net, size_t stage, uint64_t compiled_address, std::span<std::byte> bytes) {
  BMNET_ASSIGN(const LoadedStage* loaded, stage_at(net, stage));
  BMNET_ASSIGN(const uint64_t address, loaded->relocation().source(compiled_address));
  return context_->device().read(address, bytes);
}

}  // namespace bmnet::runtime
