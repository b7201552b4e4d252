// CPU_UNARY: a function of every element of an fp32 tensor.
#include <cmath>

#include "runtime/bmcpu/layers.h"
#include "runtime/include/bmcpu_common.h"

namespace bmnet::bmcpu {
namespace {

float apply(UNARY_OP_CODE_T op, float x) {
  switch (op) {
    case OP_SIN:
      return std::sin(x);
    case OP_COS:
      return std::cos(x);
    case OP_CEIL:
      return std::ceil(x);
    case OP_FLOOR:
      return std::floor(x);
    default:
      return std::round(x);
  }
}

bool process(const void* param, int param_bytes, const Buffers& buffers) {
  if (param_bytes < static_cast<int>(sizeof(cpu_unary_param_t)) || buffers.inputs.size() != 1 ||
      buffers.outputs.size() != 1)
    return false;
  const UNARY_OP_CODE_T op = static_cast<const cpu_unary_param_t*>(param)->unary_op;
  if (op < OP_SIN || op > OP_ROUND || op == OP_ISFINITE) return false;
  const int64_t count = runtime::elements_of(buffers.input_shapes[0]);
  if (!runtime::has_room(buffers, count)) return false;
  for (int64_t i = 0; i < count; ++i) buffers.outputs[0][i] = apply(op, buffers.inputs[0][i]);
  buffers.output_shapes = buffers.input_shapes;
  return true;
}

bool reshape(const void*, int, const std::vector<std::vector<int>>& inputs, std::vector<std::vector<int>>& outputs) {
  outputs = inputs;
  return true;
}

bool dtype(const void*, int, const std::vector<int>& inputs, std::vector<int>& outputs) {
  outputs = inputs;
  return true;
}

}  // namespace

const Layer kUnary = {process, reshape, dtype};

}  // namespace bmnet::bmcpu
