// Operators that choose or replace elements by indices.
#include <algorithm>
#include <limits>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

ValueId as_index(Call& c, ValueId index) { return c.t.cast(index, DType::kI64); }

// x[i, :, j]: the indexed axes, moved to the front, and their index vectors in the last axis of one tensor.
struct Indexed {
  std::vector<int64_t> order;  // permutation: indexed axes first
  ValueId vectors = -1;        // [index shape…, number of indexed axes]
  Shape index_shape;
  ValueId missing = -1;  // indices of which some may be missing, in the shape of the index
  size_t count = 0;      // of indexed axes
  size_t insert = 0;     // where the index axes stand in the result of x[…]
};

// A mask that is known becomes one list of places for every axis of it.
std::vector<ValueId> places_of_mask(Call& c, ValueId mask) {
  const Tensor* known = c.t.known(mask);
  if (!known) refuse("torch.{} by a computed mask gives as many elements as the data has: not supported", c.op());
  const Shape shape = known->shape();
  std::vector<std::vector<int64_t>> places(shape.size());
  for (int64_t i = 0; i < known->count(); ++i) {
    if (!known->data<bool>()[static_cast<size_t>(i)]) continue;
    int64_t rest = i;
    for (size_t axis = shape.size(); axis > 0; --axis) {
      places[axis - 1].push_back(rest % shape[axis - 1]);
      rest /= shape[axis - 1];
    }
  }
  std::vector<ValueId> indices;
  for (const auto& list : places) indices.push_back(c.t.integers(list, {static_cast<int64_t>(list.size())}));
  return indices;
}

Indexed indexed(Call& c, const Shape& shape) {
  const Items* items = c.at(1).items();
  if (!items) reject("torch.{}: the indices are {}", c.op(), type_name(c.at(1)));
  std::vector<std::pair<size_t, ValueId>> indices;  // axis, index
  size_t axis = 0;
  for (const Value& item : *items) {
    if (item.is_none()) {
      ++axis;
      continue;
    }
    Cell* cell = item.ref<Cell>();
    if (!cell) reject("torch.{}: an index is {}", c.op(), type_name(item));
    const ValueId index = c.t.read(*cell);
    if (c.t.dtype(index) == DType::kBool) {
      for (const ValueId places : places_of_mask(c, index)) indices.emplace_back(axis++, places);
    } else {
      indices.emplace_back(axis++, as_index(c, index));
    }
  }
  if (axis > shape.size() || indices.empty())
    reject("torch.{}: {} indices for a tensor of shape {}", c.op(), axis, to_string(shape));

  Indexed result;
  result.count = indices.size();
  std::vector<bool> taken(shape.size(), false);
  for (const auto& [at, index] : indices) {
    result.order.push_back(static_cast<int64_t>(at));
    taken[at] = true;
    const Shape& one = c.t.shape(index);
    Shape& all = result.index_shape;
    if (one.size() > all.size()) all.insert(all.begin(), one.size() - all.size(), 1);
    for (size_t i = 0; i < one.size(); ++i) {
      int64_t& dim = all[all.size() - one.size() + i];
      if (one[i] != 1) dim = one[i];
    }
  }
  for (size_t i = 0; i < shape.size(); ++i)
    if (!taken[i]) result.order.push_back(static_cast<int64_t>(i));
  const bool adjacent = indices.back().first - indices.front().first + 1 == indices.size();
  result.insert = adjacent ? indices.front().first : 0;
  Shape column = result.index_shape;
  column.push_back(1);
  std::vector<ValueId> columns;
  for (const auto& [at, index] : indices)
    columns.push_back(c.t.reshape(c.t.broadcast(index, result.index_shape), column));
  for (const auto& [at, index] : indices)
    if (c.t.is_open_ended(index)) result.missing = c.t.broadcast(index, result.index_shape);
  result.vectors = c.t.concat(columns, static_cast<int64_t>(column.size()) - 1);
  return result;
}

Value index(Call& c) {
  const ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  const Indexed in = indexed(c, shape);
  ValueId y = c.t.emit("gather_nd", {}, {c.t.permute(x, in.order), in.vectors});
  if (in.missing >= 0) {
    Shape line = in.index_shape;
    line.resize(c.t.shape(y).size(), 1);
    y = c.t.without_missing(y, c.t.reshape(in.missing, line));
  }
  // gather_nd has the index axes in front; they belong to where the indexed axes were.
  std::vector<int64_t> order;
  const auto lead = static_cast<int64_t>(in.index_shape.size());
  for (size_t i = 0; i < in.insert; ++i) order.push_back(lead + static_cast<int64_t>(i));
  for (int64_t i = 0; i < lead; ++i) order.push_back(i);
  for (size_t i = in.insert; i < shape.size() - in.count; ++i) order.push_back(lead + static_cast<int64_t>(i));
  return c.result(c.t.permute(y, order));
}

Value index_put(Call& c) {
  const ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  const Indexed in = indexed(c, shape);
  if (in.missing >= 0) refuse("torch.index_put by indices whose number depends on the data");
  Shape updates = in.index_shape;
  for (size_t i = in.count; i < shape.size(); ++i) updates.push_back(shape[static_cast<size_t>(in.order[i])]);
  // Values stand where x[indices] would have them; scatter_nd has the axes of the index in front.
  Shape placed(updates.begin() + static_cast<ptrdiff_t>(in.index_shape.size()), updates.end());
  placed.insert(placed.begin() + static_cast<ptrdiff_t>(in.insert), in.index_shape.begin(), in.index_shape.end());
  std::vector<int64_t> front;
  for (size_t i = 0; i < in.index_shape.size(); ++i) front.push_back(static_cast<int64_t>(in.insert + i));
  for (size_t i = 0; i < placed.size(); ++i)
    if (i < in.insert || i >= in.insert + in.index_shape.size()) front.push_back(static_cast<int64_t>(i));
  const ValueId values = c.t.permute(c.t.broadcast(c.t.cast(c.tensor(2), c.t.dtype(x)), placed), front);
  const ValueId y = c.t.emit("scatter_nd", {{"reduction", std::string(c.boolean(3, false) ? "add" : "none")}},
                             {c.t.permute(x, in.order), in.vectors, values});
  std::vector<int64_t> back(in.order.size());
  for (size_t i = 0; i < back.size(); ++i) back[static_cast<size_t>(in.order[i])] = static_cast<int64_t>(i);
  return c.result(c.t.permute(y, back));
}

int64_t axis_of(Call& c) { return static_cast<int64_t>(c.axis(c.integer(1), c.t.shape(c.tensor(0)).size())); }

// The part of x that an index of smaller extents reaches; other axes than `axis` must agree for gather_elements.
Value gather(Call& c) {
  ValueId x = c.tensor(0);
  const ValueId at = as_index(c, c.tensor(2));
  const Shape wanted = c.t.shape(at);
  if (wanted.size() != c.t.shape(x).size()) reject("torch.gather: index of shape {}", to_string(wanted));
  for (size_t i = 0; i < wanted.size(); ++i)
    if (static_cast<int64_t>(i) != axis_of(c) && wanted[i] < c.t.shape(x)[i]) x = c.t.slice(x, i, 0, wanted[i]);
  return c.result(c.t.emit("gather_elements", {{"axis", axis_of(c)}}, {x, at}));
}
ValueId scattered(Call& c, ValueId x, ValueId at, ValueId source, const std::string& reduction) {
  return c.t.emit("scatter_elements", {{"axis", axis_of(c)}, {"reduction", reduction}}, {x, at, source});
}
// Argument 3 in the shape of the index: one number for all, or the part of a larger tensor that the index reaches.
ValueId source_of(Call& c, DType type, const Shape& wanted) {
  ValueId source = c.t.cast(c.tensor(3), type);
  if (c.t.shape(source).empty()) return c.t.broadcast(source, wanted);
  for (size_t i = 0; i < wanted.size() && i < c.t.shape(source).size(); ++i)
    if (wanted[i] < c.t.shape(source)[i]) source = c.t.slice(source, i, 0, wanted[i]);
  return source;
}
Value scatter_with(Call& c, const std::string& reduction) {
  const ValueId x = c.tensor(0), at = as_index(c, c.tensor(2));
  return c.result(scattered(c, x, at, source_of(c, c.t.dtype(x), c.t.shape(at)), reduction));
}
Value scatter(Call& c) {
  const std::string kind = c.text(4, "none");
  if (kind != "none" && kind != "add" && kind != "multiply")
    reject("torch.scatter: reduce '{}' is not add or multiply", kind);
  return scatter_with(c, kind == "multiply" ? "mul" : kind);
}
Value scatter_add(Call& c) { return scatter_with(c, "add"); }

// f(self, dim, index, src, reduce, *, include_self)
Value scatter_reduce(Call& c) {
  struct Kind {
    std::string_view name, reduction;
    double neutral;
  };
  constexpr double kInf = std::numeric_limits<double>::infinity();
  static constexpr Kind kKinds[] = {
      {"sum", "add", 0}, {"prod", "mul", 1}, {"amax", "max", -kInf}, {"amin", "min", kInf}, {"mean", "add", 0}};
  const std::string name = c.text(4, "");
  const auto* kind = std::ranges::find(kKinds, name, &Kind::name);
  if (kind == std::end(kKinds)) reject("torch.scatter_reduce: reduce '{}' is not sum, prod, mean, amax or amin", name);
  const bool with_self = c.boolean(5, true);
  ValueId x = c.f32(0);
  const ValueId at = as_index(c, c.tensor(2));
  const Shape shape = c.t.shape(x), wanted = c.t.shape(at);
  if (!with_self) x = scattered(c, x, at, c.t.filled(DType::kF32, wanted, kind->neutral), "none");
  ValueId y = scattered(c, x, at, source_of(c, DType::kF32, wanted), std::string(kind->reduction));
  if (name == "mean") {
    const ValueId counts =
        scattered(c, c.t.filled(DType::kF32, shape, with_self ? 1 : 0), at, c.t.filled(DType::kF32, wanted, 1), "add");
    y = c.t.binary("div", y, c.t.binary("max", counts, c.t.scalar(DType::kF32, 1)));
  }
  return c.result(c.t.cast(y, c.t.dtype(c.tensor(0))));
}

// Whole slices of an axis: the index of a slice counts for all its elements.
ValueId index_of_slices(Call& c, const Shape& shape) {
  const ValueId at = as_index(c, c.tensor(2));
  Shape line(shape.size(), 1), wanted = shape;
  const int64_t count = element_count(c.t.shape(at));
  if (shape.empty()) reject("torch.{} of a scalar", c.op());
  line[static_cast<size_t>(axis_of(c))] = wanted[static_cast<size_t>(axis_of(c))] = count;
  return c.t.broadcast(c.t.reshape(at, line), wanted);
}
Value put_slices(Call& c, ValueId source, const std::string& reduction) {
  const ValueId x = c.tensor(0), at = index_of_slices(c, c.t.shape(x));
  return c.result(scattered(c, x, at, c.t.broadcast(c.t.cast(source, c.t.dtype(x)), c.t.shape(at)), reduction));
}
Value index_add(Call& c) {
  ValueId source = c.tensor(3);
  const double alpha = c.number(4, 1);
  if (alpha != 1) source = c.t.unary("linear", c.t.cast(source, DType::kF32), alpha, 0);
  return put_slices(c, source, "add");
}
Value index_copy(Call& c) { return put_slices(c, c.tensor(3), "none"); }
Value index_fill(Call& c) { return put_slices(c, c.tensor(3), "none"); }

// Elements of the flattened tensor.
Value take_elements(Call& c) {
  const ValueId x = c.tensor(0);
  const ValueId flat = c.t.reshape(x, {element_count(c.t.shape(x))});
  return c.result(c.t.emit("gather", {{"axis", int64_t{0}}}, {flat, as_index(c, c.tensor(1))}));
}
Value take_along_dim(Call& c) {
  ValueId x = c.tensor(0), at = as_index(c, c.tensor(1));
  if (!c.given(2)) {
    x = c.t.reshape(x, {element_count(c.t.shape(x))});
    at = c.t.reshape(at, {element_count(c.t.shape(at))});
  }
  const Shape shape = c.t.shape(x), wanted = c.t.shape(at);
  const size_t axis = c.given(2) ? c.axis(c.integer(2), shape.size()) : 0;
  if (shape.size() != wanted.size() || shape.empty())
    reject("torch.take_along_dim: index of shape {} for {}", to_string(wanted), to_string(shape));
  Shape all = shape, index = wanted;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i == axis) continue;
    all[i] = index[i] = std::max(shape[i], wanted[i]);
  }
  return c.result(c.t.emit("gather_elements", {{"axis", static_cast<int64_t>(axis)}},
                           {c.t.broadcast(x, all), c.t.broadcast(at, index)}));
}

// Where a known tensor is not 0, [count,rank] or a column for every axis.
std::vector<ValueId> places_of_nonzero(Call& c) {
  const ValueId x = c.tensor(0);
  if (!c.t.known(x))
    refuse(
        "torch.{} of computed data gives as many rows as the data has: not supported; torch.where with three "
        "arguments or a multiplication by the mask keeps the shape",
        c.op());
  const bool is_mask = c.t.dtype(x) == DType::kBool;
  return places_of_mask(c, is_mask ? x : c.t.compare("ne", x, c.t.filled(c.t.dtype(x), {}, 0)));
}
Value nonzero(Call& c) {
  std::vector<ValueId> columns = places_of_nonzero(c);
  if (columns.empty()) reject("torch.{} of a scalar", c.op());
  const int64_t count = c.t.shape(columns[0])[0];
  for (ValueId& column : columns) column = c.t.reshape(column, {count, 1});
  return c.result(c.t.concat(columns, 1));
}
Value nonzero_numpy(Call& c) { return c.results(places_of_nonzero(c)); }

Value index_select(Call& c) {
  const ValueId at = as_index(c, c.tensor(2));
  ValueId y = c.t.emit("gather", {{"axis", axis_of(c)}}, {c.tensor(0), at});
  if (c.t.is_open_ended(at)) {
    Shape line(c.t.shape(y).size(), 1);
    line[static_cast<size_t>(axis_of(c))] = element_count(c.t.shape(at));
    y = c.t.without_missing(y, c.t.reshape(at, line));
  }
  return c.result(y);
}
Value embedding(Call& c) {
  if (c.t.is_open_ended(c.tensor(1))) refuse("torch.embedding of indices whose number depends on the data");
  return c.result(c.t.emit("gather", {{"axis", int64_t{0}}}, {c.tensor(0), as_index(c, c.tensor(1))}));
}
Value masked_select(Call& c) {
  const ValueId x = c.tensor(0), mask = c.tensor(1);
  if (!c.t.known(mask))
    refuse("torch.masked_select by a computed mask gives as many elements as the data has: not supported");
  const ValueId wide = c.t.broadcast(mask, c.t.shape(x));
  const ValueId flat = c.t.reshape(wide, {element_count(c.t.shape(x))});
  const ValueId places = places_of_mask(c, flat)[0];
  return c.result(c.t.emit("gather", {{"axis", int64_t{0}}}, {c.t.reshape(x, {element_count(c.t.shape(x))}), places}));
}
Value one_hot(Call& c) {
  const ValueId x = as_index(c, c.tensor(0));
  const int64_t classes = c.integer(1, -1);
  if (classes < 1) refuse("torch.one_hot without the number of classes");
  return c.result(c.t.emit("one_hot",
                           {{"depth", classes},
                            {"axis", static_cast<int64_t>(c.t.shape(x).size())},
                            {"on_value", 1.0f},
                            {"off_value", 0.0f},
                            {"to", std::string("i64")}},
                           {x}));
}

constexpr OpRow kRows[] = {
    {"index", "self indices", index, "gather_nd", "masks must be known when compiling"},
    {"index_put", "self indices values accumulate", index_put, "scatter_nd", "masks must be known when compiling"},
    {"gather", "self dim index sparse_grad", gather, "gather_elements"},
    {"scatter", "self dim index src reduce", scatter, "scatter_elements"},
    {"scatter_add", "self dim index src", scatter_add, "scatter_elements"},
    {"scatter_reduce", "self dim index src reduce include_self", scatter_reduce, "scatter_elements"},
    {"index_add", "self dim index source alpha", index_add, "scatter_elements"},
    {"index_copy", "self dim index source", index_copy, "scatter_elements"},
    {"index_fill", "self dim index value", index_fill, "scatter_elements"},
    {"take", "self index", take_elements, "gather"},
    {"take_along_dim", "self indices dim", take_along_dim, "gather_elements"},
    {"nonzero", "self", nonzero, "constant", "of what is known when compiling"},
    {"argwhere", "self", nonzero, "constant", "of what is known when compiling"},
    {"nonzero_numpy", "self", nonzero_numpy, "constant", "of what is known when compiling"},
    {"index_select", "self dim index", index_select, "gather"},
    {"embedding", "weight indices padding_idx scale_grad_by_freq sparse", embedding, "gather"},
    {"masked_select", "self mask", masked_select, "gather", "masks must be known when compiling"},
    {"one_hot", "self num_classes", one_hot, "one_hot"},
};

}  // namespace

std::span<const OpRow> index_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
