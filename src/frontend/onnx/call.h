// One node of an ONNX graph on its way into the network: what a conversion function sees.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/onnx/onnx.pb.h"
#include "nn/graph_builder.h"

namespace bmnet::frontend::onnx {

using ValueId = nn::GraphBuilder::ValueId;
// One per output of the node; trailing ones may be missing when nobody uses them.
using Values = std::vector<ValueId>;

class Importer;
class Call;
struct Scope;

// One row of the mapping table: an ONNX operator from one operator-set version on.
struct Row {
  std::string_view name;
  int since;                   // first version this form holds for; the row with the largest `since` <= opset counts
  int min_inputs, max_inputs;  // max kAny: any number
  int max_outputs;
  std::string_view attributes;  // "auto_pad:s group:i pads:is": names with types i f s t g is fs ss
  Result<Values> (*convert)(Call& call);
  std::string_view kind;     // for conversion functions that serve several rows
  std::string_view becomes;  // nn operators, for --list_ops
  std::string_view remark;   // limits; of refused operators the reason
};
constexpr int kAny = 1 << 20;

class Call {
 public:
  Call(Importer& importer, nn::GraphBuilder& builder, Scope& scope, const Row& row, const onnx_file::NodeProto& node,
       std::string name, int64_t opset, std::vector<std::optional<ValueId>> inputs)
      : importer(importer),
        builder(builder),
        scope(scope),
        row_(row),
        node_(node),
        name_(std::move(name)),
        opset_(opset),
        inputs_(std::move(inputs)) {}

  std::string_view kind() const { return row_.kind; }
  std::string_view remark() const { return row_.remark; }
  int64_t opset() const { return opset_; }
  const std::string& name() const { return name_; }

  // ---- inputs
  size_t input_count() const { return inputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i].has_value(); }
  ValueId in(size_t i) const { return *inputs_[i]; }  // of an input that is there
  // Every input, for operators with a variable number of them; an error when one is left out.
  Result<Values> all_inputs() const;
  const Shape& shape(size_t i) const { return builder.info(in(i)).shape; }
  int64_t rank(size_t i) const { return static_cast<int64_t>(shape(i).size()); }
  DType dtype(size_t i) const { return builder.info(in(i)).dtype; }
  const Shape& shape_of(ValueId value) const { return builder.info(value).shape; }
  DType dtype_of(ValueId value) const { return builder.info(value).dtype; }
  // Null when the value is only known at run time.
  const Tensor* constant(ValueId value) const { return builder.constant_value(value); }
  // Elements of an input that must be known now; `what` names it in the error.
  Result<std::vector<int64_t>> integers_of(size_t i, std::string_view what) const;
  Result<std::vector<float>> numbers_of(size_t i, std::string_view what) const;
  Result<int64_t> integer_of(size_t i, std::string_view what) const;
  Result<float> number_of(size_t i, std::string_view what) const;

  // ---- outputs
  size_t output_count() const { return static_cast<size_t>(node_.output_size()); }
  bool wants(size_t i) const;  // output i has a name and somebody uses it

  // ---- attributes; the types are those of the row, checked before
  bool has_attribute(std::string_view name) const { return attribute(name) != nullptr; }
  const onnx_file::AttributeProto* attribute(std::string_view name) const;
  int64_t integer(std::string_view name, int64_t otherwise) const;
  float number(std::string_view name, float otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  std::vector<int64_t> integers(std::string_view name) const;
  std::vector<float> numbers(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  Result<int64_t> required_integer(std::string_view name) const;
  Result<std::vector<int64_t>> required_integers(std::string_view name) const;
  // `axis` counted from the front; an error when it does not lie in [-rank, rank).
  static Result<int64_t> normal_axis(int64_t axis, int64_t rank);
  static Result<std::vector<int64_t>> normal_axes(std::vector<int64_t> axes, int64_t rank);  // sorted, distinct

  // ---- making the network
  // An intermediate value; its name is derived from the node's first output.
  Result<ValueId> make(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs);
  Result<ValueId> make(std::string_view op, op::Attributes attributes, std::initializer_list<ValueId> inputs) {
    return make(op, std::move(attributes), std::span(inputs.begin(), inputs.size()));
  }
  // The node's results, under their names in the model.
  Result<Values> finish(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs);
  Result<Values> finish(std::string_view op, op::Attributes attributes, std::initializer_list<ValueId> inputs) {
    return finish(op, std::move(attributes), std::span(inputs.begin(), inputs.size()));
  }
  // Output i alone, under its name in the model.
  Result<ValueId> make_output(size_t i, std::string_view op, op::Attributes attributes,
                              std::initializer_list<ValueId> inputs);
  ValueId constant_of(Tensor tensor);
  template <typename T>
  ValueId constant_of(Shape shape, const std::vector<T>& values) {
    return constant_of(Tensor::of<T>(std::move(shape), std::span<const T>(values)));
  }
  // A tensor of `shape` whose elements are `value`, converted to `dtype`. Errors: too large.
  Result<ValueId> filled(DType dtype, Shape shape, double value);
  Result<ValueId> scalar(DType dtype, double value) { return filled(dtype, {}, value); }

  // Short forms of make.
  Result<ValueId> binary(std::string_view kind, ValueId a, ValueId b) {
    return make("binary", {{"kind", std::string(kind)}}, {a, b});
  }
  Result<ValueId> unary(std::string_view kind, ValueId x, float alpha = 0, float beta = 0);
  Result<ValueId> reshape(ValueId x, Shape shape);  // x itself when it has the shape
  Result<ValueId> transpose(ValueId x, Shape permutation);
  Result<ValueId> cast(ValueId x, DType dtype);  // x itself when it has the type
  Result<ValueId> broadcast(ValueId x, Shape shape);

  Importer& importer;
  nn::GraphBuilder& builder;
  Scope& scope;

 private:
  Result<std::vector<ValueId>> create(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                                      std::span<const std::string> names);

  const Row& row_;
  const onnx_file::NodeProto& node_;
  std::string name_;
  int64_t opset_;
  std::vector<std::optional<ValueId>> inputs_;
  int made_ = 0;
};

// ---- the mapping table, one part per file
std::span<const Row> elementwise_rows();
std::span<const Row> window_rows();
std::span<const Row> matrix_rows();
std::span<const Row> norm_rows();
std::span<const Row> reduce_rows();
std::span<const Row> shape_rows();
std::span<const Row> data_rows();
std::span<const Row> index_rows();
std::span<const Row> resize_rows();
std::span<const Row> recurrent_rows();
std::span<const Row> detection_rows();
std::span<const Row> quantize_rows();
std::span<const Row> control_rows();
std::span<const Row> refused_rows();

// The row for an operator of the standard domain at an operator-set version; null when unknown.
const Row* find_row(std::string_view name, int64_t opset);
// The lowest version in which a row of that name exists; 0 when the name is unknown.
int first_version(std::string_view name);

}  // namespace bmnet::frontend::onnx
