// The mapping table: one row for every operator of torch that can be compiled.
#pragma once

#include <span>
#include <string_view>

#include "frontend/options.h"
#include "frontend/pytorch/tensors.h"

namespace bmnet::frontend::pytorch {

// A call of an operator: its arguments by position of the row's parameter list.
class Call {
 public:
  Call(Tensors& tensors, std::string_view op, Items arguments, std::map<std::string, Value> named)
      : t(tensors), op_(op), arguments_(std::move(arguments)), named_(std::move(named)) {}

  Tensors& t;

  std::string_view op() const { return op_; }
  size_t count() const { return arguments_.size(); }
  // None when it was not given.
  const Value& at(size_t index) const;
  bool given(size_t index) const { return !at(index).is_none(); }
  // An argument given by name that is not in the parameter list (dtype, layout …).
  const Value& named(std::string_view name) const;

  bool is_tensor(size_t index) const { return at(index).ref<Cell>() != nullptr; }
  CellRef cell(size_t index) const;
  ValueId tensor(size_t index) const;  // numbers become scalars
  std::optional<ValueId> maybe_tensor(size_t index) const;
  ValueId f32(size_t index) const { return t.cast(tensor(index), DType::kF32); }
  std::vector<ValueId> tensors(size_t index) const;  // a list of tensors
  int64_t integer(size_t index) const;
  int64_t integer(size_t index, int64_t otherwise) const { return given(index) ? integer(index) : otherwise; }
  double number(size_t index) const;
  double number(size_t index, double otherwise) const { return given(index) ? number(index) : otherwise; }
  bool boolean(size_t index, bool otherwise) const;
  std::string text(size_t index, std::string otherwise) const;
  // A list of integers, or one integer.
  std::vector<int64_t> integers(size_t index) const;
  // The same for `count` axes; one value stands for all. Empty or absent: `otherwise` (empty: an error).
  std::vector<int64_t> window(size_t index, size_t count, std::vector<int64_t> otherwise = {}) const;

  // An axis counted from the front; `extra` more axes than the tensor has are allowed (unsqueeze, stack).
  size_t axis(int64_t axis, size_t rank) const;
  // Sorted axes; all of them when the argument is absent or empty.
  std::vector<int64_t> axes(size_t index, size_t rank) const;

  // Both operands in the type PyTorch computes in.
  std::pair<ValueId, ValueId> promoted(size_t a, size_t b) const { return promote(at(a), at(b)); }
  std::pair<ValueId, ValueId> promote(const Value& a, const Value& b) const;

  Value result(ValueId value) const { return t.hold(value); }
  Value results(const std::vector<ValueId>& values) const;  // a list
  Value tuple(const std::vector<ValueId>& values) const;

 private:
  ValueId tensor_of(const Value& value) const;
  std::string_view op_;
  Items arguments_;
  std::map<std::string, Value> named_;
};

struct OpRow {
  std::string_view name;        // without torch. or aten::
  std::string_view parameters;  // names, blank between
  Value (*map)(Call& call);
  std::string_view becomes;  // nn operators
  std::string_view remark = {};
};

// Rows of each family; together the table.
std::span<const OpRow> elementwise_ops();
std::span<const OpRow> shape_ops();
std::span<const OpRow> index_ops();
std::span<const OpRow> window_ops();
std::span<const OpRow> norm_ops();
std::span<const OpRow> reduce_ops();
std::span<const OpRow> matrix_ops();
std::span<const OpRow> create_ops();
std::span<const OpRow> recurrent_ops();
std::span<const OpRow> vision_ops();
std::span<const OpRow> function_ops();
std::span<const OpRow> distance_ops();
std::span<const OpRow> arrange_ops();
std::span<const OpRow> attention_ops();
std::span<const OpRow> quantized_ops();

const OpRow* find_op(std::string_view name);
std::vector<SupportedOp> list_ops();

// Runs torch.`name`: by its row; `name`_ writes the result of `name` into its first argument.
Value call_op(Tensors& tensors, std::string_view name, Items arguments, std::map<std::string, Value> named);

// PyTorch's number of an element type; nothing for None. A Refusal for complex and quantized types.
std::optional<DType> dtype_of_code(const Value& value);
int64_t code_of_dtype(DType dtype);

// A single number known when compiling, or nothing.
std::optional<Value> known_number(Tensors& tensors, const Value& value);

}  // namespace bmnet::frontend::pytorch
