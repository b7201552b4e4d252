// One node of a TensorFlow graph on its way into the network: what a conversion function sees.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/blockers.h"
#include "frontend/emitter.h"
#include "frontend/tensorflow/tensor.h"

namespace bmnet::frontend::tensorflow {

// A tensor of the model. Of images (rank 3 to 5, channels last in the model) the network may hold the channels-first
// form instead; element-wise operators keep the form they find, others ask for the one they need.
struct Value {
  ValueId id = -1;
  bool channels_first = false;
  int32_t list = -1;  // a list of tensors (Importer::list) in place of a tensor
  // The branch of a Switch that is not taken, and all that follows from it.
  bool dead() const { return id == -1 && list < 0; }
  // Behind a node that cannot be compiled.
  bool refused() const { return id == Blockers::kRefused; }
};
using Values = std::vector<Value>;

// "place in the channels-first form" of every axis of the model's form: [0,2,3,1] for rank 4.
Shape channels_first_places(int64_t rank);
// permutation that makes channels-first of channels-last: [0,3,1,2] for rank 4.
Shape to_channels_first(int64_t rank);
Shape to_channels_last(int64_t rank);

// Where every axis of the model's form stands in the stored tensor.
Shape layout_places(const Value& value, int64_t rank);
// One number an axis of the model's form, moved to `places`.
Shape placed(const Shape& by_axis, const Shape& places);

class Importer;
class Call;
struct Scope;

// One row of the mapping table.
struct Row {
  std::string_view name;
  int min_inputs, max_inputs;  // without control inputs; max kAny: any number
  std::string_view
      attributes;  // "strides:is padding:s": names with types i f s b t(ype) h(shape) v(tensor) n(function) is fs
  Result<Values> (*convert)(Call& call);
  std::string_view kind;     // for conversion functions that serve several rows
  std::string_view becomes;  // nn operators, for --list_ops
  std::string_view remark;   // limits; of refused operators the reason
  bool takes_lists = false;  // inputs may be lists of tensors
};
constexpr int kAny = 1 << 20;

class Call : public Emitter {
 public:
  Call(Importer& importer, nn::GraphBuilder& graph, Scope& scope, const Row& row, const tensorflow_file::NodeDef& node,
       std::string name, Values inputs);

  std::string_view kind() const { return row_.kind; }
  std::string_view remark() const { return row_.remark; }
  const tensorflow_file::NodeDef& node() const { return node_; }

  // ---- inputs
  size_t input_count() const { return inputs_.size(); }
  const Value& value(size_t i) const { return inputs_[i]; }
  const Values& values() const { return inputs_; }
  using Emitter::shape_of;
  Shape shape_of(const Value& value) const;                     // in the model's layout
  Shape shape(size_t i) const { return shape_of(inputs_[i]); }  // likewise
  int64_t rank(size_t i) const { return rank_of(inputs_[i].id); }
  DType dtype(size_t i) const { return dtype_of(inputs_[i].id); }
  // The tensor in the model's layout, or channels first.
  Result<ValueId> plain(size_t i) { return in_layout(inputs_[i], false); }
  Result<ValueId> image(size_t i) { return in_layout(inputs_[i], true); }
  Result<ValueId> in_layout(const Value& value, bool channels_first);
  // An image operator's input, channels first whatever attribute data_format says.
  Result<ValueId> image_by_format(size_t i) { return channels_last() ? image(i) : plain(i); }
  // Elements of an input that must be known now; `what` names it in the error.
  Result<Tensor> tensor(size_t i, std::string_view what);
  Result<std::vector<int64_t>> integers_of(size_t i, std::string_view what);
  Result<std::vector<float>> numbers_of(size_t i, std::string_view what);
  Result<int64_t> integer_of(size_t i, std::string_view what);
  Result<float> number_of(size_t i, std::string_view what);

  // ---- attributes; the types are those of the row, checked before
  const tensorflow_file::AttrValue* attribute(std::string_view name) const;
  bool has_attribute(std::string_view name) const { return attribute(name) != nullptr; }
  int64_t integer(std::string_view name, int64_t otherwise) const;
  float number(std::string_view name, float otherwise) const;
  bool flag(std::string_view name, bool otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  std::vector<int64_t> integers(std::string_view name) const;
  Result<DType> type(std::string_view name, DType otherwise) const;
  // data_format: NHWC/NDHWC (the default), or NCHW/NCDHW.
  bool channels_last() const;

  // ---- making the network: as Emitter does, but results come as the list that conversion functions return
  Result<Values> finish(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                        bool channels_first = false, size_t results = 1);
  Result<Values> finish(std::string_view op, op::Attributes attributes, std::initializer_list<ValueId> inputs,
                        bool channels_first = false, size_t results = 1) {
    return finish(op, std::move(attributes), std::span(inputs.begin(), inputs.size()), channels_first, results);
  }
  // Output `which` of the node, under its name in the model.
  Result<Value> finish_output(size_t which, std::string_view op, op::Attributes attributes,
                              std::initializer_list<ValueId> inputs, bool channels_first = false);
  // An integer tensor of `dtype` (i32 or i64).
  ValueId integers_constant(DType dtype, Shape shape, const std::vector<int64_t>& values);
  Result<ValueId> transpose(ValueId x, Shape permutation);  // a reshape where only axes of size 1 move

  Importer& importer;
  Scope& scope;

 private:
  Status check_there(size_t i, std::string_view what) const;

  const Row& row_;
  const tensorflow_file::NodeDef& node_;
  Values inputs_;
};

// Operands of an element-wise operator in one layout and of shapes that broadcast in it.
struct Aligned {
  std::vector<ValueId> ids;
  bool channels_first = false;
};
Result<Aligned> align(Call& call, std::span<const Value> values);

// ---- the mapping table, one part per file
std::span<const Row> elementwise_rows();
std::span<const Row> window_rows();
std::span<const Row> reduce_rows();
std::span<const Row> shape_rows();
std::span<const Row> slice_rows();
std::span<const Row> index_rows();
std::span<const Row> block_rows();
std::span<const Row> matrix_rows();
std::span<const Row> recurrent_rows();
std::span<const Row> region_rows();
std::span<const Row> list_rows();
std::span<const Row> quantize_rows();
std::span<const Row> control_rows();
std::span<const Row> refused_rows();

// Whether the operator can never be compiled; its remark says why.
inline bool is_refused(const Row& row) { return row.becomes == "nothing" && !row.remark.empty(); }

// Null when the operator is unknown.
const Row* find_row(std::string_view name);

}  // namespace bmnet::frontend::tensorflow
