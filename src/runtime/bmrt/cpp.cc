// The C++ interface of BMRuntime, in terms of the C interface.
#include <cstring>

#include "runtime/bmrt/bmrt.h"
#include "runtime/include/bmruntime_cpp.h"
#include "runtime/log.h"

namespace bmruntime {

size_t ByteSize(bm_data_type_t type) { return bmrt_data_type_size(type); }
size_t ByteSize(const bm_device_mem_t& memory) { return memory.size; }
size_t ByteSize(const bm_tensor_t& tensor) { return bmrt_tensor_bytesize(&tensor); }
size_t ByteSize(const Tensor& tensor) { return tensor.ByteSize(); }
uint64_t Count(const bm_shape_t& shape) { return bmrt_shape_count(&shape); }
uint64_t Count(const bm_tensor_t& tensor) { return bmrt_shape_count(&tensor.shape); }
uint64_t Count(const Tensor& tensor) { return tensor.num_elements(); }
bool IsSameShape(const bm_shape_t& left, const bm_shape_t& right) { return bmrt_shape_is_same(&left, &right); }

Context::Context(bm_handle_t handle) : body_(bmrt_create(handle)), bm_handle_(handle), own_handle_(false) {}

Context::Context(int devid) : body_(nullptr), bm_handle_(nullptr), own_handle_(true) {
  if (bm_dev_request(&bm_handle_, devid) == BM_SUCCESS) body_ = bmrt_create(bm_handle_);
}

Context::~Context() {
  bmrt_destroy(body_);
  if (own_handle_) bm_dev_free(bm_handle_);
}

bm_status_t Context::load_bmodel(const void* data, size_t size) {
  return bmrt_load_bmodel_data(body_, data, size) ? BM_SUCCESS : BM_ERR_FAILURE;
}

bm_status_t Context::load_bmodel(const char* file) {
  return bmrt_load_bmodel(body_, file) ? BM_SUCCESS : BM_ERR_FAILURE;
}

int Context::get_network_number() const { return bmrt_get_network_number(body_); }

void Context::get_network_names(std::vector<const char*>* names) const {
  if (!names) return;
  names->clear();
  const char** array = nullptr;
  bmrt_get_network_names(body_, &array);
  if (array) names->assign(array, array + get_network_number());
  std::free(array);
}

const bm_net_info_t* Context::get_network_info(const char* name) const { return bmrt_get_network_info(body_, name); }
bm_handle_t Context::handle() const { return bm_handle_; }
void Context::trace() const { bmrt_trace(body_); }

Network::Network(const Context& context, const char* name, int stage_id)
    : ctx_(&context), net_info_(context.get_network_info(name)), input_tensors_(nullptr), output_tensors_(nullptr) {
  if (!net_info_ || stage_id < -1 || stage_id >= net_info_->stage_num) {
    BMRT_LOG(kWrong, "no net '{}' with stage {}", name ? name : "", stage_id);
    net_info_ = nullptr;
    return;
  }
  const auto make = [&](int count, const bm_data_type_t* types, const size_t* bytes, const bm_shape_t* shapes,
                        bool can_reshape, std::vector<Tensor*>& tensors) {
    auto* array = new bm_tensor_t[count]{};
    for (int i = 0; i < count; ++i) {
      array[i].dtype = types[i];
      array[i].shape = shapes[i];
      if (bm_malloc_device_byte(context.bm_handle_, &array[i].device_mem, static_cast<unsigned>(bytes[i])) !=
          BM_SUCCESS)
        array[i].device_mem = bm_mem_null();
      tensors.push_back(new Tensor(context.bm_handle_, &array[i], can_reshape));
    }
    return array;
  };
  const bm_stage_info_t& stage = net_info_->stages[stage_id < 0 ? 0 : stage_id];
  input_tensors_ = make(net_info_->input_num, net_info_->input_dtypes, net_info_->max_input_bytes, stage.input_shapes,
                        stage_id < 0, inputs_);
  output_tensors_ = make(net_info_->output_num, net_info_->output_dtypes, net_info_->max_output_bytes,
                         stage.output_shapes, false, outputs_);
}

Network::~Network() {
  for (Tensor* tensor : inputs_) delete tensor;
  for (Tensor* tensor : outputs_) delete tensor;
  delete[] input_tensors_;
  delete[] output_tensors_;
}

bm_status_t Network::Forward(bool sync) const {
  if (!net_info_) return BM_ERR_FAILURE;
  for (const Tensor* tensor : inputs_)
    if (!tensor->ready()) {
      BMRT_LOG(kWrong, "net '{}': an input has no shape yet; call Reshape", net_info_->name);
      return BM_ERR_FAILURE;
    }
  if (!bmrt_launch_tensor_ex(ctx_->body_, net_info_->name, input_tensors_, net_info_->input_num, output_tensors_,
                             net_info_->output_num, true, true))
    return BM_ERR_FAILURE;
  return sync ? bm_thread_sync(ctx_->bm_handle_) : BM_SUCCESS;
}

const std::vector<Tensor*>& Network::Inputs() { return inputs_; }
const std::vector<Tensor*>& Network::Outputs() { return outputs_; }

Tensor* Network::Input(const char* name) {
  for (size_t i = 0; name && i < inputs_.size(); ++i)
    if (std::strcmp(net_info_->input_names[i], name) == 0) return inputs_[i];
  return nullptr;
}

Tensor* Network::Output(const char* name) {
  for (size_t i = 0; name && i < outputs_.size(); ++i)
    if (std::strcmp(net_info_->output_names[i], name) == 0) return outputs_[i];
  return nullptr;
}

const bm_net_info_t* Network::info() const { return net_info_; }

Tensor::Tensor(bm_handle_t handle, bm_tensor_t* tensor, bool can_reshape)
    : user_mem_(false), handle_(handle), tensor_(tensor), can_reshape_(can_reshape), have_reshaped_(false) {}

Tensor::~Tensor() {
  if (!user_mem_ && tensor_->device_mem.size) bm_free_device(handle_, tensor_->device_mem);
}

bool Tensor::ready() const { return !can_reshape_ || have_reshaped_; }

bm_status_t Tensor::CopyTo(void* data) const { return CopyTo(data, ByteSize()); }
bm_status_t Tensor::CopyTo(void* data, size_t size, uint64_t offset) const {
  if (offset > tensor_->device_mem.size || size > tensor_->device_mem.size - offset) return BM_ERR_PARAM;
  return bm_memcpy_d2s_partial_offset(handle_, data, tensor_->device_mem, static_cast<unsigned>(size),
                                      static_cast<unsigned>(offset));
}
bm_status_t Tensor::CopyFrom(const void* data) { return CopyFrom(data, ByteSize()); }
bm_status_t Tensor::CopyFrom(const void* data, size_t size, uint64_t offset) {
  if (offset > tensor_->device_mem.size || size > tensor_->device_mem.size - offset) return BM_ERR_PARAM;
  return bm_memcpy_s2d_partial_offset(handle_, tensor_->device_mem, const_cast<void*>(data),
                                      static_cast<unsigned>(size), static_cast<unsigned>(offset));
}

bm_status_t Tensor::Reshape(const bm_shape_t& shape) {
  if (!can_reshape_) return BM_ERR_NOFEATURE;
  const auto checked = bmnet::runtime::from_bm_shape(shape);
  if (!checked || bmrt_shape_count(&shape) == 0) return BM_ERR_PARAM;
  if (bmrt_shape_count(&shape) * bmrt_data_type_size(tensor_->dtype) > tensor_->device_mem.size) return BM_ERR_NOMEM;
  tensor_->shape = shape;
  have_reshaped_ = true;
  return BM_SUCCESS;
}

size_t Tensor::ByteSize() const { return bmrt_tensor_bytesize(tensor_); }
uint64_t Tensor::num_elements() const { return bmrt_shape_count(&tensor_->shape); }
const bm_tensor_t* Tensor::tensor() const { return tensor_; }
void Tensor::set_store_mode(bm_store_mode_t mode) const { tensor_->st_mode = mode; }

bm_status_t Tensor::set_device_mem(const bm_device_mem_t& memory) {
  if (memory.size < ByteSize()) return BM_ERR_PARAM;
  if (!user_mem_ && tensor_->device_mem.size) bm_free_device(handle_, tensor_->device_mem);
  tensor_->device_mem = memory;
  user_mem_ = true;
  return BM_SUCCESS;
}

}  // namespace bmruntime
