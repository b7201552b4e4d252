// Operators that make tensors from shapes and numbers.
#include <cmath>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr double kMaxCount = 1 << 26;

DType type_or(Call& c, DType otherwise) { return dtype_of_code(c.named("dtype")).value_or(otherwise); }

Value zeros(Call& c) { return c.result(c.t.filled(type_or(c, DType::kF32), c.integers(0), 0)); }
Value ones(Call& c) { return c.result(c.t.filled(type_or(c, DType::kF32), c.integers(0), 1)); }
DType type_of_number(Call& c, size_t index) {
  const auto number = known_number(c.t, c.at(index));
  if (!number) refuse("torch.{}: the value must be known when compiling", c.op());
  return number->as<double>() ? DType::kF32 : number->as<bool>() ? DType::kBool : DType::kI64;
}
Value full(Call& c) { return c.result(c.t.filled(type_or(c, type_of_number(c, 1)), c.integers(0), c.number(1))); }
Value scalar_tensor(Call& c) { return c.result(c.t.filled(type_or(c, type_of_number(c, 0)), {}, c.number(0))); }

Value like(Call& c, const Shape& shape, double value) {
  return c.result(c.t.filled(type_or(c, c.t.dtype(c.tensor(0))), shape, value));
}
Value zeros_like(Call& c) { return like(c, c.t.shape(c.tensor(0)), 0); }
Value ones_like(Call& c) { return like(c, c.t.shape(c.tensor(0)), 1); }
Value full_like(Call& c) { return like(c, c.t.shape(c.tensor(0)), c.number(1)); }
Value new_zeros(Call& c) { return like(c, c.integers(1), 0); }
Value new_ones(Call& c) { return like(c, c.integers(1), 1); }
Value new_full(Call& c) { return like(c, c.integers(1), c.number(2)); }
Value fill(Call& c) {
  const ValueId x = c.tensor(0);
  return c.result(c.t.broadcast(c.t.cast(c.tensor(1), c.t.dtype(x)), c.t.shape(x)));
}
Value zero(Call& c) { return c.result(c.t.filled(c.t.dtype(c.tensor(0)), c.t.shape(c.tensor(0)), 0)); }

// arange(end), arange(start, end), arange(start, end, step)
Value arange(Call& c) {
  size_t given = 0;
  while (given < 3 && c.given(given)) ++given;
  const double start = given > 1 ? c.number(0) : 0, end = c.number(given > 1 ? 1 : 0), step = c.number(2, 1);
  bool integers = true;
  for (size_t i = 0; i < given; ++i) integers = integers && !known_number(c.t, c.at(i))->as<double>();
  const double count = std::ceil((end - start) / step);
  if (!(count <= kMaxCount)) refuse("torch.arange from {} to {} in steps of {}", start, end, step);
  const auto size = static_cast<int64_t>(std::max(count, 0.0));
  const DType type = type_or(c, integers ? DType::kI64 : DType::kF32);
  if (integers) {
    std::vector<int64_t> values;
    for (int64_t i = 0; i < size; ++i) values.push_back(static_cast<int64_t>(start) + i * static_cast<int64_t>(step));
    return c.result(c.t.cast(c.t.integers(values, {size}), type));
  }
  std::vector<float> values;
  for (int64_t i = 0; i < size; ++i) values.push_back(static_cast<float>(start + static_cast<double>(i) * step));
  return c.result(c.t.cast(c.t.floats(values, {size}), type));
}
Value linspace(Call& c) {
  const double start = c.number(0), end = c.number(1);
  const int64_t count = c.integer(2, 100);
  if (count < 0 || static_cast<double>(count) > kMaxCount) refuse("torch.linspace of {} values", count);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(
        count > 1 ? start + (end - start) * static_cast<double>(i) / static_cast<double>(count - 1) : start));
  return c.result(c.t.floats(values, {count}));
}
Value eye(Call& c) {
  const int64_t rows = c.integer(0), columns = c.at(1).as<int64_t>() ? c.integer(1) : rows;
  if (rows < 0 || columns < 0 || rows > 8192 || columns > 8192) refuse("torch.eye of {} x {}", rows, columns);
  std::vector<float> values(static_cast<size_t>(rows * columns), 0);
  for (int64_t i = 0; i < std::min(rows, columns); ++i) values[static_cast<size_t>(i * columns + i)] = 1;
  return c.result(c.t.cast(c.t.floats(values, {rows, columns}), type_or(c, DType::kF32)));
}
// A list of numbers, or one.
Value tensor(Call& c) {
  const Items* items = c.at(0).items();
  if (!items) return scalar_tensor(c);
  bool integers = true;
  std::vector<float> values;
  std::vector<int64_t> whole;
  for (const Value& item : *items) {
    const auto number = known_number(c.t, item);
    if (!number) refuse("torch.tensor of {}", type_name(item));
    if (const auto* real = number->as<double>()) integers = false, values.push_back(static_cast<float>(*real));
    if (const auto* integer = number->as<int64_t>())
      whole.push_back(*integer), values.push_back(static_cast<float>(*integer));
    if (const auto* flag = number->as<bool>()) whole.push_back(*flag), values.push_back(*flag ? 1.0f : 0.0f);
  }
  const auto count = static_cast<int64_t>(values.size());
  const ValueId made = integers && count > 0 ? c.t.integers(whole, {count}) : c.t.floats(values, {count});
  return c.result(c.t.cast(made, type_or(c, c.t.dtype(made))));
}
// Random and uninitialised tensors have no value: only a program that never uses them can be compiled.
Value no_value(Call& c) {
  auto cell = std::make_shared<Cell>();
  cell->name = fmt::format("torch.{}", c.op());
  return cell;
}

constexpr OpRow kRows[] = {
    {"zeros", "size", zeros, "constant"},
    {"ones", "size", ones, "constant"},
    {"full", "size fill_value", full, "constant"},
    {"scalar_tensor", "s", scalar_tensor, "constant"},
    {"zeros_like", "self", zeros_like, "constant"},
    {"ones_like", "self", ones_like, "constant"},
    {"full_like", "self fill_value", full_like, "constant"},
    {"new_zeros", "self size", new_zeros, "constant"},
    {"new_ones", "self size", new_ones, "constant"},
    {"new_full", "self size fill_value", new_full, "constant"},
    {"empty", "size", zeros, "constant", "filled with zeros"},
    {"empty_like", "self", zeros_like, "constant", "filled with zeros"},
    {"new_empty", "self size", new_zeros, "constant", "filled with zeros"},
    {"fill", "self value", fill, "broadcast_to"},
    {"copy", "self src non_blocking", fill, "broadcast_to"},
    {"zero", "self", zero, "constant"},
    {"arange", "start end step", arange, "constant"},
    {"linspace", "start end steps", linspace, "constant"},
    {"eye", "n m", eye, "constant"},
    {"tensor", "data", tensor, "constant"},
    {"rand", "size", no_value, "", "only where its value is not used"},
    {"randn", "size", no_value, "", "only where its value is not used"},
    {"rand_like", "self", no_value, "", "only where its value is not used"},
    {"randn_like", "self", no_value, "", "only where its value is not used"},
};

}  // namespace

std::span<const OpRow> create_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
