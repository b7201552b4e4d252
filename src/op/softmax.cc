#include <cmath>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

Result<Infos> infer_softmax(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_TRY(FloatTypes::check(inputs[0], "the input"));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_TRY(attributes.get<bool>("log"));
  BMNET_TRY(check_axis("axis", axis, inputs[0].shape.size()));
  return result(inputs[0].dtype, inputs[0].shape);
}

// One slice [extent, inner]: softmax over the first axis, for all `inner` positions at once.
template <typename T>
void softmax_slice(const T* in, T* out, int64_t extent, int64_t inner, bool log, std::vector<T>& most,
                   std::vector<double>& sum) {
  most.assign(in, in + inner);
  for (int64_t a = 1; a < extent; ++a)
    for (int64_t i = 0; i < inner; ++i) {
      const T x = in[a * inner + i];
      if (x > most[i] || x != x) most[i] = x;
    }
  sum.assign(inner, 0);
  for (int64_t a = 0; a < extent; ++a)
    for (int64_t i = 0; i < inner; ++i) {
      const T e = std::exp(in[a * inner + i] - most[i]);
      out[a * inner + i] = e;
      sum[i] += e;
    }
  for (int64_t a = 0; a < extent; ++a)
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t at = a * inner + i;
      out[at] = static_cast<T>(log ? (in[at] - most[i]) - std::log(sum[i]) : out[at] / sum[i]);
    }
}

Status softmax(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_ASSIGN(const bool log, attributes.get<bool>("log"));
  const Shape& shape = inputs[0].shape();
  const int64_t outer = extent_between(shape, 0, axis), extent = shape[axis];
  const int64_t inner = extent_between(shape, axis + 1, shape.size());
  if (element_count(shape) == 0) return {};
  return FloatTypes::visit(inputs[0].dtype(), [&]<typename T>() {
    std::vector<T> most;
    std::vector<double> sum;
    for (int64_t o = 0; o < outer; ++o)
      softmax_slice(pointer<T>(inputs[0]) + o * extent * inner, pointer<T>(outputs[0]) + o * extent * inner, extent,
                    inner, log, most, sum);
  });
}

constexpr OpSpec kOps[] = {{"softmax", infer_softmax, softmax}};

}  // namespace

std::span<const OpSpec> softmax_ops() { return kOps; }

}  // namespace bmnet::op
