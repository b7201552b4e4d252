// Shapes, slices, joins, paddings, constants.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "frontend/mxnet/call.h"

namespace bmnet::frontend::mxnet {
namespace {

using Integers = std::vector<int64_t>;

// The special codes of Reshape: 0 keep, -1 the rest, -2 all remaining, -3 the product of two, -4 split into two.
Result<Shape> reshaped(const Shape& from, const Integers& codes) {
  Shape to;
  size_t next = 0;
  std::optional<size_t> open;
  const auto left = [&](size_t axes) -> Status {
    if (next + axes <= from.size()) return {};
    return user_error("shape {} asks for more axes than the input {} has", to_string(codes), to_string(from));
  };
  for (size_t i = 0; i < codes.size(); ++i) {
    const int64_t code = codes[i];
    if (code > 0) {
      to.push_back(code), ++next;
    } else if (code == 0) {
      BMNET_TRY(left(1));
      to.push_back(from[next++]);
    } else if (code == -1) {
      if (open) return user_error("shape {} has more than one -1", to_string(codes));
      open = to.size();
      to.push_back(1), ++next;
    } else if (code == -2) {
      while (next < from.size()) to.push_back(from[next++]);
    } else if (code == -3) {
      BMNET_TRY(left(2));
      to.push_back(from[next] * from[next + 1]), next += 2;
    } else if (code == -4) {
      BMNET_TRY(left(1));
      if (i + 2 >= codes.size()) return user_error("shape {}: two values must follow -4", to_string(codes));
      int64_t first = codes[++i], second = codes[++i];
      const int64_t whole = from[next++];
      if (first == -1 && second > 0) first = whole / second;
      if (second == -1 && first > 0) second = whole / first;
      if (first < 1 || second < 1 || whole % first || whole / first != second)
        return user_error("shape {}: {} cannot be split so", to_string(codes), whole);
      to.push_back(first), to.push_back(second);
    } else {
      return user_error("shape {}: {} has no meaning", to_string(codes), code);
    }
  }
  BMNET_ASSIGN(const int64_t known, checked_elements(to));
  if (open) to[*open] = element_count(from) / known;
  if (to.empty() || (open && to[*open] < 1) || element_count(to) != element_count(from))
    return user_error("{} cannot take the shape {}", to_string(from), to_string(codes));
  return to;
}

Result<Values> finish_reshape(Call& call, ValueId x, Shape shape) {
  if (call.shape_of(x) == shape) return Values{x};
  return one(call.finish("reshape", {{"shape", std::move(shape)}}, {x}));
}

Result<Values> reshape(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(Integers codes, call.node.integers("shape"));
  BMNET_ASSIGN(const bool reverse, call.node.boolean("reverse", false));
  if (codes.empty()) {  // the first versions: 0 is the rest
    BMNET_ASSIGN(codes, call.node.integers("target_shape"));
    std::ranges::replace(codes, 0, -1);
  }
  if (codes.empty()) return user_error("it states no shape");
  Shape from = call.shape_of(x);
  if (reverse) {
    if (std::ranges::find(codes, -4) != codes.end()) return unsupported("reverse=True with the code -4");
    std::ranges::reverse(from), std::ranges::reverse(codes);
  }
  BMNET_ASSIGN(Shape to, reshaped(from, codes));
  if (reverse) std::ranges::reverse(to);
  return finish_reshape(call, x, std::move(to));
}

// The codes of the numpy interface: -1 the rest, -2 keep, -4 all remaining, -5 the product of two, -6 split into two;
// as in numpy alone, only -1.
Result<Values> numpy_reshape(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(Integers codes, call.node.integers(call.node.has("newshape") ? "newshape" : "shape"));
  for (int64_t& code : codes) {
    if (code == 0 || code == -3) return unsupported("the code {} in a shape", code);
    if (code < -1) code = code == -2 ? 0 : code + 2;
  }
  BMNET_ASSIGN(Shape to, reshaped(call.shape_of(x), codes));
  return finish_reshape(call, x, std::move(to));
}

Result<Values> reshape_like(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  for (const char* key : {"lhs_begin", "lhs_end", "rhs_begin", "rhs_end"})
    if (call.node.has(key)) return unsupported("attribute {}", key);
  return finish_reshape(call, inputs[0], call.shape_of(inputs[1]));
}

Result<Values> flatten(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const Shape shape = call.shape_of(x);
  if (shape.empty()) return user_error("its input is a scalar");
  return finish_reshape(call, x, {shape[0], element_count(shape) / shape[0]});
}

Result<Values> expand_dims(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", 0));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(x) + 1));
  Shape shape = call.shape_of(x);
  shape.insert(shape.begin() + axis, 1);
  return finish_reshape(call, x, std::move(shape));
}

Result<Values> squeeze(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(Integers axes, call.node.integers("axis"));
  BMNET_ASSIGN(axes, Emitter::normal_axes(std::move(axes), call.rank_of(x)));
  const Shape from = call.shape_of(x);
  Shape to;
  for (int64_t axis = 0; axis < call.rank_of(x); ++axis) {
    const bool named = std::ranges::binary_search(axes, axis);
    if (named && from[axis] != 1) return user_error("axis {} of {} cannot be dropped", axis, to_string(from));
    if (!(named || (axes.empty() && from[axis] == 1))) to.push_back(from[axis]);
  }
  if (to.empty()) to = {1};
  return finish_reshape(call, x, std::move(to));
}

Result<Values> finish_transpose(Call& call, ValueId x, Integers permutation) {
  if (std::ranges::is_sorted(permutation)) return Values{x};
  return one(call.finish("transpose", {{"permutation", std::move(permutation)}}, {x}));
}

Result<Values> transpose(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(Integers axes, call.node.integers("axes"));
  if (axes.empty()) {
    axes.resize(call.rank_of(x));
    std::iota(axes.rbegin(), axes.rend(), 0);
  }
  for (int64_t& axis : axes) {
    BMNET_ASSIGN(axis, Emitter::normal_axis(axis, call.rank_of(x)));
  }
  Integers sorted = axes;
  std::ranges::sort(sorted);
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted.size() != static_cast<size_t>(call.rank_of(x)) || sorted[i] != static_cast<int64_t>(i))
      return user_error("axes {} are no order of the {} axes", to_string(axes), call.rank_of(x));
  return finish_transpose(call, x, std::move(axes));
}

Result<Values> swap_axis(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  Integers pair;
  for (const char* key : {"dim1", "dim2"}) {
    BMNET_ASSIGN(const int64_t given, call.node.integer(key, 0));
    BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given, call.rank_of(x)));
    pair.push_back(axis);
  }
  Integers permutation(call.rank_of(x));
  std::iota(permutation.begin(), permutation.end(), 0);
  std::swap(permutation[pair[0]], permutation[pair[1]]);
  return finish_transpose(call, x, std::move(permutation));
}

Result<Values> concat(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t given_axis, call.is_numpy() ? call.node.integer("axis", 0) : call.node.integer("dim", 1));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(inputs[0])));
  if (inputs.size() == 1) return inputs;
  return one(call.finish("concat", {{"axis", axis}}, inputs));
}

Result<Values> stack(Call& call) {
  BMNET_ASSIGN(Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", 0));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(inputs[0]) + 1));
  for (ValueId& input : inputs) {
    Shape shape = call.shape_of(input);
    shape.insert(shape.begin() + std::min<int64_t>(axis, call.rank_of(input)), 1);
    BMNET_ASSIGN(input, call.reshape(input, shape));
  }
  return one(call.finish("concat", {{"axis", axis}}, inputs));
}

// Elements begin, begin+step … before end of an axis, by Python's rules.
struct Range {
  int64_t start, size, step;
};
Range python_range(int64_t length, std::optional<int64_t> begin, std::optional<int64_t> end, int64_t step) {
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? length : length - 1;
  const auto place = [&](std::optional<int64_t> at, int64_t otherwise) {
    return at ? std::clamp(*at < 0 ? *at + length : *at, low, high) : otherwise;
  };
  const int64_t first = place(begin, step > 0 ? low : high), last = place(end, step > 0 ? high : low);
  const int64_t size = step > 0 ? (last - first + step - 1) / step : (first - last - step - 1) / -step;
  return {first, std::max<int64_t>(size, 0), step};
}

Result<Values> finish_slice(Call& call, ValueId x, const std::vector<Range>& ranges) {
  Integers starts, sizes, steps;
  for (const Range& range : ranges) {
    if (range.size < 1) return user_error("nothing of {} is left", to_string(call.shape_of(x)));
    starts.push_back(range.start), sizes.push_back(range.size), steps.push_back(range.step);
  }
  if (sizes == call.shape_of(x) && std::ranges::count(steps, 1) == std::ssize(steps)) return Values{x};
  return one(call.finish("slice", {{"starts", starts}, {"sizes", sizes}, {"steps", steps}}, {x}));
}

std::vector<Range> whole(const Shape& shape) {
  std::vector<Range> ranges;
  for (const int64_t size : shape) ranges.push_back({0, size, 1});
  return ranges;
}

Result<Values> slice(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const auto begin, call.node.optional_integers("begin"));
  BMNET_ASSIGN(const auto end, call.node.optional_integers("end"));
  BMNET_ASSIGN(const auto step, call.node.optional_integers("step"));
  const Shape shape = call.shape_of(x);
  if (begin.size() != end.size() || begin.size() > shape.size() || (!step.empty() && step.size() != begin.size()))
    return user_error("begin, end and step do not fit the input {}", to_string(shape));
  std::vector<Range> ranges = whole(shape);
  for (size_t i = 0; i < begin.size(); ++i) {
    const int64_t stride = i < step.size() ? step[i].value_or(1) : 1;
    if (stride == 0) return user_error("a step is 0");
    ranges[i] = python_range(shape[i], begin[i], end[i], stride);
  }
  return finish_slice(call, x, ranges);
}

Result<Values> slice_axis(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", 0));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(x)));
  BMNET_ASSIGN(const int64_t begin, call.node.integer("begin", 0));
  BMNET_ASSIGN(const int64_t end, call.node.integer("end", 0));
  const Shape shape = call.shape_of(x);
  std::vector<Range> ranges = whole(shape);
  ranges[axis] = python_range(shape[axis], begin, call.node.has("end") ? std::optional(end) : std::nullopt, 1);
  return finish_slice(call, x, ranges);
}

Result<Values> slice_like(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(Integers axes, call.node.integers("axes"));
  const Shape shape = call.shape_of(inputs[0]), like = call.shape_of(inputs[1]);
  if (axes.empty()) {
    axes.resize(std::min(shape.size(), like.size()));
    std::iota(axes.begin(), axes.end(), 0);
  }
  std::vector<Range> ranges = whole(shape);
  BMNET_ASSIGN(axes, Emitter::normal_axes(std::move(axes), call.rank_of(inputs[0])));
  for (const int64_t axis : axes) {
    if (axis >= std::ssize(like) || like[axis] > shape[axis])
      return user_error("{} cannot be cut like {}", to_string(shape), to_string(like));
    ranges[axis].size = like[axis];
  }
  return finish_slice(call, inputs[0], ranges);
}

// The parts of an axis between `bounds` (first 0, last its length).
Result<Values> parts_of(Call& call, ValueId x, int64_t axis, const Integers& bounds, bool squeeze_axis) {
  Values parts;
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    const int64_t size = bounds[i + 1] - bounds[i];
    if (size < 1) return user_error("part {} is empty", i);
    BMNET_ASSIGN(ValueId part, call.slice(x, axis, bounds[i], size));
    if (squeeze_axis) {
      Shape shape = call.shape_of(part);
      if (shape[axis] != 1) return user_error("squeeze_axis: parts have the size {}", shape[axis]);
      shape.erase(shape.begin() + axis);
      BMNET_ASSIGN(part, call.reshape(part, shape));
    }
    parts.push_back(part);
  }
  return parts;
}

Result<Values> even_parts(Call& call, ValueId x, int64_t axis, int64_t count, bool squeeze_axis) {
  const int64_t size = call.shape_of(x)[axis];
  if (count < 1 || size % count) return user_error("axis {} of size {} cannot be split into {}", axis, size, count);
  Integers bounds;
  for (int64_t i = 0; i <= count; ++i) bounds.push_back(i * (size / count));
  return parts_of(call, x, axis, bounds, squeeze_axis);
}

Result<Values> slice_channel(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", 1));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(x)));
  BMNET_ASSIGN(const int64_t count, call.node.integer("num_outputs", 1));
  BMNET_ASSIGN(const bool squeeze_axis, call.node.boolean("squeeze_axis", false));
  return even_parts(call, x, axis, count, squeeze_axis);
}

Result<Values> split_v2(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", 1));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(x)));
  BMNET_ASSIGN(const int64_t sections, call.node.integer("sections", 0));
  BMNET_ASSIGN(const bool squeeze_axis, call.node.boolean("squeeze_axis", false));
  if (sections > 0) return even_parts(call, x, axis, sections, squeeze_axis);
  BMNET_ASSIGN(Integers bounds, call.node.integers("indices"));
  if (bounds.empty() || bounds[0] != 0) bounds.insert(bounds.begin(), 0);
  const int64_t size = call.shape_of(x)[axis];
  bounds.push_back(size);
  if (!std::ranges::is_sorted(bounds)) return user_error("indices {} do not fit the size {}", to_string(bounds), size);
  return parts_of(call, x, axis, bounds, squeeze_axis);
}

// Height and width cut to h_w, or to those of a second input.
Result<Values> crop(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(Integers offset, call.node.integers("offset"));
  BMNET_ASSIGN(Integers size, call.node.integers("h_w"));
  BMNET_ASSIGN(const bool center, call.node.boolean("center_crop", false));
  const Shape shape = call.shape_of(inputs[0]);
  if (inputs.size() > 1) {
    const Shape like = call.shape_of(inputs[1]);
    size = like.size() == 4 ? Integers{like[2], like[3]} : Integers{};
  }
  if (offset.empty()) offset = {0, 0};
  if (shape.size() != 4 || size.size() != 2 || offset.size() != 2)
    return user_error("it does not cut height and width of an image {}", to_string(shape));
  std::vector<Range> ranges = whole(shape);
  for (size_t i = 0; i < 2; ++i) {
    const int64_t start = center ? (shape[i + 2] - size[i]) / 2 : offset[i];
    if (size[i] < 1 || start < 0 || start + size[i] > shape[i + 2])
      return user_error("{} from {} does not lie in {}", size[i], start, shape[i + 2]);
    ranges[i + 2] = {start, size[i], 1};
  }
  return finish_slice(call, inputs[0], ranges);
}

Result<Values> pad(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const Integers widths, call.node.integers("pad_width"));
  BMNET_ASSIGN(const float value, call.node.number("constant_value", 0));
  const std::string mode = call.node.text("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect") return user_error("mode={} is unknown", mode);
  const size_t rank = static_cast<size_t>(call.rank_of(x));
  if (widths.size() != 2 * rank) return user_error("pad_width has {} values for {} axes", widths.size(), rank);
  Integers pads(2 * rank);
  for (size_t i = 0; i < rank; ++i) pads[i] = widths[2 * i], pads[rank + i] = widths[2 * i + 1];
  return one(call.finish("pad", {{"pads", pads}, {"mode", mode}, {"value", value}}, {x}));
}

Result<Values> tile(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in(0));
  BMNET_ASSIGN(Integers repeats, call.node.integers("reps"));
  Shape shape = call.shape_of(x);
  while (repeats.size() < shape.size()) repeats.insert(repeats.begin(), 1);
  while (shape.size() < repeats.size()) shape.insert(shape.begin(), 1);
  BMNET_ASSIGN(x, call.reshape(x, shape));
  return one(call.finish("tile", {{"repeats", repeats}}, {x}));
}

// Every element of an axis several times in a row.
Result<Values> repeat(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t times, call.node.integer("repeats", 1));
  BMNET_ASSIGN(int64_t axis, call.node.integer("axis", 0));
  if (!call.node.has("axis")) {
    BMNET_ASSIGN(x, call.reshape(x, {element_count(call.shape_of(x))}));
  }
  BMNET_ASSIGN(axis, Emitter::normal_axis(axis, call.rank_of(x)));
  if (times < 1) return user_error("repeats={}", times);
  Shape wide = call.shape_of(x), result = wide;
  wide.insert(wide.begin() + axis + 1, 1);
  result[axis] *= times;
  BMNET_TRY(checked_elements(result));
  BMNET_ASSIGN(x, call.reshape(x, wide));
  Integers repeats(wide.size(), 1);
  repeats[axis + 1] = times;
  BMNET_ASSIGN(x, call.make("tile", {{"repeats", repeats}}, {x}));
  return one(call.finish("reshape", {{"shape", result}}, {x}));
}

Result<Values> finish_broadcast(Call& call, ValueId x, Shape shape) {
  BMNET_TRY(checked_elements(shape));
  if (call.shape_of(x) == shape) return Values{x};
  return one(call.finish("broadcast_to", {{"shape", std::move(shape)}}, {x}));
}

Result<Values> broadcast_to(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(Shape to, call.node.integers("shape"));
  const Shape from = call.shape_of(x);
  if (to.size() != from.size()) return user_error("{} cannot become {}", to_string(from), to_string(to));
  for (size_t i = 0; i < to.size(); ++i)
    if (to[i] == 0) to[i] = from[i];
  return finish_broadcast(call, x, std::move(to));
}

Result<Values> broadcast_axis(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const Integers axes, call.node.integers("axis"));
  BMNET_ASSIGN(const Integers sizes, call.node.integers("size"));
  if (axes.size() != sizes.size()) return user_error("{} axes have {} sizes", axes.size(), sizes.size());
  Shape to = call.shape_of(x);
  for (size_t i = 0; i < axes.size(); ++i) {
    BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(axes[i], call.rank_of(x)));
    to[axis] = sizes[i];
  }
  return finish_broadcast(call, x, std::move(to));
}

Result<Values> broadcast_like(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  if (call.node.has("lhs_axes") || call.node.has("rhs_axes")) return unsupported("lhs_axes, rhs_axes");
  return finish_broadcast(call, inputs[0], call.shape_of(inputs[1]));
}

Result<Values> reverse(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(Integers axes, call.node.integers("axis"));
  BMNET_ASSIGN(axes, Emitter::normal_axes(std::move(axes), call.rank_of(x)));
  return one(call.finish("reverse", {{"axes", axes}}, {x}));
}

Result<Values> blocks(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t block, call.node.integer("block_size", 1));
  return one(call.finish(call.kind(), {{"block", block}}, {x}));
}

// A 0 in the shape stands for what is not known: one element, which broadcasts.
Result<Values> filled(Call& call) {
  BMNET_ASSIGN(Shape shape, call.node.integers("shape"));
  std::ranges::replace(shape, 0, 1);
  BMNET_ASSIGN(const float value,
               call.node.number(call.node.has("fill_value") ? "fill_value" : "value", call.kind() == "1" ? 1 : 0));
  return one(call.filled(DType::kF32, shape, value));
}

Result<Values> arange(Call& call) {
  BMNET_ASSIGN(float start, call.node.number("start", 0));
  BMNET_ASSIGN(float stop, call.node.number("stop", 0));
  BMNET_ASSIGN(const float step, call.node.number("step", 1));
  BMNET_ASSIGN(const int64_t times, call.node.integer("repeat", 1));
  if (!call.node.has("stop")) stop = start, start = 0;
  const double count = step == 0 ? 0 : std::ceil((static_cast<double>(stop) - start) / step);
  if (!(count >= 1 && count <= 1 << 24) || times < 1 || times > 1 << 10)
    return user_error("no sensible range from {} to {} in steps of {}", start, stop, step);
  std::vector<float> values;
  for (int64_t i = 0; i < static_cast<int64_t>(count) * times; ++i)
    values.push_back(start + step * static_cast<float>(i / times));
  return Values{call.constant(Tensor::of<float>({std::ssize(values)}, values))};
}

// Numbers in the shape of the input, or along one of its axes.
Result<Values> arange_like(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const float start, call.node.number("start", 0));
  BMNET_ASSIGN(const float step, call.node.number("step", 1));
  BMNET_ASSIGN(const int64_t times, call.node.integer("repeat", 1));
  Shape shape = call.shape_of(x);
  if (call.node.has("axis")) {
    BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", 0));
    BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(x)));
    shape = {shape[axis]};
  }
  const int64_t count = element_count(shape);
  if (times < 1 || count > 1 << 24) return user_error("{} numbers, each {} times", count, times);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(start + step * static_cast<float>(i / times));
  return Values{call.constant(Tensor::of<float>(shape, values))};
}

Result<Values> size_array(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  return Values{call.integers({element_count(call.shape_of(x))})};
}

Result<Values> shape_array(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  return Values{call.integers(call.shape_of(x))};
}

// clang-format off
constexpr std::string_view kCodes = "codes 0 -1 -2 -3 -4";
constexpr Row row(std::string_view name, Result<Values> (*convert)(Call&), std::string_view attributes,
                  std::string_view becomes, size_t inputs = 1, std::string_view remark = "", std::string_view kind = "") {
  return {name, inputs, inputs, kNoParameters, convert, kind, attributes, becomes, remark};
}
constexpr Row joins(std::string_view name, Result<Values> (*convert)(Call&), std::string_view attributes) {
  return {name, 1, kAny, kNoParameters, convert, "", attributes, "concat", ""};
}
constexpr Row kRows[] = {
    joins("Concat", concat, "dim"), joins("concat", concat, "dim"), joins("stack", stack, "axis"),
    {"Crop", 1, 2, kNoParameters, crop, "", "offset h_w center_crop", "slice", ""},
    row("Flatten", flatten, "", "reshape"), row("flatten", flatten, "", "reshape"),
    row("Pad", pad, "mode pad_width constant_value", "pad"), row("pad", pad, "mode pad_width constant_value", "pad"),
    row("Reshape", reshape, "shape reverse target_shape", "reshape", 1, kCodes),
    row("reshape", reshape, "shape reverse", "reshape", 1, kCodes),
    row("SliceChannel", slice_channel, "num_outputs axis squeeze_axis", "slice"),
    row("split", slice_channel, "num_outputs axis squeeze_axis", "slice"),
    row("SwapAxis", swap_axis, "dim1 dim2", "transpose"), row("swapaxes", swap_axis, "dim1 dim2", "transpose"),
    row("_arange", arange, "start stop step repeat", "constant", 0),
    row("_full", filled, "shape value", "constant", 0), row("_ones", filled, "shape", "constant", 0, "", "1"),
    row("_zeros", filled, "shape", "constant", 0), row("_split_v2", split_v2, "indices axis sections squeeze_axis", "slice"),
    row("broadcast_axis", broadcast_axis, "axis size", "broadcast_to"),
    row("broadcast_axes", broadcast_axis, "axis size", "broadcast_to"),
    row("broadcast_like", broadcast_like, "", "broadcast_to", 2), row("broadcast_to", broadcast_to, "shape", "broadcast_to"),
    row("crop", slice, "begin end step", "slice"), row("depth_to_space", blocks, "block_size", "depth_to_space", 1, "", "depth_to_space"),
    row("expand_dims", expand_dims, "axis", "reshape"), row("flip", reverse, "axis", "reverse"),
    row("repeat", repeat, "repeats axis", "tile"), row("reshape_like", reshape_like, "", "reshape", 2),
    row("reverse", reverse, "axis", "reverse"), row("shape_array", shape_array, "", "constant"), row("size_array", size_array, "", "constant"),
    row("_contrib_arange_like", arange_like, "start step repeat axis", "constant"),
    row("_np_reshape", numpy_reshape, "newshape", "reshape"), row("_npx_reshape", numpy_reshape, "newshape", "reshape", 1, "codes -1 -2 -4 -5 -6"),
    row("slice", slice, "begin end step", "slice"), row("slice_axis", slice_axis, "axis begin end", "slice"),
    row("slice_like", slice_like, "axes", "slice", 2),
    row("space_to_depth", blocks, "block_size", "space_to_depth", 1, "", "space_to_depth"),
    row("squeeze", squeeze, "axis", "reshape"), row("tile", tile, "reps", "tile"), row("transpose", transpose, "axes", "transpose"),
};
// clang-format on

}  // namespace

std::span<const Row> shape_rows() { return kRows; }

}  // namespace bmnet::frontend::mxnet
