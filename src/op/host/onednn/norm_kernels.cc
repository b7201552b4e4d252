// Normalisations and softmax.
#include "op/host/onednn/onednn_accelerator.h"

namespace bmnet::op::host::onednn {

OneDnnAccelerator::Maybe OneDnnAccelerator::batch_norm(const Node& node, const Activation& activation, ValueId output) {
  for (size_t i = 1; i < 5; ++i)
    if (!is_constant(node.inputs[i])) return {};
  if (is_constant(node.inputs[0]) || activation) return {};
  const Layout layout = current(node.inputs[0]);
  const float epsilon = node.attributes.get_or<float>("epsilon", 0);
  using Norm = dnnl::batch_normalization_forward;
  const Norm::desc description(kForward, layout, epsilon,
                               dnnl::normalization_flags::use_global_stats | dnnl::normalization_flags::use_scale |
                                   dnnl::normalization_flags::use_shift);
  const Norm::primitive_desc chosen(description, engine_);
  Prepared p{Norm(chosen), {}, {}, output_of(output, chosen.dst_desc())};
  add_input(p, DNNL_ARG_SRC, node.inputs[0], layout);
  constexpr int kArguments[] = {DNNL_ARG_SCALE, DNNL_ARG_SHIFT, DNNL_ARG_MEAN, DNNL_ARG_VARIANCE};
  for (size_t i = 1; i < 5; ++i) add_input(p, kArguments[i - 1], node.inputs[i], plain_of(node.inputs[i]));
  return p;
}

OneDnnAccelerator::Maybe OneDnnAccelerator::softmax(const Node& node, ValueId output) {
  const auto axis = node.attributes.get<int64_t>("axis");
  if (!axis || is_constant(node.inputs[0])) return {};
  const Layout layout = current(node.inputs[0]);
  Prepared p;
  if (node.attributes.get_or("log", false)) {
    const dnnl::logsoftmax_forward::primitive_desc chosen({kForward, layout, static_cast<int>(*axis)}, engine_);
    p = {dnnl::logsoftmax_forward(chosen), {}, {}, output_of(output, layout)};
  } else {
    const dnnl::softmax_forward::primitive_desc chosen({kForward, layout, static_cast<int>(*axis)}, engine_);
    p = {dnnl::softmax_forward(chosen), {}, {}, output_of(output, layout)};
  }
  add_input(p, DNNL_ARG_SRC, node.inputs[0], layout);
  return p;
}

OneDnnAccelerator::Maybe OneDnnAccelerator::lrn(const Node& node, ValueId output) {
  const auto size = node.attributes.get<int64_t>("size");
  if (!size || *size % 2 == 0 || shape(output).size() != 4 || is_constant(node.inputs[0])) return {};
  const bool across = node.attributes.get_or<std::string>("region", "") == "across";
  const Layout layout = current(node.inputs[0]);
  const dnnl::lrn_forward::desc description(
      kForward, across ? algorithm::lrn_across_channels : algorithm::lrn_within_channel, layout, *size,
      node.attributes.get_or<float>("alpha", 0), node.attributes.get_or<float>("beta", 0),
      node.attributes.get_or<float>("k", 0));
  const dnnl::lrn_forward::primitive_desc chosen(description, engine_);
  Prepared p{dnnl::lrn_forward(chosen), {}, {}, output_of(output, chosen.dst_desc())};
  add_input(p, DNNL_ARG_SRC, node.inputs[0], layout);
  return p;
}

}  // namespace bmnet::op::host::onednn
