// Shapes and movement of whole axes.
#include <algorithm>
#include <numeric>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

constexpr size_t kMaxRank = 32;
constexpr size_t kMaxParts = 1 << 16;

Shape layout_places(const Value& value, int64_t rank) {
  if (value.channels_first) return channels_first_places(rank);
  Shape places(static_cast<size_t>(rank));
  std::iota(places.begin(), places.end(), 0);
  return places;
}

// One number an axis, moved to where the axes stand.
Shape placed(const Shape& by_axis, const Shape& places) {
  Shape result(by_axis.size());
  for (size_t axis = 0; axis < by_axis.size(); ++axis) result[places[axis]] = by_axis[axis];
  return result;
}

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

Result<Values> concat(Call& call) {
  const size_t axis_input = call.kind() == "axis_first" ? 0 : call.input_count() - 1;
  BMNET_ASSIGN(const int64_t given, call.integer_of(axis_input, "the axis"));
  Values parts;
  bool channels_first = false;
  for (size_t i = 0; i < call.input_count(); ++i)
    if (i != axis_input) {
      parts.push_back(call.value(i));
      channels_first |= call.value(i).channels_first;
    }
  if (parts.empty()) return user_error("nothing to concatenate");
  const int64_t rank = static_cast<int64_t>(call.stored_shape(parts[0].id).size());
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, rank));
  channels_first &= rank >= 3;
  std::vector<ValueId> ids;
  for (const Value& part : parts) {
    BMNET_ASSIGN(const ValueId id, call.in_layout(part, channels_first));
    ids.push_back(id);
  }
  if (ids.size() == 1) return Values{{ids[0], channels_first}};
  const int64_t place = layout_places({ids[0], channels_first}, rank)[axis];
  return call.finish("concat", {{"axis", place}}, ids, channels_first);
}

Result<Values> pack(Call& call) {
  const Shape one = call.shape(0);
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", 0), call.rank(0) + 1));
  Shape wide = one;
  wide.insert(wide.begin() + axis, 1);
  std::vector<ValueId> ids;
  for (size_t i = 0; i < call.input_count(); ++i) {
    if (call.shape(i) != one)
      return user_error("shapes {} and {} cannot be stacked", to_string(one), to_string(call.shape(i)));
    BMNET_ASSIGN(const ValueId x, call.plain(i));
    BMNET_ASSIGN(const ValueId id, call.reshape(x, wide));
    ids.push_back(id);
  }
  if (ids.size() == 1) return Values{{ids[0], false}};
  return call.finish("concat", {{"axis", axis}}, ids);
}

// Consecutive parts of one axis; `drop`: the axis goes (parts of size 1).
Result<Values> cut(Call& call, size_t input, int64_t axis, const Shape& sizes, bool drop) {
  if (sizes.size() > kMaxParts) return unsupported("{} parts", sizes.size());
  Value x = call.value(input);
  if (drop) {
    BMNET_ASSIGN(x.id, call.plain(input));
    x.channels_first = false;
  }
  const int64_t rank = call.rank(input);
  const int64_t place = layout_places(x, rank)[axis];
  Shape starts(static_cast<size_t>(rank), 0);
  const Shape steps(static_cast<size_t>(rank), 1);
  Values results;
  for (size_t i = 0; i < sizes.size(); ++i) {
    Shape part = call.stored_shape(x.id);
    part[place] = sizes[i];
    const op::Attributes attributes = {{"starts", starts}, {"sizes", part}, {"steps", steps}};
    if (drop) {
      BMNET_ASSIGN(const ValueId slice, call.make("slice", attributes, {x.id}));
      part.erase(part.begin() + place);
      BMNET_ASSIGN(const Value result, call.make_output(i, "reshape", {{"shape", part}}, std::vector{slice}));
      results.push_back(result);
    } else {
      BMNET_ASSIGN(const Value result, call.make_output(i, "slice", attributes, std::vector{x.id}, x.channels_first));
      results.push_back(result);
    }
    starts[place] += sizes[i];
  }
  return results;
}

Result<Values> unpack(Call& call) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", 0), call.rank(0)));
  const int64_t parts = call.shape(0)[axis];
  if (parts > static_cast<int64_t>(kMaxParts)) return unsupported("{} parts", parts);
  return cut(call, 0, axis, Shape(static_cast<size_t>(parts), 1), true);
}

Result<Values> split(Call& call) {
  BMNET_ASSIGN(const int64_t given, call.integer_of(0, "the axis"));
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, call.rank(1)));
  const int64_t parts = call.integer("num_split", 1), size = call.shape(1)[axis];
  if (parts < 1 || parts > static_cast<int64_t>(kMaxParts) || size % parts)
    return user_error("{} elements of axis {} cannot be split into {} equal parts", size, axis, parts);
  return cut(call, 1, axis, Shape(static_cast<size_t>(parts), size / parts), false);
}

Result<Values> split_by_sizes(Call& call) {
  BMNET_ASSIGN(Shape sizes, call.integers_of(1, "the sizes"));
  BMNET_ASSIGN(const int64_t given, call.integer_of(2, "the axis"));
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, call.rank(0)));
  int64_t rest = call.shape(0)[axis], open = -1;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 0) {
      if (open >= 0) return user_error("the sizes are [{}]", fmt::join(sizes, ","));
      open = static_cast<int64_t>(i);
    } else {
      rest -= std::min(sizes[i], int64_t{1} << 40);
      if (rest < 0) break;
    }
  }
  if (open >= 0 && rest >= 0) sizes[static_cast<size_t>(open)] = std::exchange(rest, 0);
  if (rest != 0)
    return user_error("the sizes [{}] do not make up the {} elements of axis {}", fmt::join(sizes, ","),
                      call.shape(0)[axis], axis);
  return cut(call, 0, axis, sizes, false);
}

Result<Values> slice(Call& call) {
  BMNET_ASSIGN(const Shape starts, call.integers_of(1, "the begin"));
  BMNET_ASSIGN(Shape sizes, call.integers_of(2, "the size"));
  const Shape from = call.shape(0);
  if (starts.size() != from.size() || sizes.size() != from.size())
    return user_error("begin and size have {} and {} numbers for shape {}", starts.size(), sizes.size(),
                      to_string(from));
  for (size_t i = 0; i < from.size(); ++i) {
    if (sizes[i] == -1) sizes[i] = from[i] - starts[i];
    if (starts[i] < 0 || sizes[i] < 0 || starts[i] > from[i] || sizes[i] > from[i] - starts[i])
      return user_error("{} elements from {} on of axis {} of shape {}", sizes[i], starts[i], i, to_string(from));
  }
  const Value& x = call.value(0);
  const Shape places = layout_places(x, call.rank(0));
  return call.finish(
      "slice", {{"starts", placed(starts, places)}, {"sizes", placed(sizes, places)}, {"steps", Shape(from.size(), 1)}},
      {x.id}, x.channels_first);
}

// begin:end:stride of every axis, after the masks are applied.
struct Ranges {
  Shape starts, sizes, steps;
  Shape result;           // shape with the axes that are dropped or new
  bool reshapes = false;  // any is
};

Status add_range(Call& call, const Shape& from, int64_t begin, int64_t end, int64_t step, bool whole_begin,
                 bool whole_end, bool single, Ranges& ranges) {
  const size_t axis = ranges.starts.size();
  if (axis >= from.size()) return user_error("more ranges than the {} axes of {}", from.size(), to_string(from));
  if (step == 0) return user_error("a step of 0");
  const int64_t size = from[axis];
  if (single) {
    const int64_t place = begin < 0 ? begin + size : begin;
    if (place < 0 || place >= size)
      return user_error("element {} of axis {} of shape {}", begin, axis, to_string(from));
    ranges.starts.push_back(place);
    ranges.sizes.push_back(1);
    ranges.steps.push_back(1);
    ranges.reshapes = true;
    return {};
  }
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  const auto limited = [&](int64_t value) { return std::clamp(value < 0 ? value + size : value, low, high); };
  const int64_t first = whole_begin ? (step > 0 ? low : high) : limited(begin);
  const int64_t last = whole_end ? (step > 0 ? high : low) : limited(end);
  const int64_t count = step > 0 ? (last - first + step - 1) / step : (first - last - step - 1) / -step;
  ranges.starts.push_back(count > 0 ? first : 0);
  ranges.sizes.push_back(std::max<int64_t>(count, 0));
  ranges.steps.push_back(step);
  ranges.result.push_back(ranges.sizes.back());
  (void)call;
  return {};
}

Result<Ranges> strided_ranges(Call& call, const Shape& from) {
  BMNET_ASSIGN(const Shape begin, call.integers_of(1, "the begin"));
  BMNET_ASSIGN(const Shape end, call.integers_of(2, "the end"));
  BMNET_ASSIGN(const Shape strides, call.integers_of(3, "the strides"));
  if (end.size() != begin.size() || strides.size() != begin.size() || begin.size() > kMaxRank)
    return user_error("begin, end and strides have {}, {} and {} numbers", begin.size(), end.size(), strides.size());
  const auto bit = [&](const char* mask, size_t i) { return (call.integer(mask, 0) >> i & 1) != 0; };
  int64_t ellipsis = -1, named = 0;
  for (size_t i = 0; i < begin.size(); ++i) {
    if (bit("ellipsis_mask", i)) {
      if (ellipsis >= 0) return user_error("more than one ellipsis");
      ellipsis = static_cast<int64_t>(i);
    } else if (!bit("new_axis_mask", i)) {
      ++named;
    }
  }
  Ranges ranges;
  for (size_t i = 0; i < begin.size(); ++i) {
    if (static_cast<int64_t>(i) == ellipsis) {
      for (int64_t rest = static_cast<int64_t>(from.size()) - named; rest > 0; --rest)
        BMNET_TRY(add_range(call, from, 0, 0, 1, true, true, false, ranges));
    } else if (bit("new_axis_mask", i)) {
      ranges.result.push_back(1);
      ranges.reshapes = true;
    } else {
      BMNET_TRY(add_range(call, from, begin[i], end[i], strides[i], bit("begin_mask", i), bit("end_mask", i),
                          bit("shrink_axis_mask", i), ranges));
    }
  }
  while (ranges.starts.size() < from.size()) BMNET_TRY(add_range(call, from, 0, 0, 1, true, true, false, ranges));
  return ranges;
}

Result<Values> strided_slice(Call& call) {
  const Shape from = call.shape(0);
  BMNET_ASSIGN(const Ranges ranges, strided_ranges(call, from));
  Value x = call.value(0);
  if (ranges.reshapes) {
    BMNET_ASSIGN(x.id, call.plain(0));
    x.channels_first = false;
  }
  const Shape places = layout_places(x, call.rank(0));
  const op::Attributes attributes = {{"starts", placed(ranges.starts, places)},
                                     {"sizes", placed(ranges.sizes, places)},
                                     {"steps", placed(ranges.steps, places)}};
  if (!ranges.reshapes) return call.finish("slice", attributes, {x.id}, x.channels_first);
  BMNET_ASSIGN(const ValueId part, call.make("slice", attributes, {x.id}));
  return call.finish("reshape", {{"shape", ranges.result}}, {part});
}

// Pairs (before, behind) of every axis.
Result<Shape> paddings_of(Call& call) {
  BMNET_ASSIGN(const Shape pairs, call.integers_of(1, "the paddings"));
  const Shape from = call.shape(0);
  if (pairs.size() != 2 * from.size())
    return user_error("{} paddings for a tensor of shape {}", pairs.size(), to_string(from));
  Shape result = from;
  for (size_t i = 0; i < from.size(); ++i) {
    if (pairs[2 * i] < 0 || pairs[2 * i + 1] < 0) return user_error("the paddings are [{}]", fmt::join(pairs, ","));
    result[i] = std::min(from[i] + pairs[2 * i] + pairs[2 * i + 1], int64_t{1} << 41);
  }
  BMNET_TRY(checked_count(result));
  return pairs;
}

Result<Values> emit_pad(Call& call, const Shape& pairs, const std::string& mode, float value) {
  const Value& x = call.value(0);
  const Shape places = layout_places(x, call.rank(0));
  Shape pads(pairs.size());
  for (size_t axis = 0; axis < places.size(); ++axis) {
    pads[places[axis]] = pairs[2 * axis];
    pads[places.size() + places[axis]] = pairs[2 * axis + 1];
  }
  return call.finish("pad", {{"pads", pads}, {"mode", mode}, {"value", value}}, {x.id}, x.channels_first);
}

Result<Values> pad(Call& call) {
  BMNET_ASSIGN(const Shape pairs, paddings_of(call));
  float value = 0;
  if (call.input_count() > 2) {
    BMNET_ASSIGN(value, call.number_of(2, "the value"));
  }
  return emit_pad(call, pairs, "constant", value);
}

// SYMMETRIC repeats the edge element, unlike every mode of nn.pad: a gather of each padded axis.
Result<Values> mirror_pad(Call& call) {
  BMNET_ASSIGN(const Shape pairs, paddings_of(call));
  const std::string mode = call.text("mode", "REFLECT");
  if (mode == "REFLECT") return emit_pad(call, pairs, "reflect", 0);
  if (mode != "SYMMETRIC") return user_error("mode '{}' is not defined", mode);
  const Value& x = call.value(0);
  const Shape from = call.shape(0), places = layout_places(x, call.rank(0));
  ValueId id = x.id;
  for (size_t axis = 0; axis < from.size(); ++axis) {
    const int64_t before = pairs[2 * axis], behind = pairs[2 * axis + 1], size = from[axis];
    if (before == 0 && behind == 0) continue;
    if (before > size || behind > size) return user_error("pads of {} and {} for {} elements", before, behind, size);
    std::vector<int64_t> places_in;
    for (int64_t i = -before; i < size + behind; ++i)
      places_in.push_back(i < 0 ? -1 - i : i < size ? i : 2 * size - 1 - i);
    const int64_t count = static_cast<int64_t>(places_in.size());
    BMNET_ASSIGN(id, call.make("gather", {{"axis", places[axis]}}, {id, call.constant_of({count}, places_in)}));
  }
  return Values{{id, x.channels_first}};
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
  if (call.dtype(0) == DType::kF32) return Values{{call.constant_of({size}, floats), false}};
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

// Blocks of the spatial axes 1… against the batch.
struct Blocks {
  Shape block, pairs;
};
Result<Blocks> blocks_of(Call& call) {
  Blocks blocks;
  BMNET_ASSIGN(blocks.block, call.integers_of(1, "the block shape"));
  BMNET_ASSIGN(blocks.pairs, call.integers_of(2, "the paddings or crops"));
  const size_t axes = blocks.block.size();
  if (blocks.pairs.size() != 2 * axes || axes + 1 > call.shape(0).size() || axes > 3)
    return user_error("blocks [{}] for a tensor of shape {}", fmt::join(blocks.block, ","), to_string(call.shape(0)));
  for (const int64_t size : blocks.block)
    if (size < 1 || size > 1 << 20) return user_error("blocks [{}]", fmt::join(blocks.block, ","));
  for (const int64_t size : blocks.pairs)
    if (size < 0 || size > 1 << 20) return user_error("paddings or crops [{}]", fmt::join(blocks.pairs, ","));
  return blocks;
}

Result<Values> space_to_batch(Call& call) {
  BMNET_ASSIGN(const Blocks blocks, blocks_of(call));
  BMNET_ASSIGN(ValueId x, call.plain(0));
  const size_t axes = blocks.block.size();
  Shape shape = call.shape(0), pads(2 * shape.size(), 0);
  const size_t rank = shape.size();
  for (size_t i = 0; i < axes; ++i) {
    pads[1 + i] = blocks.pairs[2 * i];
    pads[rank + 1 + i] = blocks.pairs[2 * i + 1];
    shape[1 + i] += blocks.pairs[2 * i] + blocks.pairs[2 * i + 1];
    if (shape[1 + i] % blocks.block[i])
      return user_error("a padded axis of {} elements does not divide into blocks of {}", shape[1 + i],
                        blocks.block[i]);
  }
  BMNET_TRY(checked_count(shape));
  BMNET_ASSIGN(x, call.make("pad", {{"pads", pads}}, {x}));
  Shape split{shape[0]}, order, result = shape;
  for (size_t i = 0; i < axes; ++i) {
    split.insert(split.end(), {shape[1 + i] / blocks.block[i], blocks.block[i]});
    order.push_back(static_cast<int64_t>(2 + 2 * i));
    result[0] *= blocks.block[i];
    result[1 + i] /= blocks.block[i];
  }
  split.insert(split.end(), shape.begin() + 1 + static_cast<int64_t>(axes), shape.end());
  order.push_back(0);
  for (size_t i = 0; i < axes; ++i) order.push_back(static_cast<int64_t>(1 + 2 * i));
  for (size_t i = 1 + axes; i < rank; ++i) order.push_back(static_cast<int64_t>(i + axes));
  BMNET_ASSIGN(x, call.reshape(x, split));
  BMNET_ASSIGN(x, call.transpose(x, order));
  return call.finish("reshape", {{"shape", result}}, {x});
}

Result<Values> batch_to_space(Call& call) {
  BMNET_ASSIGN(const Blocks blocks, blocks_of(call));
  BMNET_ASSIGN(ValueId x, call.plain(0));
  const size_t axes = blocks.block.size();
  const Shape shape = call.shape(0);
  const size_t rank = shape.size();
  int64_t product = 1;
  for (const int64_t size : blocks.block) product *= size;
  if (product < 1 || shape[0] % product) return user_error("a batch of {} for blocks of {}", shape[0], product);
  Shape split = blocks.block, order{static_cast<int64_t>(axes)}, joined{shape[0] / product};
  split.push_back(shape[0] / product);
  split.insert(split.end(), shape.begin() + 1, shape.end());
  Shape starts{0};
  Shape sizes = joined;
  for (size_t i = 0; i < axes; ++i) {
    order.insert(order.end(), {static_cast<int64_t>(axes + 1 + i), static_cast<int64_t>(i)});
    joined.push_back(shape[1 + i] * blocks.block[i]);
    starts.push_back(blocks.pairs[2 * i]);
    sizes.push_back(joined.back() - blocks.pairs[2 * i] - blocks.pairs[2 * i + 1]);
    if (sizes.back() < 0) return user_error("crops larger than the {} elements of an axis", joined.back());
  }
  for (size_t i = 1 + axes; i < rank; ++i) {
    order.push_back(static_cast<int64_t>(i + axes));
    joined.push_back(shape[i]);
    starts.push_back(0);
    sizes.push_back(shape[i]);
  }
  BMNET_ASSIGN(x, call.reshape(x, split));
  BMNET_ASSIGN(x, call.transpose(x, order));
  BMNET_ASSIGN(x, call.reshape(x, joined));
  return call.finish("slice", {{"starts", starts}, {"sizes", sizes}, {"steps", Shape(rank, 1)}}, {x});
}

constexpr std::string_view kStrided = "begin_mask:i end_mask:i ellipsis_mask:i new_axis_mask:i shrink_axis_mask:i";

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
    {"ConcatV2", 2, kAny, "", concat, "", "concat", "axis known at import"},
    {"Concat", 2, kAny, "", concat, "axis_first", "concat", "axis known at import"},
    {"Pack", 1, kAny, "axis:i", pack, "", "reshape concat", ""},
    {"Unpack", 1, 1, "axis:i num:i", unpack, "", "slice reshape", ""},
    {"Split", 2, 2, "num_split:i", split, "", "slice", "axis known at import"},
    {"SplitV", 3, 3, "num_split:i", split_by_sizes, "", "slice", "sizes and axis known at import"},
    {"Slice", 3, 3, "", slice, "", "slice", "begin and size known at import"},
    {"StridedSlice", 4, 4, kStrided, strided_slice, "", "slice reshape", "ranges known at import"},
    {"Pad", 2, 2, "", pad, "", "pad", "paddings known at import"},
    {"PadV2", 3, 3, "", pad, "", "pad", "paddings and value known at import"},
    {"MirrorPad", 2, 2, "mode:s", mirror_pad, "", "pad gather", "paddings known at import"},
    {"Tile", 2, 2, "", tile, "", "tile", "repeats known at import"},
    {"BroadcastTo", 2, 2, "", broadcast_to, "", "broadcast_to", "shape known at import"},
    {"Fill", 2, 2, "", fill, "", "broadcast_to", "shape known at import"},
    {"ZerosLike", 1, 1, "", filled_like, "zero", "broadcast_to", ""},
    {"OnesLike", 1, 1, "", filled_like, "one", "broadcast_to", ""},
    {"Range", 3, 3, "", range, "", "constant", "limits known at import"},
    {"ReverseV2", 2, 2, "", reverse, "", "reverse", "axes known at import"},
    {"SpaceToBatchND", 3, 3, "", space_to_batch, "", "pad reshape transpose", "blocks known at import"},
    {"BatchToSpaceND", 3, 3, "", batch_to_space, "", "reshape transpose slice", "blocks known at import"},
};
// clang-format on

}  // namespace

std::span<const Row> shape_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
