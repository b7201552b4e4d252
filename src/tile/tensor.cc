#include "tile/tensor.h"

namespace bmnet::tile {

using bm1684::kAlignBytes;
using bm1684::kLanes;

Local Local::part(const Dims& begin, const Dims& size) const {
  Local result = *this;
  const int64_t channel = lane + begin[1];
  const int64_t words =
      begin[0] * strides[0] + channel / kLanes * strides[1] + begin[2] * strides[2] + begin[3] * strides[3];
  result.shape = size;
  result.lane = static_cast<int>(channel % kLanes);
  result.offset = static_cast<uint32_t>(offset + words * 4);
  return result;
}

Dims local_strides(const Dims& shape, Layout layout, int lane) {
  const int64_t image = shape[2] * shape[3];
  const int64_t channel = layout == Layout::kAligned ? round_up(image, kAlignBytes / 4) : image;
  return {ceil_div(lane + shape[1], kLanes) * channel, channel, shape[3], 1};
}

Local make_local(const Dims& shape, Layout layout, uint32_t offset, int lane) {
  return {shape, local_strides(shape, layout, lane), offset, lane};
}

int64_t bytes_per_lane(const Dims& shape, Layout layout, int lane) {
  return round_up(shape[0] * local_strides(shape, layout, lane)[0] * 4, kAlignBytes);
}

bool Local::is_aligned() const {
  const Dims wanted = local_strides(shape, Layout::kAligned, lane);
  const bool one_row = lane + shape[1] <= kLanes;
  return (shape[0] == 1 || strides[0] == wanted[0]) && (one_row || strides[1] == wanted[1]) &&
         (shape[2] == 1 || strides[2] == wanted[2]) && (shape[3] == 1 || strides[3] == wanted[3]);
}

Box Box::part(const Dims& begin, const Dims& size) const {
  Box result = *this;
  for (int i = 0; i < 4; ++i) result.offset += begin[i] * strides[i];
  result.shape = size;
  return result;
}

}  // namespace bmnet::tile
