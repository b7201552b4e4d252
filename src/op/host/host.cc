#include "op/host/host.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "base/code_folder.h"
#include "op/host/onednn/onednn.h"

namespace bmnet::op::host {
namespace {

MakeAccelerator* load() {
  // Threads that spin while they wait make every parallel region cost a scheduler tick on a busy machine. The OpenMP
  // runtime reads this once, when it is loaded with oneDNN.
  setenv("OMP_WAIT_POLICY", "passive", 0);
  const std::filesystem::path own_folder = folder_of_code(reinterpret_cast<const void*>(&has_accelerator));
  if (own_folder.empty()) return nullptr;
  for (const char* place : {"../lib", ".", "../lib/bmnet"}) {
    const std::filesystem::path path = own_folder / place / "libbmnet_onednn.so";
    if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
      return reinterpret_cast<MakeAccelerator*>(dlsym(library, kMakeAcceleratorName));
  }
  return nullptr;
}

MakeAccelerator* make_accelerator() {
  static MakeAccelerator* const make = load();
  return make;
}

}  // namespace

bool has_accelerator() { return make_accelerator() != nullptr; }

Result<Interpreter> make_interpreter(const Graph& graph, Options options) {
  if (!options.fast || !has_accelerator()) return Interpreter::create(graph);
  BMNET_TRY(Interpreter::create(graph));  // the accelerator relies on a checked graph
  return Interpreter::create(graph, std::unique_ptr<Accelerator>(make_accelerator()(graph, !options.observe)));
}

}  // namespace bmnet::op::host
