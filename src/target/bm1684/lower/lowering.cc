#include "target/bm1684/lower/lowering.h"

#include <algorithm>

namespace bmnet::bm1684 {

#define BMNET_LOWERING(name) const Lowering& lowering_##name();
#include "target/bm1684/lower/lowerings.def"
#undef BMNET_LOWERING

View View::part(const Dims& begin, const Dims& size) const {
  View result = *this;
  for (int i = 0; i < 4; ++i) result.offset += begin[i] * strides[i];
  result.shape = size;
  return result;
}

View dense_view(Ref ref, const Dims& shape, int64_t offset) { return {ref, offset, shape, tile::dense_strides(shape)}; }

Need Need::input(const View& view, Layout layout) {
  Need need;
  need.role = Role::kInput;
  need.shape = view.shape;
  need.layout = layout;
  need.view = view;
  return need;
}

Need Need::output(const View& view) {
  Need need = input(view);
  need.role = Role::kOutput;
  return need;
}

Need Need::work(const Dims& shape, Layout layout) {
  Need need;
  need.shape = shape;
  need.layout = layout;
  return need;
}

Need Need::coefficients(int64_t lanes, int64_t words, std::string key, std::function<std::vector<float>()> make) {
  Need need;
  need.role = Role::kCoefficient;
  need.shape = {1, lanes, 1, words};
  need.layout = Layout::kCompact;
  need.view = dense_view({Ref::Kind::kCoefficient, 0}, need.shape);
  need.coefficient = {std::move(key), std::move(make)};
  return need;
}

Need Need::matrix(const View& view, int64_t width, bool transposed) {
  const int64_t rows = view.shape[transposed ? 3 : 2], columns = view.shape[transposed ? 2 : 3];
  Need need = input(view);
  need.shape = {rows, tile::ceil_div(columns, width), 1, width};
  need.transfer = transposed ? Transfer::kMatrixTransposed : Transfer::kMatrix;
  return need;
}

Need Need::matrix_output(const View& view, int64_t width) {
  Need need = matrix(view, width);
  need.role = Role::kOutput;
  return need;
}

Need Need::matrix_coefficients(int64_t rows, int64_t columns, int64_t width, std::string key,
                               std::function<std::vector<float>()> make) {
  Need need = matrix(dense_view({Ref::Kind::kCoefficient, 0}, {1, 1, rows, columns}), width);
  need.role = Role::kCoefficient;
  need.coefficient = {std::move(key), std::move(make)};
  return need;
}

Ref Recipe::add_scratch(int64_t words) {
  scratch_words.push_back(words);
  return {Ref::Kind::kScratch, static_cast<int>(scratch_words.size()) - 1};
}

const Tensor* Problem::constant(size_t i) const {
  if (i >= node.inputs.size()) return nullptr;
  const op::Value& value = graph.values[node.inputs[i]];
  return value.constant ? &*value.constant : nullptr;
}

std::span<const Lowering> lowerings() {
  static const std::vector<Lowering> all = {
#define BMNET_LOWERING(name) lowering_##name(),
#include "target/bm1684/lower/lowerings.def"
#undef BMNET_LOWERING
  };
  return all;
}

const Lowering* find_lowering(std::string_view op) {
  const auto all = lowerings();
  const auto it = std::ranges::find(all, op, &Lowering::op);
  return it == all.end() ? nullptr : &*it;
}

std::string refusal(const Problem& problem) {
  const Lowering* lowering = find_lowering(problem.node.op);
  if (!lowering) return fmt::format("operator {} has no form on the TPU", problem.node.op);
  const auto computes = [&](DType dtype) {
    return dtype == DType::kF32 || (lowering->moves_words && (dtype == DType::kI32 || dtype == DType::kU32 ||
                                                              dtype == DType::kI64 || dtype == DType::kBool));
  };
  for (size_t i = 0; i < problem.inputs(); ++i)
    if (!computes(problem.input(i).dtype))
      return fmt::format("operand {} is {}, the TPU computes in f32", i, dtype_name(problem.input(i).dtype));
  for (size_t i = 0; i < problem.node.outputs.size(); ++i)
    if (!computes(problem.output(i).dtype))
      return fmt::format("result {} is {}, the TPU computes in f32", i, dtype_name(problem.output(i).dtype));
  for (const Constraint& constraint : lowering->constraints)
    if (!constraint.holds(problem)) return std::string(constraint.text);
  return {};
}

}  // namespace bmnet::bm1684
