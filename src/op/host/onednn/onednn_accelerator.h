// A graph on oneDNN: the fast steps, the layouts their values travel in, and the values themselves.
#pragma once

#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "op/accelerator.h"
#include "op/check.h"
#include "op/host/onednn/memory_pool.h"
#include "op/kernel.h"

namespace bmnet::op::host::onednn {

using dnnl::algorithm;
using dnnl::memory;
using Layout = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
inline constexpr auto kF32 = memory::data_type::f32;
inline constexpr auto kForward = dnnl::prop_kind::forward_inference;

inline Dims dims_of(const Shape& shape) { return shape.empty() ? Dims{1} : Dims(shape.begin(), shape.end()); }
inline Layout plain_layout(const Dims& dims) { return {dims, kF32, strides_of(dims)}; }
// The primitive chooses.
inline Layout any_layout(const Dims& dims) { return {dims, kF32, memory::format_tag::any}; }
// oneDNN's reference implementations are slower than the project's own kernels.
inline bool is_slow(const char* implementation) {
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
// Nothing for functions that oneDNN does not have.
std::optional<Eltwise> eltwise_of(const Node& unary);
dnnl::primitive_attr attributes_with(const std::optional<Eltwise>& activation);

class OneDnnAccelerator final : public Accelerator {
 public:
  OneDnnAccelerator(const Graph& graph, bool fuse);

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
  // Nothing when there is no fast kernel that means the same.
  Maybe prepare(const Node& node, const Activation& activation, ValueId output);

  // ---- one operator each (*_kernels.cc); `output` is the value that the step computes: the activation's, when there
  // is one
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

  // ---- operands and their layouts
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
  std::shared_ptr<MemoryPool> pool_;
  std::vector<Step> steps_;
  std::vector<Prepared> prepared_;                // by step; empty for steps that are not fast
  std::vector<std::optional<Layout>> layouts_;    // by value, of those computed here
  std::vector<Held> held_;                        // by value
  std::vector<int> uses_;                         // by value
  std::vector<std::shared_ptr<void>> constants_;  // memory of constants in other layouts
};

}  // namespace bmnet::op::host::onednn
