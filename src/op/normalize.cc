// batch_norm, layer_norm, group_norm, lrn, lp_normalize. Statistics are kept in double.
#include <algorithm>
#include <cmath>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

Status check_epsilon(float epsilon) {
  return epsilon >= 0 ? Status{} : Status(user_error("epsilon {} is negative", epsilon));
}

Result<Infos> infer_batch_norm(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 5));
  BMNET_ASSIGN(const float epsilon, attributes.get<float>("epsilon"));
  BMNET_TRY(check_epsilon(epsilon));
  BMNET_TRY(check_rank(inputs[0], "the input", 2, kMaxRank));
  constexpr std::string_view kNames[] = {"the input", "the scale", "the bias", "the mean", "the variance"};
  for (size_t i = 0; i < 5; ++i) {
    BMNET_TRY(check_f32(inputs[i], kNames[i]));
    if (i > 0) BMNET_TRY(check_shape(inputs[i], kNames[i], {inputs[0].shape[1]}));
  }
  return result(DType::kF32, inputs[0].shape);
}

Status batch_norm(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const float epsilon, attributes.get<float>("epsilon"));
  const Shape& shape = inputs[0].shape();
  const int64_t channels = shape[1], plane = extent_between(shape, 2, shape.size());
  const float *scale = pointer<float>(inputs[1]), *bias = pointer<float>(inputs[2]), *mean = pointer<float>(inputs[3]),
              *variance = pointer<float>(inputs[4]);
  for (int64_t nc = 0; nc < shape[0] * channels; ++nc) {
    const int64_t c = nc % channels;
    const double factor = scale[c] / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    const float* in = pointer<float>(inputs[0]) + nc * plane;
    float* out = pointer<float>(outputs[0]) + nc * plane;
    for (int64_t i = 0; i < plane; ++i) out[i] = static_cast<float>((in[i] - mean[c]) * factor + bias[c]);
  }
  return {};
}

// Mean and 1 / sqrt(variance + epsilon) of `count` elements.
struct Statistics {
  double mean, scale;
};
Statistics statistics(const float* in, int64_t count, float epsilon) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += in[i];
  const double mean = sum / count;
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) squares += (in[i] - mean) * (in[i] - mean);
  return {mean, 1 / std::sqrt(squares / count + epsilon)};
}

// scale, then bias, when present, of shape `expected`.
Status check_scale_and_bias(std::span<const TensorInfo> inputs, const Shape& expected) {
  constexpr std::string_view kNames[] = {"the input", "the scale", "the bias"};
  for (size_t i = 0; i < inputs.size(); ++i) {
    BMNET_TRY(check_f32(inputs[i], kNames[i]));
    if (i > 0) BMNET_TRY(check_shape(inputs[i], kNames[i], expected));
  }
  return {};
}

Result<Infos> infer_layer_norm(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1, 3));
  BMNET_ASSIGN(const float epsilon, attributes.get<float>("epsilon"));
  BMNET_TRY(check_epsilon(epsilon));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  const Shape& shape = inputs[0].shape;
  BMNET_TRY(check_axis("axis", axis, shape.size()));
  BMNET_TRY(check_scale_and_bias(inputs, Shape(shape.begin() + axis, shape.end())));
  return result(DType::kF32, shape);
}

Status layer_norm(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const float epsilon, attributes.get<float>("epsilon"));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  const Shape& shape = inputs[0].shape();
  const int64_t outer = extent_between(shape, 0, axis), inner = extent_between(shape, axis, shape.size());
  const float* scale = inputs.size() > 1 ? pointer<float>(inputs[1]) : nullptr;
  const float* bias = inputs.size() > 2 ? pointer<float>(inputs[2]) : nullptr;
  for (int64_t o = 0; o < outer; ++o) {
    const float* in = pointer<float>(inputs[0]) + o * inner;
    float* out = pointer<float>(outputs[0]) + o * inner;
    const Statistics s = statistics(in, inner, epsilon);
    for (int64_t i = 0; i < inner; ++i)
      out[i] = static_cast<float>((in[i] - s.mean) * s.scale * (scale ? scale[i] : 1.0f) + (bias ? bias[i] : 0.0f));
  }
  return {};
}

Result<Infos> infer_group_norm(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1, 3));
  BMNET_ASSIGN(const float epsilon, attributes.get<float>("epsilon"));
  BMNET_TRY(check_epsilon(epsilon));
  BMNET_ASSIGN(const int64_t groups, attributes.get<int64_t>("groups"));
  BMNET_TRY(check_range("groups", groups, 1, kMaxExtent));
  BMNET_TRY(check_rank(inputs[0], "the input", 2, kMaxRank));
  const int64_t channels = inputs[0].shape[1];
  if (channels % groups != 0) return user_error("{} groups do not divide {} channels", groups, channels);
  BMNET_TRY(check_scale_and_bias(inputs, {channels}));
  return result(DType::kF32, inputs[0].shape);
}

Status group_norm(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const float epsilon, attributes.get<float>("epsilon"));
  BMNET_ASSIGN(const int64_t groups, attributes.get<int64_t>("groups"));
  const Shape& shape = inputs[0].shape();
  const int64_t plane = extent_between(shape, 2, shape.size()), group_channels = shape[1] / groups;
  const float* scale = inputs.size() > 1 ? pointer<float>(inputs[1]) : nullptr;
  const float* bias = inputs.size() > 2 ? pointer<float>(inputs[2]) : nullptr;
  for (int64_t g = 0; g < shape[0] * groups; ++g) {
    const float* in = pointer<float>(inputs[0]) + g * group_channels * plane;
    float* out = pointer<float>(outputs[0]) + g * group_channels * plane;
    const Statistics s = statistics(in, group_channels * plane, epsilon);
    for (int64_t c = 0; c < group_channels; ++c) {
      const int64_t channel = g % groups * group_channels + c;
      const double factor = s.scale * (scale ? scale[channel] : 1.0f), shift = bias ? bias[channel] : 0.0f;
      for (int64_t i = c * plane; i < (c + 1) * plane; ++i)
        out[i] = static_cast<float>((in[i] - s.mean) * factor + shift);
    }
  }
  return {};
}

Result<Infos> infer_lrn(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_TRY(check_f32(inputs[0], "the input"));
  BMNET_ASSIGN(const std::string region, choice(attributes, "region", {"across", "within"}));
  BMNET_ASSIGN(const int64_t size, attributes.get<int64_t>("size"));
  BMNET_TRY(check_range("size", size, 1, kMaxWindow));
  for (const char* name : {"alpha", "beta", "k"}) BMNET_TRY(attributes.get<float>(name));
  BMNET_TRY(region == "across" ? check_rank(inputs[0], "the input", 2, kMaxRank)
                               : check_rank(inputs[0], "the input", 4));
  return result(DType::kF32, inputs[0].shape);
}

// sums[o][a][i] = sum of squares of in[o][a'][i] over the `size` places a' around a.
std::vector<double> window_sums(const std::vector<double>& values, int64_t outer, int64_t extent, int64_t inner,
                                int64_t size) {
  std::vector<double> sums(values.size(), 0);
  const int64_t before = (size - 1) / 2, behind = size - 1 - before;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t a = 0; a < extent; ++a)
      for (int64_t other = std::max<int64_t>(0, a - before); other <= std::min(extent - 1, a + behind); ++other)
        for (int64_t i = 0; i < inner; ++i)
          sums[(o * extent + a) * inner + i] += values[(o * extent + other) * inner + i];
  return sums;
}

Status lrn(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string region, attributes.get<std::string>("region"));
  BMNET_ASSIGN(const int64_t size, attributes.get<int64_t>("size"));
  BMNET_ASSIGN(const float alpha, attributes.get<float>("alpha"));
  BMNET_ASSIGN(const float beta, attributes.get<float>("beta"));
  BMNET_ASSIGN(const float k, attributes.get<float>("k"));
  const Shape& shape = inputs[0].shape();
  const std::span<const float> in = inputs[0].data<float>();
  std::vector<double> sums(in.begin(), in.end());
  for (double& x : sums) x *= x;
  double divisor = size;
  if (region == "across") {
    sums = window_sums(sums, shape[0], shape[1], extent_between(shape, 2, shape.size()), size);
  } else {
    sums = window_sums(sums, shape[0] * shape[1], shape[2], shape[3], size);
    sums = window_sums(sums, shape[0] * shape[1] * shape[2], shape[3], 1, size);
    divisor *= size;
  }
  float* out = pointer<float>(outputs[0]);
  for (size_t i = 0; i < in.size(); ++i)
    out[i] = static_cast<float>(in[i] * std::pow(k + alpha / divisor * sums[i], -static_cast<double>(beta)));
  return {};
}

Result<Infos> infer_lp_normalize(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_TRY(check_f32(inputs[0], "the input"));
  BMNET_ASSIGN(const Shape axes, attributes.get<Shape>("axes"));
  BMNET_TRY(check_axes("axes", axes, inputs[0].shape.size()));
  BMNET_ASSIGN(const int64_t p, attributes.get<int64_t>("p"));
  if (p != 1 && p != 2) return unsupported("p {}, supported: 1, 2", p);
  BMNET_ASSIGN(const float epsilon, attributes.get<float>("epsilon"));
  BMNET_TRY(check_epsilon(epsilon));
  BMNET_ASSIGN(const float least, attributes.get<float>("floor"));
  if (!(least >= 0)) return user_error("floor {} is negative", least);
  return result(DType::kF32, inputs[0].shape);
}

Status lp_normalize(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Shape axes, attributes.get<Shape>("axes"));
  BMNET_ASSIGN(const int64_t p, attributes.get<int64_t>("p"));
  BMNET_ASSIGN(const float epsilon, attributes.get<float>("epsilon"));
  BMNET_ASSIGN(const float least, attributes.get<float>("floor"));
  const Shape& shape = inputs[0].shape();
  Shape reduced = shape;
  for (int64_t axis : axes) reduced[axis] = 1;
  const float* in = pointer<float>(inputs[0]);
  float* out = pointer<float>(outputs[0]);
  std::vector<double> norms(element_count(reduced), p == 2 ? epsilon : 0.0);
  const std::array<Shape, 2> strides = {strides_of(shape), broadcast_strides(reduced, shape)};
  for_each_row<2>(shape, strides, [&](const auto& offset, int64_t n, const auto& step) {
    for (int64_t i = 0; i < n; ++i) {
      const double x = in[offset[0] + i * step[0]];
      norms[offset[1] + i * step[1]] += p == 2 ? x * x : std::abs(x);
    }
  });
  for (double& norm : norms) norm = std::max<double>(p == 2 ? std::sqrt(norm) : norm, least);
  for_each_row<2>(shape, strides, [&](const auto& offset, int64_t n, const auto& step) {
    for (int64_t i = 0; i < n; ++i) {
      const double norm = norms[offset[1] + i * step[1]];
      const int64_t at = offset[0] + i * step[0];
      out[at] = norm == 0 ? 0.0f : static_cast<float>(in[at] / norm);
    }
  });
  return {};
}

constexpr OpSpec kOps[] = {
    {"batch_norm", infer_batch_norm, batch_norm},       {"layer_norm", infer_layer_norm, layer_norm},
    {"group_norm", infer_group_norm, group_norm},       {"lrn", infer_lrn, lrn},
    {"lp_normalize", infer_lp_normalize, lp_normalize},
};

}  // namespace

std::span<const OpSpec> normalize_ops() { return kOps; }

}  // namespace bmnet::op
