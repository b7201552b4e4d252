// One node of a symbol on its way into the network: what a conversion function sees, and the mapping table.
//
// Adding an operator: a function in the ops_*.cc of its family and a row beside it.
#pragma once

#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/emitter.h"
#include "frontend/mxnet/params.h"
#include "frontend/mxnet/symbol.h"

namespace bmnet::frontend::mxnet {

class Call;

struct Row {
  std::string_view name;
  size_t min_inputs, max_inputs;          // that lead to the prediction; labels behind them are dropped
  size_t first_parameter;                 // inputs from here on are parameters, never network inputs
  Result<Values> (*convert)(Call& call);  // null: refused, `remark` says why
  std::string_view kind;                  // for conversion functions that serve several rows
  std::string_view attributes;            // that are read
  std::string_view becomes;               // nn operators
  std::string_view remark;                // limits
};
constexpr size_t kAny = size_t{1} << 20;
constexpr size_t kNoParameters = kAny;

// An input of a node: a value, or a parameter that is still to be asked for.
struct Operand {
  std::optional<ValueId> value;
  std::string parameter;  // its name, when there is no value
};

// Parameters by name; random ones where the user wants that.
class ParameterStore {
 public:
  ParameterStore(Params params, std::optional<uint64_t> seed);
  bool has(std::string_view name) const { return params_.find(name) != params_.end(); }
  const Tensor& tensor(std::string_view name) const { return params_.find(name)->second; }
  // `name` in the shape that its node needs. Errors: not there, another shape.
  Result<Tensor> take(const std::string& name, const Shape& shape);

 private:
  Params params_;
  std::optional<std::mt19937> generator_;
};

class Call : public Emitter {
 public:
  Call(nn::GraphBuilder& graph, const Row& row, const SymbolNode& node, std::vector<Operand> operands,
       std::vector<std::string> outputs, ParameterStore& parameters)
      : Emitter(graph, node.name, std::move(outputs)),
        node(node),
        row_(row),
        operands_(std::move(operands)),
        parameters_(parameters) {}

  std::string_view kind() const { return row_.kind; }
  // Whether the node follows numpy: results without axes, truth values and integer indices keep their form.
  bool is_numpy() const { return node.op.starts_with("_np"); }
  size_t input_count() const { return operands_.size(); }
  bool has(size_t i) const { return i < operands_.size(); }
  // Input i, which is no parameter of a missing file.
  Result<ValueId> in(size_t i) const;
  Result<Values> all_inputs() const;
  // Input i, a parameter of a known shape.
  Result<ValueId> parameter(size_t i, const Shape& shape);
  // The shape parameter i has in the file, if it is there.
  std::optional<Shape> stored_shape(size_t i) const;

  const SymbolNode& node;

 private:
  const Row& row_;
  std::vector<Operand> operands_;
  ParameterStore& parameters_;
};

std::span<const Row> layer_rows();
std::span<const Row> elementwise_rows();
std::span<const Row> shape_rows();
std::span<const Row> reduce_rows();
std::span<const Row> matrix_rows();
std::span<const Row> sample_rows();
std::span<const Row> detection_rows();
std::span<const Row> recurrent_rows();

// All that can be compiled, family by family.
inline std::vector<std::span<const Row>> families() {
  return {layer_rows(),  elementwise_rows(), shape_rows(),     reduce_rows(),
          matrix_rows(), sample_rows(),      detection_rows(), recurrent_rows()};
}
std::span<const Row> refused_rows();

// ---- the numpy interface (_np_, _npi_, _npx_)

// What the older interface calls an operator; the name itself where there is no other.
std::string_view older_name(std::string_view op);
// All such names and what they mean.
std::vector<std::pair<std::string_view, std::string_view>> numpy_names();

// Null when unknown.
const Row* find_row(std::string_view op);

}  // namespace bmnet::frontend::mxnet
