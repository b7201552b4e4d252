// Operators that move data: views, joining, splitting, padding.
#include <algorithm>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr int64_t kMaxParts = 65536;

Value reshaped(Call& c, Shape shape) { return c.t.view(c.cell(0), {View::kReshape, std::move(shape), {}, {}, {}, {}}); }
Value permuted(Call& c, std::vector<int64_t> axes) {
  return c.t.view(c.cell(0), {View::kPermute, {}, std::move(axes), {}, {}, {}});
}
CellRef sliced(Call& c, const CellRef& cell, size_t axis, int64_t start, int64_t size, int64_t step = 1) {
  Shape sizes = c.t.shape(c.t.read(*cell));
  Shape starts(sizes.size(), 0), steps(sizes.size(), 1);
  starts[axis] = start, sizes[axis] = size, steps[axis] = step;
  return c.t.view(cell, {View::kSlice, {}, {}, starts, sizes, steps});
}

// A shape with at most one -1.
Shape completed(Call& c, Shape shape, int64_t count) {
  int64_t known = 1, open = -1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1 && open < 0) {
      open = static_cast<int64_t>(i);
      continue;
    }
    if (shape[i] < 0 || (shape[i] > 0 && known > (int64_t{1} << 40) / shape[i]))
      reject("torch.{}: shape {} is not possible", c.op(), to_string(shape));
    known *= shape[i];
  }
  if (open >= 0) {
    if (known == 0 || count % known != 0)
      reject("torch.{}: {} elements do not fit shape {}", c.op(), count, to_string(shape));
    shape[static_cast<size_t>(open)] = count / known;
  }
  return shape;
}

Value view(Call& c) {
  const ValueId x = c.tensor(0);
  return reshaped(c, completed(c, c.integers(1), element_count(c.t.shape(x))));
}
// Whether the tensor's elements lie in memory in their order, so that PyTorch's reshape and contiguous share them.
bool is_dense(const Cell& cell) { return !cell.base || (cell.view.kind == View::kReshape && is_dense(*cell.base)); }
Value reshape(Call& c) {
  const CellRef cell = c.cell(0);
  const ValueId x = c.t.read(*cell);
  const Shape shape = completed(c, c.integers(1), element_count(c.t.shape(x)));
  return is_dense(*cell) ? reshaped(c, shape) : c.result(c.t.reshape(x, shape));
}
Value view_as(Call& c) { return reshaped(c, c.t.shape(c.tensor(1))); }

Value flatten(Call& c) {
  const Shape shape = c.t.shape(c.tensor(0));
  if (shape.empty()) return reshaped(c, {1});
  const size_t first = c.axis(c.integer(1, 0), shape.size()), last = c.axis(c.integer(2, -1), shape.size());
  if (first > last) reject("torch.flatten: axes {} to {}", first, last);
  Shape flat(shape.begin(), shape.begin() + static_cast<ptrdiff_t>(first));
  flat.push_back(element_count(std::span(shape).subspan(first, last - first + 1)));
  flat.insert(flat.end(), shape.begin() + static_cast<ptrdiff_t>(last) + 1, shape.end());
  return reshaped(c, flat);
}
Value unflatten(Call& c) {
  Shape shape = c.t.shape(c.tensor(0));
  const size_t axis = c.axis(c.integer(1), shape.size());
  if (shape.empty()) reject("torch.unflatten of a scalar");
  const Shape sizes = completed(c, c.integers(2), shape[axis]);
  shape.erase(shape.begin() + static_cast<ptrdiff_t>(axis));
  shape.insert(shape.begin() + static_cast<ptrdiff_t>(axis), sizes.begin(), sizes.end());
  return reshaped(c, shape);
}

Value permute(Call& c) {
  const size_t rank = c.t.shape(c.tensor(0)).size();
  std::vector<int64_t> axes;
  for (const int64_t axis : c.integers(1)) axes.push_back(static_cast<int64_t>(c.axis(axis, rank)));
  if (axes.size() != rank) reject("torch.permute: {} axes for a tensor of rank {}", axes.size(), rank);
  return permuted(c, axes);
}
std::vector<int64_t> counting(size_t rank) {
  std::vector<int64_t> axes(rank);
  for (size_t i = 0; i < rank; ++i) axes[i] = static_cast<int64_t>(i);
  return axes;
}
Value transpose(Call& c) {
  const size_t rank = c.t.shape(c.tensor(0)).size();
  if (rank == 0) return c.cell(0);
  std::vector<int64_t> axes = counting(rank);
  std::swap(axes[c.axis(c.integer(1), rank)], axes[c.axis(c.integer(2), rank)]);
  return permuted(c, axes);
}
Value t(Call& c) {
  std::vector<int64_t> axes = counting(c.t.shape(c.tensor(0)).size());
  std::ranges::reverse(axes);
  return permuted(c, axes);
}
Value movedim(Call& c) {
  const size_t rank = c.t.shape(c.tensor(0)).size();
  const std::vector<int64_t> from = c.integers(1), to = c.integers(2);
  if (from.size() != to.size() || rank == 0) reject("torch.movedim: {} axes to {} places", from.size(), to.size());
  std::vector<int64_t> axes(rank, -1);
  std::vector<bool> moved(rank, false);
  for (size_t i = 0; i < from.size(); ++i) {
    axes[c.axis(to[i], rank)] = static_cast<int64_t>(c.axis(from[i], rank));
    moved[c.axis(from[i], rank)] = true;
  }
  size_t next = 0;
  for (int64_t& axis : axes) {
    if (axis >= 0) continue;
    while (next < rank && moved[next]) ++next;
    axis = static_cast<int64_t>(next++);
  }
  return permuted(c, axes);
}

Value squeeze(Call& c) {
  const Shape shape = c.t.shape(c.tensor(0));
  std::vector<int64_t> axes = c.axes(1, shape.size());
  if (shape.empty()) return c.cell(0);
  Shape left;
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1 || !std::ranges::binary_search(axes, static_cast<int64_t>(i))) left.push_back(shape[i]);
  return reshaped(c, left);
}
Value unsqueeze(Call& c) {
  Shape shape = c.t.shape(c.tensor(0));
  shape.insert(shape.begin() + static_cast<ptrdiff_t>(c.axis(c.integer(1), shape.size() + 1)), 1);
  return reshaped(c, shape);
}

CellRef selected(Call& c, const CellRef& cell, size_t axis, int64_t index) {
  Shape shape = c.t.shape(c.t.read(*cell));
  const CellRef one = sliced(c, cell, axis, index, 1);
  shape.erase(shape.begin() + static_cast<ptrdiff_t>(axis));
  return c.t.view(one, {View::kReshape, shape, {}, {}, {}, {}});
}
Value select(Call& c) {
  const Shape shape = c.t.shape(c.tensor(0));
  const size_t axis = c.axis(c.integer(1), shape.size());
  const int64_t index = c.integer(2);
  if (shape.empty() || index < -shape[axis] || index >= shape[axis])
    reject("torch.select: index {} of axis {} of shape {}", index, axis, to_string(shape));
  return selected(c, c.cell(0), axis, index < 0 ? index + shape[axis] : index);
}
Value slice(Call& c) {
  const Shape shape = c.t.shape(c.tensor(0));
  if (shape.empty()) reject("torch.slice of a scalar");
  const size_t axis = c.axis(c.integer(1, 0), shape.size());
  const int64_t size = shape[axis], step = c.integer(4, 1);
  if (step < 1) reject("torch.slice in steps of {}", step);
  const auto bound = [&](int64_t value) {
    return std::clamp<int64_t>(value < 0 ? std::max(value, -size) + size : value, 0, size);
  };
  const int64_t start = bound(c.integer(2, 0)), end = bound(c.integer(3, size));
  const int64_t count = end > start ? (end - start - 1) / step + 1 : 0;
  if (count == size) return reshaped(c, shape);
  return sliced(c, c.cell(0), axis, start, count, count > 1 ? step : 1);
}
Value narrow(Call& c) {
  const Shape shape = c.t.shape(c.tensor(0));
  const size_t axis = c.axis(c.integer(1), shape.size());
  int64_t start = c.integer(2);
  const int64_t size = c.integer(3);
  if (shape.empty()) reject("torch.narrow of a scalar");
  if (start < 0 && start >= -shape[axis]) start += shape[axis];
  if (start < 0 || size < 0 || start > shape[axis] || size > shape[axis] - start)
    reject("torch.narrow: {} elements from {} of axis {} of shape {}", size, start, axis, to_string(shape));
  return sliced(c, c.cell(0), axis, start, size);
}

// Parts of `sizes` along an axis, each a view.
Value parts(Call& c, size_t axis, const std::vector<int64_t>& sizes) {
  if (static_cast<int64_t>(sizes.size()) > kMaxParts) refuse("torch.{} into {} parts", c.op(), sizes.size());
  const CellRef cell = c.cell(0);
  Items items;
  int64_t start = 0;
  for (const int64_t size : sizes) {
    items.push_back(sliced(c, cell, axis, start, size));
    start += size;
  }
  return make_list(std::move(items));
}
int64_t extent(Call& c, size_t axis) {
  const Shape& shape = c.t.shape(c.tensor(0));
  if (shape.empty()) reject("torch.{} of a scalar", c.op());
  return shape[axis];
}
size_t axis_at(Call& c, size_t index, int64_t otherwise) {
  return c.axis(c.integer(index, otherwise), c.t.shape(c.tensor(0)).size());
}
std::vector<int64_t> equal_parts(Call& c, int64_t all, int64_t size) {
  if (size < 1 || all / size > kMaxParts) reject("torch.{}: parts of {} of {} elements", c.op(), size, all);
  std::vector<int64_t> sizes;
  for (int64_t left = all; left > 0; left -= size) sizes.push_back(std::min(left, size));
  if (sizes.empty()) sizes.push_back(0);
  return sizes;
}
Value chunk(Call& c) {
  const size_t axis = axis_at(c, 2, 0);
  const int64_t all = extent(c, axis), count = c.integer(1);
  if (count < 1) reject("torch.chunk into {} parts", count);
  return parts(c, axis, equal_parts(c, all, std::max<int64_t>((all - 1) / count + 1, 1)));
}
Value split(Call& c) {
  const size_t axis = axis_at(c, 2, 0);
  const int64_t all = extent(c, axis);
  if (!c.at(1).items()) return parts(c, axis, equal_parts(c, all, c.integer(1)));
  const std::vector<int64_t> sizes = c.integers(1);
  int64_t left = all;
  for (const int64_t size : sizes) {
    if (size < 0 || size > left) reject("torch.{}: parts {} of {} elements", c.op(), to_string(sizes), all);
    left -= size;
  }
  if (left != 0) reject("torch.{}: parts {} of {} elements", c.op(), to_string(sizes), all);
  return parts(c, axis, sizes);
}
Value tensor_split(Call& c) {
  const size_t axis = axis_at(c, 2, 0);
  const int64_t all = extent(c, axis);
  std::vector<int64_t> sizes;
  if (c.at(1).items()) {
    int64_t start = 0;
    for (const int64_t at : c.integers(1)) {
      const int64_t end = std::clamp<int64_t>(at < 0 ? std::max(at, -all) + all : at, 0, all);
      sizes.push_back(std::max<int64_t>(end - start, 0));
      start = end;
    }
    sizes.push_back(all - start);
  } else {
    const int64_t count = c.integer(1);
    if (count < 1 || count > kMaxParts) reject("torch.tensor_split into {} parts", count);
    for (int64_t i = 0; i < count; ++i) sizes.push_back(all / count + (i < all % count ? 1 : 0));
  }
  return parts(c, axis, sizes);
}
Value unbind(Call& c) {
  const size_t axis = axis_at(c, 1, 0);
  const int64_t all = extent(c, axis);
  if (all > kMaxParts) refuse("torch.unbind into {} parts", all);
  Items items;
  for (int64_t i = 0; i < all; ++i) items.push_back(selected(c, c.cell(0), axis, i));
  return make_list(std::move(items));
}

DType common_type(Call& c, const std::vector<ValueId>& values) {
  DType type = c.t.dtype(values[0]);
  for (const ValueId value : values)
    if (c.t.dtype(value) == DType::kF32 || (type == DType::kBool)) type = c.t.dtype(value);
  return type;
}
Value cat(Call& c) {
  std::vector<ValueId> values = c.tensors(0);
  // PyTorch ignores empty tensors of rank 1 here.
  std::erase_if(values, [&](ValueId value) { return c.t.shape(value) == Shape{0}; });
  if (values.empty()) reject("torch.cat of nothing");
  const DType type = common_type(c, values);
  for (ValueId& value : values) value = c.t.cast(value, type);
  return c.result(c.t.concat(values, static_cast<int64_t>(c.axis(c.integer(1, 0), c.t.shape(values[0]).size()))));
}
Value stack(Call& c) {
  std::vector<ValueId> values = c.tensors(0);
  if (values.empty()) reject("torch.stack of nothing");
  Shape shape = c.t.shape(values[0]);
  const size_t axis = c.axis(c.integer(1, 0), shape.size() + 1);
  shape.insert(shape.begin() + static_cast<ptrdiff_t>(axis), 1);
  const DType type = common_type(c, values);
  for (ValueId& value : values) value = c.t.reshape(c.t.cast(value, type), shape);
  return c.result(c.t.concat(values, static_cast<int64_t>(axis)));
}

Value expanded(Call& c, Shape wanted) {
  const Shape shape = c.t.shape(c.tensor(0));
  if (wanted.size() < shape.size()) reject("torch.expand of {} to {}", to_string(shape), to_string(wanted));
  for (size_t i = 0; i < wanted.size(); ++i) {
    const size_t lead = wanted.size() - shape.size();
    if (wanted[i] == -1 && i >= lead) wanted[i] = shape[i - lead];
    if (wanted[i] < 0) reject("torch.expand of {} to {}", to_string(shape), to_string(wanted));
  }
  return c.t.view(c.cell(0), {View::kBroadcast, wanted, {}, {}, {}, {}});
}
Value expand(Call& c) { return expanded(c, c.integers(1)); }
Value expand_as(Call& c) { return expanded(c, c.t.shape(c.tensor(1))); }

Value repeat(Call& c) {
  std::vector<int64_t> times = c.integers(1);
  ValueId x = c.tensor(0);
  Shape shape = c.t.shape(x);
  if (times.size() < shape.size()) {
    if (c.op() != "tile") reject("torch.repeat: {} times for a tensor of rank {}", times.size(), shape.size());
    times.insert(times.begin(), shape.size() - times.size(), 1);
  }
  shape.insert(shape.begin(), times.size() - shape.size(), 1);
  return c.result(c.t.emit("tile", {{"repeats", times}}, {c.t.reshape(x, shape)}));
}
Value repeat_interleave(Call& c) {
  ValueId x = c.tensor(0);
  if (!c.given(2)) x = c.t.reshape(x, {element_count(c.t.shape(x))});
  const Shape shape = c.t.shape(x);
  if (shape.empty()) reject("torch.repeat_interleave of a scalar");
  const size_t axis = c.given(2) ? c.axis(c.integer(2), shape.size()) : 0;
  std::vector<int64_t> times;
  if (const auto number = known_number(c.t, c.at(1))) {
    times.assign(static_cast<size_t>(shape[axis]), c.integer(1));
  } else {
    const Tensor* counts = c.t.known(c.t.cast(c.tensor(1), DType::kI64));
    if (!counts || counts->count() != shape[axis]) refuse("torch.repeat_interleave by numbers of the network's input");
    times.assign(counts->data<int64_t>().begin(), counts->data<int64_t>().end());
  }
  std::vector<int64_t> indices;
  for (size_t i = 0; i < times.size(); ++i) {
    if (times[i] < 0 || times[i] > (int64_t{1} << 20) || indices.size() > (size_t{1} << 24))
      refuse("torch.repeat_interleave: {} times", times[i]);
    indices.insert(indices.end(), static_cast<size_t>(times[i]), static_cast<int64_t>(i));
  }
  const auto count = static_cast<int64_t>(indices.size());
  return c.result(c.t.emit("gather", {{"axis", static_cast<int64_t>(axis)}}, {x, c.t.integers(indices, {count})}));
}

Value flip(Call& c) {
  const ValueId x = c.tensor(0);
  return c.result(c.t.emit("reverse", {{"axes", c.axes(1, c.t.shape(x).size())}}, {x}));
}
Value roll(Call& c) {
  ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  const std::vector<int64_t> shifts = c.integers(1);
  std::vector<int64_t> axes = c.given(2) ? c.integers(2) : std::vector<int64_t>();
  if (axes.empty()) {
    x = c.t.reshape(x, {element_count(shape)});
    axes = {0};
  }
  if (axes.size() != shifts.size()) reject("torch.roll: {} shifts for {} axes", shifts.size(), axes.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t axis = c.axis(axes[i], c.t.shape(x).size());
    const int64_t size = c.t.shape(x).empty() ? 0 : c.t.shape(x)[axis];
    if (size == 0) continue;
    const int64_t shift = ((shifts[i] % size) + size) % size;
    if (shift == 0) continue;
    x = c.t.concat({c.t.slice(x, axis, size - shift, shift), c.t.slice(x, axis, 0, size - shift)},
                   static_cast<int64_t>(axis));
  }
  return c.result(c.t.reshape(x, shape));
}

Value padded(Call& c, const std::string& mode, double value) {
  const ValueId x = c.tensor(0);
  const std::vector<int64_t> given = c.integers(1);
  const size_t rank = c.t.shape(x).size();
  if (given.size() % 2 != 0 || given.size() / 2 > rank)
    reject("torch.{}: {} pads for a tensor of rank {}", c.op(), given.size(), rank);
  std::vector<int64_t> pads(2 * rank, 0);  // torch counts from the last axis: begin, end, begin, end …
  for (size_t i = 0; i < given.size() / 2; ++i) {
    pads[rank - 1 - i] = given[2 * i];
    pads[2 * rank - 1 - i] = given[2 * i + 1];
  }
  return c.result(c.t.emit("pad", {{"pads", pads}, {"mode", mode}, {"value", static_cast<float>(value)}}, {x}));
}
Value pad(Call& c) {
  const std::string mode = c.text(2, "constant");
  if (mode == "constant") return padded(c, mode, c.number(3, 0));
  if (mode == "reflect") return padded(c, mode, 0);
  if (mode == "replicate") return padded(c, "edge", 0);
  if (mode == "circular") return padded(c, "wrap", 0);
  refuse("torch.pad: mode '{}' is not supported", mode);
}
Value constant_pad(Call& c) { return padded(c, "constant", c.number(2, 0)); }
Value reflection_pad(Call& c) { return padded(c, "reflect", 0); }
Value replication_pad(Call& c) { return padded(c, "edge", 0); }

// Channels to pixels and back, for any number of leading axes.
Value pixel_shuffle(Call& c) {
  const ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  const int64_t r = c.integer(1);
  const size_t rank = shape.size();
  if (rank < 3 || r < 1 || r > 4096 || shape[rank - 3] % (r * r) != 0)
    reject("torch.pixel_shuffle by {} of shape {}", r, to_string(shape));
  const int64_t lead = element_count(std::span(shape).first(rank - 3)), channels = shape[rank - 3] / (r * r);
  const int64_t h = shape[rank - 2], w = shape[rank - 1];
  ValueId y = c.t.reshape(x, {lead, channels * r * r, h, w});
  y = c.t.emit("depth_to_space", {{"block", r}, {"mode", std::string("CRD")}}, {y});
  Shape result(shape.begin(), shape.end() - 3);
  result.insert(result.end(), {channels, h * r, w * r});
  return c.result(c.t.reshape(y, result));
}
Value pixel_unshuffle(Call& c) {
  const ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  const int64_t r = c.integer(1);
  const size_t rank = shape.size();
  if (rank < 3 || r < 1 || shape[rank - 1] % r != 0 || shape[rank - 2] % r != 0)
    reject("torch.pixel_unshuffle by {} of shape {}", r, to_string(shape));
  const int64_t lead = element_count(std::span(shape).first(rank - 2)), h = shape[rank - 2] / r,
                w = shape[rank - 1] / r;
  const ValueId y = c.t.permute(c.t.reshape(x, {lead, h, r, w, r}), {0, 2, 4, 1, 3});
  Shape result(shape.begin(), shape.end() - 3);
  result.insert(result.end(), {shape[rank - 3] * r * r, h, w});
  return c.result(c.t.reshape(y, result));
}
Value channel_shuffle(Call& c) {
  const ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  const int64_t groups = c.integer(1);
  if (shape.size() < 2 || groups < 1 || shape[1] % groups != 0)
    reject("torch.channel_shuffle by {} of shape {}", groups, to_string(shape));
  const int64_t rest = element_count(std::span(shape).subspan(2));
  const ValueId y = c.t.permute(c.t.reshape(x, {shape[0], groups, shape[1] / groups, rest}), {0, 2, 1, 3});
  return c.result(c.t.reshape(y, shape));
}

Value diag(Call& c) {
  const ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  const int64_t offset = c.integer(1, 0);
  if (shape.empty() || shape.size() > 2 || std::abs(offset) > (int64_t{1} << 20))
    reject("torch.diag({}) of shape {}", offset, to_string(shape));
  const int64_t row = std::max<int64_t>(-offset, 0), column = std::max<int64_t>(offset, 0);
  if (shape.size() == 2) {
    const int64_t size = std::max<int64_t>(std::min(shape[0] - row, shape[1] - column), 0);
    std::vector<int64_t> places;
    for (int64_t i = 0; i < size; ++i) places.push_back((row + i) * shape[1] + column + i);
    return c.result(c.t.emit("gather", {{"axis", int64_t{0}}},
                             {c.t.reshape(x, {shape[0] * shape[1]}), c.t.integers(places, {size})}));
  }
  const int64_t size = shape[0] + std::abs(offset);
  if (size > 8192) refuse("torch.diag of {} elements", shape[0]);
  std::vector<int64_t> source(static_cast<size_t>(size * size), shape[0]);  // the zero behind the elements
  for (int64_t i = 0; i < shape[0]; ++i) source[static_cast<size_t>((row + i) * size + column + i)] = i;
  const ValueId zero = c.t.filled(c.t.dtype(x), {1}, 0);
  return c.result(
      c.t.emit("gather", {{"axis", int64_t{0}}}, {c.t.concat({x, zero}, 0), c.t.integers(source, {size, size})}));
}

Value triangle(Call& c, bool upper) {
  const ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  if (shape.size() < 2) reject("torch.{} of shape {}", c.op(), to_string(shape));
  const int64_t rows = shape[shape.size() - 2], columns = shape.back(), offset = c.integer(1, 0);
  const ValueId mask = c.t.filled(DType::kBool, {rows, columns}, 0);
  Tensor kept(c.t.builder().info(mask));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      const bool above = j - i >= offset, below = j - i <= offset;
      kept.data<bool>()[static_cast<size_t>(i * columns + j)] = upper ? above : below;
    }
  const ValueId zero = c.t.filled(c.t.dtype(x), {}, 0);
  return c.result(c.t.emit("select", {}, {c.t.constant(std::move(kept)), x, zero}));
}
Value triu(Call& c) { return triangle(c, true); }
Value tril(Call& c) { return triangle(c, false); }

Value meshgrid(Call& c) {
  const std::vector<ValueId> values = c.tensors(0);
  if (values.empty() || values.size() > 16) reject("torch.meshgrid of {} tensors", values.size());
  const bool xy = c.text(1, "ij") == "xy" && values.size() >= 2;
  Shape grid;
  for (const ValueId value : values) grid.push_back(element_count(c.t.shape(value)));
  if (xy) std::swap(grid[0], grid[1]);
  std::vector<ValueId> results;
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t axis = xy && i < 2 ? 1 - i : i;
    Shape line(grid.size(), 1);
    line[axis] = grid[axis];
    results.push_back(c.t.broadcast(c.t.reshape(values[i], line), grid));
  }
  return c.results(results);
}

Value contiguous(Call& c) {
  const CellRef cell = c.cell(0);
  return is_dense(*cell) ? Value(cell) : c.result(c.t.read(*cell));
}

constexpr OpRow kRows[] = {
    {"view", "self size", view, "reshape"},
    {"reshape", "self shape", reshape, "reshape"},
    {"_unsafe_view", "self size", view, "reshape"},
    {"view_as", "self other", view_as, "reshape"},
    {"reshape_as", "self other", view_as, "reshape"},
    {"flatten", "self start_dim end_dim", flatten, "reshape"},
    {"unflatten", "self dim sizes", unflatten, "reshape"},
    {"permute", "self dims", permute, "transpose"},
    {"transpose", "self dim0 dim1", transpose, "transpose"},
    {"swapaxes", "self axis0 axis1", transpose, "transpose"},
    {"swapdims", "self dim0 dim1", transpose, "transpose"},
    {"t", "self", t, "transpose"},
    {"numpy_T", "self", t, "transpose"},
    {"movedim", "self source destination", movedim, "transpose"},
    {"moveaxis", "self source destination", movedim, "transpose"},
    {"squeeze", "self dim", squeeze, "reshape"},
    {"unsqueeze", "self dim", unsqueeze, "reshape"},
    {"select", "self dim index", select, "slice"},
    {"slice", "self dim start end step", slice, "slice"},
    {"narrow", "self dim start length", narrow, "slice"},
    {"chunk", "self chunks dim", chunk, "slice"},
    {"unsafe_chunk", "self chunks dim", chunk, "slice"},
    {"split", "self split_size dim", split, "slice"},
    {"unsafe_split", "self split_size dim", split, "slice"},
    {"split_with_sizes", "self split_sizes dim", split, "slice"},
    {"unsafe_split_with_sizes", "self split_sizes dim", split, "slice"},
    {"tensor_split", "self indices dim", tensor_split, "slice"},
    {"unbind", "self dim", unbind, "slice"},
    {"cat", "tensors dim", cat, "concat"},
    {"concat", "tensors dim", cat, "concat"},
    {"concatenate", "tensors dim", cat, "concat"},
    {"stack", "tensors dim", stack, "concat"},
    {"expand", "self size", expand, "broadcast_to"},
    {"broadcast_to", "self size", expand, "broadcast_to"},
    {"expand_as", "self other", expand_as, "broadcast_to"},
    {"repeat", "self repeats", repeat, "tile"},
    {"tile", "self dims", repeat, "tile"},
    {"repeat_interleave", "self repeats dim", repeat_interleave, "gather", "numbers known when compiling"},
    {"flip", "self dims", flip, "reverse"},
    {"roll", "self shifts dims", roll, "slice concat"},
    {"pad", "self pad mode value", pad, "pad"},
    {"constant_pad_nd", "self pad value", constant_pad, "pad"},
    {"reflection_pad1d", "self padding", reflection_pad, "pad"},
    {"reflection_pad2d", "self padding", reflection_pad, "pad"},
    {"reflection_pad3d", "self padding", reflection_pad, "pad"},
    {"replication_pad1d", "self padding", replication_pad, "pad"},
    {"replication_pad2d", "self padding", replication_pad, "pad"},
    {"replication_pad3d", "self padding", replication_pad, "pad"},
    {"pixel_shuffle", "self upscale_factor", pixel_shuffle, "depth_to_space"},
    {"pixel_unshuffle", "self downscale_factor", pixel_unshuffle, "reshape transpose"},
    {"channel_shuffle", "self groups", channel_shuffle, "reshape transpose"},
    {"native_channel_shuffle", "self groups", channel_shuffle, "reshape transpose"},
    {"diag", "self diagonal", diag, "gather"},
    {"triu", "self diagonal", triu, "select"},
    {"tril", "self diagonal", tril, "select"},
    {"meshgrid", "tensors indexing", meshgrid, "broadcast_to"},
    {"contiguous", "self memory_format", contiguous, ""},
};

}  // namespace

std::span<const OpRow> shape_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
