#include "op/host/onednn/onednn.h"

#include <dlfcn.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>

#include "base/parallel.h"
#include "op/check.h"
#include "op/kernel.h"

namespace bmnet::op::host {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using Layout = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
constexpr auto kF32 = memory::data_type::f32;
constexpr auto kForward = dnnl::prop_kind::forward_inference;

// Blocks of memory that wait for reuse: fresh pages cost more than the arithmetic of a small layer.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  ~Pool() {
    for (const auto& [size, block] : free_) std::free(block);
  }
  std::shared_ptr<void> take(size_t bytes) {
    const size_t size = (std::max<size_t>(bytes, 1) + kPage - 1) / kPage * kPage;
    void* block = nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto it = free_.lower_bound(size);
      if (it != free_.end() && it->first <= 2 * size) {
        block = it->second;
        const size_t whole = it->first;
        free_.erase(it);
        return share(block, whole);
      }
    }
    block = std::aligned_alloc(kPage, size);
    if (!block) std::abort();  // as Tensor does: sizes are bounded where shapes enter the program
    return share(block, size);
  }

 private:
  static constexpr size_t kPage = 4096;
  std::shared_ptr<void> share(void* block, size_t size) {
    return {block, [pool = shared_from_this(), size](void* data) {
              const std::lock_guard lock(pool->mutex_);
              pool->free_.emplace(size, data);
            }};
  }
  std::mutex mutex_;
  std::multimap<size_t, void*> free_;
};

Dims dims_of(const Shape& shape) { return shape.empty() ? Dims{1} : Dims(shape.begin(), shape.end()); }
Layout plain_layout(const Dims& dims) { return {dims, kF32, strides_of(dims)}; }
Layout any_layout(const Dims& dims) { return {dims, kF32, memory::format_tag::any}; }
bool is_slow(const char* implementation) {
  return std::string_view(implementation).find("ref") != std::string_view::npos;
}

// The operand `argument` of a primitive: a value in layout `layout`, seen by the primitive as `view` (the same memory).
struct Operand {
  int argument;
  ValueId value;
  Layout layout, view;
};
struct Constant {
  int argument;
  memory content;
};
struct Prepared {
  dnnl::primitive primitive;
  std::vector<Operand> inputs;
  std::vector<Constant> constants;
  Operand output;
};

// Activation fused into the node before it, as oneDNN names it.
struct Eltwise {
  algorithm kind;
  float alpha, beta;
};
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

class OneDnn final : public Accelerator {
 public:
  OneDnn(const Graph& graph, bool fuse)
      : graph_(graph), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_), pool_(std::make_shared<Pool>()) {
    use_threads();
    layouts_.resize(graph.values.size());
    held_.resize(graph.values.size());
    count_uses();
    plan(fuse);
  }

  const std::vector<Step>& steps() const override { return steps_; }
  Status run(size_t step) override;
  void put(ValueId value, const Tensor& tensor) override;
  Result<Tensor> get(ValueId value) override;
  void drop(ValueId value) override { held_[value] = {}; }

 private:
  struct Held {
    std::shared_ptr<const void> owner;
    void* data = nullptr;
    Layout layout;
  };
  using Maybe = std::optional<Prepared>;
  using Activation = std::optional<Eltwise>;

  static void use_threads();
  void count_uses();
  void plan(bool fuse);
  const Node* activation_after(const Node& node, size_t& index) const;
  Maybe prepare(const Node& node, const Activation& activation, ValueId output);

  Maybe conv(const Node& node, const Activation& activation, ValueId output);
  Maybe conv_transpose(const Node& node, const Activation& activation, ValueId output);
  Maybe matmul(const Node& node, const Activation& activation, ValueId output);
  Maybe pool(const Node& node, ValueId output);
  Maybe reduce(const Node& node, ValueId output);
  Maybe pooling(algorithm kind, ValueId input, ValueId output, const Dims& out, const Window& window);
  Maybe unary(const Node& node, ValueId output);
  Maybe binary(const Node& node, const Activation& activation, ValueId output);
  Maybe prelu(const Node& node, ValueId output);
  Maybe batch_norm(const Node& node, const Activation& activation, ValueId output);
  Maybe softmax(const Node& node, ValueId output);
  Maybe lrn(const Node& node, ValueId output);
  Maybe concat(const Node& node, ValueId output);

  const Shape& shape(ValueId value) const { return graph_.values[value].info.shape; }
  bool is_constant(ValueId value) const { return graph_.values[value].constant.has_value(); }
  Layout plain_of(ValueId value) const { return plain_layout(dims_of(shape(value))); }
  // The layout the value will have when it gets here.
  Layout current(ValueId value) const { return layouts_[value] ? *layouts_[value] : plain_of(value); }
  // Adds operand `value` in `layout`; `seen` is the value's plain layout as the primitive sees it, where that is
  // another shape. A constant is brought into the layout now.
  void add_input(Prepared& p, int argument, ValueId value, const Layout& layout, std::optional<Layout> seen = {});
  Operand output_of(ValueId value, const Layout& layout) const;
  Operand output_seen_as(ValueId value, const Layout& view) const {
    return {DNNL_ARG_DST, value, plain_of(value), view};
  }
  memory in_layout(const Operand& operand, std::vector<std::shared_ptr<void>>& temporaries);
  memory reordered(memory from, const Layout& to, std::shared_ptr<void>& block);

  const Graph& graph_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::shared_ptr<Pool> pool_;
  std::vector<Step> steps_;
  std::vector<Prepared> prepared_;                // by step; empty for steps that are not fast
  std::vector<std::optional<Layout>> layouts_;    // by value, of those computed here
  std::vector<Held> held_;                        // by value
  std::vector<int> uses_;                         // by value
  std::vector<std::shared_ptr<void>> constants_;  // memory of constants in other layouts
};

// oneDNN's OpenMP runtime follows the project's own setting.
void OneDnn::use_threads() {
  void* runtime = dlopen("libgomp.so.1", RTLD_NOLOAD | RTLD_LAZY);
  if (!runtime) return;
  if (auto* set = reinterpret_cast<void (*)(int)>(dlsym(runtime, "omp_set_num_threads"))) set(thread_count());
}

void OneDnn::count_uses() {
  uses_.assign(graph_.values.size(), 0);
  for (const Node& node : graph_.nodes)
    for (ValueId value : node.inputs) ++uses_[value];
  for (ValueId value : graph_.outputs) ++uses_[value];
}

// The activation that alone uses the node's result, if there is one.
const Node* OneDnn::activation_after(const Node& node, size_t& index) const {
  if (node.outputs.size() != 1 || uses_[node.outputs[0]] != 1) return nullptr;
  for (size_t n = index + 1; n < graph_.nodes.size(); ++n) {
    const Node& next = graph_.nodes[n];
    if (next.inputs.empty() || next.inputs[0] != node.outputs[0]) continue;
    if (next.op != "unary" || !eltwise_of(next)) return nullptr;
    index = n;
    return &next;
  }
  return nullptr;
}

void OneDnn::plan(bool fuse) {
  std::vector<bool> absorbed(graph_.nodes.size(), false);
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    if (absorbed[n]) continue;
    const Node& node = graph_.nodes[n];
    size_t last = n;
    const Node* activation = fuse ? activation_after(node, last) : nullptr;
    Maybe prepared;
    Step step{{n}, {}, node.outputs, false};
    if (activation) {
      prepared = prepare(node, eltwise_of(*activation), activation->outputs[0]);
      if (prepared) {
        step.nodes.push_back(last);
        step.outputs = activation->outputs;
        absorbed[last] = true;
      }
    }
    if (!prepared && node.outputs.size() == 1) prepared = prepare(node, std::nullopt, node.outputs[0]);
    if (prepared) {
      step.fast = true;
      for (const Operand& operand : prepared->inputs) step.inputs.push_back(operand.value);
      layouts_[prepared->output.value] = prepared->output.layout;
    } else {
      step.inputs = node.inputs;
    }
    steps_.push_back(std::move(step));
    prepared_.push_back(prepared ? *std::move(prepared) : Prepared{});
  }
}

// Nothing when there is no fast kernel that means the same.
OneDnn::Maybe OneDnn::prepare(const Node& node, const Activation& activation, ValueId output) {
  for (const auto* list : {&node.inputs, &node.outputs})
    for (ValueId value : *list) {
      const TensorInfo& info = graph_.values[value].info;
      if (info.dtype != DType::kF32 || info.count() == 0 || info.shape.size() > DNNL_MAX_NDIMS) return {};
    }
  try {
    if (node.op == "conv") return conv(node, activation, output);
    if (node.op == "conv_transpose") return conv_transpose(node, activation, output);
    if (node.op == "matmul") return matmul(node, activation, output);
    if (node.op == "binary") return binary(node, activation, output);
    if (node.op == "batch_norm") return batch_norm(node, activation, output);
    if (activation) return {};
    if (node.op == "pool") return pool(node, output);
    if (node.op == "reduce") return reduce(node, output);
    if (node.op == "unary") return unary(node, output);
    if (node.op == "prelu") return prelu(node, output);
    if (node.op == "softmax") return softmax(node, output);
    if (node.op == "lrn") return lrn(node, output);
    if (node.op == "concat") return concat(node, output);
  } catch (const dnnl::error&) {
    // No implementation for these shapes: the reference kernel has one.
  }
  return {};
}

Operand OneDnn::output_of(ValueId value, const Layout& layout) const { return {DNNL_ARG_DST, value, layout, layout}; }

void OneDnn::add_input(Prepared& p, int argument, ValueId value, const Layout& layout, std::optional<Layout> seen) {
  if (!is_constant(value)) {
    p.inputs.push_back({argument, value, seen ? plain_of(value) : layout, layout});
    return;
  }
  void* data = const_cast<void*>(graph_.values[value].constant->raw());
  const Layout from = seen ? *seen : plain_of(value);
  memory content(from, engine_, data);
  if (from != layout) {
    std::shared_ptr<void> block;
    content = reordered(content, layout, block);
    constants_.push_back(std::move(block));
  }
  p.constants.push_back({argument, content});
}

memory OneDnn::reordered(memory from, const Layout& to, std::shared_ptr<void>& block) {
  block = pool_->take(to.get_size());
  memory target(to, engine_, block.get());
  dnnl::reorder(from, target).execute(stream_, from, target);
  stream_.wait();
  return target;
}

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

OneDnn::Maybe OneDnn::conv(const Node& node, const Activation& activation, ValueId output) {
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

OneDnn::Maybe OneDnn::conv_transpose(const Node& node, const Activation& activation, ValueId output) {
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

// a [B,M,K] x b [B,K,N]; a rank-2 b is shared by all rows of a.
OneDnn::Maybe OneDnn::matmul(const Node& node, const Activation& activation, ValueId output) {
  const Shape &a = shape(node.inputs[0]), &b = shape(node.inputs[1]), &out = shape(node.outputs[0]);
  const bool transpose_a = node.attributes.get_or("transpose_a", false);
  const bool transpose_b = node.attributes.get_or("transpose_b", false);
  if (a.size() < 2 || b.size() < 2) return {};
  const bool shared = b.size() == 2 && (a.size() == 2 || !transpose_a);
  if (!shared && (a.size() != b.size() || !std::equal(a.begin(), a.end() - 2, b.begin()))) return {};
  const int64_t n = out.back(), k = transpose_a ? a[a.size() - 2] : a.back();
  const int64_t batch = shared ? 1 : extent_between(a, 0, a.size() - 2);
  const int64_t m = extent_between(out, 0, out.size() - 1) / batch;
  const auto matrix = [&](int64_t rows, int64_t columns, bool transposed) {
    const Dims strides = transposed ? Dims{rows * columns, 1, rows} : Dims{rows * columns, columns, 1};
    return shared ? Layout({rows, columns}, kF32, Dims(strides.begin() + 1, strides.end()))
                  : Layout({batch, rows, columns}, kF32, strides);
  };
  const Layout a_seen = matrix(m, k, transpose_a), b_seen = matrix(k, n, transpose_b), out_seen = matrix(m, n, false);
  const bool bias = node.inputs.size() > 2;
  const Layout bias_seen = plain_layout(shared ? Dims{1, n} : Dims{1, 1, n});
  if (bias) {  // a row for all rows
    const Shape& row = shape(node.inputs[2]);
    if (row.empty() || row.back() != n || element_count(row) != n) return {};
  }
  const Layout b_wanted = is_constant(node.inputs[1]) ? any_layout(b_seen.dims()) : b_seen;
  using Matmul = dnnl::matmul;
  const Matmul::desc description =
      bias ? Matmul::desc(a_seen, b_wanted, bias_seen, out_seen) : Matmul::desc(a_seen, b_wanted, out_seen);
  const Matmul::primitive_desc chosen(description, attributes_with(activation), engine_);
  Prepared p{Matmul(chosen), {}, {}, output_seen_as(output, out_seen)};
  add_input(p, DNNL_ARG_SRC, node.inputs[0], a_seen, a_seen);
  add_input(p, DNNL_ARG_WEIGHTS, node.inputs[1], chosen.weights_desc(), b_seen);
  if (bias) add_input(p, DNNL_ARG_BIAS, node.inputs[2], bias_seen, bias_seen);
  return p;
}

OneDnn::Maybe OneDnn::pooling(algorithm kind, ValueId input, ValueId output, const Dims& out, const Window& window) {
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

OneDnn::Maybe OneDnn::pool(const Node& node, ValueId output) {
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
OneDnn::Maybe OneDnn::reduce(const Node& node, ValueId output) {
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

OneDnn::Maybe OneDnn::unary(const Node& node, ValueId output) {
  const std::optional<Eltwise> function = eltwise_of(node);
  if (!function || is_constant(node.inputs[0])) return {};
  const Layout layout = current(node.inputs[0]);
  const dnnl::eltwise_forward::desc description(kForward, function->kind, layout, function->alpha, function->beta);
  const dnnl::eltwise_forward::primitive_desc chosen(description, engine_);
  Prepared p{dnnl::eltwise_forward(chosen), {}, {}, output_of(output, chosen.dst_desc())};
  add_input(p, DNNL_ARG_SRC, node.inputs[0], layout);
  return p;
}

OneDnn::Maybe OneDnn::binary(const Node& node, const Activation& activation, ValueId output) {
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

OneDnn::Maybe OneDnn::prelu(const Node& node, ValueId output) {
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

OneDnn::Maybe OneDnn::batch_norm(const Node& node, const Activation& activation, ValueId output) {
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

OneDnn::Maybe OneDnn::softmax(const Node& node, ValueId output) {
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

OneDnn::Maybe OneDnn::lrn(const Node& node, ValueId output) {
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

OneDnn::Maybe OneDnn::concat(const Node& node, ValueId output) {
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

memory OneDnn::in_layout(const Operand& operand, std::vector<std::shared_ptr<void>>& temporaries) {
  const Held& held = held_[operand.value];
  if (held.layout == operand.layout) return {operand.view, engine_, held.data};
  std::shared_ptr<void> block;
  memory target = reordered({held.layout, engine_, held.data}, operand.layout, block);
  temporaries.push_back(std::move(block));
  return {operand.view, engine_, target.get_data_handle()};
}

Status OneDnn::run(size_t step) {
  const Prepared& p = prepared_[step];
  try {
    std::vector<std::shared_ptr<void>> temporaries;
    std::unordered_map<int, memory> arguments;
    for (const Operand& operand : p.inputs) arguments.emplace(operand.argument, in_layout(operand, temporaries));
    for (const Constant& constant : p.constants) arguments.emplace(constant.argument, constant.content);
    const std::shared_ptr<void> block = pool_->take(p.output.layout.get_size());
    arguments.emplace(DNNL_ARG_DST, memory(p.output.view, engine_, block.get()));
    p.primitive.execute(stream_, arguments);
    stream_.wait();
    held_[p.output.value] = {block, block.get(), p.output.layout};
  } catch (const dnnl::error& error) {
    return system_error("oneDNN: {}", error.what());
  }
  return {};
}

void OneDnn::put(ValueId value, const Tensor& tensor) {
  auto owner = std::make_shared<Tensor>(tensor);
  void* data = owner->raw();
  held_[value] = {std::move(owner), data, plain_of(value)};
}

Result<Tensor> OneDnn::get(ValueId value) {
  const Held& held = held_[value];
  if (!held.data) return bug("value '{}' is not inside the accelerator", graph_.values[value].name);
  const TensorInfo& info = graph_.values[value].info;
  if (held.layout == plain_of(value)) return Tensor(info, held.data, held.owner);
  try {
    std::shared_ptr<void> block;
    memory plain = reordered({held.layout, engine_, held.data}, plain_of(value), block);
    return Tensor(info, plain.get_data_handle(), std::move(block));
  } catch (const dnnl::error& error) {
    return system_error("oneDNN: {}", error.what());
  }
}

}  // namespace
}  // namespace bmnet::op::host

extern "C" __attribute__((visibility("default"))) bmnet::op::Accelerator* bmnet_make_accelerator(
    const bmnet::op::Graph& graph, bool fuse) {
  return new bmnet::op::host::OneDnn(graph, fuse);
}
