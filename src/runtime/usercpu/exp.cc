// USER_EXP: output = outer_scale * exp(inner_scale * input), the stock layer.
#include <cmath>
#include <cstddef>

#include "runtime/include/user_bmcpu_common.h"
#include "runtime/usercpu/layers.h"

namespace bmnet::usercpu {
namespace {

Status check(const void*, size_t bytes) {
  if (bytes >= offsetof(user_cpu_param_t, u) + sizeof(user_cpu_exp_param_t)) return {};
  return user_error("exp: the parameter is cut off");
}

Status process(const void* param, const Buffers& buffers) {
  if (buffers.inputs.size() != 1 || buffers.outputs.size() != 1) return user_error("exp: one input and one output");
  const user_cpu_exp_param_t& exp = static_cast<const user_cpu_param_t*>(param)->u.exp;
  const int64_t count = runtime::elements_of(buffers.input_shapes[0]);
  if (!runtime::has_room(buffers, count)) return user_error("exp: the output has no room for {} elements", count);
  for (int64_t i = 0; i < count; ++i)
    buffers.outputs[0][i] = exp.outer_scale_ * std::exp(exp.inner_scale_ * buffers.inputs[0][i]);
  buffers.output_shapes = buffers.input_shapes;
  return {};
}

Status reshape(const void*, const std::vector<std::vector<int>>& inputs, std::vector<std::vector<int>>& outputs) {
  outputs = inputs;
  return {};
}

Status dtype(const void*, const std::vector<int>& inputs, std::vector<int>& outputs) {
  outputs = inputs;
  return {};
}

}  // namespace

const Layer kExp = {check, process, reshape, dtype};

}  // namespace bmnet::usercpu
