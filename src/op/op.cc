#include "op/op.h"

#include <algorithm>

#include "op/check.h"
#include "op/family.h"

namespace bmnet::op {
namespace {

std::vector<OpSpec> gather_families() {
  std::vector<OpSpec> specs;
  for (const auto family :
       {conv_ops(),           pool_ops(),      matmul_ops(),  einsum_ops(), unary_ops(),  binary_ops(),
        cast_ops(),           normalize_ops(), softmax_ops(), reduce_ops(), order_ops(),  movement_ops(),
        gather_scatter_ops(), resize_ops(),    sample_ops(),  ssd_ops(),    region_ops(), nms_ops(),
        proposal_ops(),       rnn_ops()})
    specs.insert(specs.end(), family.begin(), family.end());
  std::sort(specs.begin(), specs.end(), [](const OpSpec& a, const OpSpec& b) { return a.name < b.name; });
  return specs;
}

}  // namespace

std::span<const OpSpec> registry() {
  static const std::vector<OpSpec> specs = gather_families();
  return specs;
}

const OpSpec* find(std::string_view name) {
  const std::span<const OpSpec> specs = registry();
  const auto it = std::lower_bound(specs.begin(), specs.end(), name,
                                   [](const OpSpec& spec, std::string_view wanted) { return spec.name < wanted; });
  return it != specs.end() && it->name == name ? &*it : nullptr;
}

Result<std::vector<Tensor>> evaluate(std::string_view name, const Attributes& attributes,
                                     std::span<const Tensor> inputs) {
  const OpSpec* spec = find(name);
  if (!spec) return bug("operator '{}' is not defined", name);
  std::vector<TensorInfo> infos;
  for (const Tensor& input : inputs) infos.push_back(input.info());
  BMNET_ASSIGN(const std::vector<TensorInfo> results, spec->infer(attributes, infos));
  std::vector<Tensor> outputs;
  for (const TensorInfo& result : results) outputs.emplace_back(result);
  BMNET_TRY(spec->reference(attributes, inputs, outputs));
  return outputs;
}

}  // namespace bmnet::op
