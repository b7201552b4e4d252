#include "frontend/pytorch/ops.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

const Value kNone;

// ScalarType of PyTorch, in its order; complex and quantized types have no counterpart.
constexpr std::pair<int64_t, DType> kCodes[] = {
    {0, DType::kU8},  {1, DType::kI8},  {2, DType::kI16}, {3, DType::kI32},   {4, DType::kI64},
    {5, DType::kF16}, {6, DType::kF32}, {7, DType::kF64}, {11, DType::kBool}, {15, DType::kBF16}};

int category(DType dtype) {
  if (dtype == DType::kBool) return 0;
  return dtype == DType::kF32 || dtype == DType::kF64 || dtype == DType::kF16 || dtype == DType::kBF16 ? 2 : 1;
}

DType wider(DType a, DType b) {
  if (category(a) != category(b)) return category(a) > category(b) ? a : b;
  if (a == b) return a;
  if ((a == DType::kU8 && b == DType::kI8) || (a == DType::kI8 && b == DType::kU8)) return DType::kI16;
  return byte_size(a) >= byte_size(b) ? a : b;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> result;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) result.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

}  // namespace

std::optional<DType> dtype_of_code(const Value& value) {
  if (value.is_none()) return std::nullopt;
  if (const int64_t* code = value.as<int64_t>())
    for (const auto& [number, dtype] : kCodes)
      if (number == *code) {
        const bool wide = dtype == DType::kF64 || dtype == DType::kF16 || dtype == DType::kBF16;
        return wide ? DType::kF32 : dtype;
      }
  refuse("an element type {} is not supported", value.as<int64_t>() ? fmt::format("{}", *value.as<int64_t>()) : "?");
}

int64_t code_of_dtype(DType dtype) {
  for (const auto& [number, known] : kCodes)
    if (known == dtype) return number;
  return 4;
}

std::optional<Value> known_number(Tensors& tensors, const Value& value) {
  if (value.as<int64_t>() || value.as<double>() || value.as<bool>()) return value;
  Cell* cell = value.ref<Cell>();
  if (!cell) return std::nullopt;
  const ValueId id = tensors.read(*cell);
  const Tensor* tensor = tensors.known(id);
  if (!tensor || tensor->count() != 1) return std::nullopt;
  if (tensor->dtype() == DType::kF32) return double{tensor->data<float>()[0]};
  if (tensor->dtype() == DType::kBool) return bool{tensor->data<bool>()[0]};
  const Tensor* wide = tensors.known(tensors.cast(id, DType::kI64));
  return wide ? std::optional<Value>(wide->data<int64_t>()[0]) : std::nullopt;
}

const Value& Call::at(size_t index) const { return index < arguments_.size() ? arguments_[index] : kNone; }

const Value& Call::named(std::string_view name) const {
  const auto found = named_.find(std::string(name));
  return found == named_.end() ? kNone : found->second;
}

CellRef Call::cell(size_t index) const {
  const auto* cell = at(index).as<CellRef>();
  if (!cell) {
    if (known_number(t, at(index))) return t.hold(tensor(index));
    refuse("torch.{}: argument {} is {}, not a tensor", op_, index + 1, type_name(at(index)));
  }
  return *cell;
}

ValueId Call::tensor_of(const Value& value) const {
  if (Cell* cell = value.ref<Cell>()) return t.read(*cell);
  if (const auto* boolean = value.as<bool>()) return t.scalar(DType::kBool, *boolean);
  if (const auto* integer = value.as<int64_t>()) return t.integers({*integer}, {});
  if (const auto* number = value.as<double>()) return t.scalar(DType::kF32, *number);
  refuse("torch.{}: {} is given where a tensor is needed", op_, type_name(value));
}

ValueId Call::tensor(size_t index) const { return tensor_of(at(index)); }
std::optional<ValueId> Call::maybe_tensor(size_t index) const {
  if (!given(index)) return std::nullopt;
  return tensor(index);
}

std::vector<ValueId> Call::tensors(size_t index) const {
  const Items* items = at(index).items();
  if (!items) refuse("torch.{}: argument {} is {}, not a list", op_, index + 1, type_name(at(index)));
  std::vector<ValueId> ids;
  for (const Value& item : *items) ids.push_back(tensor_of(item));
  return ids;
}

double Call::number(size_t index) const {
  const auto value = known_number(t, at(index));
  if (!value) refuse("torch.{}: argument {} must be a number known when compiling", op_, index + 1);
  if (const auto* boolean = value->as<bool>()) return *boolean ? 1 : 0;
  if (const auto* integer = value->as<int64_t>()) return static_cast<double>(*integer);
  return *value->as<double>();
}

int64_t Call::integer(size_t index) const {
  const auto value = known_number(t, at(index));
  if (value && value->as<int64_t>()) return *value->as<int64_t>();
  const double exact = number(index);
  if (std::abs(exact) < 9e15 && exact == std::floor(exact)) return static_cast<int64_t>(exact);
  refuse("torch.{}: argument {} must be an integer", op_, index + 1);
}

bool Call::boolean(size_t index, bool otherwise) const { return given(index) ? number(index) != 0 : otherwise; }

std::string Call::text(size_t index, std::string otherwise) const {
  const auto* text = at(index).as<std::string>();
  return text ? *text : otherwise;
}

std::vector<int64_t> Call::integers(size_t index) const {
  const Items* items = at(index).items();
  if (!items) return {integer(index)};
  std::vector<int64_t> result;
  for (const Value& item : *items) {
    const auto value = known_number(t, item);
    if (!value || !value->as<int64_t>())
      refuse("torch.{}: argument {} must hold integers known when compiling", op_, index + 1);
    result.push_back(*value->as<int64_t>());
  }
  return result;
}

std::vector<int64_t> Call::window(size_t index, size_t count, std::vector<int64_t> otherwise) const {
  std::vector<int64_t> values = given(index) ? integers(index) : std::vector<int64_t>();
  if (values.empty()) values = std::move(otherwise);
  if (values.size() == 1) values.assign(count, values[0]);
  if (values.size() != count)
    reject("torch.{}: argument {} has {} values, {} are needed", op_, index + 1, values.size(), count);
  return values;
}

size_t Call::axis(int64_t axis, size_t rank) const {
  const auto limit = static_cast<int64_t>(std::max<size_t>(rank, 1));
  if (axis < -limit || axis >= limit) reject("torch.{}: axis {} of a tensor of rank {}", op_, axis, rank);
  return static_cast<size_t>(axis < 0 ? axis + limit : axis);
}

std::vector<int64_t> Call::axes(size_t index, size_t rank) const {
  std::vector<int64_t> result;
  if (given(index))
    for (const int64_t one : integers(index)) result.push_back(static_cast<int64_t>(axis(one, rank)));
  if (result.empty())
    for (size_t i = 0; i < rank; ++i) result.push_back(static_cast<int64_t>(i));
  std::ranges::sort(result);
  if (std::ranges::adjacent_find(result) != result.end()) reject("torch.{}: an axis is named twice", op_);
  return result;
}

std::pair<ValueId, ValueId> Call::promote(const Value& a, const Value& b) const {
  const ValueId ids[2] = {tensor_of(a), tensor_of(b)};
  // Tensors with axes decide; then tensors without axes, then numbers, may only raise the category.
  std::optional<DType> type;
  for (const int priority : {0, 1, 2}) {
    std::optional<DType> here;
    for (const int i : {0, 1}) {
      const bool is_number = !(i == 0 ? a : b).ref<Cell>();
      if (priority != (is_number ? 2 : t.shape(ids[i]).empty() ? 1 : 0)) continue;
      here = here ? wider(*here, t.dtype(ids[i])) : t.dtype(ids[i]);
    }
    if (here && (!type || category(*here) > category(*type))) type = here;
  }
  return {t.cast(ids[0], *type), t.cast(ids[1], *type)};
}

Value Call::results(const std::vector<ValueId>& values) const {
  Items items;
  for (const ValueId value : values) items.push_back(t.hold(value));
  return make_list(std::move(items));
}
Value Call::tuple(const std::vector<ValueId>& values) const {
  Items items;
  for (const ValueId value : values) items.push_back(t.hold(value));
  return make_tuple(std::move(items));
}

namespace {

const std::map<std::string_view, const OpRow*>& table() {
  static const auto* const rows = [] {
    auto* result = new std::map<std::string_view, const OpRow*>();
    for (const auto family : {elementwise_ops(), shape_ops(), index_ops(), window_ops(), norm_ops(), reduce_ops(),
                              matrix_ops(), create_ops(), recurrent_ops(), vision_ops(), function_ops(), distance_ops(),
                              arrange_ops(), attention_ops(), quantized_ops()})
      for (const OpRow& row : family) result->emplace(row.name, &row);
    return result;
  }();
  return *rows;
}

Call bind(Tensors& tensors, const OpRow& row, Items arguments, std::map<std::string, Value> named) {
  const std::vector<std::string_view> names = words(row.parameters);
  if (arguments.size() > names.size())
    refuse("torch.{} with {} arguments is not supported; known: ({})", row.name, arguments.size(), row.parameters);
  for (size_t i = arguments.size(); i < names.size(); ++i) {
    const auto found = named.find(std::string(names[i]));
    if (found == named.end()) continue;
    arguments.resize(i + 1);
    arguments[i] = std::move(found->second);
    named.erase(found);
  }
  static constexpr std::array<std::string_view, 12> kHarmless = {
      "dtype", "layout",    "device",   "pin_memory",  "memory_format", "non_blocking",
      "copy",  "generator", "implicit", "output_size", "requires_grad", "input"};
  for (const auto& [name, value] : named)
    if (std::ranges::find(kHarmless, name) == kHarmless.end())
      refuse("torch.{}: argument '{}' is not supported", row.name, name);
  return {tensors, row.name, std::move(arguments), std::move(named)};
}

}  // namespace

const OpRow* find_op(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : found->second;
}

std::vector<SupportedOp> list_ops() {
  std::vector<SupportedOp> ops;
  for (const auto& [name, row] : table())
    ops.push_back(
        {std::string(name), "", std::string(row->parameters), std::string(row->becomes), std::string(row->remark)});
  return ops;
}

Value call_op(Tensors& tensors, std::string_view name, Items arguments, std::map<std::string, Value> named) {
  tensors.at_operator(std::string(name));
  if (const OpRow* row = find_op(name)) {
    Call call = bind(tensors, *row, std::move(arguments), std::move(named));
    return row->map(call);
  }
  const OpRow* plain = name.ends_with('_') ? find_op(name.substr(0, name.size() - 1)) : nullptr;
  if (!plain) refuse("torch.{} is not supported; --list_ops shows the operators that are", name);
  if (arguments.empty() || !arguments[0].ref<Cell>()) refuse("torch.{} of {}", name, "something that is no tensor");
  const CellRef target = *arguments[0].as<CellRef>();
  Call call = bind(tensors, *plain, std::move(arguments), std::move(named));
  const Value result = plain->map(call);
  const Cell* changed = result.ref<Cell>();
  if (!changed) refuse("torch.{} gives {}", name, type_name(result));
  const ValueId old = tensors.read(*target);
  const ValueId value = tensors.read(*result.ref<Cell>());
  if (changed == target.get()) return target;
  tensors.write(*target, tensors.broadcast(tensors.cast(value, tensors.dtype(old)), tensors.shape(old)));
  return target;
}

}  // namespace bmnet::frontend::pytorch
