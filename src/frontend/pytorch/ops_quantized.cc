// Quantized modules with dequantized weights: computed in f32, rounded where PyTorch rounds. A quantized tensor is the
// f32 tensor of the numbers it stands for.
#include <algorithm>
#include <cmath>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

struct Range {
  int64_t least, most;
};
constexpr Range kUnsigned8{0, 255};

// The nearest number that `scale` and `zero_point` can express.
ValueId rounded(Call& c, ValueId x, double scale, double zero_point, Range range) {
  if (!(scale > 0) || std::isinf(scale)) reject("torch.{}: a scale of {}", c.op(), scale);
  const ValueId steps = c.t.unary("round", c.t.unary("linear", x, 1 / scale, 0));
  const ValueId bounded = c.t.unary("clip", steps, static_cast<double>(range.least) - zero_point,
                                    static_cast<double>(range.most) - zero_point);
  return c.t.unary("linear", bounded, scale, 0);
}
// The result of a quantized operator; scale and zero point are arguments `at` and the next.
Value requantized(Call& c, ValueId x, size_t at) {
  return c.result(rounded(c, x, c.number(at), c.number(at + 1), kUnsigned8));
}

Range range_of_code(const Value& code) {
  const auto* number = code.as<int64_t>();
  if (number && *number == 12) return {-128, 127};
  if (number && *number == 13) return kUnsigned8;
  if (number && *number == 14) return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  refuse("an element type that is not qint8, quint8 or qint32");
}
Value quantize(Call& c) {
  const Value& code = c.given(3) ? c.at(3) : c.named("dtype");
  return c.result(rounded(c, c.f32(0), c.number(1), c.number(2), range_of_code(code)));
}
Value fake_quantize(Call& c) {
  return c.result(rounded(c, c.f32(0), c.number(1), c.number(2), {c.integer(3), c.integer(4)}));
}
Value dequantize(Call& c) {
  if (!c.at(0).items()) return c.cell(0);
  return c.results(c.tensors(0));
}

// Quantizes x to 8 (reduce_range: 7) bits by its own range, as PyTorch's dynamic kernels do, and back.
ValueId dynamically_quantized(Call& c, ValueId x, bool reduce_range) {
  const double levels = reduce_range ? 127 : 255;
  std::vector<int64_t> axes;
  for (size_t i = 0; i < c.t.shape(x).size(); ++i) axes.push_back(static_cast<int64_t>(i));
  const auto extreme = [&](const char* kind) {
    const ValueId found = c.t.emit("reduce", {{"kind", std::string(kind)}, {"axes", axes}, {"keep_dims", false}}, {x});
    return c.t.binary(kind, found, c.t.scalar(DType::kF32, 0));
  };
  const ValueId low = extreme("min"), high = extreme("max");
  const ValueId range = c.t.binary("max", c.t.binary("sub", high, low), c.t.scalar(DType::kF32, 1e-30));
  const ValueId scale = c.t.unary("linear", range, 1 / levels, 0);
  const ValueId zero = c.t.unary("round", c.t.unary("neg", c.t.binary("div", low, scale)));
  const ValueId places = c.t.binary("add", c.t.unary("round", c.t.binary("div", x, scale)), zero);
  return c.t.binary("mul", c.t.binary("sub", c.t.unary("clip", places, 0, levels), zero), scale);
}

struct Packed {
  ValueId weight = -1;
  std::optional<ValueId> bias;
  std::vector<int64_t> config;  // of convolutions
};
// The state of an object of packed parameters, whose tensors were dequantized when they were read.
const Items& state_of(Call& c) {
  const Object* packed = c.at(1).ref<Object>();
  const auto state = packed ? packed->attributes.find("__state__") : std::map<std::string, Value>::const_iterator();
  const Items* parts = packed && state != packed->attributes.end() ? state->second.items() : nullptr;
  if (!parts) refuse("torch.{}: packed parameters of an unknown kind", c.op());
  return *parts;
}
ValueId read_part(Call& c, const Value& part, const char* name) {
  Cell* cell = part.ref<Cell>();
  if (!cell) refuse("torch.{}: packed parameters of an unknown kind: the {} is {}", c.op(), name, type_name(part));
  if (cell->name.empty()) cell->name = c.at(1).ref<Object>()->path + "." + name;
  return c.t.cast(c.t.read(*cell), DType::kF32);
}
// (weight, bias)
Packed linear_parameters(Call& c) {
  const Items& parts = state_of(c);
  if (parts.size() < 2) refuse("torch.{}: packed parameters of {} parts", c.op(), parts.size());
  Packed packed{read_part(c, parts[0], "weight"), {}, {}};
  if (!parts[1].is_none()) packed.bias = read_part(c, parts[1], "bias");
  return packed;
}
// ("2", [config tensor, weight], [bias]) or (3, config, [None, weight, bias]); config: axes, then stride, padding,
// dilation and output padding of each, groups, transposed.
Packed conv_parameters(Call& c) {
  const Items& parts = state_of(c);
  const auto list = [&](size_t index, size_t least) -> const Items& {
    const Items* items = index < parts.size() ? parts[index].items() : nullptr;
    if (!items || items->size() < least) refuse("torch.{}: packed parameters of an unknown version", c.op());
    return *items;
  };
  Packed packed;
  const bool second = !parts.empty() && parts[0].as<std::string>() && *parts[0].as<std::string>() == "2";
  const auto bias_from = [&](const Items& items, size_t at) {
    if (at < items.size() && !items[at].is_none()) packed.bias = read_part(c, items[at], "bias");
  };
  if (second) {
    const Items& tensors = list(1, 2);
    const Cell* config = tensors[0].ref<Cell>();
    if (!config || !config->host || config->host->dtype() != DType::kI16)
      refuse("torch.{}: packed parameters without a configuration", c.op());
    packed.config.assign(config->host->data<int16_t>().begin(), config->host->data<int16_t>().end());
    packed.weight = read_part(c, tensors[1], "weight");
    bias_from(list(2, 0), 0);
  } else {
    for (const Value& item : list(1, 0)) packed.config.push_back(item.as<int64_t>() ? *item.as<int64_t>() : -1);
    packed.weight = read_part(c, list(2, 2)[1], "weight");
    bias_from(list(2, 2), 2);
  }
  return packed;
}

// Packed parameters that a program makes itself, as PyTorch would save them.
Value packed_object(const char* type, Items state) {
  auto object = std::make_shared<Object>();
  object->type = fmt::format("__torch__.torch.classes.quantized.{}", type);
  Value parts = make_tuple(std::move(state));
  object->depth = hold(parts, object->depth, false);
  object->attributes["__state__"] = std::move(parts);
  return object;
}
Value prepack_linear(Call& c) { return packed_object("LinearPackedParamsBase", {c.at(0), c.at(1)}); }
Value prepack(Call& c, bool transposed) {
  const Shape shape = c.t.shape(c.f32(0));
  if (shape.size() < 3 || shape.size() > 5) reject("torch.{}: weights of shape {}", c.op(), to_string(shape));
  const size_t axes = shape.size() - 2;
  Items config = {static_cast<int64_t>(axes)};
  const auto put = [&](const std::vector<int64_t>& values) {
    config.insert(config.end(), values.begin(), values.end());
  };
  put(c.window(2, axes)), put(c.window(3, axes));
  put(c.window(transposed ? 5 : 4, axes));
  put(transposed ? c.window(4, axes) : std::vector<int64_t>(axes, 0));
  config.push_back(c.integer(transposed ? 6 : 5));
  config.push_back(int64_t{transposed});
  return packed_object("ConvPackedParamsBase",
                       {int64_t{3}, make_list(std::move(config)), make_list({Value(), c.at(0), c.at(1)})});
}
Value prepack_conv(Call& c) { return prepack(c, false); }
Value prepack_conv_transpose(Call& c) { return prepack(c, true); }

ValueId affine(Call& c, ValueId x, const Packed& packed) {
  std::vector<ValueId> inputs = {x, packed.weight};
  if (packed.bias) inputs.push_back(*packed.bias);
  return c.t.emit("matmul", {{"transpose_b", true}}, inputs);
}
Value linear_dynamic(Call& c) {
  return c.result(affine(c, dynamically_quantized(c, c.f32(0), c.boolean(2, false)), linear_parameters(c)));
}
Value linear_relu_dynamic(Call& c) {
  const ValueId x = dynamically_quantized(c, c.f32(0), c.boolean(2, false));
  return c.result(c.t.unary("relu", affine(c, x, linear_parameters(c))));
}
ValueId convolved(Call& c) {
  const Packed packed = conv_parameters(c);
  const auto axes = static_cast<size_t>(packed.config.empty() ? 0 : std::clamp<int64_t>(packed.config[0], 0, 3));
  if (axes < 1 || packed.config.size() < 1 + 4 * axes + 2)
    refuse("torch.{}: packed parameters of {} values for {} axes", c.op(), packed.config.size(), axes);
  ValueId x = c.f32(0);
  const Shape shape = c.t.shape(x);
  // A 1-D convolution is packed as one of two axes, the first of extent 1.
  const bool lifted = shape.size() + 1 == axes + 2;
  if (lifted) x = c.t.reshape(x, {shape[0], shape[1], 1, shape[2]});
  const auto part = [&](size_t index) {
    const auto begin = packed.config.begin() + 1 + static_cast<ptrdiff_t>(index * axes);
    return std::vector<int64_t>(begin, begin + static_cast<ptrdiff_t>(axes));
  };
  std::vector<int64_t> pads = part(1);
  pads.insert(pads.end(), pads.begin(), pads.begin() + static_cast<ptrdiff_t>(axes));
  op::Attributes attributes{
      {"strides", part(0)}, {"pads", pads}, {"dilations", part(2)}, {"group", packed.config[1 + 4 * axes]}};
  const bool transposed = packed.config[2 + 4 * axes] & 1;
  if (transposed) attributes.set("output_padding", part(3));
  std::vector<ValueId> inputs = {x, packed.weight};
  if (packed.bias) inputs.push_back(*packed.bias);
  ValueId y = c.t.emit(transposed ? "conv_transpose" : "conv", std::move(attributes), inputs);
  if (lifted) {
    const Shape out = c.t.shape(y);
    y = c.t.reshape(y, {out[0], out[1], out[3]});
  }
  return y;
}

Value linear(Call& c) { return requantized(c, affine(c, c.f32(0), linear_parameters(c)), 2); }
Value linear_relu(Call& c) { return requantized(c, c.t.unary("relu", affine(c, c.f32(0), linear_parameters(c))), 2); }
Value conv(Call& c) { return requantized(c, convolved(c), 2); }
Value conv_relu(Call& c) { return requantized(c, c.t.unary("relu", convolved(c)), 2); }

template <bool relu>
Value arithmetic(Call& c, const char* kind) {
  const ValueId y = c.t.binary(kind, c.f32(0), c.f32(1));
  return requantized(c, relu ? c.t.unary("relu", y) : y, 2);
}
Value add(Call& c) { return arithmetic<false>(c, "add"); }
Value add_relu(Call& c) { return arithmetic<true>(c, "add"); }
Value mul(Call& c) { return arithmetic<false>(c, "mul"); }
Value mul_relu(Call& c) { return arithmetic<true>(c, "mul"); }
// With a number PyTorch changes scale or zero point instead of rounding.
Value add_scalar(Call& c) { return c.result(c.t.unary("linear", c.f32(0), 1, c.number(1))); }
Value mul_scalar(Call& c) { return c.result(c.t.unary("linear", c.f32(0), c.number(1), 0)); }
Value cat(Call& c) {
  const std::vector<ValueId> values = c.tensors(0);
  if (values.empty()) reject("torch.{} of nothing", c.op());
  const size_t axis = c.axis(c.integer(1), c.t.shape(values[0]).size());
  const ValueId y = c.t.concat(values, static_cast<int64_t>(axis));
  return c.given(2) ? requantized(c, y, 2) : c.result(y);
}
Value hardswish(Call& c) { return requantized(c, c.t.unary("hard_swish", c.f32(0)), 1); }
Value sigmoid(Call& c) { return requantized(c, c.t.unary("sigmoid", c.f32(0)), 1); }
Value leaky_relu(Call& c) { return requantized(c, c.t.unary("leaky_relu", c.f32(0), c.number(1)), 3); }
Value elu(Call& c) { return requantized(c, c.t.unary("elu", c.f32(0), c.number(3, 1)), 1); }
Value relu6(Call& c) { return c.result(c.t.unary("clip", c.f32(0), 0, 6)); }
Value batch_norm(Call& c) {
  return requantized(c,
                     c.t.emit("batch_norm", {{"epsilon", static_cast<float>(c.number(5))}},
                              {c.f32(0), c.f32(1), c.f32(2), c.f32(3), c.f32(4)}),
                     6);
}
Value batch_norm_relu(Call& c) {
  const ValueId y = c.t.emit("batch_norm", {{"epsilon", static_cast<float>(c.number(5))}},
                             {c.f32(0), c.f32(1), c.f32(2), c.f32(3), c.f32(4)});
  return requantized(c, c.t.unary("relu", y), 6);
}

constexpr std::string_view kPacked = "qx packed_weight output_scale output_zero_point";
constexpr std::string_view kPrepack = "weight bias stride padding dilation groups";
constexpr std::string_view kPrepackTranspose = "weight bias stride padding output_padding dilation groups";
constexpr std::string_view kBinary = "qa qb scale zero_point";
constexpr std::string_view kBatchNorm = "qx weight bias mean var eps output_scale output_zero_point";
constexpr std::string_view kRemark = "weights dequantized, results rounded";

constexpr OpRow kRows[] = {
    {"quantize_per_tensor", "self scale zero_point dtype", quantize, "unary", "the rounded f32 numbers"},
    {"fake_quantize_per_tensor_affine", "self scale zero_point quant_min quant_max", fake_quantize, "unary"},
    {"dequantize", "self", dequantize, ""},
    {"quantized.linear_dynamic", "X W_prepack reduce_range", linear_dynamic, "matmul", "weights dequantized"},
    {"quantized.linear_relu_dynamic", "X W_prepack reduce_range", linear_relu_dynamic, "matmul unary",
     "weights dequantized"},
    {"quantized.linear_prepack", "W B", prepack_linear, ""},
    {"quantized.conv1d_prepack", kPrepack, prepack_conv, ""},
    {"quantized.conv2d_prepack", kPrepack, prepack_conv, ""},
    {"quantized.conv3d_prepack", kPrepack, prepack_conv, ""},
    {"quantized.conv_transpose1d_prepack", kPrepackTranspose, prepack_conv_transpose, ""},
    {"quantized.conv_transpose2d_prepack", kPrepackTranspose, prepack_conv_transpose, ""},
    {"quantized.linear", kPacked, linear, "matmul unary", kRemark},
    {"quantized.linear_relu", kPacked, linear_relu, "matmul unary", kRemark},
    {"quantized.conv1d", kPacked, conv, "conv unary", kRemark},
    {"quantized.conv2d", kPacked, conv, "conv unary", kRemark},
    {"quantized.conv3d", kPacked, conv, "conv unary", kRemark},
    {"quantized.conv1d_relu", kPacked, conv_relu, "conv unary", kRemark},
    {"quantized.conv2d_relu", kPacked, conv_relu, "conv unary", kRemark},
    {"quantized.conv3d_relu", kPacked, conv_relu, "conv unary", kRemark},
    {"quantized.conv_transpose1d", kPacked, conv, "conv_transpose unary", kRemark},
    {"quantized.conv_transpose2d", kPacked, conv, "conv_transpose unary", kRemark},
    {"quantized.add", kBinary, add, "binary unary"},
    {"quantized.add_relu", kBinary, add_relu, "binary unary"},
    {"quantized.mul", kBinary, mul, "binary unary"},
    {"quantized.mul_relu", kBinary, mul_relu, "binary unary"},
    {"quantized.add_scalar", "qa b", add_scalar, "unary"},
    {"quantized.mul_scalar", "qa b", mul_scalar, "unary"},
    {"quantized.cat", "qx dim scale zero_point", cat, "concat unary"},
    {"quantized.hardswish", "input output_scale output_zero_point", hardswish, "unary"},
    {"quantized.sigmoid", "qx output_scale output_zero_point", sigmoid, "unary"},
    {"quantized.leaky_relu", "qx negative_slope inplace output_scale output_zero_point", leaky_relu, "unary"},
    {"quantized.elu", "self output_scale output_zero_point alpha scale input_scale", elu, "unary"},
    {"quantized.relu6", "qx inplace", relu6, "unary"},
    {"quantized.batch_norm2d", kBatchNorm, batch_norm, "batch_norm unary"},
    {"quantized.batch_norm2d_relu", kBatchNorm, batch_norm_relu, "batch_norm unary"},
};

}  // namespace

std::span<const OpRow> quantized_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
