// Operators that take their operands in the layout they come in: element-wise functions and concat.
#include <map>
#include <string>

#include "op/host/onednn/onednn_accelerator.h"

namespace bmnet::op::host::onednn {

std::optional<Eltwise> eltwise_of(const Node& node) {
  const std::string kind = node.attributes.get_or<std::string>("kind", "");
  const float alpha = node.attributes.get_or<float>("alpha", 0), beta = node.attributes.get_or<float>("beta", 0);
  if (kind == "relu") return Eltwise{algorithm::eltwise_relu, 0, 0};
  if (kind == "leaky_relu") return Eltwise{algorithm::eltwise_relu, alpha, 0};
  if (kind == "clip" && alpha <= beta) return Eltwise{algorithm::eltwise_clip, alpha, beta};
  if (kind == "sigmoid") return Eltwise{algorithm::eltwise_logistic, 0, 0};
  if (kind == "tanh") return Eltwise{algorithm::eltwise_tanh, 0, 0};
  if (kind == "elu") return Eltwise{algorithm::eltwise_elu, alpha, 0};
  if (kind == "silu") return Eltwise{algorithm::eltwise_swish, 1, 0};
  if (kind == "hard_swish") return Eltwise{algorithm::eltwise_hardswish, 0, 0};
  if (kind == "gelu") return Eltwise{algorithm::eltwise_gelu_erf, 0, 0};
  if (kind == "gelu_tanh") return Eltwise{algorithm::eltwise_gelu_tanh, 0, 0};
  if (kind == "exp") return Eltwise{algorithm::eltwise_exp, 0, 0};
  if (kind == "sqrt") return Eltwise{algorithm::eltwise_sqrt, 0, 0};
  if (kind == "abs") return Eltwise{algorithm::eltwise_abs, 0, 0};
  if (kind == "square") return Eltwise{algorithm::eltwise_square, 0, 0};
  if (kind == "linear") return Eltwise{algorithm::eltwise_linear, alpha, beta};
  return std::nullopt;
}

dnnl::primitive_attr attributes_with(const std::optional<Eltwise>& activation) {
  dnnl::primitive_attr attributes;
  if (!activation) return attributes;
  dnnl::post_ops operations;
  operations.append_eltwise(1.0f, activation->kind, activation->alpha, activation->beta);
  attributes.set_post_ops(operations);
  return attributes;
}

OneDnnAccelerator::Maybe OneDnnAccelerator::unary(const Node& node, ValueId output) {
  const std::optional<Eltwise> function = eltwise_of(node);
  if (!function || is_constant(node.inputs[0])) return {};
  const Layout layout = current(node.inputs[0]);
  const dnnl::eltwise_forward::desc description(kForward, function->kind, layout, function->alpha, function->beta);
  const dnnl::eltwise_forward::primitive_desc chosen(description, engine_);
  Prepared p{dnnl::eltwise_forward(chosen), {}, {}, output_of(output, chosen.dst_desc())};
  add_input(p, DNNL_ARG_SRC, node.inputs[0], layout);
  return p;
}

OneDnnAccelerator::Maybe OneDnnAccelerator::binary(const Node& node, const Activation& activation, ValueId output) {
  static const std::map<std::string, algorithm> kKinds = {
      {"add", algorithm::binary_add}, {"sub", algorithm::binary_sub}, {"mul", algorithm::binary_mul},
      {"div", algorithm::binary_div}, {"max", algorithm::binary_max}, {"min", algorithm::binary_min}};
  const auto kind = kKinds.find(node.attributes.get_or<std::string>("kind", ""));
  if (kind == kKinds.end()) return {};
  ValueId a = node.inputs[0], b = node.inputs[1];
  const Shape& out = shape(output);
  const bool commutes = kind->first != "sub" && kind->first != "div";
  if (commutes && (is_constant(a) || shape(a) != out)) std::swap(a, b);
  if (is_constant(a) || shape(a) != out || out.empty()) return {};  // the first operand has the result's shape
  Dims b_dims = dims_of(shape(b));
  b_dims.insert(b_dims.begin(), out.size() - b_dims.size(), 1);
  const bool same = shape(b) == out;
  const Layout a_layout = current(a), b_plain = plain_layout(b_dims), b_layout = same ? a_layout : b_plain;
  const dnnl::binary::desc description(kind->second, a_layout, b_layout, a_layout);
  const dnnl::binary::primitive_desc chosen(description, attributes_with(activation), engine_);
  if (is_slow(chosen.impl_info_str())) return {};
  Prepared p{dnnl::binary(chosen), {}, {}, output_of(output, a_layout)};
  add_input(p, DNNL_ARG_SRC_0, a, a_layout);
  if (same)
    add_input(p, DNNL_ARG_SRC_1, b, b_layout);
  else
    add_input(p, DNNL_ARG_SRC_1, b, b_plain, b_plain);
  return p;
}

OneDnnAccelerator::Maybe OneDnnAccelerator::prelu(const Node& node, ValueId output) {
  if (is_constant(node.inputs[0]) || shape(output).empty()) return {};
  Dims slope = dims_of(shape(node.inputs[1]));
  slope.insert(slope.begin(), shape(output).size() - slope.size(), 1);
  const Layout layout = current(node.inputs[0]);
  const dnnl::prelu_forward::desc description(kForward, layout, any_layout(slope));
  const dnnl::prelu_forward::primitive_desc chosen(description, engine_);
  if (is_slow(chosen.impl_info_str())) return {};
  if (!is_constant(node.inputs[1]) && chosen.weights_desc() != plain_layout(slope)) return {};
  Prepared p{dnnl::prelu_forward(chosen), {}, {}, output_of(output, layout)};
  add_input(p, DNNL_ARG_SRC, node.inputs[0], layout);
  add_input(p, DNNL_ARG_WEIGHTS, node.inputs[1], chosen.weights_desc(), plain_layout(slope));
  return p;
}

OneDnnAccelerator::Maybe OneDnnAccelerator::concat(const Node& node, ValueId output) {
  const auto axis = node.attributes.get<int64_t>("axis");
  bool blocked = false;
  std::vector<Layout> layouts;
  for (ValueId input : node.inputs) {
    if (is_constant(input)) return {};
    layouts.push_back(current(input));
    blocked |= layouts_[input] && *layouts_[input] != plain_of(input);
  }
  if (!axis || !blocked) return {};  // joining plain tensors is copying
  const dnnl::concat::primitive_desc chosen(static_cast<int>(*axis), layouts, engine_);
  Prepared p{dnnl::concat(chosen), {}, {}, output_of(output, chosen.dst_desc())};
  for (size_t i = 0; i < node.inputs.size(); ++i)
    add_input(p, DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), node.inputs[i], layouts[i]);
  return p;
}

}  // namespace bmnet::op::host::onednn
