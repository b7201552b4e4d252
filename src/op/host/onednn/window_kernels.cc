// Operators that move a window: convolutions and poolings.
#include "op/host/onednn/onednn_accelerator.h"

namespace bmnet::op::host::onednn {
namespace {

// The window of a node, when oneDNN's own (no negative padding) can say it.
struct Spatial {
  Dims strides, dilations, before, after;
};
Spatial spatial_of(const Window& window, const Shape& in, const Shape& out) {
  Spatial s;
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    s.strides.push_back(window.strides[axis]);
    s.dilations.push_back(window.dilations[axis] - 1);
    s.before.push_back(window.begin(axis));
    // What the last window needs, which is less than the padding when the stride leaves a rest.
    s.after.push_back((out[2 + axis] - 1) * window.strides[axis] + window.extent(axis) - in[2 + axis] -
                      window.begin(axis));
  }
  return s;
}

}  // namespace

OneDnnAccelerator::Maybe OneDnnAccelerator::conv(const Node& node, const Activation& activation, ValueId output) {
  const Shape &in = shape(node.inputs[0]), &weight = shape(node.inputs[1]), &out = shape(node.outputs[0]);
  const auto group = node.attributes.get<int64_t>("group");
  const auto window = read_window(node.attributes, Shape(weight.begin() + 2, weight.end()));
  if (!group || !window) return {};
  for (int64_t pad : window->pads)
    if (pad < 0) return {};
  const Spatial s = spatial_of(*window, in, out);
  Dims weight_dims = dims_of(weight);
  if (*group > 1) {
    weight_dims[0] /= *group;
    weight_dims.insert(weight_dims.begin(), *group);
  }
  const bool bias = node.inputs.size() > 2;
  using Conv = dnnl::convolution_forward;
  const Layout any_in = any_layout(dims_of(in)), any_weight = any_layout(weight_dims),
               any_out = any_layout(dims_of(out));
  const Conv::desc description =
      bias ? Conv::desc(kForward, algorithm::convolution_direct, any_in, any_weight, plain_of(node.inputs[2]), any_out,
                        s.strides, s.dilations, s.before, s.after)
           : Conv::desc(kForward, algorithm::convolution_direct, any_in, any_weight, any_out, s.strides, s.dilations,
                        s.before, s.after);
  const Conv::primitive_desc chosen(description, attributes_with(activation), engine_);
  Prepared p{Conv(chosen), {}, {}, output_of(output, chosen.dst_desc())};
  add_input(p, DNNL_ARG_SRC, node.inputs[0], chosen.src_desc());
  const Layout grouped = plain_layout(weight_dims);
  if (is_constant(node.inputs[1]))
    add_input(p, DNNL_ARG_WEIGHTS, node.inputs[1], chosen.weights_desc(), grouped);
  else if (chosen.weights_desc() == grouped)
    add_input(p, DNNL_ARG_WEIGHTS, node.inputs[1], grouped, grouped);
  else
    return {};
  if (bias) add_input(p, DNNL_ARG_BIAS, node.inputs[2], plain_of(node.inputs[2]));
  return p;
}

OneDnnAccelerator::Maybe OneDnnAccelerator::conv_transpose(const Node& node, const Activation& activation,
                                                           ValueId output) {
  const Shape &in = shape(node.inputs[0]), &weight = shape(node.inputs[1]), &out = shape(node.outputs[0]);
  const auto group = node.attributes.get<int64_t>("group");
  const auto window = read_window(node.attributes, Shape(weight.begin() + 2, weight.end()));
  if (!group || !window || !is_constant(node.inputs[1])) return {};
  for (int64_t pad : window->pads)
    if (pad < 0) return {};
  const Spatial s = spatial_of(*window, out, in);  // the same window, walked over the output
  // [IC,OC/group,kernel] as oneDNN has it: [group,OC/group,IC/group,kernel].
  const int64_t ic = in[1] / *group, oc = weight[1], taps = extent_between(weight, 2, weight.size());
  Dims weight_dims = {*group, oc, ic}, weight_strides = {ic * oc * taps, taps, oc * taps};
  const Shape kernel(weight.begin() + 2, weight.end()), kernel_strides = strides_of(kernel);
  weight_dims.insert(weight_dims.end(), kernel.begin(), kernel.end());
  weight_strides.insert(weight_strides.end(), kernel_strides.begin(), kernel_strides.end());
  if (*group == 1) {
    weight_dims.erase(weight_dims.begin());
    weight_strides.erase(weight_strides.begin());
  }
  const bool bias = node.inputs.size() > 2;
  using Deconv = dnnl::deconvolution_forward;
  const Layout any_in = any_layout(dims_of(in)), any_weight = any_layout(weight_dims),
               any_out = any_layout(dims_of(out));
  const Deconv::desc description =
      bias ? Deconv::desc(kForward, algorithm::deconvolution_direct, any_in, any_weight, plain_of(node.inputs[2]),
                          any_out, s.strides, s.dilations, s.before, s.after)
           : Deconv::desc(kForward, algorithm::deconvolution_direct, any_in, any_weight, any_out, s.strides,
                          s.dilations, s.before, s.after);
  const Deconv::primitive_desc chosen(description, attributes_with(activation), engine_);
  if (is_slow(chosen.impl_info_str())) return {};
  Prepared p{Deconv(chosen), {}, {}, output_of(output, chosen.dst_desc())};
  add_input(p, DNNL_ARG_SRC, node.inputs[0], chosen.src_desc());
  add_input(p, DNNL_ARG_WEIGHTS, node.inputs[1], chosen.weights_desc(), Layout(weight_dims, kF32, weight_strides));
  if (bias) add_input(p, DNNL_ARG_BIAS, node.inputs[2], plain_of(node.inputs[2]));
  return p;
}

OneDnnAccelerator::Maybe OneDnnAccelerator::pooling(algorithm kind, ValueId input, ValueId output, const Dims& out,
                                                    const Window& window) {
  const Shape& in = shape(input);
  const Spatial s = spatial_of(window, in, Shape(out.begin(), out.end()));
  const Layout layout = current(input);
  const dnnl::pooling_forward::desc description(kForward, kind, layout, any_layout(out), s.strides,
                                                Dims(window.kernel.begin(), window.kernel.end()), s.before, s.after);
  const dnnl::pooling_forward::primitive_desc chosen(description, engine_);
  Prepared p{dnnl::pooling_forward(chosen), {}, {}, output_of(output, chosen.dst_desc())};
  add_input(p, DNNL_ARG_SRC, input, layout);
  return p;
}

OneDnnAccelerator::Maybe OneDnnAccelerator::pool(const Node& node, ValueId output) {
  const auto kernel = node.attributes.get<Shape>("kernel");
  if (!kernel || is_constant(node.inputs[0])) return {};
  const auto window = read_window(node.attributes, *kernel);
  if (!window) return {};
  const Shape &in = shape(node.inputs[0]), &out = shape(output);
  const bool max = node.attributes.get_or<std::string>("kind", "") == "max";
  const bool padding_counts = !max && node.attributes.get_or("count_include_pad", false);
  for (size_t axis = 0; axis < window->rank(); ++axis) {
    const int64_t last = (out[2 + axis] - 1) * window->strides[axis] - window->begin(axis);
    // A window without any element, and a divisor smaller than the window, mean something else in oneDNN.
    if (window->dilations[axis] != 1 || last >= in[2 + axis] || window->begin(axis) >= window->kernel[axis]) return {};
    if (padding_counts && last + window->extent(axis) > in[2 + axis] + window->end(axis)) return {};
  }
  const algorithm kind = max              ? algorithm::pooling_max
                         : padding_counts ? algorithm::pooling_avg_include_padding
                                          : algorithm::pooling_avg_exclude_padding;
  return pooling(kind, node.inputs[0], output, dims_of(out), *window);
}

// The mean or maximum over all spatial axes is a pooling.
OneDnnAccelerator::Maybe OneDnnAccelerator::reduce(const Node& node, ValueId output) {
  const std::string kind = node.attributes.get_or<std::string>("kind", "");
  const Shape& in = shape(node.inputs[0]);
  const Shape axes = node.attributes.get_or<Shape>("axes", {});
  if ((kind != "mean" && kind != "max") || in.size() < 3 || in.size() > 5 || is_constant(node.inputs[0])) return {};
  if (axes.size() != in.size() - 2 || axes[0] != 2) return {};
  const size_t rank = axes.size();
  const Window window{Shape(in.begin() + 2, in.end()), Shape(rank, 1), Shape(2 * rank, 0), Shape(rank, 1)};
  Dims out = {in[0], in[1]};
  out.resize(in.size(), 1);
  Maybe p = pooling(kind == "mean" ? algorithm::pooling_avg_exclude_padding : algorithm::pooling_max, node.inputs[0],
                    output, out, window);
  if (!p || shape(output).size() == in.size()) return p;
  return {};  // without keep_dims the reference kernel is as good
}

}  // namespace bmnet::op::host::onednn
