// The user host layers of this library, one function each: `param` points at a whole user_cpu_param_t.
#pragma once

#include <cstddef>
#include <vector>

#include "base/status.h"
#include "runtime/host_buffers.h"

namespace bmnet::usercpu {

using Buffers = runtime::HostBuffers;

struct Layer {
  // Whether the `bytes` behind `param` hold all that the other functions read.
  Status (*check)(const void* param, size_t bytes);
  Status (*process)(const void* param, const Buffers& buffers);
  Status (*reshape)(const void* param, const std::vector<std::vector<int>>& input_shapes,
                    std::vector<std::vector<int>>& output_shapes);
  Status (*dtype)(const void* param, const std::vector<int>& inputs, std::vector<int>& outputs);
};

extern const Layer kExp;      // exp.cc
extern const Layer kGeneric;  // generic.cc

}  // namespace bmnet::usercpu
