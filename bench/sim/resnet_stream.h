// A stream of ResNet-50's size in int8: its 53 convolutions, pools, additions and the classifier on random data, as a
// compiler would order them. It is no compiled network: weights mean nothing, the shapes and the commands are the real
// ones.
#pragma once

#include <vector>

#include "device/device.h"

namespace bmnet::bench {

struct ResnetStream {
  static constexpr int kImages = 4;  // at a time: what a 32-bit word holds
  std::vector<CommandGroup> groups;
  uint64_t begin = 0, end = 0;            // the DDR that it uses; to be filled with any bytes
  uint64_t result = 0, result_bytes = 0;  // 1000 words of four classes
  int64_t macs = 0;                       // of one image
};

// Layer by layer: the input of a layer is loaded once, its weights in slices of 256 output channels that alternate
// between two places, so that loads, computation and stores overlap.
Result<ResnetStream> make_resnet_stream();

}  // namespace bmnet::bench
