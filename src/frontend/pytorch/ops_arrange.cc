// Rearrangements made of simpler ones, order statistics, places on a number line.
#include <algorithm>
#include <cmath>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

// The shape with axes of 1 added until there are `rank`: torch.atleast_3d puts one in front and one behind.
Shape at_least(Shape shape, size_t rank) {
  if (shape.empty()) return Shape(rank, 1);
  if (rank == 2 && shape.size() == 1) shape.insert(shape.begin(), 1);
  if (rank == 3 && shape.size() == 1) shape = {1, shape[0], 1};
  if (rank == 3 && shape.size() == 2) shape.push_back(1);
  return shape;
}
ValueId widened(Call& c, ValueId x, size_t rank) { return c.t.reshape(x, at_least(c.t.shape(x), rank)); }
template <size_t N>
Value atleast(Call& c) {
  return c.result(widened(c, c.tensor(0), N));
}
// The tensors joined along `axis` once they have `rank` axes.
Value joined(Call& c, size_t rank, int64_t axis) {
  std::vector<ValueId> values = c.tensors(0);
  if (values.empty()) reject("torch.{} of nothing", c.op());
  DType type = c.t.dtype(values[0]);
  for (const ValueId value : values)
    if (c.t.dtype(value) == DType::kF32 || type == DType::kBool) type = c.t.dtype(value);
  for (ValueId& value : values) value = widened(c, c.t.cast(value, type), rank);
  return c.result(c.t.concat(values, axis));
}
Value hstack(Call& c) {
  const std::vector<ValueId> values = c.tensors(0);
  return joined(c, 1, values.empty() || c.t.shape(values[0]).size() < 2 ? 0 : 1);
}
Value vstack(Call& c) { return joined(c, 2, 0); }
Value dstack(Call& c) { return joined(c, 3, 2); }
Value column_stack(Call& c) {
  std::vector<ValueId> columns;
  for (const ValueId value : c.tensors(0)) {
    const Shape shape = c.t.shape(value);
    columns.push_back(shape.size() > 1 ? value : c.t.reshape(value, {element_count(shape), 1}));
  }
  if (columns.empty()) reject("torch.column_stack of nothing");
  return c.result(c.t.concat(columns, 1));
}
Value block_diag(Call& c) {
  std::vector<ValueId> rows;
  std::vector<ValueId> blocks = c.tensors(0);
  int64_t width = 0, before = 0;
  for (ValueId& block : blocks) {
    block = widened(c, block, 2);
    if (c.t.shape(block).size() != 2) reject("torch.block_diag of shape {}", to_string(c.t.shape(block)));
    width += c.t.shape(block)[1];
  }
  if (blocks.empty()) reject("torch.block_diag of nothing");
  for (const ValueId block : blocks) {
    const int64_t own = c.t.shape(block)[1];
    rows.push_back(c.t.emit("pad",
                            {{"pads", std::vector<int64_t>{0, before, 0, width - before - own}},
                             {"mode", std::string("constant")},
                             {"value", 0.0f}},
                            {block}));
    before += own;
  }
  return c.result(c.t.concat(rows, 0));
}

ValueId reversed(Call& c, ValueId x, std::vector<int64_t> axes) {
  std::ranges::sort(axes);
  return c.t.emit("reverse", {{"axes", axes}}, {x});
}
Value fliplr(Call& c) { return c.result(reversed(c, c.tensor(0), {1})); }
Value flipud(Call& c) { return c.result(reversed(c, c.tensor(0), {0})); }
Value rot90(Call& c) {
  const ValueId x = c.tensor(0);
  const size_t rank = c.t.shape(x).size();
  const std::vector<int64_t> dims = c.given(2) ? c.integers(2) : std::vector<int64_t>{0, 1};
  if (dims.size() != 2 || rank < 2) reject("torch.rot90 over {} axes of rank {}", dims.size(), rank);
  const auto a = static_cast<int64_t>(c.axis(dims[0], rank)), b = static_cast<int64_t>(c.axis(dims[1], rank));
  if (a == b) reject("torch.rot90: axis {} twice", a);
  const int64_t turns = ((c.integer(1, 1) % 4) + 4) % 4;
  if (turns == 0) return c.result(x);
  if (turns == 2) return c.result(reversed(c, x, {a, b}));
  std::vector<int64_t> swapped(rank);
  for (size_t i = 0; i < rank; ++i) swapped[i] = static_cast<int64_t>(i);
  std::swap(swapped[static_cast<size_t>(a)], swapped[static_cast<size_t>(b)]);
  if (turns == 1) return c.result(c.t.permute(reversed(c, x, {b}), swapped));
  return c.result(reversed(c, c.t.permute(x, swapped), {b}));
}
Value ravel(Call& c) {
  const ValueId x = c.tensor(0);
  return c.result(c.t.reshape(x, {element_count(c.t.shape(x))}));
}

// Axes dim1 and dim2 moved to the end.
ValueId two_axes_last(Call& c, ValueId x, size_t dim1, size_t dim2) {
  std::vector<int64_t> order;
  for (size_t i = 0; i < c.t.shape(x).size(); ++i)
    if (i != dim1 && i != dim2) order.push_back(static_cast<int64_t>(i));
  order.push_back(static_cast<int64_t>(dim1));
  order.push_back(static_cast<int64_t>(dim2));
  return c.t.permute(x, order);
}
// Row and column where the diagonal `offset` begins.
std::pair<int64_t, int64_t> diagonal_start(Call& c, int64_t offset) {
  if (std::abs(offset) > (int64_t{1} << 20)) reject("torch.{}: offset {}", c.op(), offset);
  return {std::max<int64_t>(-offset, 0), std::max<int64_t>(offset, 0)};
}
ValueId diagonal_of(Call& c, ValueId x, int64_t offset, int64_t axis1, int64_t axis2) {
  const size_t rank = c.t.shape(x).size();
  const size_t dim1 = c.axis(axis1, rank), dim2 = c.axis(axis2, rank);
  if (rank < 2 || dim1 == dim2) reject("torch.{}: axes {} and {} of rank {}", c.op(), dim1, dim2, rank);
  x = two_axes_last(c, x, dim1, dim2);
  Shape shape = c.t.shape(x);
  const auto [row, column] = diagonal_start(c, offset);
  const int64_t rows = shape[rank - 2], columns = shape[rank - 1];
  const int64_t size = std::max<int64_t>(std::min(rows - row, columns - column), 0);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < size; ++i) places.push_back((row + i) * columns + column + i);
  shape.resize(rank - 1);
  shape.back() = rows * columns;
  return c.t.emit("gather", {{"axis", static_cast<int64_t>(rank) - 2}},
                  {c.t.reshape(x, shape), c.t.integers(places, {size})});
}
Value diagonal(Call& c) {
  return c.result(diagonal_of(c, c.tensor(0), c.integer(1, 0), c.integer(2, 0), c.integer(3, 1)));
}
Value trace(Call& c) {
  ValueId x = c.tensor(0);
  if (c.t.shape(x).size() != 2) reject("torch.trace of shape {}", to_string(c.t.shape(x)));
  if (c.t.dtype(x) != DType::kF32) x = c.t.cast(x, DType::kI64);
  return c.result(c.t.reduce("sum", diagonal_of(c, x, 0, 0, 1), {0}, false));
}
// The last axis becomes the diagonal of two new last axes.
Value diag_embed(Call& c) {
  const ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  const auto [row, column] = diagonal_start(c, c.integer(1, 0));
  if (shape.empty()) reject("torch.diag_embed of a scalar");
  if (c.integer(2, -2) != -2 || c.integer(3, -1) != -1)
    refuse("torch.diag_embed to axes {} and {} is not supported; -2 and -1 are", c.integer(2, -2), c.integer(3, -1));
  const int64_t size = shape.back() + row + column;
  if (size > 8192) refuse("torch.diag_embed of {} elements; at most 8192", shape.back());
  std::vector<int64_t> source(static_cast<size_t>(size * size), shape.back());  // the zero behind the elements
  for (int64_t i = 0; i < shape.back(); ++i) source[static_cast<size_t>((row + i) * size + column + i)] = i;
  Shape zero = shape;
  zero.back() = 1;
  const auto axis = static_cast<int64_t>(shape.size()) - 1;
  return c.result(
      c.t.emit("gather", {{"axis", axis}},
               {c.t.concat({x, c.t.filled(c.t.dtype(x), zero, 0)}, axis), c.t.integers(source, {size, size})}));
}
Value triangle_places(Call& c, bool upper) {
  const int64_t rows = c.integer(0), columns = c.integer(1), offset = c.integer(2, 0);
  if (rows < 0 || columns < 0 || rows > 8192 || columns > 8192) refuse("torch.{} of {} x {}", c.op(), rows, columns);
  std::vector<int64_t> ys, xs;
  for (int64_t y = 0; y < rows; ++y)
    for (int64_t x = 0; x < columns; ++x)
      if (upper ? x - y >= offset : x - y <= offset) ys.push_back(y), xs.push_back(x);
  const auto count = static_cast<int64_t>(ys.size());
  ys.insert(ys.end(), xs.begin(), xs.end());
  return c.result(c.t.integers(ys, {2, count}));
}
Value tril_indices(Call& c) { return triangle_places(c, false); }
Value triu_indices(Call& c) { return triangle_places(c, true); }

// The k-th smallest value along an axis and its index.
Value kth(Call& c, ValueId x, size_t axis, int64_t k, bool keep) {
  const Shape shape = c.t.shape(x);
  if (shape.empty() || k < 1 || k > shape[axis])
    reject("torch.{}: element {} of shape {}", c.op(), k, to_string(shape));
  const std::vector<ValueId> lowest = c.t.emit_many(
      "top_k", {{"k", k}, {"axis", static_cast<int64_t>(axis)}, {"largest", false}, {"sorted", true}}, {x}, 2);
  Shape one = shape;
  one[axis] = 1;
  if (!keep) one.erase(one.begin() + static_cast<ptrdiff_t>(axis));
  std::vector<ValueId> results;
  for (const ValueId value : lowest) results.push_back(c.t.reshape(c.t.slice(value, axis, k - 1, 1), one));
  return c.tuple(results);
}
Value kthvalue(Call& c) {
  const ValueId x = c.tensor(0);
  return kth(c, x, c.axis(c.integer(2, -1), c.t.shape(x).size()), c.integer(1), c.boolean(3, false));
}
// The lower one of two in the middle.
Value median(Call& c) {
  ValueId x = c.tensor(0);
  if (c.given(1)) {
    const size_t axis = c.axis(c.integer(1), c.t.shape(x).size());
    if (c.t.shape(x).empty()) reject("torch.median of a scalar along an axis");
    return kth(c, x, axis, (c.t.shape(x)[axis] + 1) / 2, c.boolean(2, false));
  }
  const int64_t count = element_count(c.t.shape(x));
  x = c.t.reshape(x, {count});
  return kth(c, x, 0, (count + 1) / 2, false).items()->front();
}
Value aminmax(Call& c) {
  const ValueId x = c.tensor(0);
  const std::vector<int64_t> axes = c.axes(1, c.t.shape(x).size());
  const bool keep = c.boolean(2, false);
  return c.tuple({c.t.reduce("min", x, axes, keep), c.t.reduce("max", x, axes, keep)});
}
Value count_nonzero(Call& c) {
  const ValueId x = c.tensor(0);
  const ValueId found = c.t.dtype(x) == DType::kBool ? x : c.t.compare("ne", x, c.t.filled(c.t.dtype(x), {}, 0));
  return c.result(c.t.reduce("sum", c.t.cast(found, DType::kI64), c.axes(1, c.t.shape(x).size()), false));
}
Value nansum(Call& c) {
  const ValueId x = c.f32(0);
  const ValueId numbers = c.t.select(c.t.unary("is_nan", x), c.t.scalar(DType::kF32, 0), x);
  return c.result(c.t.reduce("sum", numbers, c.axes(1, c.t.shape(x).size()), c.boolean(2, false)));
}
// log of the running sum of exp; less the largest of all, so that nothing overflows.
Value logcumsumexp(Call& c) {
  const ValueId x = c.f32(0);
  if (c.t.shape(x).empty()) return c.result(x);
  const auto axis = static_cast<int64_t>(c.axis(c.integer(1), c.t.shape(x).size()));
  const ValueId most = c.t.reduce("max", x, {axis}, true);
  const ValueId sums = c.t.emit("cumsum", {{"axis", axis}}, {c.t.unary("exp", c.t.binary("sub", x, most))});
  return c.result(c.t.binary("add", c.t.unary("log", sums), most));
}

// How many boundaries of the last axis lie below every value (`right`: below or at it).
ValueId rank_among(Call& c, ValueId boundaries, ValueId values, bool right) {
  Shape line = c.t.shape(values), row = c.t.shape(boundaries);
  line.push_back(1);
  if (row.empty()) reject("torch.{}: boundaries without an axis", c.op());
  if (row.size() > 1) row.insert(row.end() - 1, 1);
  const ValueId below = c.t.compare(right ? "le" : "lt", c.t.reshape(boundaries, row), c.t.reshape(values, line));
  const auto last = static_cast<int64_t>(c.t.shape(below).size()) - 1;
  return c.t.reduce("sum", c.t.cast(below, DType::kI64), {last}, false);
}
Value bucketize(Call& c) { return c.result(rank_among(c, c.f32(1), c.f32(0), c.boolean(3, false))); }
Value searchsorted(Call& c) {
  if (c.given(5)) refuse("torch.searchsorted with a sorter is not supported; sort the sequence first");
  return c.result(rank_among(c, c.f32(0), c.f32(1), c.boolean(3, false) || c.text(4, "left") == "right"));
}

constexpr OpRow kRows[] = {
    {"atleast_1d", "self", atleast<1>, "reshape"},
    {"atleast_2d", "self", atleast<2>, "reshape"},
    {"atleast_3d", "self", atleast<3>, "reshape"},
    {"hstack", "tensors", hstack, "concat"},
    {"vstack", "tensors", vstack, "reshape concat"},
    {"row_stack", "tensors", vstack, "reshape concat"},
    {"dstack", "tensors", dstack, "reshape concat"},
    {"column_stack", "tensors", column_stack, "reshape concat"},
    {"block_diag", "tensors", block_diag, "pad concat"},
    {"fliplr", "self", fliplr, "reverse"},
    {"flipud", "self", flipud, "reverse"},
    {"rot90", "self k dims", rot90, "reverse transpose"},
    {"ravel", "self", ravel, "reshape"},
    {"diagonal", "self offset dim1 dim2", diagonal, "gather"},
    {"diag_embed", "self offset dim1 dim2", diag_embed, "gather", "to the last two axes"},
    {"trace", "self", trace, "gather reduce"},
    {"tril_indices", "row col offset", tril_indices, "constant"},
    {"triu_indices", "row col offset", triu_indices, "constant"},
    {"kthvalue", "self k dim keepdim", kthvalue, "top_k"},
    {"median", "self dim keepdim", median, "top_k"},
    {"aminmax", "self dim keepdim", aminmax, "reduce"},
    {"count_nonzero", "self dim", count_nonzero, "compare reduce"},
    {"nansum", "self dim keepdim", nansum, "select reduce"},
    {"logcumsumexp", "self dim", logcumsumexp, "cumsum unary binary"},
    {"bucketize", "self boundaries out_int32 right", bucketize, "compare reduce"},
    {"searchsorted", "sorted_sequence self out_int32 right side sorter", searchsorted, "compare reduce"},
};

}  // namespace

std::span<const OpRow> arrange_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
