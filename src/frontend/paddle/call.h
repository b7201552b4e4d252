// One operator of a program on its way into the network: what a conversion function sees, and the mapping table.
//
// Adding an operator: a function in the ops_*.cc of its family and a row beside it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "frontend/emitter.h"
#include "frontend/paddle/framework.pb.h"

namespace bmnet::frontend::paddle {

class Call;

struct Row {
  std::string_view name;
  Result<Values> (*convert)(Call& call);  // the values of output `result`; null: refused, `remark` says why
  std::string_view kind;                  // for conversion functions that serve several rows
  std::string_view attributes;            // that are read
  std::string_view becomes;               // nn operators
  std::string_view remark;                // limits
  std::string_view result = "Out";        // the output that counts
};

using Scope = std::map<std::string, ValueId, std::less<>>;  // values by variable

// The variables of input or output `parameter`; empty when it is not there.
std::vector<std::string> arguments_of(const google::protobuf::RepeatedPtrField<paddle_file::OpDesc::Var>& vars,
                                      std::string_view parameter);

class Call : public Emitter {
 public:
  Call(nn::GraphBuilder& graph, const Row& row, const paddle_file::OpDesc& op, std::string node, Scope& scope)
      : Emitter(graph, std::move(node), arguments_of(op.outputs(), row.result)), row_(row), op_(op), scope_(scope) {}

  std::string_view kind() const { return row_.kind; }

  // ---- inputs
  bool has(std::string_view parameter) const { return !arguments_of(op_.inputs(), parameter).empty(); }
  Result<ValueId> in(std::string_view parameter) const;  // the first of them
  Result<Values> all(std::string_view parameter) const;
  // The integers of attribute `attribute`, of input `tensor` or of the inputs `list` (one each), the latter first.
  Result<std::vector<int64_t>> integers_from(std::string_view attribute, std::string_view tensor,
                                             std::string_view list) const;

  // ---- attributes
  bool has_attribute(std::string_view name) const { return attribute(name) != nullptr; }
  int64_t integer(std::string_view name, int64_t otherwise) const;
  bool boolean(std::string_view name, bool otherwise) const { return integer(name, otherwise) != 0; }
  float number(std::string_view name, float otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  std::vector<int64_t> integers(std::string_view name) const;  // also of a single integer
  std::vector<float> numbers(std::string_view name) const;     // also of a single number
  std::vector<std::string> texts(std::string_view name) const;
  Status require_channels_first(std::string_view attribute) const;
  // Attribute axis, or what input AxisTensor or Axis says instead, counted from the front.
  Result<int64_t> stated_axis(int64_t otherwise, int64_t rank) const;

  // `x` under the activation that a fused operator names; "" and "identity" leave it.
  Result<ValueId> activated(ValueId x, const std::string& name);

  // ---- further outputs
  void set(std::string_view parameter, size_t i, ValueId value);

 private:
  const paddle_file::OpDesc::Attr* attribute(std::string_view name) const;

  const Row& row_;
  const paddle_file::OpDesc& op_;
  Scope& scope_;
};

std::span<const Row> layer_rows();
std::span<const Row> math_rows();
std::span<const Row> matrix_rows();
std::span<const Row> shape_rows();
std::span<const Row> index_rows();
std::span<const Row> sample_rows();
std::span<const Row> box_rows();
std::span<const Row> region_rows();
std::span<const Row> recurrent_rows();
std::span<const Row> quantize_rows();

// All that can be compiled, family by family.
inline std::vector<std::span<const Row>> families() {
  return {layer_rows(),  math_rows(), matrix_rows(), shape_rows(),     index_rows(),
          sample_rows(), box_rows(),  region_rows(), recurrent_rows(), quantize_rows()};
}
std::span<const Row> refused_rows();

// Null when unknown.
const Row* find_row(std::string_view op);

}  // namespace bmnet::frontend::paddle
