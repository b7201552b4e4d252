// Operators that move elements without computing: shapes, slices, concatenation, padding.
#include <algorithm>
#include <numeric>

#include "frontend/onnx/call.h"
#include "frontend/onnx/file.h"

namespace bmnet::frontend::onnx {
namespace {

// Dimensions with 0 (copied from the input, unless allow_zero) and one -1 (what is left).
Result<Values> reshape_to(Call& call, Shape wanted) {
  const Shape& x = call.shape(0);
  const bool allow_zero = call.integer("allowzero", 0) != 0;
  const std::string text = to_string(wanted);
  int64_t known = 1;
  std::optional<size_t> open;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == 0 && !allow_zero) {
      if (i >= x.size())
        return user_error("shape {} copies dimension {}, which the input {} does not have", text, i, to_string(x));
      wanted[i] = x[i];
    }
    if (wanted[i] == -1) {
      if (open) return user_error("shape {} has more than one -1", text);
      open = i;
    } else if (wanted[i] < 0 || (wanted[i] > 0 && known > (int64_t{1} << 40) / wanted[i])) {
      return user_error("shape {} has a dimension that cannot be", text);
    } else {
      known *= wanted[i];
    }
  }
  const int64_t count = element_count(x);
  if (open) wanted[*open] = known ? count / known : 0;
  if (element_count(wanted) != count)
    return user_error(
        "{} elements of shape {} cannot take the shape {}; if the model was exported for another input size, use that "
        "one",
        count, to_string(x), text);
  return call.finish("reshape", {{"shape", wanted}}, {call.in(0)});
}
Result<Values> old_reshape(Call& call) {
  BMNET_ASSIGN(Shape shape, call.required_integers("shape"));
  return reshape_to(call, std::move(shape));
}
Result<Values> reshape(Call& call) {
  BMNET_ASSIGN(Shape shape, call.integers_of(1, "the shape"));
  return reshape_to(call, std::move(shape));
}

Result<Values> flatten(Call& call) {
  const int64_t rank = call.rank(0);
  int64_t axis = call.integer("axis", 1);
  if (axis != rank) {
    BMNET_ASSIGN(axis, Call::normal_axis(axis, rank));
  }
  const auto dims = std::span(call.shape(0));
  return call.finish("reshape", {{"shape", Shape{element_count(dims.first(axis)), element_count(dims.subspan(axis))}}},
                     {call.in(0)});
}

// Axes as an attribute, from operator set 13 on as an input.
Result<Shape> given_axes(const Call& call) {
  if (call.has_attribute("axes")) return call.integers("axes");
  if (call.input_count() > 1 && call.has(1)) return call.integers_of(1, "axes");
  return Shape();
}

Result<Values> squeeze(Call& call) {
  BMNET_ASSIGN(Shape axes, given_axes(call));
  BMNET_ASSIGN(axes, Call::normal_axes(std::move(axes), call.rank(0)));
  Shape shape;
  for (int64_t i = 0; i < call.rank(0); ++i) {
    const bool named = std::ranges::binary_search(axes, i);
    if (named && call.shape(0)[i] != 1)
      return user_error("axis {} of shape {} has more than one element", i, to_string(call.shape(0)));
    if (!named && (!axes.empty() || call.shape(0)[i] != 1)) shape.push_back(call.shape(0)[i]);
  }
  return call.finish("reshape", {{"shape", shape}}, {call.in(0)});
}

Result<Values> unsqueeze(Call& call) {
  BMNET_ASSIGN(const Shape given, given_axes(call));
  BMNET_ASSIGN(const Shape axes, Call::normal_axes(given, call.rank(0) + static_cast<int64_t>(given.size())));
  Shape shape = call.shape(0);
  for (const int64_t axis : axes) shape.insert(shape.begin() + axis, 1);
  return call.finish("reshape", {{"shape", shape}}, {call.in(0)});
}

Result<Values> transpose(Call& call) {
  Shape permutation = call.integers("perm");
  if (!call.has_attribute("perm"))
    for (int64_t axis = call.rank(0) - 1; axis >= 0; --axis) permutation.push_back(axis);
  Shape sorted = permutation;
  std::ranges::sort(sorted);
  Shape expected(call.rank(0));
  std::iota(expected.begin(), expected.end(), 0);
  if (sorted != expected)
    return user_error("perm [{}] is no order of the {} axes", fmt::join(permutation, ","), call.rank(0));
  return call.finish("transpose", {{"permutation", permutation}}, {call.in(0)});
}

Result<Values> concat_along(Call& call, int64_t given) {
  BMNET_ASSIGN(Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, call.rank(0)));
  if (inputs.size() == 1) return inputs;
  return call.finish("concat", {{"axis", axis}}, inputs);
}
Result<Values> old_concat(Call& call) { return concat_along(call, call.integer("axis", 1)); }
Result<Values> concat(Call& call) {
  BMNET_ASSIGN(const int64_t axis, call.required_integer("axis"));
  return concat_along(call, axis);
}

Result<Values> split_into(Call& call, Shape sizes) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", 0), call.rank(0)));
  const Shape& x = call.shape(0);
  if (sizes.empty()) {
    const int64_t parts = call.integer("num_outputs", static_cast<int64_t>(call.output_count()));
    if (parts < 1 || (call.opset() < 18 && x[axis] % parts))
      return user_error("{} elements cannot be split into {} equal parts", x[axis], parts);
    const int64_t size = (x[axis] + parts - 1) / parts;
    for (int64_t left = x[axis]; static_cast<int64_t>(sizes.size()) < parts; left -= size)
      sizes.push_back(std::clamp<int64_t>(left, 0, size));
  }
  if (sizes.size() != call.output_count())
    return user_error("{} parts for {} outputs", sizes.size(), call.output_count());
  int64_t sum = 0;
  for (const int64_t size : sizes) {
    if (size < 0 || size > x[axis]) return user_error("a part of {} elements of an axis with {}", size, x[axis]);
    sum += size;
  }
  if (sum != x[axis]) return user_error("parts of {} elements in all, the axis has {}", sum, x[axis]);
  Values values;
  Shape starts(x.size(), 0), part = x;
  const Shape steps(x.size(), 1);
  for (size_t i = 0; i < sizes.size(); ++i) {
    part[axis] = sizes[i];
    BMNET_ASSIGN(const ValueId value,
                 call.finish_output(i, "slice", {{"starts", starts}, {"sizes", part}, {"steps", steps}}, {call.in(0)}));
    values.push_back(value);
    starts[axis] += sizes[i];
  }
  return values;
}
Result<Values> split(Call& call) {
  Shape sizes = call.integers("split");
  if (call.has(1)) {
    BMNET_ASSIGN(sizes, call.integers_of(1, "the sizes of the parts"));
  }
  return split_into(call, std::move(sizes));
}

// starts and ends count from the end when negative and stop at the tensor's borders, as in numpy.
Result<Values> slice_by(Call& call, const Shape& starts, const Shape& ends, Shape axes, Shape steps) {
  const Shape& x = call.shape(0);
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    return user_error("{} starts, {} ends, {} axes and {} steps do not fit together", starts.size(), ends.size(),
                      axes.size(), steps.size());
  Shape begin(x.size(), 0), size = x, step(x.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i) {
    BMNET_ASSIGN(const int64_t axis, Call::normal_axis(axes[i], call.rank(0)));
    const int64_t dim = x[axis];
    if (steps[i] == 0) return user_error("a step of 0");
    const bool forward = steps[i] > 0;
    const auto place = [&](int64_t index) {
      if (index < 0) index += dim;
      return forward ? std::clamp<int64_t>(index, 0, dim) : std::clamp<int64_t>(index, -1, dim - 1);
    };
    const int64_t from = place(starts[i]), to = place(ends[i]);
    const int64_t distance = forward ? to - from : from - to, stride = forward ? steps[i] : -steps[i];
    size[axis] = distance > 0 ? (distance + stride - 1) / stride : 0;
    begin[axis] = size[axis] ? from : 0;
    step[axis] = size[axis] > 1 ? steps[i] : 1;
  }
  if (size == x && std::ranges::all_of(step, [](int64_t s) { return s == 1; })) return Values{call.in(0)};
  return call.finish("slice", {{"starts", begin}, {"sizes", size}, {"steps", step}}, {call.in(0)});
}
Result<Values> old_slice(Call& call) {
  BMNET_ASSIGN(const Shape starts, call.required_integers("starts"));
  BMNET_ASSIGN(const Shape ends, call.required_integers("ends"));
  return slice_by(call, starts, ends, call.integers("axes"), {});
}
Result<Values> slice(Call& call) {
  BMNET_ASSIGN(const Shape starts, call.integers_of(1, "starts"));
  BMNET_ASSIGN(const Shape ends, call.integers_of(2, "ends"));
  Shape axes, steps;
  if (call.has(3)) {
    BMNET_ASSIGN(axes, call.integers_of(3, "axes"));
  }
  if (call.has(4)) {
    BMNET_ASSIGN(steps, call.integers_of(4, "steps"));
  }
  return slice_by(call, starts, ends, std::move(axes), std::move(steps));
}

Result<Values> pad_by(Call& call, Shape pads, float value) {
  const std::string mode = call.text("mode", "constant");
  if (static_cast<int64_t>(pads.size()) != 2 * call.rank(0))
    return user_error("{} pads for {} axes; begins and ends of all axes are expected", pads.size(), call.rank(0));
  for (int64_t i = 0; i < call.rank(0); ++i) {
    const int64_t padded = call.shape(0)[i] + pads[i] + pads[i + call.rank(0)];
    if (padded < 0 || padded > INT32_MAX)
      return user_error("pads [{}] make axis {} of {} elements have {}", fmt::join(pads, ","), i, call.shape(0)[i],
                        padded);
  }
  if (std::ranges::all_of(pads, [](int64_t pad) { return pad == 0; })) return Values{call.in(0)};
  return call.finish("pad", {{"pads", pads}, {"mode", mode}, {"value", value}}, {call.in(0)});
}
Result<Values> old_pad(Call& call) {
  const std::string_view name = call.has_attribute("paddings") ? "paddings" : "pads";
  BMNET_ASSIGN(Shape pads, call.required_integers(name));
  return pad_by(call, std::move(pads), call.number("value", 0));
}
Result<Values> pad(Call& call) {
  BMNET_ASSIGN(Shape pads, call.integers_of(1, "pads"));
  float value = 0;
  if (call.has(2)) {
    BMNET_ASSIGN(const std::vector<float> values, call.numbers_of(2, "the value"));
    if (values.size() > 1) return user_error("the value has {} elements, one is expected", values.size());
    if (!values.empty()) value = values[0];
  }
  if (call.has(3)) {  // the axes that `pads` is about, from operator set 18 on
    BMNET_ASSIGN(const Shape axes, call.integers_of(3, "axes"));
    if (pads.size() != 2 * axes.size()) return user_error("{} pads for {} axes", pads.size(), axes.size());
    Shape all(2 * call.rank(0), 0);
    for (size_t i = 0; i < axes.size(); ++i) {
      BMNET_ASSIGN(const int64_t axis, Call::normal_axis(axes[i], call.rank(0)));
      all[axis] = pads[i];
      all[axis + call.rank(0)] = pads[i + axes.size()];
    }
    pads = std::move(all);
  }
  return pad_by(call, std::move(pads), value);
}

Result<Values> center_crop_pad(Call& call) {
  BMNET_ASSIGN(const Shape wanted, call.integers_of(1, "the shape"));
  Shape axes = call.integers("axes");
  if (!call.has_attribute("axes")) {
    axes.resize(call.rank(0));
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (wanted.size() != axes.size()) return user_error("{} dimensions for {} axes", wanted.size(), axes.size());
  Shape pads(2 * call.rank(0), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    BMNET_ASSIGN(const int64_t axis, Call::normal_axis(axes[i], call.rank(0)));
    const int64_t more = wanted[i] - call.shape(0)[axis];
    // Cropping and padding both round the begin down.
    pads[axis] = more >= 0 ? more / 2 : -((-more) / 2);
    pads[axis + call.rank(0)] = more - pads[axis];
  }
  return pad_by(call, std::move(pads), 0);
}

Result<Values> expand(Call& call) {
  BMNET_ASSIGN(const Shape wanted, call.integers_of(1, "the shape"));
  Shape shape(std::max(wanted.size(), call.shape(0).size()), 1);
  std::ranges::copy(call.shape(0), shape.end() - call.rank(0));
  for (size_t i = 0; i < wanted.size(); ++i) {
    int64_t& dim = shape[shape.size() - wanted.size() + i];
    if (wanted[i] < 0 || (dim != 1 && wanted[i] != 1 && wanted[i] != dim))
      return user_error("shape {} does not broadcast to {}", to_string(call.shape(0)), to_string(wanted));
    if (dim == 1) dim = wanted[i];
  }
  BMNET_TRY(checked_elements(shape, EmptyTensors::kAllowed));
  if (shape == call.shape(0)) return Values{call.in(0)};
  return call.finish("broadcast_to", {{"shape", shape}}, {call.in(0)});
}

Result<Values> tile_by(Call& call, const Shape& repeats) {
  if (static_cast<int64_t>(repeats.size()) != call.rank(0))
    return user_error("{} repeats for {} axes", repeats.size(), call.rank(0));
  Shape shape = call.shape(0);
  for (size_t i = 0; i < shape.size(); ++i) {
    if (repeats[i] < 0 || repeats[i] > INT32_MAX || shape[i] > INT32_MAX)
      return user_error("repeats [{}] cannot be", fmt::join(repeats, ","));
    shape[i] *= repeats[i];
  }
  BMNET_TRY(checked_elements(shape, EmptyTensors::kAllowed));
  return call.finish("tile", {{"repeats", repeats}}, {call.in(0)});
}
Result<Values> tile(Call& call) {
  BMNET_ASSIGN(const Shape repeats, call.integers_of(1, "repeats"));
  return tile_by(call, repeats);
}
Result<Values> old_tile(Call& call) {  // copies along one axis
  BMNET_ASSIGN(const int64_t tiles, call.integer_of(1, "tiles"));
  BMNET_ASSIGN(const int64_t given, call.integer_of(2, "axis"));
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, call.rank(0)));
  Shape repeats(call.rank(0), 1);
  repeats[axis] = tiles;
  return tile_by(call, repeats);
}

Result<Values> depth_to_space(Call& call) {
  BMNET_ASSIGN(const int64_t block, call.required_integer("blocksize"));
  return call.finish("depth_to_space", {{"block", block}, {"mode", call.text("mode", "DCR")}}, {call.in(0)});
}
Result<Values> space_to_depth(Call& call) {
  BMNET_ASSIGN(const int64_t block, call.required_integer("blocksize"));
  return call.finish("space_to_depth", {{"block", block}}, {call.in(0)});
}

// The first operator sets: a border cut off in the last two axes.
Result<Values> crop(Call& call) {
  const Shape border = call.integers("border"), scale = call.integers("scale");
  if (border.size() != 4 || call.rank(0) != 4)
    return user_error("border has {} elements, left, top, right, bottom of an image are expected", border.size());
  const Shape& x = call.shape(0);
  const int64_t bottom = scale.size() == 2 ? border[1] + scale[0] : x[2] - border[3],
                right = scale.size() == 2 ? border[0] + scale[1] : x[3] - border[2];
  return slice_by(call, {border[1], border[0]}, {bottom, right}, {2, 3}, {});
}

// clang-format off
constexpr Row kRows[] = {
    {"CenterCropPad", 18, 2, 2, 1, "axes:is", center_crop_pad, "", "pad", "constant shape"},
    {"Concat", 1, 1, kAny, 1, "axis:i", old_concat, "", "concat", ""},
    {"Concat", 4, 1, kAny, 1, "axis:i", concat, "", "concat", ""},
    {"Crop", 1, 1, 1, 1, "border:is scale:is", crop, "", "slice", ""},
    {"DepthToSpace", 1, 1, 1, 1, "blocksize:i mode:s", depth_to_space, "", "depth_to_space", ""},
    {"Expand", 8, 2, 2, 1, "", expand, "", "broadcast_to", "constant shape"},
    {"Flatten", 1, 1, 1, 1, "axis:i", flatten, "", "reshape", ""},
    {"Pad", 1, 1, 1, 1, "mode:s paddings:is pads:is value:f", old_pad, "", "pad", ""},
    {"Pad", 11, 2, 4, 1, "mode:s", pad, "", "pad", "constant pads"},
    {"Reshape", 1, 1, 1, 1, "shape:is consumed_inputs:is", old_reshape, "", "reshape", ""},
    {"Reshape", 5, 2, 2, 1, "allowzero:i", reshape, "", "reshape", "constant shape"},
    {"Slice", 1, 1, 1, 1, "axes:is ends:is starts:is", old_slice, "", "slice", ""},
    {"Slice", 10, 3, 5, 1, "", slice, "", "slice", "constant bounds"},
    {"SpaceToDepth", 1, 1, 1, 1, "blocksize:i", space_to_depth, "", "space_to_depth", ""},
    {"Split", 1, 1, 2, kAny, "axis:i split:is", split, "", "slice", ""},
    {"Split", 13, 1, 2, kAny, "axis:i num_outputs:i", split, "", "slice", "constant sizes"},
    {"Squeeze", 1, 1, 1, 1, "axes:is", squeeze, "", "reshape", ""},
    {"Squeeze", 13, 1, 2, 1, "", squeeze, "", "reshape", "constant axes"},
    {"Tile", 1, 3, 3, 1, "", old_tile, "", "tile", "constant repeats"},
    {"Tile", 6, 2, 2, 1, "", tile, "", "tile", "constant repeats"},
    {"Transpose", 1, 1, 1, 1, "perm:is", transpose, "", "transpose", ""},
    {"Unsqueeze", 1, 1, 1, 1, "axes:is", unsqueeze, "", "reshape", ""},
    {"Unsqueeze", 13, 2, 2, 1, "", unsqueeze, "", "reshape", "constant axes"},
};
// clang-format on

}  // namespace

std::span<const Row> shape_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
