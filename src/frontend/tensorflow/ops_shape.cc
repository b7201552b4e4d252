// Shapes, and movement of whole axes.
#include <algorithm>
#include <numeric>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

Result<Values> reshape(Call& call) {
  BMNET_ASSIGN(Shape shape, call.integers_of(1, "the new shape"));
  const Shape from = call.shape(0);
  const int64_t count = element_count(from);
  int64_t known = 1;
  int64_t* open = nullptr;
  for (int64_t& dim : shape) {
    if (dim == -1 && !open) {
      open = &dim;
      continue;
    }
    if (dim < 0 || (dim > 0 && known > (int64_t{1} << 40) / dim))
      return user_error("the new shape is {}", to_string(shape));
    known *= dim;
  }
  if (open) *open = known > 0 ? count / known : 0;
  if ((open ? known * *open : known) != count)
    return user_error("{} elements of shape {} do not fill the shape {}", count, to_string(from), to_string(shape));
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  return call.finish("reshape", {{"shape", shape}}, {x});
}

Result<Values> squeeze(Call& call) {
  const Shape from = call.shape(0);
  Shape given = call.integers("squeeze_dims");
  if (given.empty()) given = call.integers("axis");
  BMNET_ASSIGN(const Shape axes, Call::normal_axes(given, call.rank(0)));
  Shape shape;
  for (int64_t axis = 0; axis < call.rank(0); ++axis) {
    const bool named = std::ranges::binary_search(axes, axis);
    if (named && from[axis] != 1)
      return user_error("axis {} of shape {} has not one element; fix the input's shape", axis, to_string(from));
    if (!named && !(axes.empty() && from[axis] == 1)) shape.push_back(from[axis]);
  }
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  return call.finish("reshape", {{"shape", shape}}, {x});
}

Result<Values> expand_dims(Call& call) {
  BMNET_ASSIGN(const int64_t given, call.integer_of(1, "the axis"));
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, call.rank(0) + 1));
  Shape shape = call.shape(0);
  shape.insert(shape.begin() + axis, 1);
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  return call.finish("reshape", {{"shape", shape}}, {x});
}

Result<Values> shape_of(Call& call) {
  BMNET_ASSIGN(const DType type, call.type("out_type", DType::kI32));
  Values results;
  for (size_t i = 0; i < call.input_count(); ++i) {
    const Shape shape = call.shape(i);
    results.push_back({call.integers_constant(type, {static_cast<int64_t>(shape.size())}, shape), false});
  }
  return results;
}
Result<Values> size_of(Call& call) {
  BMNET_ASSIGN(const DType type, call.type("out_type", DType::kI32));
  return Values{{call.integers_constant(type, {}, {element_count(call.shape(0))}), false}};
}
Result<Values> rank_of(Call& call) { return Values{{call.integers_constant(DType::kI32, {}, {call.rank(0)}), false}}; }

// Moves between the layouts cost nothing: the result is the same tensor seen in the other layout.
Result<Values> transpose(Call& call) {
  BMNET_ASSIGN(const Shape permutation, call.integers_of(1, "the permutation"));
  const int64_t rank = call.rank(0);
  if (static_cast<int64_t>(permutation.size()) != rank)
    return user_error("a permutation of {} axes for a tensor of shape {}", permutation.size(),
                      to_string(call.shape(0)));
  const Value& x = call.value(0);
  const Shape places = layout_places(x, rank);
  Shape stored;
  for (const int64_t axis : permutation) {
    if (axis < -rank || axis >= rank) return user_error("the permutation is [{}]", fmt::join(permutation, ","));
    stored.push_back(places[axis < 0 ? axis + rank : axis]);
  }
  if (std::ranges::is_sorted(stored) && std::ranges::adjacent_find(stored) == stored.end())
    return Values{{x.id, false}};
  if (rank >= 3) {
    bool other_layout = true;
    const Shape first = to_channels_first(rank);
    for (int64_t i = 0; i < rank; ++i) other_layout &= stored[first[i]] == i;
    if (other_layout) return Values{{x.id, true}};
  }
  return call.finish("transpose", {{"permutation", stored}}, {x.id});
}

Result<Values> tile(Call& call) {
  BMNET_ASSIGN(const Shape repeats, call.integers_of(1, "the repeats"));
  Shape result = call.shape(0);
  if (repeats.size() != result.size())
    return user_error("{} repeats for a tensor of shape {}", repeats.size(), to_string(result));
  for (size_t i = 0; i < result.size(); ++i) {
    if (repeats[i] < 0 || (result[i] > 0 && repeats[i] > (int64_t{1} << 40) / result[i]))
      return user_error("the repeats are [{}]", fmt::join(repeats, ","));
    result[i] *= repeats[i];
  }
  BMNET_TRY(checked_count(result));
  const Value& x = call.value(0);
  return call.finish("tile", {{"repeats", placed(repeats, layout_places(x, call.rank(0)))}}, {x.id}, x.channels_first);
}

Result<Values> broadcast_to(Call& call) {
  BMNET_ASSIGN(const Shape shape, call.integers_of(1, "the shape"));
  BMNET_TRY(checked_count(shape));
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  return call.finish("broadcast_to", {{"shape", shape}}, {x});
}

Result<Values> fill(Call& call) {
  BMNET_ASSIGN(const Shape shape, call.integers_of(0, "the shape"));
  BMNET_TRY(checked_count(shape));
  return call.finish("broadcast_to", {{"shape", shape}}, {call.value(1).id});
}

Result<Values> filled_like(Call& call) {
  const Shape shape = call.shape(0);
  BMNET_ASSIGN(const ValueId value, call.scalar(call.dtype(0), call.kind() == "one" ? 1 : 0));
  return call.finish("broadcast_to", {{"shape", shape}}, {value});
}

Result<Values> range(Call& call) {
  std::vector<double> limits;
  for (size_t i = 0; i < 3; ++i) {
    BMNET_ASSIGN(const float number, call.number_of(i, "a limit of the range"));
    limits.push_back(number);
  }
  const double count = limits[2] == 0 ? -1 : std::max(0.0, std::ceil((limits[1] - limits[0]) / limits[2]));
  if (!(count >= 0 && count < 1 << 24))
    return user_error("a range from {} to {} in steps of {}", limits[0], limits[1], limits[2]);
  const int64_t size = static_cast<int64_t>(count);
  std::vector<float> floats;
  std::vector<int64_t> integers;
  for (int64_t i = 0; i < size; ++i) {
    floats.push_back(static_cast<float>(limits[0] + static_cast<double>(i) * limits[2]));
    integers.push_back(static_cast<int64_t>(floats.back()));
  }
  if (call.dtype(0) == DType::kF32) return Values{{call.constant({size}, floats), false}};
  return Values{{call.integers_constant(call.dtype(0), {size}, integers), false}};
}

Result<Values> reverse(Call& call) {
  BMNET_ASSIGN(const Shape given, call.integers_of(1, "the axes"));
  BMNET_ASSIGN(Shape axes, Call::normal_axes(given, call.rank(0)));
  const Value& x = call.value(0);
  const Shape places = layout_places(x, call.rank(0));
  for (int64_t& axis : axes) axis = places[axis];
  std::ranges::sort(axes);
  if (axes.empty()) return Values{x};
  return call.finish("reverse", {{"axes", axes}}, {x.id}, x.channels_first);
}

Result<Values> invert_permutation(Call& call) {
  BMNET_ASSIGN(const std::vector<int64_t> permutation, call.integers_of(0, "the permutation"));
  const int64_t size = static_cast<int64_t>(permutation.size());
  std::vector<int64_t> inverse(permutation.size(), -1);
  for (int64_t i = 0; i < size; ++i) {
    const int64_t place = permutation[static_cast<size_t>(i)];
    if (place < 0 || place >= size || inverse[static_cast<size_t>(place)] >= 0)
      return user_error("[{}] is no permutation", fmt::join(permutation, ","));
    inverse[static_cast<size_t>(place)] = i;
  }
  return Values{{call.integers_constant(call.dtype(0), {size}, inverse), false}};
}

// Elements move along axes and come in again at the other end.
Result<Values> roll(Call& call) {
  BMNET_ASSIGN(const std::vector<int64_t> shifts, call.integers_of(1, "the shift"));
  BMNET_ASSIGN(const std::vector<int64_t> axes, call.integers_of(2, "the axis"));
  if (shifts.size() != axes.size()) return user_error("{} shifts of {} axes", shifts.size(), axes.size());
  const Value& x = call.value(0);
  const Shape shape = call.shape(0), places = layout_places(x, call.rank(0));
  ValueId id = x.id;
  for (size_t i = 0; i < axes.size(); ++i) {
    BMNET_ASSIGN(const int64_t axis, Call::normal_axis(axes[i], call.rank(0)));
    const int64_t size = shape[axis];
    const int64_t shift = size > 0 ? (shifts[i] % size + size) % size : 0;
    if (shift == 0) continue;
    BMNET_ASSIGN(const ValueId head, call.slice(id, places[axis], size - shift, shift));
    BMNET_ASSIGN(const ValueId tail, call.slice(id, places[axis], 0, size - shift));
    BMNET_ASSIGN(id, call.make("concat", {{"axis", places[axis]}}, {head, tail}));
  }
  return Values{{id, x.channels_first}};
}

// clang-format off
constexpr Row kRows[] = {
    {"Reshape", 2, 2, "", reshape, "", "reshape", "shape known at import"},
    {"Squeeze", 1, 1, "squeeze_dims:is axis:is", squeeze, "", "reshape", ""},
    {"ExpandDims", 2, 2, "", expand_dims, "", "reshape", "axis known at import"},
    {"Shape", 1, 1, "out_type:t", shape_of, "", "constant", ""},
    {"ShapeN", 1, kAny, "out_type:t", shape_of, "", "constant", ""},
    {"Size", 1, 1, "out_type:t", size_of, "", "constant", ""},
    {"Rank", 1, 1, "", rank_of, "", "constant", ""},
    {"Transpose", 2, 2, "", transpose, "", "transpose", "permutation known at import"},
    {"Tile", 2, 2, "", tile, "", "tile", "repeats known at import"},
    {"BroadcastTo", 2, 2, "", broadcast_to, "", "broadcast_to", "shape known at import"},
    {"Fill", 2, 2, "", fill, "", "broadcast_to", "shape known at import"},
    {"ZerosLike", 1, 1, "", filled_like, "zero", "broadcast_to", ""},
    {"OnesLike", 1, 1, "", filled_like, "one", "broadcast_to", ""},
    {"Range", 3, 3, "", range, "", "constant", "limits known at import"},
    {"InvertPermutation", 1, 1, "", invert_permutation, "", "constant", "known at import"},
    {"Roll", 3, 3, "", roll, "", "slice concat", "shift and axis known at import"},
    {"ReverseV2", 2, 2, "", reverse, "", "reverse", "axes known at import"},
};
// clang-format on

}  // namespace

std::span<const Row> shape_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
