// One node of an ONNX graph on its way into the network: what a conversion function sees.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "frontend/emitter.h"
#include "frontend/onnx/onnx.pb.h"
#include "nn/limits.h"

namespace bmnet::frontend::onnx {

class Importer;
class Call;
struct Scope;

// What a name of the model stands for: a tensor, or a sequence of them, whose length is always known while importing.
using Item = std::variant<ValueId, Values>;
using Items = std::vector<Item>;

// One row of the mapping table: an ONNX operator from one operator-set version on.
struct Row {
  std::string_view name;
  int since;                   // first version this form holds for; the row with the largest `since` <= opset counts
  int min_inputs, max_inputs;  // max kAny: any number
  int max_outputs;
  std::string_view attributes;            // "auto_pad:s group:i pads:is": names with types i f s t g is fs ss
  Result<Values> (*convert)(Call& call);  // one value per output; trailing ones may be missing when nobody uses them
  std::string_view kind;                  // for conversion functions that serve several rows
  std::string_view becomes;               // nn operators, for --list_ops
  std::string_view remark;                // limits; of refused operators the reason
  // Instead of `convert` where inputs or outputs may be sequences.
  Result<Items> (*convert_items)(Call& call) = nullptr;
};
constexpr int kAny = 1 << 20;

class Call : public Emitter {
 public:
  Call(Importer& importer, nn::GraphBuilder& graph, Scope& scope, const Row& row, const onnx_file::NodeProto& node,
       std::string name, int64_t opset, std::vector<std::optional<Item>> inputs);

  std::string_view kind() const { return row_.kind; }
  std::string_view remark() const { return row_.remark; }
  int64_t opset() const { return opset_; }

  // ---- inputs
  size_t input_count() const { return inputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i].has_value(); }
  ValueId in(size_t i) const { return std::get<ValueId>(*inputs_[i]); }  // of an input that is there
  // For operators of sequences: what input i is; errors when it is left out or the other of both.
  Result<Item> item(size_t i) const;
  Result<ValueId> tensor(size_t i) const;
  Result<Values> sequence(size_t i) const;
  // Every input, for operators with a variable number of them; an error when one is left out.
  Result<Values> all_inputs() const;
  const Shape& shape(size_t i) const { return shape_of(in(i)); }
  int64_t rank(size_t i) const { return rank_of(in(i)); }
  DType dtype(size_t i) const { return dtype_of(in(i)); }
  // Elements of an input that must be known now; `what` names it in the error.
  Result<std::vector<int64_t>> integers_of(size_t i, std::string_view what) const;
  Result<std::vector<float>> numbers_of(size_t i, std::string_view what) const;
  Result<int64_t> integer_of(size_t i, std::string_view what) const;
  Result<float> number_of(size_t i, std::string_view what) const;

  // ---- outputs
  bool wants(size_t i) const;  // output i has a name and somebody uses it

  // ---- attributes; the types are those of the row, checked before
  bool has_attribute(std::string_view name) const { return attribute(name) != nullptr; }
  const onnx_file::AttributeProto* attribute(std::string_view name) const;
  int64_t integer(std::string_view name, int64_t otherwise) const;
  float number(std::string_view name, float otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  Result<const onnx_file::GraphProto*> graph_of(std::string_view name) const;
  std::vector<int64_t> integers(std::string_view name) const;
  std::vector<float> numbers(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  Result<int64_t> required_integer(std::string_view name) const;
  Result<std::vector<int64_t>> required_integers(std::string_view name) const;

  // ---- making the network: as Emitter does, but results come as the list that conversion functions return
  Result<Values> finish(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                        size_t results = 1) {
    return finish_all(op, std::move(attributes), inputs, results);
  }
  Result<Values> finish(std::string_view op, op::Attributes attributes, std::initializer_list<ValueId> inputs,
                        size_t results = 1) {
    return finish(op, std::move(attributes), std::span(inputs.begin(), inputs.size()), results);
  }
  // Output i alone, under its name in the model.
  Result<ValueId> finish_output(size_t i, std::string_view op, op::Attributes attributes,
                                std::initializer_list<ValueId> inputs) {
    return Emitter::finish(op, std::move(attributes), inputs, i);
  }
  ValueId truth(bool value) { return constant(Tensor::of<bool>({}, std::array{value})); }
  // Counted in the model's budget of constants that the file does not hold.
  Result<ValueId> filled(DType dtype, Shape shape, double value);

  Importer& importer;
  Scope& scope;

 private:
  Status check_there(size_t i, std::string_view what) const;

  const Row& row_;
  const onnx_file::NodeProto& node_;
  int64_t opset_;
  std::vector<std::optional<Item>> inputs_;
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
std::span<const Row> attention_rows();
std::span<const Row> signal_rows();
std::span<const Row> quantize_rows();
std::span<const Row> loop_rows();
std::span<const Row> sequence_rows();
std::span<const Row> refused_rows();

// The tensors side by side along a new axis.
Result<ValueId> stack(Call& call, const Values& values, int64_t axis);

// The row for an operator of the standard domain at an operator-set version; null when unknown.
const Row* find_row(std::string_view name, int64_t opset);
// The lowest version in which a row of that name exists; 0 when the name is unknown.
int first_version(std::string_view name);

}  // namespace bmnet::frontend::onnx
