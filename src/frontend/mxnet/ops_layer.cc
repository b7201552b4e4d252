// Layers with parameters, pooling, normalisation, resampling.
#include <algorithm>
#include <numeric>

#include "frontend/adaptive_pool.h"
#include "frontend/mxnet/call.h"

namespace bmnet::frontend::mxnet {
namespace {

using Integers = std::vector<int64_t>;

int64_t product(std::span<const int64_t> values) {
  return std::accumulate(values.begin(), values.end(), int64_t{1}, std::multiplies<>());
}

// Attribute `key` with one value for each of `axes` spatial axes.
Result<Integers> per_axis(const Call& call, std::string_view key, size_t axes, int64_t otherwise, int64_t least) {
  BMNET_ASSIGN(Integers values, call.node.integers(key));
  if (values.empty()) values.assign(axes, otherwise);
  if (values.size() != axes) return user_error("attribute {} has {} values, {} are expected", key, values.size(), axes);
  for (const int64_t value : values)
    if (value < least) return user_error("attribute {} has the value {}, at least {} is expected", key, value, least);
  return values;
}

Status check_layout(const Call& call) {
  const std::string layout = call.node.text("layout", "NCHW");
  if (layout == "NCHW" || layout == "NCW" || layout == "NCDHW") return {};
  return unsupported("layout {}; only channels first (NCHW) can be compiled", layout);
}

Integers twice(const Integers& pads) {
  Integers both = pads;
  both.insert(both.end(), pads.begin(), pads.end());
  return both;
}

struct Window {
  Integers kernel, strides, pads, dilations;
};

// Of an input [N,C,spatial…].
Result<Window> window_of(const Call& call, ValueId x) {
  Window window;
  BMNET_ASSIGN(window.kernel, call.node.integers("kernel"));
  const size_t axes = window.kernel.size();
  if (axes < 1 || axes > 3) return user_error("attribute kernel has {} values, 1 to 3 are expected", axes);
  if (static_cast<size_t>(call.rank_of(x)) != axes + 2)
    return user_error("its input {} does not have {} spatial axes", to_string(call.shape_of(x)), axes);
  BMNET_TRY(per_axis(call, "kernel", axes, 1, 1));
  BMNET_ASSIGN(window.strides, per_axis(call, "stride", axes, 1, 1));
  BMNET_ASSIGN(window.pads, per_axis(call, "pad", axes, 0, 0));
  BMNET_ASSIGN(window.dilations, per_axis(call, "dilate", axes, 1, 1));
  return window;
}

// The operands of a convolution whose weights are [outer,inner,kernel…]; the bias has `filters` elements.
Result<Values> with_weights(Call& call, ValueId x, Shape weight_shape, const Window& window, int64_t filters,
                            bool no_bias) {
  weight_shape.insert(weight_shape.end(), window.kernel.begin(), window.kernel.end());
  BMNET_ASSIGN(const ValueId weight, call.parameter(1, weight_shape));
  if (no_bias) return Values{x, weight};
  BMNET_ASSIGN(const ValueId bias, call.parameter(2, {filters}));
  return Values{x, weight, bias};
}

Result<Values> convolution(Call& call) {
  BMNET_TRY(check_layout(call));
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const Window window, window_of(call, x));
  BMNET_ASSIGN(const int64_t filters, call.node.integer("num_filter", 0));
  BMNET_ASSIGN(const int64_t group, call.node.integer("num_group", 1));
  BMNET_ASSIGN(const bool no_bias, call.node.boolean("no_bias", false));
  const int64_t channels = call.shape_of(x)[1];
  if (filters < 1 || group < 1 || channels % group || filters % group)
    return user_error("num_filter {} and num_group {} do not fit {} input channels", filters, group, channels);
  BMNET_ASSIGN(const Values inputs, with_weights(call, x, Shape{filters, channels / group}, window, filters, no_bias));
  return one(call.finish(
      "conv",
      {{"strides", window.strides}, {"pads", twice(window.pads)}, {"dilations", window.dilations}, {"group", group}},
      inputs));
}

Result<Values> deconvolution(Call& call) {
  BMNET_TRY(check_layout(call));
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(Window window, window_of(call, x));
  const size_t axes = window.kernel.size();
  BMNET_ASSIGN(const int64_t filters, call.node.integer("num_filter", 0));
  BMNET_ASSIGN(const int64_t group, call.node.integer("num_group", 1));
  BMNET_ASSIGN(const bool no_bias, call.node.boolean("no_bias", true));
  BMNET_ASSIGN(Integers adjust, per_axis(call, "adj", axes, 0, 0));
  BMNET_ASSIGN(const Integers target, call.node.integers("target_shape"));
  const Shape shape = call.shape_of(x);
  if (filters < 1 || group < 1 || shape[1] % group || filters % group)
    return user_error("num_filter {} and num_group {} do not fit {} input channels", filters, group, shape[1]);
  if (std::ranges::any_of(target, [](int64_t size) { return size > 0; })) {
    if (target.size() != axes) return user_error("target_shape has {} values, {} are expected", target.size(), axes);
    for (size_t i = 0; i < axes; ++i) {
      // The whole result is cut evenly to the target; an odd rest is cut at the end.
      const int64_t whole = (shape[i + 2] - 1) * window.strides[i] + (window.kernel[i] - 1) * window.dilations[i] + 1;
      if (target[i] < 1 || target[i] > whole)
        return user_error("target_shape {} is larger than the result's {}", target[i], whole);
      window.pads[i] = (whole - target[i] + 1) / 2;
      adjust[i] = 2 * window.pads[i] - (whole - target[i]);
    }
  }
  BMNET_ASSIGN(const Values inputs, with_weights(call, x, Shape{shape[1], filters / group}, window, filters, no_bias));
  return one(call.finish("conv_transpose",
                         {{"strides", window.strides},
                          {"pads", twice(window.pads)},
                          {"dilations", window.dilations},
                          {"output_padding", adjust},
                          {"group", group}},
                         inputs));
}

Result<Values> fully_connected(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t hidden, call.node.integer("num_hidden", 0));
  BMNET_ASSIGN(const bool flatten, call.node.boolean("flatten", true));
  BMNET_ASSIGN(const bool no_bias, call.node.boolean("no_bias", false));
  const Shape shape = call.shape_of(x);
  if (hidden < 1) return user_error("num_hidden {}", hidden);
  if (shape.empty()) return user_error("its input is a scalar");
  if (flatten) {
    BMNET_ASSIGN(x, call.reshape(x, {shape[0], product(std::span(shape).subspan(1))}));
  }
  BMNET_ASSIGN(const ValueId weight, call.parameter(1, {hidden, call.shape_of(x).back()}));
  Values inputs{x, weight};
  if (!no_bias) {
    BMNET_ASSIGN(const ValueId bias, call.parameter(2, {hidden}));
    inputs.push_back(bias);
  }
  return one(call.finish("matmul", {{"transpose_b", true}}, inputs));
}

Result<Values> global_pooling(Call& call, ValueId x, const std::string& kind) {
  const Shape shape = call.shape_of(x);
  if (shape.size() < 3) return user_error("its input {} has no spatial axes", to_string(shape));
  const Integers kernel(shape.begin() + 2, shape.end()), ones(kernel.size(), 1), zeros(2 * kernel.size(), 0);
  return one(call.finish(
      "pool", {{"kind", kind}, {"kernel", kernel}, {"strides", ones}, {"pads", zeros}, {"dilations", ones}}, {x}));
}

// Under "same" an axis gives ceil(input / stride) results; windows may run over the end.
Status pad_to_same(const Call& call, const Shape& shape, const Window& window, Integers& pads) {
  if (std::ranges::any_of(window.pads, [](int64_t pad) { return pad > 0; }))
    return unsupported("pooling_convention=same with pad={}", call.node.text("pad", ""));
  const size_t axes = window.kernel.size();
  for (size_t i = 0; i < axes; ++i) {
    const int64_t results = (shape[i + 2] + window.strides[i] - 1) / window.strides[i];
    pads[axes + i] = std::max<int64_t>((results - 1) * window.strides[i] + window.kernel[i] - shape[i + 2], 0);
  }
  return {};
}

Result<Values> pooling(Call& call) {
  BMNET_TRY(check_layout(call));
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const std::string type = call.node.text("pool_type", "max");
  const std::string convention = call.node.text("pooling_convention", "valid");
  BMNET_ASSIGN(const bool global, call.node.boolean("global_pool", false));
  BMNET_ASSIGN(bool include_pad, call.node.boolean("count_include_pad", true));
  if (type != "max" && type != "avg" && type != "sum")
    return unsupported("pool_type={}; max, avg and sum can be compiled", type);
  if (convention != "valid" && convention != "full" && convention != "same")
    return user_error("pooling_convention={}; valid, full and same are known", convention);
  const std::string kind = type == "max" ? "max" : "average";
  if (global && type != "sum") return global_pooling(call, x, kind);
  if (global) {
    const Shape shape = call.shape_of(x);
    if (shape.size() < 3) return user_error("its input {} has no spatial axes", to_string(shape));
    Integers axes(shape.size() - 2);
    std::iota(axes.begin(), axes.end(), 2);
    return one(call.finish("reduce", {{"kind", std::string("sum")}, {"axes", axes}, {"keep_dims", true}}, {x}));
  }
  BMNET_ASSIGN(const Window window, window_of(call, x));
  const Shape shape = call.shape_of(x);
  for (size_t i = 0; i < window.kernel.size(); ++i)
    if (window.kernel[i] > shape[i + 2] + 2 * window.pads[i])
      return user_error("kernel {} is larger than the padded input {}", to_string(window.kernel), to_string(shape));
  Integers pads = twice(window.pads);
  if (convention == "same") {
    BMNET_TRY(pad_to_same(call, shape, window, pads));
    include_pad = false;
  }
  if (type == "sum" && (convention != "valid" || !include_pad))
    return unsupported("pool_type=sum is only supported with pooling_convention=valid and count_include_pad");
  const op::Attributes attributes = {{"kind", kind},
                                     {"kernel", window.kernel},
                                     {"strides", window.strides},
                                     {"pads", pads},
                                     {"dilations", Integers(window.kernel.size(), 1)},
                                     {"rounding", std::string(convention == "full" ? "ceil_keep" : "floor")},
                                     {"count_include_pad", include_pad}};
  if (type != "sum") return one(call.finish("pool", attributes, {x}));
  BMNET_ASSIGN(const ValueId average, call.make("pool", attributes, {x}));
  const float count = static_cast<float>(product(window.kernel));
  return one(call.finish("unary", {{"kind", std::string("linear")}, {"alpha", count}}, {average}));
}

Result<Values> batch_norm(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in(0));
  BMNET_ASSIGN(const float epsilon, call.node.number("eps", 1e-3f));
  BMNET_ASSIGN(const bool fix_gamma, call.node.boolean("fix_gamma", true));
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", 1));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(x)));
  const Shape channels{call.shape_of(x)[axis]};
  Values inputs;
  for (size_t i = 1; i < 5; ++i) {
    BMNET_ASSIGN(const ValueId parameter,
                 i == 1 && fix_gamma ? call.filled(DType::kF32, channels, 1) : call.parameter(i, channels));
    inputs.push_back(parameter);
  }
  Integers permutation(call.rank_of(x));
  std::iota(permutation.begin(), permutation.end(), 0);
  if (permutation.size() > 1) std::swap(permutation[1], permutation[axis]);
  const bool moved = !std::ranges::is_sorted(permutation);
  BMNET_ASSIGN(x, call.transpose(x, permutation));
  inputs.insert(inputs.begin(), x);
  const op::Attributes attributes = {{"epsilon", epsilon}};
  if (!moved) return one(call.finish("batch_norm", attributes, inputs));
  BMNET_ASSIGN(const ValueId y, call.make("batch_norm", attributes, inputs));
  return one(call.finish("transpose", {{"permutation", permutation}}, {y}));
}

Result<Values> instance_norm(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  if (call.rank_of(x) < 3) return user_error("its input {} has no spatial axes", to_string(call.shape_of(x)));
  BMNET_ASSIGN(const float epsilon, call.node.number("eps", 1e-3f));
  const int64_t channels = call.shape_of(x)[1];
  BMNET_ASSIGN(const ValueId gamma, call.parameter(1, {channels}));
  BMNET_ASSIGN(const ValueId beta, call.parameter(2, {channels}));
  return one(call.finish("group_norm", {{"groups", channels}, {"epsilon", epsilon}}, {x, gamma, beta}));
}

Result<Values> layer_norm(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const float epsilon, call.node.number("eps", 1e-5f));
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", -1));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(x)));
  const int64_t last = call.rank_of(x) - 1;
  const Shape size{call.shape_of(x)[axis]};
  BMNET_ASSIGN(const ValueId gamma, call.parameter(1, size));
  BMNET_ASSIGN(const ValueId beta, call.parameter(2, size));
  const op::Attributes attributes = {{"axis", last}, {"epsilon", epsilon}};
  if (axis == last) return one(call.finish("layer_norm", attributes, {x, gamma, beta}));
  Integers permutation(call.rank_of(x));
  std::iota(permutation.begin(), permutation.end(), 0);
  std::swap(permutation[axis], permutation[last]);
  BMNET_ASSIGN(const ValueId moved, call.transpose(x, permutation));
  BMNET_ASSIGN(const ValueId y, call.make("layer_norm", attributes, {moved, gamma, beta}));
  return one(call.finish("transpose", {{"permutation", permutation}}, {y}));
}

Result<Values> lrn(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t size, call.node.integer("nsize", 5));
  BMNET_ASSIGN(const float alpha, call.node.number("alpha", 1e-4f));
  BMNET_ASSIGN(const float beta, call.node.number("beta", 0.75f));
  BMNET_ASSIGN(const float k, call.node.number("knorm", 2));
  return one(call.finish("lrn", {{"size", size}, {"alpha", alpha}, {"beta", beta}, {"k", k}}, {x}));
}

Result<Values> l2_normalization(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const float epsilon, call.node.number("eps", 1e-10f));
  const std::string mode = call.node.text("mode", "instance");
  const int64_t rank = call.rank_of(x), first = mode == "spatial" ? 2 : 1, end = mode == "channel" ? 2 : rank;
  if (mode != "instance" && mode != "channel" && mode != "spatial") return user_error("mode={} is unknown", mode);
  if (rank <= first) return user_error("its input {} has too few axes", to_string(call.shape_of(x)));
  Integers axes(end - first);
  std::iota(axes.begin(), axes.end(), first);
  return one(call.finish("lp_normalize", {{"axes", axes}, {"p", int64_t{2}}, {"epsilon", epsilon}}, {x}));
}

Result<Values> embedding(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t rows, call.node.integer("input_dim", 0));
  BMNET_ASSIGN(const int64_t width, call.node.integer("output_dim", 0));
  BMNET_ASSIGN(const ValueId table, call.parameter(1, {rows, width}));
  BMNET_ASSIGN(const ValueId indices, call.cast(x, DType::kI64));
  return one(call.finish("gather", {{"axis", int64_t{0}}}, {table, indices}));
}

Result<Values> up_sampling(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const Shape shape = call.shape_of(x);
  if (shape.size() != 4) return user_error("its input {} is not an image", to_string(shape));
  BMNET_ASSIGN(const int64_t scale, call.node.integer("scale", 1));
  const std::string type = call.node.text("sample_type", "nearest");
  if (scale < 1) return user_error("scale={}", scale);
  if (type == "bilinear") {
    const int64_t kernel = 2 * scale - scale % 2, pad = scale / 2;
    BMNET_ASSIGN(const ValueId weight, call.parameter(1, {shape[1], 1, kernel, kernel}));
    return one(call.finish("conv_transpose",
                           {{"strides", Integers{scale, scale}},
                            {"pads", Integers(4, pad)},
                            {"dilations", Integers{1, 1}},
                            {"output_padding", Integers{0, 0}},
                            {"group", shape[1]}},
                           {x, weight}));
  }
  if (type != "nearest") return unsupported("sample_type={}", type);
  const op::Attributes attributes = {{"sizes", Integers{shape[2] * scale, shape[3] * scale}},
                                     {"mode", std::string("nearest")},
                                     {"coordinates", std::string("asymmetric")},
                                     {"nearest_mode", std::string("floor")}};
  if (call.input_count() == 1) return one(call.finish("resize", attributes, {x}));
  Values parts;  // all to the size of the first
  for (size_t i = 0; i < call.input_count(); ++i) {
    const auto stored = call.stored_shape(i);
    BMNET_ASSIGN(const ValueId input, stored ? call.parameter(i, *stored) : call.in(i));
    if (call.rank_of(input) != 4) return user_error("input {} is not an image", i);
    BMNET_ASSIGN(const ValueId part, call.make("resize", attributes, {input}));
    parts.push_back(part);
  }
  if (call.node.text("multi_input_mode", "concat") == "concat")
    return one(call.finish("concat", {{"axis", int64_t{1}}}, parts));
  ValueId sum = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    BMNET_ASSIGN(sum, call.binary("add", sum, parts[i]));
  }
  return Values{sum};
}

// The wanted height and width, by attribute mode.
Status resized(Call& call, const Shape& shape, Integers& sizes) {
  const std::string mode = call.node.text("mode", "size");
  if (mode == "like") {
    if (!call.has(1)) return user_error("mode=like without a second input");
    BMNET_ASSIGN(const ValueId like, call.in(1));
    if (call.rank_of(like) != 4)
      return user_error("its second input {} is not an image", to_string(call.shape_of(like)));
    sizes = {call.shape_of(like)[2], call.shape_of(like)[3]};
    return {};
  }
  for (const auto& [size_key, scale_key, axis] :
       {std::tuple{"height", "scale_height", 2}, std::tuple{"width", "scale_width", 3}}) {
    const int64_t length = shape[axis], odd = length % 2;
    BMNET_ASSIGN(int64_t size, call.node.integer(size_key, 1));
    BMNET_ASSIGN(const float scale, call.node.number(scale_key, 0));
    if (!(scale >= 0 && scale <= 1e6f)) return user_error("{}={}", scale_key, scale);
    const auto scaled = [&](int64_t from) { return static_cast<int64_t>(static_cast<float>(from) * scale); };
    if (mode == "size" && scale > 0) size = scaled(length);
    if (mode == "odd_scale") size = odd ? scaled(length - 1) + 1 : scaled(length);
    if (mode == "to_even_down") size = length - odd;
    if (mode == "to_even_up") size = length + odd;
    if (mode == "to_odd_down") size = length - (1 - odd);
    if (mode == "to_odd_up") size = length + (1 - odd);
    sizes.push_back(size);
  }
  for (const std::string_view known : {"size", "odd_scale", "to_even_down", "to_even_up", "to_odd_down", "to_odd_up"})
    if (mode == known) return {};
  return unsupported("mode={}", mode);
}

Result<Values> bilinear_resize(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const Shape shape = call.shape_of(x);
  if (shape.size() != 4) return user_error("its input {} is not an image", to_string(shape));
  Integers sizes;
  BMNET_TRY(resized(call, shape, sizes));
  BMNET_ASSIGN(const bool align_corners, call.node.boolean("align_corners", true));
  return one(call.finish("resize",
                         {{"sizes", sizes},
                          {"mode", std::string("linear")},
                          {"coordinates", std::string(align_corners ? "align_corners" : "half_pixel")}},
                         {x}));
}

Result<Values> adaptive_average(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const Shape shape = call.shape_of(x);
  if (shape.size() != 4) return user_error("its input {} is not an image", to_string(shape));
  BMNET_ASSIGN(Integers sizes, call.node.integers("output_size"));
  if (sizes.empty()) sizes = {1, 1};
  if (sizes.size() == 1) sizes.push_back(sizes[0]);
  return one(finish_adaptive_pool(call, x, sizes, PoolKind::kAverage));
}

// Scale and shift stand for groups, or in newer versions for channels.
Result<Values> group_norm(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t groups, call.node.integer("num_groups", 1));
  BMNET_ASSIGN(const float epsilon, call.node.number("eps", 1e-5f));
  const Shape shape = call.shape_of(x);
  if (shape.size() < 3 || groups < 1 || shape[1] % groups)
    return user_error("num_groups {} does not fit the input {}", groups, to_string(shape));
  Values inputs{x};
  for (size_t i = 1; i < 3; ++i) {
    const auto stored = call.stored_shape(i);
    if (stored && *stored == Shape{shape[1]}) {
      BMNET_ASSIGN(const ValueId channels, call.parameter(i, {shape[1]}));
      inputs.push_back(channels);
      continue;
    }
    BMNET_ASSIGN(ValueId value, call.parameter(i, {groups}));
    BMNET_ASSIGN(value, call.reshape(value, {groups, 1}));
    BMNET_ASSIGN(value, call.broadcast(value, {groups, shape[1] / groups}));
    BMNET_ASSIGN(value, call.reshape(value, {shape[1]}));
    inputs.push_back(value);
  }
  return one(call.finish("group_norm", {{"groups", groups}, {"epsilon", epsilon}}, inputs));
}

// clang-format off
constexpr std::string_view kConvolution = "kernel stride pad dilate num_filter num_group no_bias layout";
constexpr std::string_view kPooling = "kernel stride pad pool_type pooling_convention global_pool count_include_pad";
constexpr Row kRows[] = {
    {"BatchNorm", 5, 5, 1, batch_norm, "", "eps fix_gamma axis", "batch_norm", ""},
    {"BatchNorm_v1", 5, 5, 1, batch_norm, "", "eps fix_gamma", "batch_norm", ""},
    {"CuDNNBatchNorm", 5, 5, 1, batch_norm, "", "eps fix_gamma", "batch_norm", ""},
    {"Convolution", 2, 3, 1, convolution, "", kConvolution, "conv", "channels first"},
    {"Convolution_v1", 2, 3, 1, convolution, "", kConvolution, "conv", "channels first"},
    {"Deconvolution", 2, 3, 1, deconvolution, "", "kernel stride pad dilate adj target_shape num_filter num_group no_bias", "conv_transpose", "channels first"},
    {"Embedding", 2, 2, 1, embedding, "", "input_dim output_dim", "gather", ""},
    {"FullyConnected", 2, 3, 1, fully_connected, "", "num_hidden no_bias flatten", "matmul", ""},
    {"GroupNorm", 3, 3, 1, group_norm, "", "num_groups eps", "group_norm", ""},
    {"_contrib_SyncBatchNorm", 5, 5, 1, batch_norm, "", "eps fix_gamma", "batch_norm", ""},
    {"InstanceNorm", 3, 3, 1, instance_norm, "", "eps", "group_norm", ""},
    {"L2Normalization", 1, 1, kNoParameters, l2_normalization, "", "eps mode", "lp_normalize", ""},
    {"LRN", 1, 1, kNoParameters, lrn, "", "nsize alpha beta knorm", "lrn", ""},
    {"LayerNorm", 3, 3, 1, layer_norm, "", "axis eps", "layer_norm", ""},
    {"Pooling", 1, 1, kNoParameters, pooling, "", kPooling, "pool", "max, avg, sum"},
    {"Pooling_v1", 1, 1, kNoParameters, pooling, "", kPooling, "pool", "max, avg, sum"},
    {"UpSampling", 1, kAny, 1, up_sampling, "", "scale sample_type multi_input_mode", "resize conv_transpose concat", ""},
    {"_contrib_AdaptiveAvgPooling2D", 1, 1, kNoParameters, adaptive_average, "", "output_size", "pool matmul", ""},
    {"_contrib_BilinearResize2D", 1, 2, kNoParameters, bilinear_resize, "", "mode height width scale_height scale_width align_corners", "resize", ""},
};
// clang-format on

}  // namespace

std::span<const Row> layer_rows() { return kRows; }

}  // namespace bmnet::frontend::mxnet
