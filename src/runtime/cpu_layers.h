// The host layers of BModels (BMCPU), reached through the C ABI of the process or of libbmcpu.so / libcpuop.so.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"

namespace bmnet::runtime {

class CpuLayers {
 public:
  // The layers of this process, loaded at the first call; kUser when no library is found.
  static Result<CpuLayers*> instance();

  // Runs layer `op_type` with its parameter struct. Buffers are 1N, of the element type the layer expects, 4 bytes an
  // element; a layer may shrink `output_shapes`.
  Status process(int op_type, std::vector<uint8_t> param, const std::vector<float*>& inputs,
                 const std::vector<std::vector<int>>& input_shapes, const std::vector<float*>& outputs,
                 std::vector<std::vector<int>>& output_shapes);

 private:
  using Init = void* (*)();
  using Process = int (*)(void*, int, void*, int, const std::vector<float*>&, const std::vector<std::vector<int>>&,
                          const std::vector<float*>&, std::vector<std::vector<int>>&);
  void* handle_ = nullptr;
  Process process_ = nullptr;
};

// dlopen by name; when the loader does not find it, beside this module and in ../lib. Null when there is none.
void* open_library(const char* name);

}  // namespace bmnet::runtime
