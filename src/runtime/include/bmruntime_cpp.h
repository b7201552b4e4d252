// BMRuntime for C++: a Context holds the nets of a device, a Network runs one of them on its own tensors.
#ifndef BMRUNTIME_CPP_H_
#define BMRUNTIME_CPP_H_

#include <vector>

#include "bmdef.h"

namespace bmruntime {

class Context;
class Network;
class Tensor;

DECL_EXPORT size_t ByteSize(bm_data_type_t type);  // of one element
DECL_EXPORT size_t ByteSize(const bm_device_mem_t& device_mem);
DECL_EXPORT size_t ByteSize(const bm_tensor_t& tensor);
DECL_EXPORT size_t ByteSize(const Tensor& tensor);
DECL_EXPORT uint64_t Count(const bm_shape_t& shape);
DECL_EXPORT uint64_t Count(const bm_tensor_t& tensor);
DECL_EXPORT uint64_t Count(const Tensor& tensor);
DECL_EXPORT bool IsSameShape(const bm_shape_t& left, const bm_shape_t& right);

class DECL_EXPORT Context {
 public:
  explicit Context(bm_handle_t bm_handle);
  explicit Context(int devid = 0);
  virtual ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  bm_status_t load_bmodel(const void* bmodel_data, size_t size);
  bm_status_t load_bmodel(const char* bmodel_file);

  int get_network_number() const;
  void get_network_names(std::vector<const char*>* names) const;
  const bm_net_info_t* get_network_info(const char* net_name) const;  // null: unknown
  bm_handle_t handle() const;
  void trace() const;

 protected:
  void* body_;
  bm_handle_t bm_handle_;
  friend class Network;

 private:
  bool own_handle_;
};

class DECL_EXPORT Network {
 public:
  // stage_id -1: inputs have room for the largest stage and must be given a shape (Tensor::Reshape) before the first
  // Forward. An unknown net or stage makes a Network without tensors, whose Forward fails.
  Network(const Context& ctx, const char* net_name, int stage_id = -1);
  virtual ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  bm_status_t Forward(bool sync = true) const;
  const std::vector<Tensor*>& Inputs();
  const std::vector<Tensor*>& Outputs();
  Tensor* Input(const char* tensor_name);  // null: unknown
  Tensor* Output(const char* tensor_name);
  const bm_net_info_t* info() const;

 protected:
  const Context* ctx_;
  const bm_net_info_t* net_info_;
  std::vector<Tensor*> inputs_;
  std::vector<Tensor*> outputs_;
  bm_tensor_t* input_tensors_;
  bm_tensor_t* output_tensors_;
};

class DECL_EXPORT Tensor {
 public:
  bm_status_t CopyTo(void* data) const;
  bm_status_t CopyTo(void* data, size_t size, uint64_t offset = 0) const;
  bm_status_t CopyFrom(const void* data);
  bm_status_t CopyFrom(const void* data, size_t size, uint64_t offset = 0);
  // Inputs of a Network without fixed stage only (else BM_ERR_NOFEATURE). No element: BM_ERR_PARAM; too large:
  // BM_ERR_NOMEM.
  bm_status_t Reshape(const bm_shape_t& shape);
  size_t ByteSize() const;
  uint64_t num_elements() const;
  const bm_tensor_t* tensor() const;
  void set_store_mode(bm_store_mode_t mode) const;
  bm_status_t set_device_mem(const bm_device_mem_t& device_mem);

 protected:
  Tensor(bm_handle_t handle, bm_tensor_t* tensor, bool can_reshape = false);
  virtual ~Tensor();
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;
  bool ready() const;

  bool user_mem_;
  bm_handle_t handle_;
  bm_tensor_t* tensor_;
  bool can_reshape_;
  bool have_reshaped_;
  friend class Network;
};

}  // namespace bmruntime

#endif  // BMRUNTIME_CPP_H_
