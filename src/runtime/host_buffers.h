// What a host layer works on, as the C++ interfaces of libbmcpu.so and libusercpu.so hand it over.
#pragma once

#include <cstdint>
#include <vector>

namespace bmnet::runtime {

// Tensors stored 1N. `output_shapes` come in as announced, or empty when the caller does not know them; a layer may
// make them smaller.
struct HostBuffers {
  const std::vector<float*>& inputs;
  const std::vector<std::vector<int>>& input_shapes;
  const std::vector<float*>& outputs;
  std::vector<std::vector<int>>& output_shapes;
};

inline int64_t elements_of(const std::vector<int>& shape) {
  int64_t count = 1;
  for (const int dim : shape) count *= dim;
  return count;
}

// Whether output 0 has room for `count` elements, as far as that is known.
inline bool has_room(const HostBuffers& buffers, int64_t count) {
  return buffers.output_shapes.empty() || elements_of(buffers.output_shapes[0]) >= count;
}

}  // namespace bmnet::runtime
