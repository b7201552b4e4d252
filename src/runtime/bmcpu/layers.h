// The built-in host layers: one row of the table in interface.cc and one struct here each. A layer type without row is
// refused by name of its number.
#pragma once

#include <vector>

#include "runtime/host_buffers.h"

namespace bmnet::bmcpu {

using Buffers = runtime::HostBuffers;

// All give false when parameters or tensors do not fit the layer.
struct Layer {
  bool (*process)(const void* param, int param_bytes, const Buffers& buffers);
  bool (*reshape)(const void* param, int param_bytes, const std::vector<std::vector<int>>& input_shapes,
                  std::vector<std::vector<int>>& output_shapes);
  bool (*dtype)(const void* param, int param_bytes, const std::vector<int>& inputs, std::vector<int>& outputs);
};

extern const Layer kUnary;  // unary.cc

}  // namespace bmnet::bmcpu
