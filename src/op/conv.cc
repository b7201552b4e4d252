// conv, conv_transpose. Sums are kept in double: the reference is the arbiter for every faster kernel.
#include <algorithm>

#include "base/parallel.h"
#include "op/family.h"
#include "op/kernel.h"
#include "op/macs.h"

namespace bmnet::op {
namespace {

// Shared by both operators; `weight_channels` is the extent of weight axis 1.
struct ConvShape {
  Window window;
  int64_t group = 1;
};

Result<ConvShape> read_conv(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2, 3));
  BMNET_TRY(check_f32(inputs[0], "the input"));
  BMNET_TRY(check_f32(inputs[1], "the weight"));
  BMNET_TRY(check_rank(inputs[0], "the input", 3, 5));
  BMNET_TRY(check_rank(inputs[1], "the weight", inputs[0].shape.size()));
  ConvShape shape;
  const Shape& weight = inputs[1].shape;
  BMNET_ASSIGN(shape.window, read_window(attributes, Shape(weight.begin() + 2, weight.end())));
  BMNET_ASSIGN(shape.group, attributes.get<int64_t>("group"));
  BMNET_TRY(check_range("group", shape.group, 1, kMaxExtent));
  if (inputs[0].shape[1] % shape.group != 0)
    return user_error("group {} does not divide {} input channels", shape.group, inputs[0].shape[1]);
  return shape;
}

Status check_bias(std::span<const TensorInfo> inputs, int64_t channels) {
  if (inputs.size() < 3) return {};
  BMNET_TRY(check_f32(inputs[2], "the bias"));
  return check_shape(inputs[2], "the bias", {channels});
}

Result<Infos> infer_conv(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_ASSIGN(const ConvShape conv, read_conv(attributes, inputs));
  const Shape &in = inputs[0].shape, &weight = inputs[1].shape;
  const auto& window = conv.window;
  if (weight[0] % conv.group != 0)
    return user_error("group {} does not divide {} output channels", conv.group, weight[0]);
  if (weight[1] != in[1] / conv.group)
    return user_error("the weight takes {} channels a group, the input has {} in {} groups", weight[1], in[1],
                      conv.group);
  BMNET_TRY(check_bias(inputs, weight[0]));
  Shape out = {in[0], weight[0]};
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    const int64_t padded = in[2 + axis] + window.begin(axis) + window.end(axis);
    if (padded < window.extent(axis))
      return user_error("the kernel spans {} elements, the padded input has {} on spatial axis {}", window.extent(axis),
                        padded, axis);
    out.push_back((padded - window.extent(axis)) / window.strides[axis] + 1);
  }
  return result(DType::kF32, std::move(out));
}

Result<Infos> infer_conv_transpose(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_ASSIGN(const ConvShape conv, read_conv(attributes, inputs));
  const Shape &in = inputs[0].shape, &weight = inputs[1].shape;
  const auto& window = conv.window;
  BMNET_ASSIGN(const Shape extra, attributes.get<Shape>("output_padding"));
  BMNET_TRY(check_list("output_padding", extra, window.rank(), 0, kMaxWindow));
  if (weight[0] != in[1]) return user_error("the weight takes {} channels, the input has {}", weight[0], in[1]);
  if (weight[1] > kMaxExtent / conv.group) return unsupported("more than {} output channels", kMaxExtent);
  BMNET_TRY(check_bias(inputs, weight[1] * conv.group));
  Shape out = {in[0], weight[1] * conv.group};
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    const int64_t size = (in[2 + axis] - 1) * window.strides[axis] + window.extent(axis) + extra[axis] -
                         window.begin(axis) - window.end(axis);
    if (size < 1) return user_error("the output would have {} elements on spatial axis {}", size, axis);
    out.push_back(size);
  }
  return result(DType::kF32, std::move(out));
}

int64_t macs_conv(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  const auto results = infer_conv(attributes, inputs);
  if (!results) return 0;
  return bounded_product({results->front().count(), extent_between(inputs[1].shape, 1, inputs[1].shape.size())});
}

int64_t macs_conv_transpose(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  return bounded_product({inputs[0].count(), extent_between(inputs[1].shape, 1, inputs[1].shape.size())});
}

// Along one axis the output o meets the input i = o * stride + shift. [first, last) are the outputs whose i is inside.
struct Span {
  int64_t first, last;
};
Span inside(int64_t shift, int64_t stride, int64_t in, int64_t out) {
  const int64_t first = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  const int64_t last = shift >= in ? 0 : (in - 1 - shift) / stride + 1;
  return {std::min(first, out), std::min(last, out)};
}

// All spatial axes as three; channels of one group.
struct Conv3d {
  Shape in, out, kernel;  // in and out [N,C,D,H,W]
  Window window;
  int64_t in_channels, out_channels;  // of one group

  int64_t in_plane() const { return in[2] * in[3] * in[4]; }
  int64_t out_plane() const { return out[2] * out[3] * out[4]; }
  int64_t taps() const { return window.kernel[0] * window.kernel[1] * window.kernel[2]; }
};

Result<Conv3d> read_conv3d(const Attributes& attributes, const Tensor& input, const Tensor& weight,
                           const Tensor& output) {
  BMNET_ASSIGN(const int64_t group, attributes.get<int64_t>("group"));
  BMNET_ASSIGN(const Window window, read_window(attributes, Shape(weight.shape().begin() + 2, weight.shape().end())));
  return Conv3d{padded_to_5d(input.shape()), padded_to_5d(output.shape()), {},
                padded_to_3d(window),        input.shape()[1] / group,     output.shape()[1] / group};
}

// Calls tap(row of `a`, row of `b`, tap index, span of b, shift) for every pair of rows that meet under the window,
// where rows of `big` (the convolution's input) lie under rows of `small` (its output).
template <typename Tap>
void for_each_tap(const Window& window, const Shape& big, const Shape& small, Tap&& tap) {
  int64_t index = 0;
  for (int64_t kd = 0; kd < window.kernel[0]; ++kd) {
    const int64_t shift_d = kd * window.dilations[0] - window.begin(0);
    const Span ds = inside(shift_d, window.strides[0], big[2], small[2]);
    for (int64_t kh = 0; kh < window.kernel[1]; ++kh) {
      const int64_t shift_h = kh * window.dilations[1] - window.begin(1);
      const Span hs = inside(shift_h, window.strides[1], big[3], small[3]);
      for (int64_t kw = 0; kw < window.kernel[2]; ++kw, ++index) {
        const int64_t shift_w = kw * window.dilations[2] - window.begin(2);
        const Span ws = inside(shift_w, window.strides[2], big[4], small[4]);
        if (ws.first >= ws.last) continue;
        for (int64_t d = ds.first; d < ds.last; ++d)
          for (int64_t h = hs.first; h < hs.last; ++h) {
            const int64_t big_row =
                ((d * window.strides[0] + shift_d) * big[3] + h * window.strides[1] + shift_h) * big[4];
            tap(index, big_row + ws.first * window.strides[2] + shift_w, (d * small[3] + h) * small[4] + ws.first,
                ws.last - ws.first);
          }
      }
    }
  }
}

// Planes of sums for parallel_for: calls plane(n, oc, sums) for every output plane and stores the sums.
template <typename Plane>
void for_each_plane(const Conv3d& c, const Tensor* bias, Tensor& output, Plane&& plane) {
  parallel_for(c.out[0] * c.out[1], 1, [&](size_t begin, size_t end) {
    std::vector<double> sums(c.out_plane());
    for (size_t index = begin; index < end; ++index) {
      const int64_t oc = static_cast<int64_t>(index) % c.out[1];
      std::fill(sums.begin(), sums.end(), bias ? pointer<float>(*bias)[oc] : 0.0);
      plane(static_cast<int64_t>(index) / c.out[1], oc, sums.data());
      std::copy(sums.begin(), sums.end(), pointer<float>(output) + index * sums.size());
    }
  });
}

Status conv(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Conv3d c, read_conv3d(attributes, inputs[0], inputs[1], outputs[0]));
  const int64_t stride = c.window.strides[2];
  for_each_plane(c, inputs.size() > 2 ? &inputs[2] : nullptr, outputs[0], [&](int64_t n, int64_t oc, double* sums) {
    const int64_t first_channel = n * c.in[1] + oc / c.out_channels * c.in_channels;
    for (int64_t ic = 0; ic < c.in_channels; ++ic) {
      const float* plane = pointer<float>(inputs[0]) + (first_channel + ic) * c.in_plane();
      const float* kernel = pointer<float>(inputs[1]) + (oc * c.in_channels + ic) * c.taps();
      for_each_tap(c.window, c.in, c.out, [&](int64_t tap, int64_t in, int64_t out, int64_t count) {
        const double w = kernel[tap];
        if (stride == 1)
          for (int64_t i = 0; i < count; ++i) sums[out + i] += plane[in + i] * w;
        else
          for (int64_t i = 0; i < count; ++i) sums[out + i] += plane[in + i * stride] * w;
      });
    }
  });
  return {};
}

Status conv_transpose(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Conv3d c, read_conv3d(attributes, inputs[0], inputs[1], outputs[0]));
  const int64_t stride = c.window.strides[2];
  for_each_plane(c, inputs.size() > 2 ? &inputs[2] : nullptr, outputs[0], [&](int64_t n, int64_t oc, double* sums) {
    const int64_t first_channel = oc / c.out_channels * c.in_channels;
    for (int64_t ic = first_channel; ic < first_channel + c.in_channels; ++ic) {
      const float* plane = pointer<float>(inputs[0]) + (n * c.in[1] + ic) * c.in_plane();
      const float* kernel = pointer<float>(inputs[1]) + (ic * c.out_channels + oc % c.out_channels) * c.taps();
      for_each_tap(c.window, c.out, c.in, [&](int64_t tap, int64_t out, int64_t in, int64_t count) {
        const double w = kernel[tap];
        for (int64_t i = 0; i < count; ++i) sums[out + i * stride] += plane[in + i] * w;
      });
    }
  });
  return {};
}

constexpr OpSpec kOps[] = {
    {"conv", infer_conv, conv, macs_conv},
    {"conv_transpose", infer_conv_transpose, conv_transpose, macs_conv_transpose},
};

}  // namespace

std::span<const OpSpec> conv_ops() { return kOps; }

}  // namespace bmnet::op
