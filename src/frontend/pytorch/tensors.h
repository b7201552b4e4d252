// The tensors of a program and the graph they stand for: reading through views, writing in place, appending operators.
#pragma once

#include <set>

#include "frontend/pytorch/value.h"
#include "op/attributes.h"

namespace bmnet::frontend::pytorch {

using CellRef = std::shared_ptr<Cell>;

class Tensors {
 public:
  explicit Tensors(nn::GraphBuilder& builder) : builder_(builder) {}

  // Where the program is, for names: path of the module, name of the operator.
  void enter(std::string path) { path_ = std::move(path); }
  const std::string& path() const { return path_; }
  void at_operator(std::string name) { operator_ = std::move(name); }

  // What the cell holds now; 64-bit and 16-bit floats become f32.
  ValueId read(Cell& cell);
  // Puts a value of the cell's shape into it, through views into their bases.
  void write(Cell& cell, ValueId value);
  CellRef hold(ValueId value) const;
  CellRef view(const CellRef& base, View view);

  // Appends an operator; a Refusal when its constraints are not met.
  ValueId emit(std::string_view op, op::Attributes attributes, std::vector<ValueId> inputs);
  std::vector<ValueId> emit_many(std::string_view op, op::Attributes attributes, std::vector<ValueId> inputs,
                                 size_t results);
  ValueId constant(Tensor tensor);
  // A constant of one repeated value; bounded in size.
  ValueId filled(DType dtype, const Shape& shape, double value);
  ValueId scalar(DType dtype, double value) { return filled(dtype, {}, value); }
  ValueId integers(const std::vector<int64_t>& values, Shape shape);
  ValueId floats(const std::vector<float>& values, Shape shape);

  ValueId cast(ValueId value, DType dtype);
  ValueId reshape(ValueId value, Shape shape);
  ValueId permute(ValueId value, const std::vector<int64_t>& axes);
  ValueId broadcast(ValueId value, const Shape& shape);
  ValueId slice(ValueId value, size_t axis, int64_t start, int64_t size, int64_t step = 1);
  ValueId concat(const std::vector<ValueId>& values, int64_t axis);
  ValueId binary(std::string_view kind, ValueId a, ValueId b);
  ValueId unary(std::string_view kind, ValueId x, double alpha = 0, double beta = 0);
  ValueId compare(std::string_view kind, ValueId a, ValueId b);
  ValueId select(ValueId condition, ValueId on_true, ValueId on_false);
  // x itself where there are no axes, as of a scalar.
  ValueId reduce(std::string_view kind, ValueId x, const std::vector<int64_t>& axes, bool keep_dims);

  // Indices that end with as many -1 as the data leaves: they may be returned, cut, and choose elements (0 for -1).
  void mark_open_ended(ValueId value) { open_ended_.insert(value); }
  bool is_open_ended(ValueId value) const { return open_ended_.contains(value); }
  // Element-wise choice by such indices: 0 in `chosen` where `index`, which broadcasts to it, is -1.
  ValueId without_missing(ValueId chosen, ValueId index);

  const Tensor* known(ValueId value) const { return builder_.constant_value(value); }
  const Shape& shape(ValueId value) const { return builder_.info(value).shape; }
  DType dtype(ValueId value) const { return builder_.info(value).dtype; }
  nn::GraphBuilder& builder() { return builder_; }

 private:
  std::string next_name();
  ValueId apply(const View& view, ValueId base);
  ValueId unapply(const View& view, ValueId base, ValueId value);

  nn::GraphBuilder& builder_;
  std::string path_, operator_;
  std::map<std::string, int> used_names_;
  std::set<ValueId> open_ended_;
  int64_t filled_bytes_ = 0;
};

}  // namespace bmnet::frontend::pytorch
