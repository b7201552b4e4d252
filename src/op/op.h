// The definition of every operator, free of any compiler framework: constraints, shape rule, reference kernel.
//
// The schema (operands, attributes with defaults, description) stands in src/nn/*.td, from which the operator reference
// is generated; the name here is the mnemonic there. The compiler, the interpreter, the constant folder and the CPU
// layers of a BModel all use these functions, so that an operator means the same everywhere.
//
// Adding an operator: its ODS row, one OpSpec, one lowering (or none: then it runs in a CPU sub-net).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "op/attributes.h"

namespace bmnet::op {

struct OpSpec {
  std::string_view name;

  // Checks all constraints and gives dtype and shape of every result. The message of a refusal reads well after the
  // node's name: "conv: group 3 does not divide 64 input channels".
  Result<std::vector<TensorInfo>> (*infer)(const Attributes& attributes, std::span<const TensorInfo> inputs);

  // Plain and obviously right. Inputs have passed `infer`; outputs are allocated with the inferred types, zero-filled.
  // Optional trailing operands may be absent from `inputs`.
  Status (*reference)(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs);

  // Multiply-accumulates of one call, for reports; null means element-wise or data movement (0).
  int64_t (*macs)(const Attributes& attributes, std::span<const TensorInfo> inputs) = nullptr;
};

// All operators, ordered by name.
std::span<const OpSpec> registry();
// Null when unknown.
const OpSpec* find(std::string_view name);

// infer, allocate, run the reference kernel.
Result<std::vector<Tensor>> evaluate(std::string_view name, const Attributes& attributes,
                                     std::span<const Tensor> inputs);

}  // namespace bmnet::op
