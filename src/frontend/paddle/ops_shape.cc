// Shapes, slices, joins, paddings, constants.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/number.h"
#include "frontend/paddle/call.h"
#include "frontend/paddle/params.h"

namespace bmnet::frontend::paddle {
namespace {

using Integers = std::vector<int64_t>;

Result<Values> finish_reshape(Call& call, ValueId x, Shape shape) {
  if (call.shape_of(x) == shape) return Values{x};
  return one(call.finish("reshape", {{"shape", std::move(shape)}}, {x}));
}

// 0 keeps an axis, -1 is the rest.
Result<Values> reshape(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(Shape to, call.integers_from("shape", "Shape", "ShapeTensor"));
  const Shape from = call.shape_of(x);
  std::optional<size_t> open;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && i < from.size()) to[i] = from[i];
    if (to[i] != -1) continue;
    if (open) return user_error("shape {} has more than one -1", to_string(to));
    open = i, to[i] = 1;
  }
  BMNET_ASSIGN(const int64_t known, checked_elements(to));
  if (open) to[*open] = element_count(from) / known;
  if (element_count(to) != element_count(from))
    return user_error("{} cannot take the shape {}", to_string(from), to_string(to));
  return finish_reshape(call, x, std::move(to));
}

// flatten2 makes two axes of all, those before `axis` and the others.
Result<Values> flatten(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const Shape shape = call.shape_of(x);
  const int64_t axis = call.integer("axis", 1);
  if (axis < 0 || axis > std::ssize(shape)) return user_error("axis {} of {}", axis, to_string(shape));
  const int64_t rows = element_count(std::span(shape).first(axis));
  return finish_reshape(call, x, {rows, element_count(shape) / rows});
}

Result<Values> flatten_range(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const Shape shape = call.shape_of(x);
  BMNET_ASSIGN(const int64_t start, Emitter::normal_axis(call.integer("start_axis", 1), call.rank_of(x)));
  BMNET_ASSIGN(const int64_t stop, Emitter::normal_axis(call.integer("stop_axis", 1), call.rank_of(x)));
  if (start > stop) return user_error("start_axis {} stands behind stop_axis {}", start, stop);
  Shape to(shape.begin(), shape.begin() + start);
  to.push_back(element_count(std::span(shape).subspan(start, stop - start + 1)));
  to.insert(to.end(), shape.begin() + stop + 1, shape.end());
  return finish_reshape(call, x, std::move(to));
}

// Named axes that are not 1 stay, as in Paddle.
Result<Values> squeeze(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const Integers axes, Emitter::normal_axes(call.integers("axes"), call.rank_of(x)));
  const Shape from = call.shape_of(x);
  Shape to;
  for (int64_t axis = 0; axis < call.rank_of(x); ++axis)
    if (from[axis] != 1 || !(axes.empty() || std::ranges::binary_search(axes, axis))) to.push_back(from[axis]);
  if (to.empty()) to = {1};
  return finish_reshape(call, x, std::move(to));
}

Result<Values> unsqueeze(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const Integers axes, call.integers_from("axes", "AxesTensor", "AxesTensorList"));
  Shape shape = call.shape_of(x);
  for (const int64_t given : axes) {
    BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given, std::ssize(shape) + 1));
    shape.insert(shape.begin() + axis, 1);
  }
  return finish_reshape(call, x, std::move(shape));
}

Result<Values> transpose(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  Integers permutation = call.integers("axis");
  for (int64_t& axis : permutation) {
    BMNET_ASSIGN(axis, Emitter::normal_axis(axis, call.rank_of(x)));
  }
  BMNET_ASSIGN(const Integers sorted, Emitter::normal_axes(permutation, call.rank_of(x)));
  if (std::ssize(sorted) != call.rank_of(x))
    return user_error("axis {} is no order of the {} axes", to_string(permutation), call.rank_of(x));
  if (std::ranges::is_sorted(permutation)) return Values{x};
  return one(call.finish("transpose", {{"permutation", permutation}}, {x}));
}

Result<Values> concat(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all("X"));
  BMNET_ASSIGN(const int64_t axis, call.stated_axis(0, call.rank_of(inputs[0])));
  if (inputs.size() == 1) return inputs;
  return one(call.finish("concat", {{"axis", axis}}, inputs));
}

Result<Values> stack(Call& call) {
  BMNET_ASSIGN(Values inputs, call.all("X"));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("axis", 0), call.rank_of(inputs[0]) + 1));
  for (ValueId& input : inputs) {
    Shape shape = call.shape_of(input);
    shape.insert(shape.begin() + std::min<int64_t>(axis, std::ssize(shape)), 1);
    BMNET_ASSIGN(input, call.reshape(input, shape));
  }
  return one(call.finish("concat", {{"axis", axis}}, inputs));
}

// The parts of sizes `sizes` of an axis; `drop`: without that axis.
Result<Values> parts_of(Call& call, ValueId x, int64_t axis, const Integers& sizes, bool drop) {
  Values parts;
  int64_t start = 0;
  const int64_t whole = call.shape_of(x)[axis];
  for (const int64_t size : sizes) {
    if (size < 1 || size > whole - start)
      return user_error("sections {} do not fit an axis of {}", to_string(sizes), whole);
    BMNET_ASSIGN(ValueId part, call.slice(x, axis, start, size));
    if (drop) {
      Shape shape = call.shape_of(part);
      shape.erase(shape.begin() + axis);
      BMNET_ASSIGN(part, call.reshape(part, shape));
    }
    parts.push_back(part);
    start += size;
  }
  if (start != whole) return user_error("sections {} do not fill an axis of {}", to_string(sizes), whole);
  return parts;
}

Result<Values> split(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const int64_t axis, call.stated_axis(0, call.rank_of(x)));
  BMNET_ASSIGN(Integers sizes, call.integers_from("sections", "", "SectionsTensorList"));
  const int64_t whole = call.shape_of(x)[axis], count = call.integer("num", 0);
  if (sizes.empty()) {
    if (count < 1 || whole % count) return user_error("an axis of {} cannot be split into {}", whole, count);
    sizes.assign(count, whole / count);
  }
  if (const auto open = std::ranges::find(sizes, -1); open != sizes.end())
    *open = whole - (std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) + 1);
  return parts_of(call, x, axis, sizes, false);
}

Result<Values> unstack(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("axis", 0), call.rank_of(x)));
  const int64_t count = call.shape_of(x)[axis];
  if (count > static_cast<int64_t>(call.output_count()))
    return user_error("{} slices for {} outputs", count, call.output_count());
  return parts_of(call, x, axis, Integers(count, 1), true);
}

// slice and strided_slice: begins and ends by Python's rules; decrease_axis drops axes.
Result<Values> slice(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  const Integers axes = call.integers("axes");
  BMNET_ASSIGN(const Integers starts, call.integers_from("starts", "StartsTensor", "StartsTensorList"));
  BMNET_ASSIGN(const Integers ends, call.integers_from("ends", "EndsTensor", "EndsTensorList"));
  BMNET_ASSIGN(Integers strides, call.integers_from("strides", "StridesTensor", "StridesTensorList"));
  if (strides.empty()) strides.assign(axes.size(), 1);
  if (starts.size() != axes.size() || ends.size() != axes.size() || strides.size() != axes.size())
    return user_error("{} axes have {} starts, {} ends, {} strides", axes.size(), starts.size(), ends.size(),
                      strides.size());
  const Shape from = call.shape_of(x);
  Shape sizes = from;
  Integers first(from.size(), 0), steps(from.size(), 1);
  for (size_t i = 0; i < axes.size(); ++i) {
    BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(axes[i], call.rank_of(x)));
    const int64_t length = from[axis], step = strides[i];
    if (step == 0) return user_error("a stride is 0");
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? length : length - 1;
    const auto place = [&](int64_t at) { return std::clamp(at < 0 ? at + length : at, low, high); };
    const int64_t begin = place(starts[i]), end = place(ends[i]);
    const int64_t size = step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;
    if (size < 1) return user_error("nothing of axis {} of {} is left", axis, to_string(from));
    first[axis] = begin, sizes[axis] = size, steps[axis] = step;
  }
  BMNET_ASSIGN(const Integers dropped, Emitter::normal_axes(call.integers("decrease_axis"), call.rank_of(x)));
  Shape result;
  for (int64_t axis = 0; axis < call.rank_of(x); ++axis)
    if (!std::ranges::binary_search(dropped, axis)) result.push_back(sizes[axis]);
  if (result.empty()) result = {1};
  const op::Attributes attributes = {{"starts", first}, {"sizes", sizes}, {"steps", steps}};
  if (result == sizes) return one(call.finish("slice", attributes, {x}));
  BMNET_ASSIGN(const ValueId y, call.make("slice", attributes, {x}));
  if (element_count(result) != element_count(sizes)) return user_error("decrease_axis drops axes that are not 1");
  return finish_reshape(call, y, std::move(result));
}

Result<Values> finish_broadcast(Call& call, ValueId x, Shape to) {
  Shape from = call.shape_of(x);
  if (to.size() < from.size()) return user_error("{} cannot become {}", to_string(from), to_string(to));
  from.insert(from.begin(), to.size() - from.size(), 1);
  for (size_t i = 0; i < to.size(); ++i)
    if (to[i] == -1) to[i] = from[i];
  BMNET_TRY(checked_elements(to));
  if (call.shape_of(x) == to) return Values{x};
  return one(call.finish("broadcast_to", {{"shape", std::move(to)}}, {x}));
}

Result<Values> expand(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(Shape to, call.integers_from("shape", "Shape", "expand_shapes_tensor"));
  return finish_broadcast(call, x, std::move(to));
}

Result<Values> expand_as(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  if (!call.has("Y") && !call.has("target_tensor")) return finish_broadcast(call, x, call.integers("target_shape"));
  BMNET_ASSIGN(const ValueId like, call.in(call.has("Y") ? "Y" : "target_tensor"));
  return finish_broadcast(call, x, call.shape_of(like));
}

Result<Values> tile(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  const bool old = call.kind() == "expand";
  BMNET_ASSIGN(Integers repeats, old ? call.integers_from("expand_times", "ExpandTimes", "expand_times_tensor")
                                     : call.integers_from("repeat_times", "RepeatTimes", "repeat_times_tensor"));
  Shape shape = call.shape_of(x);
  while (repeats.size() < shape.size()) repeats.insert(repeats.begin(), 1);
  while (shape.size() < repeats.size()) shape.insert(shape.begin(), 1);
  BMNET_ASSIGN(x, call.reshape(x, shape));
  return one(call.finish("tile", {{"repeats", repeats}}, {x}));
}

Result<Values> finish_pad(Call& call, ValueId x, const Integers& pads, float value) {
  static constexpr std::pair<std::string_view, std::string_view> kModes[] = {
      {"constant", "constant"}, {"reflect", "reflect"}, {"edge", "edge"}, {"replicate", "edge"}, {"circular", "wrap"}};
  const std::string given = call.text("mode", "constant");
  for (const auto& [name, mode] : kModes)
    if (name == given)
      return one(call.finish("pad", {{"pads", pads}, {"mode", std::string(mode)}, {"value", value}}, {x}));
  return unsupported("mode={}", given);
}

// paddings: begin and end of each axis from the first on.
Result<Values> pad(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const Integers given = call.integers("paddings");
  const size_t rank = static_cast<size_t>(call.rank_of(x));
  if (given.size() != 2 * rank) return user_error("paddings has {} values for {} axes", given.size(), rank);
  Integers pads(2 * rank);
  for (size_t i = 0; i < rank; ++i) pads[i] = given[2 * i], pads[rank + i] = given[2 * i + 1];
  return finish_pad(call, x, pads, call.number("pad_value", 0));
}

// pad2d: top, bottom, left, right. pad3d: left, right, top, bottom, front, back.
Result<Values> pad_spatial(Call& call) {
  BMNET_TRY(call.require_channels_first("data_format"));
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const bool flat = call.kind() == "2d";
  BMNET_ASSIGN(const Integers given, call.integers_from("paddings", "Paddings", ""));
  const size_t axes = flat ? 2 : 3, rank = axes + 2;
  if (given.size() != 2 * axes || call.rank_of(x) != static_cast<int64_t>(rank))
    return user_error("paddings {} do not fit the input {}", to_string(given), to_string(call.shape_of(x)));
  Integers pads(2 * rank, 0);
  for (size_t i = 0; i < axes; ++i) {
    const size_t pair = flat ? i : axes - 1 - i;  // pad3d counts from the last axis
    pads[2 + i] = given[2 * pair], pads[rank + 2 + i] = given[2 * pair + 1];
  }
  return finish_pad(call, x, pads, call.number(flat ? "pad_value" : "value", 0));
}

Result<Values> shape(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  if (call.kind() == "64") return Values{call.constant(Tensor::of<int64_t>({call.rank_of(x)}, call.shape_of(x)))};
  std::vector<int32_t> dims;
  for (const int64_t dim : call.shape_of(x)) {
    if (dim > INT32_MAX) return unsupported("shape {} does not fit 32 bits", to_string(call.shape_of(x)));
    dims.push_back(static_cast<int32_t>(dim));
  }
  return Values{call.constant(Tensor::of<int32_t>({std::ssize(dims)}, dims))};
}

Result<double> fill_value(const Call& call) {
  const std::string text = call.text("str_value", "");
  if (text.empty()) return call.number("value", 0);
  const auto value = parse_number<double>(text);
  if (!value) return user_error("str_value '{}' is no number", text);
  return *value;
}

Result<Values> fill_constant(Call& call) {
  BMNET_ASSIGN(const DType dtype, dtype_of_number(call.integer("dtype", 5)));
  BMNET_ASSIGN(Shape shape, call.integers_from("shape", "ShapeTensor", "ShapeTensorList"));
  if (call.has("ValueTensor")) {
    BMNET_ASSIGN(const ValueId value, call.in("ValueTensor"));
    if (element_count(call.shape_of(value)) != 1) return user_error("ValueTensor has several elements");
    BMNET_ASSIGN(const ValueId scalar, call.reshape(value, {1}));
    return finish_broadcast(call, scalar, std::move(shape));
  }
  BMNET_ASSIGN(const double value, fill_value(call));
  return one(call.filled(dtype, std::move(shape), value));
}

Result<Values> fill_batch_size_like(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  BMNET_ASSIGN(const DType dtype, dtype_of_number(call.integer("dtype", 5)));
  Shape shape = call.integers("shape");
  BMNET_ASSIGN(const int64_t from, Emitter::normal_axis(call.integer("input_dim_idx", 0), call.rank_of(x)));
  BMNET_ASSIGN(const int64_t to, Emitter::normal_axis(call.integer("output_dim_idx", 0), std::ssize(shape)));
  shape[to] = call.shape_of(x)[from];
  BMNET_ASSIGN(const double value, fill_value(call));
  return one(call.filled(dtype, std::move(shape), value));
}

Result<Values> fill_like(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const int64_t number = call.integer("dtype", -1);
  BMNET_ASSIGN(const DType dtype, number < 0 ? Result<DType>(call.dtype_of(x)) : dtype_of_number(number));
  return one(call.filled(dtype, call.shape_of(x), call.number("value", 0)));
}

Result<Values> assign(Call& call) { return one(call.in("X")); }

Result<Values> assign_value(Call& call) {
  BMNET_ASSIGN(const DType dtype, dtype_of_number(call.integer("dtype", 5)));
  const Shape shape = call.integers("shape");
  BMNET_ASSIGN(const int64_t count, checked_elements(shape));
  const std::vector<float> numbers = call.numbers("fp32_values");
  Integers integers = call.integers("int32_values");
  if (integers.empty()) integers = call.integers("int64_values");
  const bool real = dtype == DType::kF32;
  if (!real && integers.empty())  // JSON programs have one list for all types
    for (const float number : numbers) integers.push_back(std::isfinite(number) ? std::llround(number) : 0);
  if (std::ssize(numbers) != count && real)
    return unsupported("{} values for shape {}", numbers.size(), to_string(shape));
  if (real) return Values{call.constant(Tensor::of<float>(shape, numbers))};
  if (std::ssize(integers) != count) return unsupported("{} values for shape {}", integers.size(), to_string(shape));
  return one(call.cast(call.constant(Tensor::of<int64_t>(shape, integers)), dtype));
}

Result<Values> pixel_shuffle(Call& call) {
  BMNET_TRY(call.require_channels_first("data_format"));
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  return one(
      call.finish("depth_to_space", {{"block", call.integer("upscale_factor", 1)}, {"mode", std::string("CRD")}}, {x}));
}

Result<Values> shuffle_channel(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  const Shape s = call.shape_of(x);
  const int64_t groups = call.integer("group", 1);
  if (s.size() != 4 || groups < 1 || s[1] % groups) return user_error("{} groups of {}", groups, to_string(s));
  BMNET_ASSIGN(x, call.reshape(x, {s[0], groups, s[1] / groups, s[2], s[3]}));
  BMNET_ASSIGN(x, call.transpose(x, {0, 2, 1, 3, 4}));
  return finish_reshape(call, x, s);
}

// Every block x block square becomes channels: c*block*block + by*block + bx, or with the place in front of c.
Result<Values> pixels_to_channels(Call& call) {
  BMNET_TRY(call.require_channels_first("data_format"));
  BMNET_ASSIGN(ValueId x, call.in("X"));
  const int64_t block = call.integer(call.kind() == "place_first" ? "blocksize" : "downscale_factor", 1);
  const Shape s = call.shape_of(x);
  if (s.size() != 4 || block < 1 || s[2] % block || s[3] % block)
    return user_error("blocks of {} in {}", block, to_string(s));
  if (call.kind() == "place_first") return one(call.finish("space_to_depth", {{"block", block}}, {x}));
  BMNET_ASSIGN(x, call.reshape(x, {s[0], s[1], s[2] / block, block, s[3] / block, block}));
  BMNET_ASSIGN(x, call.transpose(x, {0, 1, 3, 5, 2, 4}));
  return finish_reshape(call, x, {s[0], s[1] * block * block, s[2] / block, s[3] / block});
}

// The largest of `groups` neighbouring channels.
Result<Values> maxout(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("axis", 1), call.rank_of(x)));
  const int64_t groups = call.integer("groups", 1);
  Shape shape = call.shape_of(x);
  if (groups < 1 || shape[axis] % groups) return user_error("{} groups of {}", groups, to_string(shape));
  shape[axis] /= groups;
  shape.insert(shape.begin() + axis + 1, groups);
  BMNET_ASSIGN(x, call.reshape(x, shape));
  return one(
      call.finish("reduce", {{"kind", std::string("max")}, {"axes", Integers{axis + 1}}, {"keep_dims", false}}, {x}));
}

// Each axis is rolled by its shift, or all elements when no axis is named.
Result<Values> roll(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  const Shape shape = call.shape_of(x);
  BMNET_ASSIGN(const Integers shifts, call.integers_from("shifts", "ShiftsTensor", ""));
  Integers axes = call.integers("axis");
  if (axes.empty()) {
    BMNET_ASSIGN(x, call.reshape(x, {element_count(shape)}));
    axes = {0};
  }
  if (axes.size() != shifts.size()) return user_error("{} axes have {} shifts", axes.size(), shifts.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(axes[i], call.rank_of(x)));
    const int64_t length = call.shape_of(x)[axis], shift = (shifts[i] % length + length) % length;
    if (shift == 0) continue;
    BMNET_ASSIGN(const ValueId tail, call.slice(x, axis, length - shift, shift));
    BMNET_ASSIGN(const ValueId head, call.slice(x, axis, 0, length - shift));
    BMNET_ASSIGN(x, call.make("concat", {{"axis", axis}}, {tail, head}));
  }
  return finish_reshape(call, x, shape);
}

// Input i runs along axis i of all results.
Result<Values> meshgrid(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all("X"));
  Shape whole;
  for (const ValueId input : inputs) whole.push_back(element_count(call.shape_of(input)));
  Values results;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Shape shape(inputs.size(), 1);
    shape[i] = whole[i];
    BMNET_ASSIGN(ValueId grid, call.reshape(inputs[i], shape));
    BMNET_ASSIGN(grid, call.broadcast(grid, whole));
    results.push_back(grid);
  }
  return results;
}

// A window of `shape` from `offsets`.
Result<Values> crop(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(Integers sizes, call.integers_from("shape", "Shape", "ShapeTensor"));
  BMNET_ASSIGN(Integers starts, call.integers_from("offsets", "Offsets", "OffsetsTensor"));
  const Shape from = call.shape_of(x);
  if (call.has("Y")) {
    BMNET_ASSIGN(const ValueId like, call.in("Y"));
    sizes = call.shape_of(like);
  }
  if (starts.empty()) starts.assign(from.size(), 0);
  if (sizes.size() != from.size() || starts.size() != from.size())
    return user_error("shape {} from {} does not fit {}", to_string(sizes), to_string(starts), to_string(from));
  for (size_t i = 0; i < from.size(); ++i)
    if (sizes[i] == -1) sizes[i] = from[i] - starts[i];
  return one(call.finish("slice", {{"starts", starts}, {"sizes", sizes}, {"steps", Integers(from.size(), 1)}}, {x}));
}

// Y padded behind to the shape of X.
Result<Values> pad_like(Call& call) {
  BMNET_ASSIGN(const ValueId like, call.in("X"));
  BMNET_ASSIGN(const ValueId y, call.in("Y"));
  const Shape to = call.shape_of(like), from = call.shape_of(y);
  if (to.size() != from.size()) return user_error("{} cannot be padded to {}", to_string(from), to_string(to));
  Integers pads(2 * to.size(), 0);
  for (size_t i = 0; i < to.size(); ++i) pads[to.size() + i] = to[i] - from[i];
  return one(call.finish("pad", {{"pads", pads}, {"value", call.number("pad_value", 0)}}, {y}));
}

Result<Values> flip(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const Integers axes, Emitter::normal_axes(call.integers("axis"), call.rank_of(x)));
  return one(call.finish("reverse", {{"axes", axes}}, {x}));
}

// clang-format off
constexpr Row row(std::string_view name, Result<Values> (*convert)(Call&), std::string_view attributes,
                  std::string_view becomes, std::string_view kind = "", std::string_view result = "Out") {
  return {name, convert, kind, attributes, becomes, "", result};
}
constexpr Row kRows[] = {
    row("reshape", reshape, "shape", "reshape"), row("reshape2", reshape, "shape", "reshape"),
    row("flatten", flatten, "axis", "reshape"), row("flatten2", flatten, "axis", "reshape"),
    row("flatten_contiguous_range", flatten_range, "start_axis stop_axis", "reshape"),
    row("squeeze", squeeze, "axes", "reshape"), row("squeeze2", squeeze, "axes", "reshape"),
    row("unsqueeze", unsqueeze, "axes", "reshape"), row("unsqueeze2", unsqueeze, "axes", "reshape"),
    row("transpose", transpose, "axis", "transpose"), row("transpose2", transpose, "axis", "transpose"),
    row("concat", concat, "axis", "concat"), row("stack", stack, "axis", "concat", "", "Y"),
    row("split", split, "num sections axis", "slice"), row("unstack", unstack, "axis", "slice", "", "Y"),
    row("slice", slice, "axes starts ends decrease_axis", "slice"),
    row("strided_slice", slice, "axes starts ends strides decrease_axis", "slice"),
    row("expand", tile, "expand_times", "tile", "expand"), row("expand_v2", expand, "shape", "broadcast_to"),
    row("expand_as", expand_as, "target_shape", "broadcast_to"),
    row("expand_as_v2", expand_as, "target_shape", "broadcast_to"), row("tile", tile, "repeat_times", "tile"),
    row("pad", pad, "paddings pad_value", "pad"), row("pad2d", pad_spatial, "paddings mode pad_value", "pad", "2d"),
    row("pad3d", pad_spatial, "paddings mode value", "pad", "3d"), row("shape", shape, "", "constant"), row("shape64", shape, "", "constant", "64"),
    row("fill_constant", fill_constant, "shape value str_value dtype", "constant"),
    row("fill_constant_batch_size_like", fill_batch_size_like, "shape value dtype input_dim_idx output_dim_idx", "constant"),
    row("fill_any_like", fill_like, "value dtype", "constant"), row("fill_zeros_like", fill_like, "", "constant"),
    row("assign", assign, "", ""), row("share_data", assign, "", ""), row("assign_value", assign_value, "shape dtype fp32_values int32_values int64_values", "constant"),
    row("pixel_shuffle", pixel_shuffle, "upscale_factor", "depth_to_space"),
    row("shuffle_channel", shuffle_channel, "group", "reshape transpose"), row("flip", flip, "axis", "reverse"),
    row("reverse", flip, "axis", "reverse"), row("roll", roll, "shifts axis", "slice concat"),
    row("unbind", unstack, "axis", "slice"), row("meshgrid", meshgrid, "", "broadcast_to"),
    row("pixel_unshuffle", pixels_to_channels, "downscale_factor", "reshape transpose"),
    row("space_to_depth", pixels_to_channels, "blocksize", "space_to_depth", "place_first"),
    row("maxout", maxout, "groups axis", "reduce"), row("crop", crop, "shape offsets", "slice"),
    row("crop_tensor", crop, "shape offsets", "slice"), row("pad_constant_like", pad_like, "pad_value", "pad"),
};
// clang-format on

}  // namespace

std::span<const Row> shape_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
