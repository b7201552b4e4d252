#include <algorithm>

#include "op/host/onednn/onednn_accelerator.h"

namespace bmnet::op::host::onednn {

// a [B,M,K] x b [B,K,N]; a rank-2 b is shared by all rows of a.
OneDnnAccelerator::Maybe OneDnnAccelerator::matmul(const Node& node, const Activation& activation, ValueId output) {
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

}  // namespace bmnet::op::host::onednn
