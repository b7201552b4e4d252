#include "runtime/cpu_layers.h"

#include <dlfcn.h>

#include <filesystem>

#include "base/code_folder.h"

namespace bmnet::runtime {

void* open_library(const char* name) {
  if (void* library = dlopen(name, RTLD_NOW)) return library;
  const std::filesystem::path folder = folder_of_code(reinterpret_cast<const void*>(&open_library));
  if (folder.empty()) return nullptr;
  for (const auto& path : {folder / name, folder / ".." / "lib" / name})
    if (void* library = dlopen(path.c_str(), RTLD_NOW)) return library;
  return nullptr;
}

Result<CpuLayers*> CpuLayers::instance() {
  static const Result<CpuLayers> layers = []() -> Result<CpuLayers> {
    CpuLayers found;
    void* library = RTLD_DEFAULT;
    if (!dlsym(RTLD_DEFAULT, "bmcpu_process")) {
      library = open_library("libbmcpu.so");
      if (!library) library = open_library("libcpuop.so");
      if (!library) return user_error("host layers need libbmcpu.so or libcpuop.so; neither can be loaded");
    }
    const auto init = reinterpret_cast<Init>(dlsym(library, "bmcpu_init"));
    found.process_ = reinterpret_cast<Process>(dlsym(library, "bmcpu_process"));
    if (!init || !found.process_) return user_error("the library of host layers has no bmcpu_init or bmcpu_process");
    found.handle_ = init();
    return found;
  }();
  if (!layers) return tl::unexpected(layers.error());
  return const_cast<CpuLayers*>(&*layers);
}

Status CpuLayers::process(int op_type, std::vector<uint8_t> param, const std::vector<float*>& inputs,
                          const std::vector<std::vector<int>>& input_shapes, const std::vector<float*>& outputs,
                          std::vector<std::vector<int>>& output_shapes) {
  int code;
  try {
    code = process_(handle_, op_type, param.data(), static_cast<int>(param.size()), inputs, input_shapes, outputs,
                    output_shapes);
  } catch (const std::exception& exception) {
    return user_error("host layer {}: {}", op_type, exception.what());
  } catch (...) {
    return user_error("host layer {}: threw something that is no std::exception", op_type);
  }
  if (code != 0) return user_error("host layer {}: failed with code {}", op_type, code);
  return {};
}

}  // namespace bmnet::runtime
