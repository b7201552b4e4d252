#include "tool/golden.h"

#include "tool/device_compare.h"
#include "tool/reference_data.h"

namespace bmnet::tool {
Result<std::map<std::string, DataSet>> read_data_sets(const std::filesystem::path& path) {
  BMNET_ASSIGN(const std::vector<NamedTensor> tensors, read_npz(path));
  std::map<std::string, DataSet> sets;
  for (const NamedTensor& named : tensors) {
    std::string set, rest = named.name;
    if (!rest.starts_with("in/") && !rest.starts_with("out/")) {
      const size_t slash = rest.find('/');
      set = rest.substr(0, slash);
      rest = slash == std::string::npos ? "" : rest.substr(slash + 1);
    }
    if (rest.starts_with("in/"))
      sets[set].inputs.push_back({rest.substr(3), named.tensor});
    else if (rest.starts_with("out/"))
      sets[set].outputs.push_back({rest.substr(4), named.tensor});
    else
      return user_error("{}: unexpected entry '{}'", path.string(), named.name);
  }
  return sets;
}

std::string Judgement::to_text() const {
  if (difference.agrees()) return "agrees";
  if (within_chip_bound())
    return fmt::format("{}: {:.1e} of the maximum, above 1e-4: the chip's arithmetic", where, difference.relative());
  return fmt::format("{}: {:.3g} off, {:.3g} is allowed, {} elements of {}", where, difference.max_abs,
                     difference.bound, difference.over, difference.count);
}

Result<Judgement> judge(const op::Graph& graph, const DataSet& set, std::span<const NamedTensor> device,
                        op::Tolerance tolerance) {
  Judgement worst;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const Tensor* golden = find_tensor(set.outputs, graph.output_names[i]);
    const Tensor* got = find_tensor(device, graph.output_names[i]);
    if (!golden) continue;
    if (!got) return user_error("the BModel has no output '{}'", graph.output_names[i]);
    Tensor expected = to_device_type(*golden);  // an f64 beyond f32 becomes infinite on both sides
    if (expected.shape().empty()) expected = expected.reshaped({1});  // a BModel has no scalars
    const op::Content content = op::content_of(graph, graph.outputs[i]);
    if (content == op::Content::kNumbers && golden->count() == got->count()) expected = expected.reshaped(got->shape());
    BMNET_ASSIGN(const op::Difference difference, op::compare(expected, *got, tolerance, content));
    if (worst.where.empty() || difference.over > worst.difference.over ||
        (difference.over == worst.difference.over && difference.relative() > worst.difference.relative())) {
      worst = {difference, fmt::format("{} ({})", graph.output_names[i], operator_of(graph, graph.outputs[i])),
               golden->dtype() == DType::kI8 || golden->dtype() == DType::kU8};
    }
  }
  if (worst.where.empty()) return user_error("the golden data names none of the network's outputs");
  return worst;
}

}  // namespace bmnet::tool
