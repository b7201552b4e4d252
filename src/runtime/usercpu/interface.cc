// libusercpu.so: the C interface over the layers of this folder. Also loaded by the vendor's runtime, so that it must
// not let an exception out and reports to stderr.
#include <cstdio>
#include <exception>

#include "runtime/include/user_bmcpu.h"
#include "runtime/include/user_bmcpu_common.h"
#include "runtime/usercpu/layers.h"

namespace {

using bmnet::usercpu::Layer;

constexpr const Layer* kLayers[] = {&bmnet::usercpu::kExp, &bmnet::usercpu::kGeneric};
static_assert(std::size(kLayers) == USER_CPU_UNKNOW);

const Layer* layer_of(const void* param) {
  const int type = param ? static_cast<const user_cpu_param_t*>(param)->op_type : -1;
  if (type >= 0 && type < USER_CPU_UNKNOW) return kLayers[type];
  std::fprintf(stderr, "usercpu: no layer %d\n", type);
  return nullptr;
}

template <typename Body>
int guarded(const Body& body) {
  try {
    const bmnet::Status status = body();
    if (status) return 0;
    std::fprintf(stderr, "usercpu: %s\n", status.error().message.c_str());
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "usercpu: %s\n", exception.what());
  }
  return -1;
}

}  // namespace

void* user_cpu_init() {
  static char handle;  // the layers have no state
  return &handle;
}

void user_cpu_uninit(void*) {}

int user_cpu_check(const void* param, size_t bytes) {
  const Layer* layer = layer_of(bytes >= sizeof(int) ? param : nullptr);
  return layer ? guarded([&] { return layer->check(param, bytes); }) : -1;
}

int user_cpu_process(void*, void* param, const std::vector<float*>& inputs,
                     const std::vector<std::vector<int>>& input_shapes, const std::vector<float*>& outputs,
                     std::vector<std::vector<int>>& output_shapes) {
  const Layer* layer = layer_of(param);
  return layer ? guarded([&] { return layer->process(param, {inputs, input_shapes, outputs, output_shapes}); }) : -1;
}

int user_cpu_reshape(void*, void* param, const std::vector<std::vector<int>>& input_shapes,
                     std::vector<std::vector<int>>& output_shapes) {
  const Layer* layer = layer_of(param);
  return layer ? guarded([&] { return layer->reshape(param, input_shapes, output_shapes); }) : -1;
}

int user_cpu_dtype(void*, void* param, const std::vector<int>& inputs, std::vector<int>& outputs) {
  const Layer* layer = layer_of(param);
  return layer ? guarded([&] { return layer->dtype(param, inputs, outputs); }) : -1;
}
