// Operators with a sliding window: convolution and pooling.
#include <algorithm>
#include <limits>
#include <numeric>

#include "frontend/onnx/importer.h"

namespace bmnet::frontend::onnx {
namespace {

// The window of a convolution or pooling over the axes from 2 on.
struct Window {
  Shape kernel, strides, dilations, pads;  // pads: all begins, then all ends
  std::string auto_pad;
};

Result<Shape> per_axis(const Call& call, std::string_view name, size_t count, int64_t otherwise, int64_t least) {
  Shape values = call.integers(name);
  if (values.empty()) values.assign(count, otherwise);
  if (values.size() != count)
    return user_error("attribute '{}' has {} elements, {} are expected", name, values.size(), count);
  for (const int64_t value : values)
    if (value < least || value > INT32_MAX)
      return user_error("attribute '{}' [{}] is out of range", name, fmt::join(values, ","));
  return values;
}

// Attributes of a window; `kernel` as known from the weights, empty: kernel_shape is required.
Result<Window> read_window(const Call& call, Shape kernel) {
  Window window;
  const int64_t axes = call.rank(0) - 2;
  if (axes < 1) return user_error("the input of shape {} has no spatial axes", to_string(call.shape(0)));
  if (axes > 3) return unsupported("{} spatial axes; up to 3 are supported", axes);
  if (kernel.empty() && !call.has_attribute("kernel_shape"))
    return user_error("the required attribute 'kernel_shape' is missing");
  BMNET_ASSIGN(window.kernel, per_axis(call, "kernel_shape", axes, 1, 1));
  if (!kernel.empty()) {
    if (call.has_attribute("kernel_shape") && kernel != window.kernel)
      return user_error("kernel_shape [{}] differs from the weights' {}", fmt::join(window.kernel, ","),
                        to_string(kernel));
    window.kernel = std::move(kernel);
  }
  BMNET_ASSIGN(window.strides, per_axis(call, "strides", axes, 1, 1));
  BMNET_ASSIGN(window.dilations, per_axis(call, "dilations", axes, 1, 1));
  BMNET_ASSIGN(window.pads, per_axis(call, "pads", 2 * axes, 0, INT32_MIN));
  window.auto_pad = call.text("auto_pad", "NOTSET");
  if (window.auto_pad.empty()) window.auto_pad = "NOTSET";
  if (window.auto_pad == "VALID") window.pads.assign(2 * axes, 0);
  constexpr std::string_view kKnown[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
  if (std::ranges::find(kKnown, window.auto_pad) == std::end(kKnown))
    return user_error("auto_pad '{}' is not defined", window.auto_pad);
  return window;
}

constexpr int64_t kMaxTaps = 1024;  // of windows that are taken apart

bool is_same(const Window& window) { return window.auto_pad.starts_with("SAME"); }

// Splits the padding of one axis; the odd element goes to the end (SAME_UPPER) or to the begin (SAME_LOWER).
void split_padding(Window& window, size_t axis, int64_t total, bool more_at_end) {
  const int64_t half = total / 2;
  window.pads[axis] = more_at_end ? half : total - half;
  window.pads[axis + window.kernel.size()] = total - window.pads[axis];
}

// SAME: as many outputs as strides fit into the input.
void resolve_same(Window& window, const Shape& input) {
  if (!is_same(window)) return;
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    const int64_t in = input[i + 2], out = (in + window.strides[i] - 1) / window.strides[i];
    const int64_t extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
    split_padding(window, i, std::max<int64_t>((out - 1) * window.strides[i] + extent - in, 0),
                  window.auto_pad == "SAME_UPPER");
  }
}

Shape kernel_of(const Shape& weight) { return weight.size() > 2 ? Shape(weight.begin() + 2, weight.end()) : Shape(); }

Status check_weight(const Call& call) {
  if (call.rank(1) == call.rank(0)) return {};
  return user_error("weights of shape {} do not fit an input of shape {}", to_string(call.shape(1)),
                    to_string(call.shape(0)));
}

Values operands(const Call& call) {
  Values values = {call.in(0), call.in(1)};
  if (call.has(2)) values.push_back(call.in(2));
  return values;
}

Result<Values> conv(Call& call) {
  BMNET_TRY(check_weight(call));
  BMNET_ASSIGN(Window window, read_window(call, kernel_of(call.shape(1))));
  resolve_same(window, call.shape(0));
  return call.finish("conv",
                     {{"strides", window.strides},
                      {"pads", window.pads},
                      {"dilations", window.dilations},
                      {"group", call.integer("group", 1)}},
                     operands(call));
}

Result<Values> conv_transpose(Call& call) {
  BMNET_TRY(check_weight(call));
  BMNET_ASSIGN(Window window, read_window(call, kernel_of(call.shape(1))));
  const size_t axes = window.kernel.size();
  BMNET_ASSIGN(const Shape output_padding, per_axis(call, "output_padding", axes, 0, 0));
  if (call.has_attribute("output_shape") || is_same(window)) {
    Shape wanted = call.integers("output_shape");
    if (wanted.size() == axes + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);  // some exporters give N and C too
    if (wanted.empty())
      for (size_t i = 0; i < axes; ++i) wanted.push_back(call.shape(0)[i + 2] * window.strides[i]);
    if (wanted.size() != axes) return user_error("output_shape has {} elements, {} are expected", wanted.size(), axes);
    for (size_t i = 0; i < axes; ++i) {
      const int64_t full = (call.shape(0)[i + 2] - 1) * window.strides[i] +
                           (window.kernel[i] - 1) * window.dilations[i] + 1 + output_padding[i];
      const int64_t total = full - wanted[i];
      split_padding(window, i, std::max<int64_t>(total, 0), window.auto_pad == "SAME_UPPER");
      if (total < 0) window.pads[i + axes] = total;  // more than the windows reach: lengthened at the end
    }
  }
  return call.finish("conv_transpose",
                     {{"strides", window.strides},
                      {"pads", window.pads},
                      {"dilations", window.dilations},
                      {"output_padding", output_padding},
                      {"group", call.integer("group", 1)}},
                     operands(call));
}

// The values under the windows, gathered from where the offsets point, side by side; then an ordinary convolution.
Result<Values> deform_conv(Call& call) {
  BMNET_TRY(check_weight(call));
  if (call.rank(0) != 4) return unsupported("{} axes; images [N,C,H,W] are supported", call.rank(0));
  BMNET_ASSIGN(const Window window, read_window(call, kernel_of(call.shape(1))));
  Values taken = {call.in(0), call.in(2)};
  if (call.has(4)) taken.push_back(call.in(4));
  BMNET_ASSIGN(const ValueId gathered, call.make("deform_gather",
                                                 {{"kernel", window.kernel},
                                                  {"strides", window.strides},
                                                  {"pads", window.pads},
                                                  {"dilations", window.dilations},
                                                  {"offset_groups", call.integer("offset_group", 1)}},
                                                 taken));
  Values factors = {gathered, call.in(1)};
  if (call.has(3)) factors.push_back(call.in(3));
  return call.finish("conv",
                     {{"strides", window.kernel},
                      {"pads", Shape{0, 0, 0, 0}},
                      {"dilations", Shape{1, 1}},
                      {"group", call.integer("group", 1)}},
                     factors);
}

// Columns [N,C*window,blocks] back to the image that they were cut from, overlaps added: a transposed convolution of
// every channel whose weights pick one element of the window each.
Result<Values> col2im(Call& call) {
  BMNET_ASSIGN(const Shape image, call.integers_of(1, "the image shape"));
  BMNET_ASSIGN(const Shape kernel, call.integers_of(2, "the block shape"));
  const size_t axes = image.size();
  if (axes < 1 || axes > 3 || kernel.size() != axes)
    return unsupported("images of {} axes with blocks of {}; 1 to 3 axes are supported", axes, kernel.size());
  BMNET_ASSIGN(const int64_t taps, checked_elements(kernel));
  if (call.rank(0) != 3 || call.shape(0)[1] % taps)
    return user_error("columns of shape {}, [N,C*{},blocks] is expected", to_string(call.shape(0)), taps);
  Window window{.kernel = kernel, .strides = {}, .dilations = {}, .pads = {}, .auto_pad = {}};
  BMNET_ASSIGN(window.strides, per_axis(call, "strides", axes, 1, 1));
  BMNET_ASSIGN(window.dilations, per_axis(call, "dilations", axes, 1, 1));
  BMNET_ASSIGN(window.pads, per_axis(call, "pads", 2 * axes, 0, 0));
  Shape blocks = {call.shape(0)[0], call.shape(0)[1]}, rest;
  for (size_t i = 0; i < axes; ++i) {
    const int64_t free = image[i] + window.pads[i] + window.pads[i + axes] - (kernel[i] - 1) * window.dilations[i] - 1;
    if (free < 0) return user_error("a block spans more than the image [{}]", fmt::join(image, ","));
    blocks.push_back(free / window.strides[i] + 1);
    rest.push_back(free % window.strides[i]);
  }
  if (element_count(std::span(blocks).subspan(2)) != call.shape(0)[2])
    return user_error("{} blocks, the image has place for [{}]", call.shape(0)[2],
                      fmt::join(blocks.begin() + 2, blocks.end(), ","));
  const int64_t channels = blocks[1] / taps;
  Shape weight_shape = {blocks[1], 1};
  weight_shape.insert(weight_shape.end(), kernel.begin(), kernel.end());
  BMNET_TRY(nn::reserve_constant(weight_shape, DType::kF32));
  std::vector<float> picks(blocks[1] * taps);
  for (int64_t i = 0; i < blocks[1]; ++i) picks[i * taps + i % taps] = 1;
  BMNET_ASSIGN(const ValueId columns, call.reshape(call.in(0), blocks));
  return call.finish("conv_transpose",
                     {{"strides", window.strides},
                      {"pads", window.pads},
                      {"dilations", window.dilations},
                      {"output_padding", rest},
                      {"group", channels}},
                     {columns, call.constant<float>(weight_shape, picks)});
}

op::Attributes pool_attributes(const Call& call, const Window& window, std::string kind) {
  return {{"kind", std::move(kind)},
          {"kernel", window.kernel},
          {"strides", window.strides},
          {"pads", window.pads},
          {"dilations", window.dilations},
          {"rounding", std::string(call.integer("ceil_mode", 0) ? "ceil" : "floor")},
          {"count_include_pad", call.integer("count_include_pad", 0) != 0}};
}

// ---- the places where MaxPool found its maxima: every tap of the window is a slice of the padded input, and the
// number of the greatest one gives the place

struct Taps {
  const Window& window;
  Shape x, pooled;
  Shape units;  // how far apart neighbours along each spatial axis count

  size_t axes() const { return window.kernel.size(); }
  int64_t count() const { return element_count(window.kernel); }
  int64_t outputs() const { return element_count(std::span(pooled).subspan(2)); }
};

// Row by row, or column by column.
Shape units_of(const Shape& x, bool column_major) {
  Shape units(x.size() - 2, 1);
  const size_t axes = units.size();
  for (size_t i = 1; i < axes; ++i) {
    if (column_major) {
      units[i] = units[i - 1] * x[i + 1];
    } else {
      units[axes - 1 - i] = units[axes - i] * x[x.size() - i];
    }
  }
  return units;
}

// The padded input such that every tap of every window lies in it.
Result<ValueId> padded_for(Call& call, const Taps& taps) {
  const Window& window = taps.window;
  Shape pads(2 * taps.x.size(), 0);
  for (size_t i = 0; i < taps.axes(); ++i) {
    const int64_t reach =
        (taps.pooled[i + 2] - 1) * window.strides[i] + (window.kernel[i] - 1) * window.dilations[i] + 1;
    pads[i + 2] = window.pads[i];
    pads[taps.x.size() + i + 2] = std::max<int64_t>(reach - taps.x[i + 2] - window.pads[i], 0);
  }
  return call.make("pad",
                   {{"pads", pads}, {"mode", std::string("constant")}, {"value", std::numeric_limits<float>::lowest()}},
                   {call.in(0)});
}

// One line [N,C,1,outputs] a tap; `distances`: how far behind the window's first element it lies.
Result<Values> tap_slices(Call& call, const Taps& taps, std::vector<int64_t>& distances) {
  BMNET_ASSIGN(const ValueId padded, padded_for(call, taps));
  Shape steps(taps.x.size(), 1);
  std::ranges::copy(taps.window.strides, steps.begin() + 2);
  Values slices;
  for (int64_t tap = 0; tap < taps.count(); ++tap) {
    Shape starts(taps.x.size(), 0);
    int64_t rest = tap, distance = 0;
    for (size_t i = taps.axes(); i-- > 0; rest /= taps.window.kernel[i]) {
      starts[i + 2] = rest % taps.window.kernel[i] * taps.window.dilations[i];
      distance += starts[i + 2] * taps.units[i];
    }
    BMNET_ASSIGN(const ValueId slice,
                 call.make("slice", {{"starts", starts}, {"sizes", taps.pooled}, {"steps", steps}}, {padded}));
    BMNET_ASSIGN(const ValueId line, call.reshape(slice, {taps.x[0], taps.x[1], 1, taps.outputs()}));
    slices.push_back(line);
    distances.push_back(distance);
  }
  return slices;
}

// The place of every window's first element, counted over the whole input; it may lie in the padding.
Result<ValueId> window_places(Call& call, const Taps& taps) {
  const Shape shape = {taps.x[0], taps.x[1], taps.outputs()};
  BMNET_TRY(nn::reserve_constant(shape, DType::kI64));
  const int64_t plane_size = element_count(std::span(taps.x).subspan(2));
  std::vector<int64_t> places;
  for (int64_t plane = 0; plane < shape[0] * shape[1]; ++plane)
    for (int64_t output = 0; output < taps.outputs(); ++output) {
      int64_t place = plane * plane_size, rest = output;
      for (size_t i = taps.axes(); i-- > 0; rest /= taps.pooled[i + 2])
        place += (rest % taps.pooled[i + 2] * taps.window.strides[i] - taps.window.pads[i]) * taps.units[i];
      places.push_back(place);
    }
  return call.constant<int64_t>(shape, places);
}

Result<ValueId> places_of_maxima(Call& call, const Window& window, const Shape& pooled) {
  const Taps taps{window, call.shape(0), pooled, units_of(call.shape(0), call.integer("storage_order", 0) != 0)};
  if (taps.count() > kMaxTaps)
    return unsupported("indices of maxima in windows of {} elements; up to {} are supported", taps.count(), kMaxTaps);
  std::vector<int64_t> distances;
  BMNET_ASSIGN(const Values slices, tap_slices(call, taps, distances));
  BMNET_ASSIGN(const ValueId stacked, call.make("concat", {{"axis", int64_t{2}}}, slices));
  BMNET_ASSIGN(
      const ValueId tap,
      call.make("arg_reduce", {{"kind", std::string("max")}, {"axis", int64_t{2}}, {"keep_dims", false}}, {stacked}));
  const ValueId table = call.constant<int64_t>({taps.count()}, distances);
  BMNET_ASSIGN(const ValueId distance, call.make("gather", {{"axis", int64_t{0}}}, {table, tap}));
  BMNET_ASSIGN(const ValueId first, window_places(call, taps));
  BMNET_ASSIGN(const ValueId place, call.binary("add", distance, first));
  return call.finish_output(1, "reshape", {{"shape", pooled}}, {place});
}

Result<Values> pool(Call& call) {
  BMNET_ASSIGN(Window window, read_window(call, {}));
  resolve_same(window, call.shape(0));
  BMNET_ASSIGN(Values values,
               call.finish("pool", pool_attributes(call, window, std::string(call.kind())), {call.in(0)}));
  if (!call.wants(1)) return values;
  BMNET_ASSIGN(const ValueId places, places_of_maxima(call, window, call.shape_of(values[0])));
  return Values{values[0], places};
}

Result<Window> whole_image(const Call& call) {
  if (call.rank(0) < 3) return user_error("the input of shape {} has no spatial axes", to_string(call.shape(0)));
  Window window;
  window.kernel = Shape(call.shape(0).begin() + 2, call.shape(0).end());
  window.strides.assign(window.kernel.size(), 1);
  window.dilations.assign(window.kernel.size(), 1);
  window.pads.assign(2 * window.kernel.size(), 0);
  return window;
}

Result<Values> global_pool(Call& call) {
  BMNET_ASSIGN(const Window window, whole_image(call));
  if (window.kernel.size() <= 3)
    return call.finish("pool", pool_attributes(call, window, std::string(call.kind())), {call.in(0)});
  Shape axes(window.kernel.size());
  std::iota(axes.begin(), axes.end(), 2);
  return call.finish(
      "reduce", {{"kind", std::string(call.kind() == "max" ? "max" : "mean")}, {"axes", axes}, {"keep_dims", true}},
      {call.in(0)});
}

// (sum |x|^p)^(1/p) over each window: an average without the division, between two powers.
Result<Values> lp_pool(Call& call, Window window) {
  const float p = call.has_attribute("p") && call.attribute("p")->has_f() ? call.attribute("p")->f()
                                                                          : static_cast<float>(call.integer("p", 2));
  if (p <= 0) return user_error("p is {}, a positive number is expected", p);
  if (call.integer("ceil_mode", 0)) return unsupported("LpPool with ceil_mode=1; use ceil_mode=0 with explicit pads");
  const int64_t positions =
      std::accumulate(window.kernel.begin(), window.kernel.end(), int64_t{1}, std::multiplies<>());
  BMNET_ASSIGN(const ValueId magnitude, call.unary("abs", call.in(0)));
  BMNET_ASSIGN(const ValueId raised, call.unary("power", magnitude, p));
  op::Attributes attributes = pool_attributes(call, window, "average");
  attributes.set("count_include_pad", true);
  BMNET_ASSIGN(const ValueId average, call.make("pool", attributes, {raised}));
  BMNET_ASSIGN(const ValueId sum, call.unary("linear", average, static_cast<float>(positions)));
  return call.finish("unary", {{"kind", std::string("power")}, {"alpha", 1 / p}}, {sum});
}
Result<Values> window_lp_pool(Call& call) {
  BMNET_ASSIGN(Window window, read_window(call, {}));
  resolve_same(window, call.shape(0));
  return lp_pool(call, std::move(window));
}
Result<Values> global_lp_pool(Call& call) {
  BMNET_ASSIGN(Window window, whole_image(call));
  return lp_pool(call, std::move(window));
}

// Puts every element back to the place that MaxPool took it from; the indices count over the whole input of the
// pooling.
Result<Values> max_unpool(Call& call) {
  BMNET_ASSIGN(const Window window, read_window(call, {}));
  const Shape& x = call.shape(0);
  Shape natural = x;  // that the indices refer to
  for (size_t i = 0; i < window.kernel.size(); ++i)
    natural[i + 2] =
        (x[i + 2] - 1) * window.strides[i] - window.pads[i] - window.pads[i + window.kernel.size()] + window.kernel[i];
  Shape wanted = natural;
  if (call.has(2)) {
    BMNET_ASSIGN(wanted, call.integers_of(2, "the output shape"));
    if (wanted.size() != x.size())
      return user_error("output_shape has {} elements for an input of {} axes", wanted.size(), x.size());
  }
  for (const int64_t dim : natural)
    if (dim < 1) return user_error("the pooled tensor would have had the shape {}", to_string(natural));
  BMNET_ASSIGN(const ValueId zeros, call.filled(DType::kF32, {element_count(natural)}, 0));
  const Shape flat = {element_count(x)};
  BMNET_ASSIGN(const ValueId values, call.reshape(call.in(0), flat));
  BMNET_ASSIGN(const ValueId indices, call.reshape(call.in(1), flat));
  BMNET_ASSIGN(const ValueId scattered,
               call.make("scatter_elements", {{"axis", int64_t{0}}}, {zeros, indices, values}));
  if (wanted == natural) return call.finish("reshape", {{"shape", natural}}, {scattered});
  // A larger output keeps the elements in the top left corner.
  BMNET_ASSIGN(const ValueId image, call.reshape(scattered, natural));
  Shape pads(2 * x.size(), 0);
  for (size_t i = 0; i < x.size(); ++i) pads[x.size() + i] = wanted[i] - natural[i];
  return call.finish("pad", {{"pads", pads}}, {image});
}

constexpr std::string_view kConv = "auto_pad:s dilations:is group:i kernel_shape:is pads:is strides:is";
constexpr std::string_view kConvTranspose =
    "auto_pad:s dilations:is group:i kernel_shape:is output_padding:is output_shape:is pads:is strides:is";

// clang-format off
constexpr Row kRows[] = {
    {"AveragePool", 1, 1, 1, 1, "auto_pad:s kernel_shape:is pads:is strides:is ceil_mode:i count_include_pad:i dilations:is", pool, "average", "pool", ""},
    {"Col2Im", 18, 3, 3, 1, "dilations:is pads:is strides:is", col2im, "", "conv_transpose", "constant shapes; 1 to 3 spatial axes"},
    {"Conv", 1, 2, 3, 1, kConv, conv, "", "conv", "1 to 3 spatial axes"},
    {"ConvTranspose", 1, 2, 3, 1, kConvTranspose, conv_transpose, "", "conv_transpose", "1 to 3 spatial axes"},
    {"DeformConv", 19, 3, 5, 1, "dilations:is group:i kernel_shape:is offset_group:i pads:is strides:is", deform_conv, "", "deform_gather, conv", "images"},
    {"GlobalAveragePool", 1, 1, 1, 1, "", global_pool, "average", "pool", ""},
    {"GlobalLpPool", 1, 1, 1, 1, "p:f", global_lp_pool, "", "unary, pool", ""},
    {"GlobalLpPool", 2, 1, 1, 1, "p:i", global_lp_pool, "", "unary, pool", ""},
    {"GlobalMaxPool", 1, 1, 1, 1, "", global_pool, "max", "pool", ""},
    {"LpPool", 1, 1, 1, 1, "auto_pad:s kernel_shape:is p:f pads:is strides:is", window_lp_pool, "", "unary, pool", ""},
    {"LpPool", 2, 1, 1, 1, "auto_pad:s kernel_shape:is p:i pads:is strides:is ceil_mode:i dilations:is", window_lp_pool, "", "unary, pool", "ceil_mode 0"},
    {"MaxPool", 1, 1, 1, 2, "auto_pad:s ceil_mode:i dilations:is kernel_shape:is pads:is storage_order:i strides:is", pool, "max", "pool, arg_reduce", "indices of windows of up to 1024 elements"},
    {"MaxUnpool", 9, 2, 3, 1, "kernel_shape:is pads:is strides:is", max_unpool, "", "scatter_elements", ""},
};
// clang-format on

}  // namespace

std::span<const Row> window_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
