// Quantized operators, expressed in f32. Integers up to 2^24 are exact there, so sums of products are computed exactly
// as long as they stay below; a layer whose sums could be larger is refused.
#include <algorithm>
#include <cmath>

#include "frontend/onnx/file.h"
#include "frontend/onnx/importer.h"

namespace bmnet::frontend::onnx {
namespace {

struct IntegerRange {
  float low, high;
};
Result<IntegerRange> range_of(DType dtype) {
  switch (dtype) {
    case DType::kU8:
      return IntegerRange{0, 255};
    case DType::kI8:
      return IntegerRange{-128, 127};
    case DType::kU16:
      return IntegerRange{0, 65535};
    case DType::kI16:
      return IntegerRange{-32768, 32767};
    default:
      return unsupported("quantized type {}; 8 and 16 bit integers are supported", dtype_name(dtype));
  }
}

// A scale or zero point: a scalar as it is, [C] along `axis` of a tensor of `rank` axes.
Result<ValueId> along(Call& call, ValueId parameter, int64_t axis, int64_t rank) {
  const Shape& shape = call.shape_of(parameter);
  if (shape.empty()) return parameter;
  if (shape == Shape{1}) return call.reshape(parameter, {});
  if (shape.size() > 1)
    return unsupported("scales of shape {} (blocks); one per tensor or per channel are supported", to_string(shape));
  BMNET_ASSIGN(axis, Call::normal_axis(axis, rank));
  Shape wide(rank, 1);
  wide[axis] = shape[0];
  return call.reshape(parameter, wide);
}

// saturate(round(x) + zero_point), for x already divided by the scale; zero_point may be missing (< 0).
Result<ValueId> saturated(Call& call, ValueId x, ValueId zero_point, DType dtype) {
  BMNET_ASSIGN(const IntegerRange range, range_of(dtype));
  BMNET_ASSIGN(ValueId y, call.unary("round", x));
  if (zero_point >= 0) {
    BMNET_ASSIGN(const ValueId shift, call.cast(zero_point, DType::kF32));
    BMNET_ASSIGN(y, call.binary("add", y, shift));
  }
  BMNET_ASSIGN(y, call.unary("clip", y, range.low, range.high));
  return call.cast(y, dtype);
}

// x - zero_point in f32.
Result<ValueId> centered(Call& call, ValueId x, std::optional<ValueId> zero_point, int64_t axis) {
  const int64_t rank = static_cast<int64_t>(call.shape_of(x).size());
  BMNET_ASSIGN(const ValueId wide, call.cast(x, DType::kF32));
  if (!zero_point) return wide;
  BMNET_ASSIGN(const ValueId placed, along(call, *zero_point, axis, rank));
  BMNET_ASSIGN(const ValueId shift, call.cast(placed, DType::kF32));
  return call.binary("sub", wide, shift);
}

std::optional<ValueId> optional_input(const Call& call, size_t i) {
  return call.has(i) ? std::optional(call.in(i)) : std::nullopt;
}

Result<Values> quantize(Call& call) {
  if (call.integer("block_size", 0)) return unsupported("block_size; one scale per tensor or per channel is supported");
  DType dtype = call.has(2) ? call.dtype(2) : DType::kU8;
  if (!call.has(2) && call.integer("output_dtype", 0)) {
    BMNET_ASSIGN(dtype, imported_dtype(static_cast<int>(call.integer("output_dtype", 0))));
  }
  const int64_t axis = call.integer("axis", 1), rank = call.rank(0);
  BMNET_ASSIGN(const ValueId x, call.cast(call.in(0), DType::kF32));
  BMNET_ASSIGN(const ValueId scale, along(call, call.in(1), axis, rank));
  BMNET_ASSIGN(const ValueId divided, call.binary("div", x, scale));
  ValueId zero_point = -1;
  if (call.has(2)) {
    BMNET_ASSIGN(zero_point, along(call, call.in(2), axis, rank));
  }
  BMNET_ASSIGN(const ValueId y, saturated(call, divided, zero_point, dtype));
  return Values{y};
}

Result<Values> dequantize(Call& call) {
  if (call.integer("block_size", 0)) return unsupported("block_size; one scale per tensor or per channel is supported");
  const int64_t axis = call.integer("axis", 1);
  BMNET_ASSIGN(const ValueId scale, along(call, call.in(1), axis, call.rank(0)));
  BMNET_ASSIGN(const ValueId x, centered(call, call.in(0), optional_input(call, 2), axis));
  return call.finish("binary", {{"kind", std::string("mul")}}, {x, scale});
}

// y = saturate(round(x / scale) + zero_point), with range and scale taken from the data.
Result<Values> dynamic_quantize(Call& call) {
  Shape axes;
  for (int64_t axis = 0; axis < call.rank(0); ++axis) axes.push_back(axis);
  BMNET_ASSIGN(const ValueId zero, call.scalar(DType::kF32, 0));
  ValueId bounds[2];
  for (const bool upper : {false, true}) {
    const std::string kind = upper ? "max" : "min";
    BMNET_ASSIGN(const ValueId extreme,
                 call.make("reduce", {{"kind", kind}, {"axes", axes}, {"keep_dims", false}}, {call.in(0)}));
    BMNET_ASSIGN(bounds[upper], call.binary(kind, extreme, zero));
  }
  BMNET_ASSIGN(const ValueId width, call.binary("sub", bounds[1], bounds[0]));
  BMNET_ASSIGN(const ValueId steps, call.scalar(DType::kF32, 255));
  BMNET_ASSIGN(const ValueId scale, call.binary("div", width, steps));
  BMNET_ASSIGN(const ValueId negated, call.binary("sub", zero, bounds[0]));
  BMNET_ASSIGN(const ValueId place, call.binary("div", negated, scale));
  BMNET_ASSIGN(const ValueId zero_point, saturated(call, place, -1, DType::kU8));
  BMNET_ASSIGN(const ValueId divided, call.binary("div", call.in(0), scale));
  BMNET_ASSIGN(const ValueId y, saturated(call, divided, zero_point, DType::kU8));
  return Values{y, scale, zero_point};
}

// Refuses a sum of products that could leave the integers f32 holds exactly. `sums`: how many products one result adds;
// `weight`: centered, one result per slice along `axis` of it.
Status check_exact(const Call& call, ValueId weight, int64_t axis, int64_t sums, double largest_bias) {
  constexpr double kExact = 1 << 24, kLargest = 255;
  double weights = static_cast<double>(sums) * kLargest;
  if (const Tensor* tensor = call.constant_of(weight)) {
    const Shape& shape = tensor->shape();
    int64_t inner = 1;
    for (size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
    std::vector<double> totals(shape[axis], 0);
    for (int64_t i = 0; i < tensor->count(); ++i) totals[i / inner % shape[axis]] += std::abs(tensor->data<float>()[i]);
    weights = totals.empty() ? 0 : *std::ranges::max_element(totals);
  }
  if (weights * kLargest + largest_bias < kExact) return {};
  return unsupported(
      "its sums may reach {:.0f}, beyond the integers that fp32 holds exactly (2^24); import the fp32 model and "
      "quantize it here",
      weights * kLargest + largest_bias);
}

Result<Shape> per_axis(const Call& call, std::string_view name, size_t count, int64_t otherwise) {
  Shape values = call.integers(name);
  if (values.empty()) values.assign(count, otherwise);
  if (values.size() != count)
    return user_error("attribute '{}' has {} elements, {} are expected", name, values.size(), count);
  return values;
}

Result<ValueId> integer_conv(Call& call, ValueId x, ValueId w, std::optional<ValueId> bias) {
  const Shape weight = call.shape_of(w);
  if (weight.size() < 3 || weight.size() != call.shape_of(x).size())
    return user_error("weights of shape {}", to_string(weight));
  if (call.text("auto_pad", "NOTSET") != "NOTSET") return unsupported("auto_pad; give explicit pads");
  const size_t axes = weight.size() - 2;
  BMNET_ASSIGN(const Shape strides, per_axis(call, "strides", axes, 1));
  BMNET_ASSIGN(const Shape dilations, per_axis(call, "dilations", axes, 1));
  BMNET_ASSIGN(const Shape pads, per_axis(call, "pads", 2 * axes, 0));
  double largest_bias = 0;
  Values operands = {x, w};
  if (bias) {
    if (const Tensor* tensor = call.constant_of(*bias); tensor && tensor->dtype() == DType::kI32) {
      for (const int32_t value : tensor->data<int32_t>())
        largest_bias = std::max(largest_bias, std::abs(static_cast<double>(value)));
    } else {
      return unsupported("a bias that is only known at run time");
    }
    BMNET_ASSIGN(const ValueId wide, call.cast(*bias, DType::kF32));
    operands.push_back(wide);
  }
  BMNET_TRY(check_exact(call, w, 0, element_count(weight) / std::max<int64_t>(weight[0], 1), largest_bias));
  return call.make(
      "conv", {{"strides", strides}, {"pads", pads}, {"dilations", dilations}, {"group", call.integer("group", 1)}},
      operands);
}

Result<Values> conv_integer(Call& call) {
  BMNET_ASSIGN(const ValueId x, centered(call, call.in(0), optional_input(call, 2), 1));
  BMNET_ASSIGN(const ValueId w, centered(call, call.in(1), optional_input(call, 3), 0));
  BMNET_ASSIGN(const ValueId sums, integer_conv(call, x, w, std::nullopt));
  return call.finish("cast", {{"to", std::string("i32")}}, {sums});
}

// round(sums * (scale_a * scale_b / scale_y)) + zero_point, saturated. `axis`: of per-channel scales in the result.
Result<Values> requantized(Call& call, ValueId sums, ValueId scale_a, ValueId scale_b, ValueId scale_y, ValueId zero_y,
                           int64_t axis) {
  const int64_t rank = static_cast<int64_t>(call.shape_of(sums).size());
  BMNET_ASSIGN(const ValueId a, along(call, scale_a, axis, rank));
  BMNET_ASSIGN(const ValueId b, along(call, scale_b, axis, rank));
  BMNET_ASSIGN(const ValueId y, along(call, scale_y, axis, rank));
  BMNET_ASSIGN(const ValueId product, call.binary("mul", a, b));
  BMNET_ASSIGN(const ValueId factor, call.binary("div", product, y));
  BMNET_ASSIGN(const ValueId scaled, call.binary("mul", sums, factor));
  BMNET_ASSIGN(const ValueId zero_point, along(call, zero_y, axis, rank));
  BMNET_ASSIGN(const ValueId result, saturated(call, scaled, zero_point, call.dtype_of(zero_y)));
  return Values{result};
}

Result<Values> qlinear_conv(Call& call) {
  BMNET_ASSIGN(const ValueId x, centered(call, call.in(0), call.in(2), 1));
  BMNET_ASSIGN(const ValueId w, centered(call, call.in(3), call.in(5), 0));
  BMNET_ASSIGN(const ValueId sums, integer_conv(call, x, w, optional_input(call, 8)));
  return requantized(call, sums, call.in(1), call.in(4), call.in(6), call.in(7), 1);
}

Result<ValueId> integer_matmul(Call& call, ValueId a, ValueId b) {
  const Shape left = call.shape_of(a), right = call.shape_of(b);
  if (left.empty() || right.empty()) return user_error("scalars cannot be multiplied as matrices");
  // One result adds along the second but last axis of b: it belongs to a slice along b's last axis.
  BMNET_TRY(check_exact(call, b, static_cast<int64_t>(right.size()) - 1, left.back(), 0));
  return call.make("matmul", {}, {a, b});
}

Result<Values> matmul_integer(Call& call) {
  const auto zero = [&](size_t i, size_t operand, int64_t axis) {
    return centered(call, call.in(operand), optional_input(call, i), axis);
  };
  BMNET_ASSIGN(const ValueId a, zero(2, 0, -2));
  BMNET_ASSIGN(const ValueId b, zero(3, 1, -1));
  BMNET_ASSIGN(const ValueId sums, integer_matmul(call, a, b));
  return call.finish("cast", {{"to", std::string("i32")}}, {sums});
}

Result<Values> qlinear_matmul(Call& call) {
  BMNET_ASSIGN(const ValueId a, centered(call, call.in(0), call.in(2), -2));
  BMNET_ASSIGN(const ValueId b, centered(call, call.in(3), call.in(5), -1));
  BMNET_ASSIGN(const ValueId sums, integer_matmul(call, a, b));
  return requantized(call, sums, call.in(1), call.in(4), call.in(6), call.in(7), -1);
}

constexpr std::string_view kConv = "auto_pad:s dilations:is group:i kernel_shape:is pads:is strides:is";

// clang-format off
constexpr Row kRows[] = {
    {"ConvInteger", 10, 2, 4, 1, kConv, conv_integer, "", "conv", "sums below 2^24"},
    {"DequantizeLinear", 10, 2, 3, 1, "axis:i block_size:i", dequantize, "", "binary", "no blocks"},
    {"DynamicQuantizeLinear", 11, 1, 1, 3, "", dynamic_quantize, "", "reduce, binary, unary", ""},
    {"MatMulInteger", 10, 2, 4, 1, "", matmul_integer, "", "matmul", "sums below 2^24"},
    {"QLinearConv", 10, 8, 9, 1, kConv, qlinear_conv, "", "conv, binary, unary", "sums below 2^24"},
    {"QLinearMatMul", 10, 8, 8, 1, "", qlinear_matmul, "", "matmul, binary, unary", "sums below 2^24"},
    {"QuantizeLinear", 10, 2, 3, 1, "axis:i block_size:i output_dtype:i saturate:i", quantize, "", "binary, unary, cast", "8 and 16 bit, no blocks"},
};
// clang-format on

}  // namespace

std::span<const Row> quantize_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
