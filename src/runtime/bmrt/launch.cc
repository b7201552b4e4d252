// The C interface of BMRuntime: running nets.
#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "runtime/bmrt/bmrt.h"
#include "runtime/log.h"
#include "runtime/store_mode.h"

using namespace bmnet;
using namespace bmnet::runtime;

namespace {

bmodel::StoreMode mode_of(bm_store_mode_t mode) { return static_cast<bmodel::StoreMode>(mode); }

uint64_t bytes_of(const Shape& shape, const bmodel::Tensor& tensor, bm_store_mode_t mode) {
  return stored_bytes(extent_of(shape), tensor.data_type, mode_of(mode));
}

// What the caller may ask of a tensor that the net stores as `tensor`.
Status check_mode(const char* kind, size_t index, const bmodel::Tensor& tensor, bm_store_mode_t mode) {
  if (mode != BM_STORE_1N && mode != BM_STORE_4N)
    return user_error("{} {}: store mode {}; use 1N", kind, index, int(mode));
  if (mode != BM_STORE_1N && tensor.store_mode == bmodel::StoreMode::k1N)
    return user_error("{} {}: store mode 4N, but the net was compiled for 1N", kind, index);
  return {};
}

Result<Shape> check_input(size_t index, const bm_tensor_t& given, const bmodel::Tensor& tensor) {
  const std::optional<Shape> shape = from_bm_shape(given.shape);
  if (!shape || element_count(*shape) == 0) return user_error("input {}: an empty or impossible shape", index);
  if (static_cast<uint32_t>(given.dtype) != static_cast<uint32_t>(tensor.data_type))
    return user_error("input {}: data type {}, but the net takes {}", index, int(given.dtype),
                      bmodel::data_type_name(tensor.data_type));
  BMNET_TRY(check_mode("input", index, tensor, given.st_mode));
  const uint64_t bytes = bytes_of(*shape, tensor, given.st_mode);
  if (given.device_mem.size < bytes)
    return user_error("input {}: device memory of {} bytes for a tensor of {}", index, given.device_mem.size, bytes);
  return *shape;
}

// Device memory of outputs that a failed launch gives back.
class OutputMemory {
 public:
  explicit OutputMemory(bm_handle_t handle) : handle_(handle) {}
  ~OutputMemory() {
    for (bm_device_mem_t memory : allocated_) bm_free_device(handle_, memory);
  }
  Status allocate(bm_device_mem_t& memory, uint64_t bytes) {
    if (bytes > 0xFFFFFFFFu || bm_malloc_device_byte(handle_, &memory, static_cast<unsigned>(bytes)) != BM_SUCCESS)
      return system_error("no device memory for an output of {} bytes", bytes);
    allocated_.push_back(memory);
    return {};
  }
  void keep() { allocated_.clear(); }

 private:
  bm_handle_t handle_;
  std::vector<bm_device_mem_t> allocated_;
};

Status append_plain(bm_handle_t handle, const bm_tensor_t& tensor, std::vector<uint8_t>& to) {
  const Shape shape = *from_bm_shape(tensor.shape);
  const auto type = static_cast<bmodel::DataType>(tensor.dtype);
  std::vector<std::byte> stored(stored_bytes(extent_of(shape), type, mode_of(tensor.st_mode)));
  BMNET_TRY(handle->device->device().read(tensor.device_mem.u.device.device_addr, stored));
  std::vector<std::byte> plain(stored_bytes(extent_of(shape), type, bmodel::StoreMode::k1N));
  if (tensor.st_mode == BM_STORE_1N)
    plain = stored;
  else
    deinterleave(stored, extent_of(shape), plain);
  const auto* bytes = reinterpret_cast<const uint8_t*>(plain.data());
  to.insert(to.end(), bytes, bytes + plain.size());
  return {};
}

// BMRT_SAVE_IO_TENSORS: reference files of the last launch.
Status save(bm_handle_t handle, const bm_tensor_t* tensors, int count, const char* path) {
  std::vector<uint8_t> content;
  for (int i = 0; i < count; ++i) BMNET_TRY(append_plain(handle, tensors[i], content));
  return write_file_atomically(path, Bytes(content));
}

bool saving() {
  const char* value = std::getenv("BMRT_SAVE_IO_TENSORS");
  return value && std::strcmp(value, "1") == 0;
}

Status launch(Bmrt& bmrt, const char* name, const bm_tensor_t inputs[], int input_num, bm_tensor_t outputs[],
              int output_num, bool user_mem, bool user_stmode) {
  const Network* network = bmrt.find(name);
  if (!network) return user_error("no net '{}' is loaded", name ? name : "");
  const bmodel::Stage& first = network->first();
  if (input_num < 0 || static_cast<size_t>(input_num) != first.inputs.size() || output_num < 0 ||
      static_cast<size_t>(output_num) != first.outputs.size())
    return user_error("net '{}': {} inputs and {} outputs given; it has {} and {}", name, input_num, output_num,
                      first.inputs.size(), first.outputs.size());
  if ((input_num && !inputs) || (output_num && !outputs)) return user_error("net '{}': null tensors", name);

  std::vector<Shape> shapes;
  for (int i = 0; i < input_num; ++i) {
    BMNET_ASSIGN(Shape shape, check_input(i, inputs[i], first.inputs[i]));
    shapes.push_back(std::move(shape));
  }
  BMNET_ASSIGN(const size_t index, network->stage_for(shapes));
  const bmodel::Stage& stage = network->stages[index].source;
  std::vector<DeviceTensor> from, to;
  for (int i = 0; i < input_num; ++i) {
    BMNET_TRY(check_mode("input", i, stage.inputs[i], inputs[i].st_mode));
    from.push_back({inputs[i].device_mem.u.device.device_addr, mode_of(inputs[i].st_mode), shapes[i]});
  }
  OutputMemory memory(bmrt.handle);
  for (int i = 0; i < output_num; ++i) {
    const bmodel::Tensor& tensor = stage.outputs[i];
    if (!user_stmode) outputs[i].st_mode = BM_STORE_1N;
    BMNET_TRY(check_mode("output", i, tensor, outputs[i].st_mode));
    const uint64_t bytes = bytes_of(shape_of(tensor), tensor, outputs[i].st_mode);
    if (!user_mem) {
      BMNET_TRY(memory.allocate(outputs[i].device_mem, bytes));
    } else if (outputs[i].device_mem.size < bytes) {
      return user_error("output {}: device memory of {} bytes for a tensor of {}", i, outputs[i].device_mem.size,
                        bytes);
    }
    outputs[i].dtype = static_cast<bm_data_type_t>(tensor.data_type);
    to.push_back({outputs[i].device_mem.u.device.device_addr, mode_of(outputs[i].st_mode), {}});
  }

  BMNET_ASSIGN(LaunchReport report, bmrt.runtime.launch(*network, index, from, to));
  for (int i = 0; i < output_num; ++i) outputs[i].shape = to_bm_shape(to[i].shape);
  for (const Race& race : report.races) BMRT_LOG(kWarning, "{}", race.message);
  {
    const std::lock_guard lock(bmrt.loading);
    bmrt.last_report = std::move(report);
  }
  if (saving()) {
    BMNET_TRY(save(bmrt.handle, inputs, input_num, "input_ref_data.dat.bmrt"));
    BMNET_TRY(save(bmrt.handle, outputs, output_num, "output_ref_data.dat.bmrt"));
  }
  memory.keep();
  return {};
}

Status launch_data(Bmrt& bmrt, const char* name, void* const inputs[], const bm_shape_t input_shapes[], int input_num,
                   void* outputs[], bm_shape_t output_shapes[], int output_num, bool user_mem) {
  const bm_net_info_t* info = bmrt_get_network_info(&bmrt, name);
  if (!info) return user_error("no net '{}' is loaded", name ? name : "");
  if (input_num != info->input_num || output_num != info->output_num)
    return user_error("net '{}': {} inputs and {} outputs given; it has {} and {}", name, input_num, output_num,
                      info->input_num, info->output_num);
  if (!inputs || !input_shapes || !outputs || !output_shapes) return user_error("net '{}': null arrays", name);

  OutputMemory memory(bmrt.handle);  // of inputs and outputs: all are given back
  std::vector<bm_tensor_t> from(input_num), to(output_num);
  for (int i = 0; i < input_num; ++i) {
    if (!inputs[i] || !from_bm_shape(input_shapes[i]))
      return user_error("net '{}': input {} is null or impossible", name, i);
    from[i].dtype = info->input_dtypes[i];
    from[i].shape = input_shapes[i];
    BMNET_TRY(memory.allocate(from[i].device_mem, bmrt_tensor_bytesize(&from[i])));
    if (bm_memcpy_s2d(bmrt.handle, from[i].device_mem, inputs[i]) != BM_SUCCESS)
      return bug("net '{}': input {} cannot be copied", name, i);
  }
  for (int i = 0; i < output_num; ++i) BMNET_TRY(memory.allocate(to[i].device_mem, info->max_output_bytes[i]));
  BMNET_TRY(launch(bmrt, name, from.data(), input_num, to.data(), output_num, true, false));
  for (int i = 0; i < output_num; ++i) {
    const size_t bytes = bmrt_tensor_bytesize(&to[i]);
    output_shapes[i] = to[i].shape;
    if (!user_mem) outputs[i] = std::malloc(bytes ? bytes : 1);
    if (!outputs[i]) return user_error("net '{}': no host memory for output {}", name, i);
    if (bm_memcpy_d2s_partial(bmrt.handle, outputs[i], to[i].device_mem, static_cast<unsigned>(bytes)) != BM_SUCCESS)
      return bug("net '{}': output {} cannot be copied", name, i);
  }
  return {};
}

bool logged(Status status) {
  if (!status) BMRT_LOG(kWrong, "{}", status.error().message);
  return status.has_value();
}

bool one_core(const int* cores, int count) { return count == 1 && cores && cores[0] == 0; }

}  // namespace

bool bmrt_launch_tensor_ex(void* p_bmrt, const char* name, const bm_tensor_t inputs[], int input_num,
                           bm_tensor_t outputs[], int output_num, bool user_mem, bool user_stmode) {
  return p_bmrt && logged(launch(*static_cast<Bmrt*>(p_bmrt), name, inputs, input_num, outputs, output_num, user_mem,
                                 user_stmode));
}

bool bmrt_launch_tensor(void* p_bmrt, const char* name, const bm_tensor_t inputs[], int input_num,
                        bm_tensor_t outputs[], int output_num) {
  return bmrt_launch_tensor_ex(p_bmrt, name, inputs, input_num, outputs, output_num, false, false);
}

bool bmrt_launch_data(void* p_bmrt, const char* name, void* const inputs[], const bm_shape_t input_shapes[],
                      int input_num, void* outputs[], bm_shape_t output_shapes[], int output_num, bool user_mem) {
  return p_bmrt && logged(launch_data(*static_cast<Bmrt*>(p_bmrt), name, inputs, input_shapes, input_num, outputs,
                                      output_shapes, output_num, user_mem));
}

bool bmrt_launch_tensor_multi_cores(void* p_bmrt, const char* name, const bm_tensor_t inputs[], int input_num,
                                    bm_tensor_t outputs[], int output_num, bool user_mem, bool user_stmode,
                                    const int* cores, int core_num) {
  return one_core(cores, core_num) &&
         bmrt_launch_tensor_ex(p_bmrt, name, inputs, input_num, outputs, output_num, user_mem, user_stmode);
}

bool bmrt_launch_data_multi_cores(void* p_bmrt, const char* name, void* const inputs[], const bm_shape_t input_shapes[],
                                  int input_num, void* outputs[], bm_shape_t output_shapes[], int output_num,
                                  bool user_mem, const int* cores, int core_num) {
  return one_core(cores, core_num) &&
         bmrt_launch_data(p_bmrt, name, inputs, input_shapes, input_num, outputs, output_shapes, output_num, user_mem);
}

// Activations are allocated when a net is loaded.
bool bmrt_pre_alloc_neuron_multi_cores(void* p_bmrt, const char* name, int stage, const int* cores, int core_num) {
  const bm_net_info_t* info = bmrt_get_network_info(p_bmrt, name);
  return info && stage >= 0 && stage < info->stage_num && one_core(cores, core_num);
}
