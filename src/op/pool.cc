#include <algorithm>
#include <limits>

#include "base/parallel.h"
#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

Result<Window> read_pool(const Attributes& attributes) {
  BMNET_ASSIGN(Shape kernel, attributes.get<Shape>("kernel"));
  if (kernel.empty() || kernel.size() > 3)
    return unsupported("pooling over {} axes, 1 to 3 are supported", kernel.size());
  return read_window(attributes, std::move(kernel));
}

Result<int64_t> output_extent(const Window& window, size_t axis, int64_t in, const std::string& rounding) {
  const int64_t stride = window.strides[axis];
  const int64_t free = in + window.begin(axis) + window.end(axis) - window.extent(axis);
  const int64_t ceiling = rounding == "floor" ? 0 : stride - 1;
  if (free + ceiling < 0)
    return user_error("the window spans {} elements, the padded input has {} on spatial axis {}", window.extent(axis),
                      free + window.extent(axis), axis);
  int64_t out = (free + ceiling) / stride + 1;
  if (rounding == "ceil" && (out - 1) * stride >= in + window.begin(axis)) --out;
  if (out < 1) return user_error("no window starts inside the input on spatial axis {}", axis);
  return out;
}

Result<Infos> infer_pool(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const std::string kind, choice(attributes, "kind", {"max", "average"}));
  BMNET_ASSIGN(const std::string rounding, choice(attributes, "rounding", {"floor", "ceil", "ceil_keep"}));
  BMNET_ASSIGN(const Window window, read_pool(attributes));
  BMNET_TRY(attributes.get<bool>("count_include_pad"));
  BMNET_TRY(kind == "max" ? NumberTypes::check(inputs[0], "the input") : FloatTypes::check(inputs[0], "the input"));
  BMNET_TRY(check_rank(inputs[0], "the input", window.rank() + 2));
  for (int64_t pad : window.pads) BMNET_TRY(check_range("pads", pad, 0, kMaxWindow));
  const Shape& in = inputs[0].shape;
  Shape out = {in[0], in[1]};
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    BMNET_ASSIGN(const int64_t extent, output_extent(window, axis, in[2 + axis], rounding));
    out.push_back(extent);
  }
  return result(inputs[0].dtype, std::move(out));
}

// The taps of one window along one axis: those inside the input, and how many lie inside the padded input.
struct Taps {
  int64_t first, last, padded;
};
Taps taps_of(const Window& window, size_t axis, int64_t out, int64_t in) {
  const int64_t dilation = window.dilations[axis], kernel = window.kernel[axis];
  const int64_t start = out * window.strides[axis] - window.begin(axis);
  const auto taps_below = [&](int64_t limit) {  // taps at positions below `limit`
    return std::clamp<int64_t>((limit - start + dilation - 1) / dilation, 0, kernel);
  };
  const int64_t first = start >= 0 ? 0 : std::min(kernel, (-start + dilation - 1) / dilation);
  return {first, start >= in ? first : std::max(first, taps_below(in)),
          start >= in + window.end(axis) ? 0 : taps_below(in + window.end(axis))};
}

struct MaxPool {
  template <typename T>
  struct State {
    T value = std::numeric_limits<T>::lowest();
    void add(T x) { value = x > value || x != x ? x : value; }
    T result(int64_t) const { return value; }
  };
};
struct AveragePool {
  template <typename T>
  struct State {
    double sum = 0;
    void add(T x) { sum += x; }
    T result(int64_t divisor) const { return divisor > 0 ? static_cast<T>(sum / divisor) : T{0}; }
  };
};

template <typename Kind, typename T>
void pool_planes(const Window& window, bool count_include_pad, const Tensor& input, Tensor& output) {
  const Shape in = padded_to_5d(input.shape()), out = padded_to_5d(output.shape());
  const int64_t in_plane = in[2] * in[3] * in[4], out_plane = out[2] * out[3] * out[4];
  std::vector<Taps> columns;
  for (int64_t w = 0; w < out[4]; ++w) columns.push_back(taps_of(window, 2, w, in[4]));
  const auto pool_plane = [&](const T* plane, T* target) {
    for (int64_t od = 0; od < out[2]; ++od) {
      const Taps ds = taps_of(window, 0, od, in[2]);
      for (int64_t oh = 0; oh < out[3]; ++oh) {
        const Taps hs = taps_of(window, 1, oh, in[3]);
        for (int64_t ow = 0; ow < out[4]; ++ow) {
          const Taps ws = columns[ow];
          typename Kind::template State<T> state;
          for (int64_t kd = ds.first; kd < ds.last; ++kd)
            for (int64_t kh = hs.first; kh < hs.last; ++kh) {
              const int64_t d = od * window.strides[0] - window.begin(0) + kd * window.dilations[0];
              const int64_t h = oh * window.strides[1] - window.begin(1) + kh * window.dilations[1];
              const T* row = plane + (d * in[3] + h) * in[4] + ow * window.strides[2] - window.begin(2);
              for (int64_t kw = ws.first; kw < ws.last; ++kw) state.add(row[kw * window.dilations[2]]);
            }
          const int64_t inside = (ds.last - ds.first) * (hs.last - hs.first) * (ws.last - ws.first);
          *target++ = state.result(count_include_pad ? ds.padded * hs.padded * ws.padded : inside);
        }
      }
    }
  };
  parallel_for(in[0] * in[1], 1, [&](size_t begin, size_t end) {
    for (size_t nc = begin; nc < end; ++nc)
      pool_plane(pointer<T>(input) + nc * in_plane, pointer<T>(output) + nc * out_plane);
  });
}

Status pool(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string kind, attributes.get<std::string>("kind"));
  BMNET_ASSIGN(const bool count_include_pad, attributes.get<bool>("count_include_pad"));
  BMNET_ASSIGN(const Window window, read_pool(attributes));
  const Window window3d = padded_to_3d(window);
  if (kind == "max")
    return NumberTypes::visit(inputs[0].dtype(), [&]<typename T>() {
      pool_planes<MaxPool, T>(window3d, count_include_pad, inputs[0], outputs[0]);
    });
  return FloatTypes::visit(inputs[0].dtype(), [&]<typename T>() {
    pool_planes<AveragePool, T>(window3d, count_include_pad, inputs[0], outputs[0]);
  });
}

constexpr OpSpec kOps[] = {{"pool", infer_pool, pool}};

}  // namespace

std::span<const OpSpec> pool_ops() { return kOps; }

}  // namespace bmnet::op
