#include "frontend/pytorch/tensors.h"

#include <algorithm>
#include <cmath>

#include "frontend/pytorch/refusal.h"
#include "nn/limits.h"
#include "op/check.h"
#include "op/op.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr int kMaxViews = 200;

bool is_wide_float(DType dtype) { return dtype == DType::kF64 || dtype == DType::kF16 || dtype == DType::kBF16; }

bool keeps_elements(std::string_view op) { return op == "slice" || op == "reshape" || op == "cast"; }
// Operators that may take indices of which some are missing.
constexpr std::string_view kChoosing[] = {"compare", "gather", "gather_nd"};

Shape ones(size_t rank) { return Shape(rank, 1); }

}  // namespace

std::string Tensors::next_name() {
  const std::string base = path_.empty() ? operator_ : path_ + "/" + operator_;
  const int count = used_names_[base]++;
  return count == 0 ? base : fmt::format("{}_{}", base, count);
}

ValueId Tensors::read(Cell& cell) {
  if (cell.base) {
    const ValueId base = read(*cell.base);
    if (cell.value < 0 || cell.seen != cell.base->version) {
      cell.value = apply(cell.view, base);
      cell.seen = cell.base->version;
      ++cell.version;  // views of this view are stale too
    }
    return cell.value;
  }
  if (cell.value < 0) {
    if (!cell.host) refuse("the result depends on '{}', which has no value when compiling", cell.name);
    Tensor tensor = *cell.host;
    if (is_wide_float(tensor.dtype())) tensor = take(op::evaluate("cast", {{"to", std::string("f32")}}, {{tensor}}))[0];
    cell.value = builder_.constant(cell.name.empty() ? next_name() : cell.name, std::move(tensor));
  }
  return cell.value;
}

void Tensors::write(Cell& cell, ValueId value) {
  if (cell.base) {
    const ValueId base = read(*cell.base);
    write(*cell.base, unapply(cell.view, base, value));
    cell.seen = cell.base->version;
  }
  cell.value = value;
  ++cell.version;
}

CellRef Tensors::hold(ValueId value) const {
  auto cell = std::make_shared<Cell>();
  cell->value = value;
  return cell;
}

CellRef Tensors::view(const CellRef& base, View view) {
  if (base->depth >= kMaxViews) refuse("a view of a view of a view, {} levels deep", kMaxViews);
  auto cell = std::make_shared<Cell>();
  cell->base = base;
  cell->view = std::move(view);
  cell->depth = base->depth + 1;
  read(*cell);  // so that a senseless view is refused where it is made
  return cell;
}

ValueId Tensors::apply(const View& view, ValueId base) {
  switch (view.kind) {
    case View::kReshape:
      return reshape(base, view.shape);
    case View::kPermute:
      return permute(base, view.axes);
    case View::kBroadcast:
      return broadcast(base, view.shape);
    case View::kSlice:
      return emit("slice", {{"starts", view.starts}, {"sizes", view.sizes}, {"steps", view.steps}}, {base});
  }
  return base;
}

// `base` with the part that `view` shows replaced by `value`.
ValueId Tensors::unapply(const View& view, ValueId base, ValueId value) {
  if (view.kind == View::kReshape) return reshape(value, shape(base));
  if (view.kind == View::kPermute) {
    std::vector<int64_t> inverse(view.axes.size());
    for (size_t i = 0; i < inverse.size(); ++i) inverse[static_cast<size_t>(view.axes[i])] = static_cast<int64_t>(i);
    return permute(value, inverse);
  }
  if (view.kind == View::kBroadcast) refuse("writing in place into an expanded tensor is not supported");
  // Axis by axis: the part before, the value, the part behind; with steps, by scattered rows.
  size_t axis = view.sizes.size();
  for (size_t i = 0; i < view.sizes.size(); ++i)
    if (view.sizes[i] != shape(base)[i]) {
      if (axis != view.sizes.size()) refuse("writing in place into a slice of several axes at once");
      axis = i;
    }
  if (axis == view.sizes.size()) return value;
  const int64_t start = view.starts[axis], size = view.sizes[axis], step = view.steps[axis], all = shape(base)[axis];
  if (size == 0) return base;
  std::vector<ValueId> parts;
  if (start > 0) parts.push_back(slice(base, axis, 0, start));
  if (step == 1) {
    parts.push_back(value);
  } else {
    if (size > 4096) refuse("writing in place into a slice of {} steps", size);
    for (int64_t i = 0; i < size; ++i) {
      parts.push_back(slice(value, axis, i, 1));
      if (i + 1 < size) parts.push_back(slice(base, axis, start + i * step + 1, step - 1));
    }
  }
  const int64_t end = start + (size - 1) * step + 1;
  if (end < all) parts.push_back(slice(base, axis, end, all - end));
  return concat(parts, static_cast<int64_t>(axis));
}

std::vector<ValueId> Tensors::emit_many(std::string_view op, op::Attributes attributes, std::vector<ValueId> inputs,
                                        size_t results) {
  for (const ValueId input : inputs)
    if (open_ended_.contains(input) && !keeps_elements(op) && std::ranges::find(kChoosing, op) == std::end(kChoosing))
      refuse("the number of indices depends on the data; they may be returned, cut with slices and used as an index");
  std::vector<std::string> names;
  for (size_t i = 0; i < results; ++i) names.push_back(next_name());
  auto created = builder_.create(op, names.front(), std::move(attributes), inputs, names);
  if (!created) throw Refusal{std::move(created).error()};
  if (!inputs.empty() && open_ended_.contains(inputs[0]) && keeps_elements(op))
    open_ended_.insert(created->begin(), created->end());
  return *std::move(created);
}

ValueId Tensors::without_missing(ValueId chosen, ValueId index) {
  return select(compare("ge", index, filled(dtype(index), {}, 0)), chosen, filled(dtype(chosen), {}, 0));
}

ValueId Tensors::emit(std::string_view op, op::Attributes attributes, std::vector<ValueId> inputs) {
  return emit_many(op, std::move(attributes), std::move(inputs), 1)[0];
}

ValueId Tensors::constant(Tensor tensor) { return builder_.constant(next_name(), std::move(tensor)); }

ValueId Tensors::filled(DType dtype, const Shape& shape, double value) {
  if (is_wide_float(dtype)) dtype = DType::kF32;
  const TensorInfo info{dtype, shape};
  if (const Status good = op::check_info(info); !good) throw Refusal{good.error()};
  const int64_t limit = nn::import_limits().made_bytes;
  if (static_cast<int64_t>(info.bytes()) > limit - filled_bytes_)
    refuse("the program makes constants of more than {} bytes", limit);
  filled_bytes_ += static_cast<int64_t>(info.bytes());
  Tensor tensor({dtype, shape});
  switch (dtype) {
    case DType::kF32:
      std::ranges::fill(tensor.data<float>(), static_cast<float>(value));
      break;
    case DType::kI64:
      std::ranges::fill(tensor.data<int64_t>(), std::abs(value) < 9.2e18 ? static_cast<int64_t>(value) : 0);
      break;
    case DType::kBool:
      std::ranges::fill(tensor.data<bool>(), value != 0);
      break;
    default: {
      const Tensor f32 = Tensor::of<float>({}, std::vector<float>{static_cast<float>(value)});
      const Tensor one = take(op::evaluate("cast", {{"to", std::string(dtype_name(dtype))}}, {{f32}}))[0];
      const auto* source = static_cast<const uint8_t*>(one.raw());
      auto* target = static_cast<uint8_t*>(tensor.raw());
      for (size_t i = 0; i < tensor.bytes(); ++i) target[i] = source[i % one.bytes()];
    }
  }
  return constant(std::move(tensor));
}

ValueId Tensors::integers(const std::vector<int64_t>& values, Shape shape) {
  return constant(Tensor::of<int64_t>(std::move(shape), values));
}
ValueId Tensors::floats(const std::vector<float>& values, Shape shape) {
  return constant(Tensor::of<float>(std::move(shape), values));
}

ValueId Tensors::cast(ValueId value, DType wanted) {
  if (is_wide_float(wanted)) wanted = DType::kF32;
  if (dtype(value) == wanted) return value;
  return emit("cast", {{"to", std::string(dtype_name(wanted))}}, {value});
}
ValueId Tensors::reshape(ValueId value, Shape wanted) {
  if (shape(value) == wanted) return value;
  return emit("reshape", {{"shape", std::move(wanted)}}, {value});
}
ValueId Tensors::permute(ValueId value, const std::vector<int64_t>& axes) {
  if (std::ranges::is_sorted(axes)) return value;
  return emit("transpose", {{"permutation", axes}}, {value});
}
ValueId Tensors::broadcast(ValueId value, const Shape& wanted) {
  if (shape(value) == wanted) return value;
  return emit("broadcast_to", {{"shape", wanted}}, {value});
}
ValueId Tensors::slice(ValueId value, size_t axis, int64_t start, int64_t size, int64_t step) {
  Shape starts(shape(value).size(), 0), sizes = shape(value), steps = ones(starts.size());
  if (start == 0 && size == sizes[axis] && step == 1) return value;
  starts[axis] = start, sizes[axis] = size, steps[axis] = step;
  return emit("slice", {{"starts", starts}, {"sizes", sizes}, {"steps", steps}}, {value});
}
ValueId Tensors::concat(const std::vector<ValueId>& values, int64_t axis) {
  if (values.size() == 1) return values[0];
  return emit("concat", {{"axis", axis}}, values);
}
ValueId Tensors::binary(std::string_view kind, ValueId a, ValueId b) {
  return emit("binary", {{"kind", std::string(kind)}}, {a, b});
}
ValueId Tensors::compare(std::string_view kind, ValueId a, ValueId b) {
  return emit("compare", {{"kind", std::string(kind)}}, {a, b});
}
ValueId Tensors::select(ValueId condition, ValueId on_true, ValueId on_false) {
  return emit("select", {}, {condition, on_true, on_false});
}
ValueId Tensors::reduce(std::string_view kind, ValueId x, const std::vector<int64_t>& axes, bool keep_dims) {
  if (axes.empty()) return x;
  return emit("reduce", {{"kind", std::string(kind)}, {"axes", axes}, {"keep_dims", keep_dims}}, {x});
}
ValueId Tensors::unary(std::string_view kind, ValueId x, double alpha, double beta) {
  return emit("unary",
              {{"kind", std::string(kind)}, {"alpha", static_cast<float>(alpha)}, {"beta", static_cast<float>(beta)}},
              {x});
}

}  // namespace bmnet::frontend::pytorch
