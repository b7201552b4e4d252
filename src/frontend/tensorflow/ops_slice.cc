// Parts of tensors, and tensors of parts.
#include <algorithm>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

constexpr size_t kMaxRank = 32;
constexpr size_t kMaxParts = 1 << 16;

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
  const int64_t rank = static_cast<int64_t>(call.shape_of(parts[0].id).size());
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
    Shape part = call.shape_of(x.id);
    part[place] = sizes[i];
    const op::Attributes attributes = {{"starts", starts}, {"sizes", part}, {"steps", steps}};
    if (drop) {
      BMNET_ASSIGN(const ValueId slice, call.make("slice", attributes, {x.id}));
      part.erase(part.begin() + place);
      BMNET_ASSIGN(const Value result, call.finish_output(i, "reshape", {{"shape", part}}, {slice}));
      results.push_back(result);
    } else {
      BMNET_ASSIGN(const Value result, call.finish_output(i, "slice", attributes, {x.id}, x.channels_first));
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

constexpr std::string_view kStrided = "begin_mask:i end_mask:i ellipsis_mask:i new_axis_mask:i shrink_axis_mask:i";

// clang-format off
constexpr Row kRows[] = {
    {"ConcatV2", 2, kAny, "", concat, "", "concat", "axis known at import"},
    {"Concat", 2, kAny, "", concat, "axis_first", "concat", "axis known at import"},
    {"Pack", 1, kAny, "axis:i", pack, "", "reshape concat", ""},
    {"Unpack", 1, 1, "axis:i num:i", unpack, "", "slice reshape", ""},
    {"Split", 2, 2, "num_split:i", split, "", "slice", "axis known at import"},
    {"SplitV", 3, 3, "num_split:i", split_by_sizes, "", "slice", "sizes and axis known at import"},
    {"Slice", 3, 3, "", slice, "", "slice", "begin and size known at import"},
    {"StridedSlice", 4, 4, kStrided, strided_slice, "", "slice reshape", "ranges known at import"},
};
// clang-format on

}  // namespace

std::span<const Row> slice_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
