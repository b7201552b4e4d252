// libbmcpu.so (also under the newer name libcpuop.so): built-in host layers by number; CPU_USER_DEFINED is forwarded to
// the process' own user_cpu_* functions, else to libusercpu.so.
#include <dlfcn.h>

#include <cstdio>
#include <exception>
#include <type_traits>

#include "runtime/bmcpu/layers.h"
#include "runtime/cpu_layers.h"
#include "runtime/include/bmcpu.h"
#include "runtime/include/bmcpu_common.h"

namespace {

using Shapes = std::vector<std::vector<int>>;
using bmnet::bmcpu::Layer;

const Layer* layer_of(int op_type) {
  switch (op_type) {
    case CPU_UNARY:
      return &bmnet::bmcpu::kUnary;
    default:
      std::fprintf(stderr, "bmcpu: no host layer of type %d here\n", op_type);
      return nullptr;
  }
}

struct UserLayers {
  void* handle = nullptr;
  int (*check)(const void*, size_t) = nullptr;  // only of libraries that know it
  int (*process)(void*, void*, const std::vector<float*>&, const Shapes&, const std::vector<float*>&,
                 Shapes&) = nullptr;
  int (*reshape)(void*, void*, const Shapes&, Shapes&) = nullptr;
  int (*dtype)(void*, void*, const std::vector<int>&, std::vector<int>&) = nullptr;
};

// Null when there is no user library.
const UserLayers* user_layers() {
  static const UserLayers layers = [] {
    UserLayers found;
    void* library = RTLD_DEFAULT;
    if (!dlsym(RTLD_DEFAULT, "user_cpu_process")) {
      library = bmnet::runtime::open_library("libusercpu.so");
      if (!library) return found;
    }
    const auto find = [&](const char* name, auto& function) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    };
    void* (*init)() = nullptr;
    find("user_cpu_init", init);
    find("user_cpu_check", found.check);
    find("user_cpu_process", found.process);
    find("user_cpu_reshape", found.reshape);
    find("user_cpu_dtype", found.dtype);
    if (init) found.handle = init();
    return found;
  }();
  if (layers.process) return &layers;
  std::fprintf(stderr, "bmcpu: user layers need libusercpu.so, which cannot be loaded\n");
  return nullptr;
}

// Before a parameter from a file goes where its size is not passed on.
bool is_sound(const void* param, size_t bytes) {
  const UserLayers* layers = user_layers();
  return layers && (!layers->check || layers->check(param, bytes) == 0);
}

// No exception leaves the library.
template <typename Body>
int guarded(const Body& body) {
  try {
    return body();
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "bmcpu: %s\n", exception.what());
    return -1;
  }
}

}  // namespace

void* bmcpu_init() {
  static char handle;  // the layers have no state
  return &handle;
}

void bmcpu_uninit(void*) {}

int bmcpu_process(void* handle, int op_type, void* param, int param_size, const std::vector<float*>& inputs,
                  const Shapes& input_shapes, const std::vector<float*>& outputs, Shapes& output_shapes) {
  if (op_type == CPU_USER_DEFINED)
    return is_sound(param, static_cast<size_t>(param_size))
               ? bmcpu_user_process(handle, param, inputs, input_shapes, outputs, output_shapes)
               : -1;
  const Layer* layer = layer_of(op_type);
  return guarded([&] {
    return layer && layer->process(param, param_size, {inputs, input_shapes, outputs, output_shapes}) ? 0 : -1;
  });
}

int bmcpu_reshape(void* handle, int op_type, void* param, int param_size, const Shapes& input_shapes,
                  Shapes& output_shapes) {
  if (op_type == CPU_USER_DEFINED)
    return is_sound(param, static_cast<size_t>(param_size))
               ? bmcpu_user_reshape(handle, param, input_shapes, output_shapes)
               : -1;
  const Layer* layer = layer_of(op_type);
  return guarded([&] { return layer && layer->reshape(param, param_size, input_shapes, output_shapes) ? 0 : -1; });
}

int bmcpu_dtype(void* handle, int op_type, const void* param, size_t param_size, const std::vector<int>& inputs,
                std::vector<int>& outputs) {
  if (op_type == CPU_USER_DEFINED)
    return is_sound(param, param_size) ? bmcpu_user_dtype(handle, const_cast<void*>(param), inputs, outputs) : -1;
  const Layer* layer = layer_of(op_type);
  return guarded([&] { return layer && layer->dtype(param, static_cast<int>(param_size), inputs, outputs) ? 0 : -1; });
}

int bmcpu_user_process(void*, void* param, const std::vector<float*>& inputs, const Shapes& input_shapes,
                       const std::vector<float*>& outputs, Shapes& output_shapes) {
  const UserLayers* layers = user_layers();
  return guarded([&] {
    return layers ? layers->process(layers->handle, param, inputs, input_shapes, outputs, output_shapes) : -1;
  });
}

int bmcpu_user_reshape(void*, void* param, const Shapes& input_shapes, Shapes& output_shapes) {
  const UserLayers* layers = user_layers();
  return guarded([&] {
    return layers && layers->reshape ? layers->reshape(layers->handle, param, input_shapes, output_shapes) : -1;
  });
}

int bmcpu_user_dtype(void*, void* param, const std::vector<int>& inputs, std::vector<int>& outputs) {
  const UserLayers* layers = user_layers();
  return guarded([&] { return layers && layers->dtype ? layers->dtype(layers->handle, param, inputs, outputs) : -1; });
}
