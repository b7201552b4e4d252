#include "frontend/mxnet/import.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "frontend/blockers.h"
#include "frontend/inputs.h"
#include "frontend/mxnet/call.h"

namespace bmnet::frontend {
namespace {

using mxnet::Entry;
using mxnet::Operand;
using mxnet::Row;
using mxnet::Symbol;
using mxnet::SymbolNode;

class Importer {
 public:
  Importer(const Symbol& symbol, mxnet::Params params, const ImportOptions& options, const std::string& graph_name)
      : symbol_(symbol),
        options_(options),
        parameters_(std::move(params), options.random_weights),
        graph_(graph_name),
        results_(symbol.nodes.size()),
        blockers_(options),
        needed_(symbol.nodes.size(), false),
        refused_(symbol.nodes.size(), false),
        is_input_(symbol.nodes.size(), false) {}

  Result<nn::Model> run() {
    BMNET_ASSIGN(const std::vector<Entry> heads, wanted_heads());
    BMNET_TRY(cut_inputs());
    BMNET_TRY(find_needed(heads));
    BMNET_TRY(declare_inputs());
    for (size_t i = 0; i < symbol_.nodes.size(); ++i)
      if (needed_[i] && results_[i].empty()) BMNET_TRY(import_node(i));
    for (size_t i = 0; i < heads.size(); ++i) {
      if (refused_[heads[i].node]) continue;
      const Values& values = results_[heads[i].node];
      const std::string name = options_.output_names.empty() ? value_name(heads[i]) : options_.output_names[i];
      if (heads[i].output >= values.size())
        return user_error("output '{}': node '{}' has {} results", name, symbol_.nodes[heads[i].node].name,
                          values.size());
      BMNET_TRY(graph_.output(name, values[heads[i].output]));
    }
    return blockers_.finish(graph_);
  }

 private:
  std::string value_name(const Entry& entry) const {
    const std::string& name = symbol_.nodes[entry.node].name;
    return entry.output == 0 ? name : fmt::format("{}_output{}", name, entry.output);
  }

  // "fc1", "fc1_output", "split_output1".
  Result<Entry> find_value(const std::string& name) const {
    for (size_t i = 0; i < symbol_.nodes.size(); ++i) {
      const std::string& node = symbol_.nodes[i].name;
      if (node == name || name == node + "_output" || name == node + "_output0") return Entry{i, 0};
      const std::string prefix = node + "_output";
      if (!name.starts_with(prefix)) continue;
      for (size_t output = 1; output < 256; ++output)
        if (name == fmt::format("{}{}", prefix, output)) return Entry{i, output};
    }
    return user_error("the symbol has no node '{}'", name);
  }

  Result<std::vector<Entry>> wanted_heads() const {
    if (options_.output_names.empty()) return symbol_.heads;
    std::vector<Entry> heads;
    for (const std::string& name : options_.output_names) {
      BMNET_ASSIGN(const Entry entry, find_value(name));
      heads.push_back(entry);
    }
    return heads;
  }

  Status cut_inputs() {
    for (const std::string& name : options_.input_names) {
      BMNET_ASSIGN(const Entry entry, find_value(name));
      if (entry.output != 0) return unsupported("input '{}': only first results of nodes can become inputs", name);
      is_input_[entry.node] = true;
      inputs_.push_back(entry.node);
    }
    for (const auto& [name, tensor] : options_.fixed_inputs) {
      BMNET_ASSIGN(const Entry entry, find_value(name));
      results_[entry.node] = {graph_.constant(name, tensor)};
    }
    return {};
  }

  // Operands of a node that count for inference, by its row; unknown operators need all.
  static size_t operand_count(const SymbolNode& node) {
    const Row* row = mxnet::find_row(node.op);
    return row ? std::min(node.inputs.size(), row->max_inputs) : node.inputs.size();
  }
  bool is_parameter(const SymbolNode& user, size_t input) const {
    const Row* row = mxnet::find_row(user.op);
    const SymbolNode& node = symbol_.nodes[user.inputs[input].node];
    return node.is_variable() && (parameters_.has(node.name) || (row && input >= row->first_parameter));
  }

  Status find_needed(const std::vector<Entry>& heads) {
    std::set<size_t> variables;  // in the order of the file
    for (const Entry& head : heads) {
      needed_[head.node] = true;
      if (symbol_.nodes[head.node].is_variable() && !parameters_.has(symbol_.nodes[head.node].name))
        variables.insert(head.node);
    }
    for (size_t i = symbol_.nodes.size(); i-- > 0;) {
      const SymbolNode& node = symbol_.nodes[i];
      if (!needed_[i] || node.is_variable() || is_input_[i] || !results_[i].empty()) continue;
      for (size_t input = 0; input < operand_count(node); ++input) {
        const size_t source = node.inputs[input].node;
        if (is_parameter(node, input)) continue;
        needed_[source] = true;
        if (symbol_.nodes[source].is_variable()) variables.insert(source);
      }
    }
    if (!options_.input_names.empty()) {
      for (const size_t variable : variables)
        if (!is_input_[variable] && results_[variable].empty())
          return user_error("variable '{}' is needed, but it is not among the chosen input names",
                            symbol_.nodes[variable].name);
      return {};
    }
    for (const size_t variable : variables) {
      if (!results_[variable].empty()) continue;  // fixed
      is_input_[variable] = true;
      inputs_.push_back(variable);
    }
    return {};
  }

  Status declare_inputs() {
    std::vector<std::string> names;
    for (const size_t node : inputs_) names.push_back(symbol_.nodes[node].name);
    BMNET_TRY(check_given_shapes(options_, names));
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const SymbolNode& node = symbol_.nodes[inputs_[i]];
      BMNET_ASSIGN(Shape written, node.integers("__shape__"));
      std::optional<StatedShape> stated;
      if (!written.empty()) stated = StatedShape{.dims = std::move(written), .written = ""};
      BMNET_ASSIGN(Shape shape, input_shape(options_, node.name, i, stated));
      results_[inputs_[i]] = {graph_.input(node.name, {DType::kF32, std::move(shape)})};
    }
    return {};
  }

  Status import_node(size_t index) {
    const SymbolNode& node = symbol_.nodes[index];
    if (node.is_variable()) {
      results_[index] = {graph_.constant(node.name, parameters_.tensor(node.name))};
      return {};
    }
    auto values = convert(node);
    if (!values) return refuse_node(index, std::move(values).error());
    results_[index] = *std::move(values);
    return {};
  }

  // Goes on behind a node that cannot be compiled; other errors end the import.
  Status refuse_node(size_t index, Error error) {
    const SymbolNode& node = symbol_.nodes[index];
    if (!is_behind_blocker(error)) {
      const std::string reason = error.message;
      error.message = fmt::format("node '{}' ({}): {}", node.name, node.op, reason);
      if (error.kind != ErrorKind::kUnsupported) return tl::unexpected(std::move(error));
      BMNET_TRY(blockers_.add({node.name, node.op, reason}, error.message));
    }
    for (const Entry& operand : node.inputs)
      if (operand.output < results_[operand.node].size())
        blockers_.cut_behind({&results_[operand.node][operand.output], 1});
    refused_[index] = true;
    return {};
  }

  Result<Values> convert(const SymbolNode& node) {
    const Row* row = mxnet::find_row(node.op);
    if (!row) return unsupported("the operator is not supported; --list_ops shows those that are");
    if (!row->convert) return unsupported("{}", row->remark);
    if (node.inputs.size() < row->min_inputs)
      return user_error("{} inputs, at least {} are needed", node.inputs.size(), row->min_inputs);
    std::vector<Operand> operands;
    for (size_t i = 0; i < operand_count(node); ++i) {
      if (refused_[node.inputs[i].node]) return behind_blocker();
      BMNET_ASSIGN(Operand operand, operand_of(node, i));
      operands.push_back(std::move(operand));
    }
    std::vector<std::string> outputs;
    BMNET_ASSIGN(const int64_t declared, node.integer("num_outputs", 1));
    for (int64_t i = 0; i < std::clamp<int64_t>(declared, 1, 256); ++i)
      outputs.push_back(i == 0 ? node.name : fmt::format("{}_output{}", node.name, i));
    mxnet::Call call(graph_, *row, node, std::move(operands), std::move(outputs), parameters_);
    return row->convert(call);
  }

  Result<Operand> operand_of(const SymbolNode& node, size_t input) {
    const Entry& entry = node.inputs[input];
    const SymbolNode& source = symbol_.nodes[entry.node];
    const Values& values = results_[entry.node];
    if (values.empty() && is_parameter(node, input)) {
      const Row* row = mxnet::find_row(node.op);
      if (input >= row->first_parameter) return Operand{std::nullopt, source.name};
      results_[entry.node] = {graph_.constant(source.name, parameters_.tensor(source.name))};
    }
    if (entry.output >= values.size())
      return user_error("input {} is result {} of node '{}', which has {}", input, entry.output, source.name,
                        values.size());
    return Operand{values[entry.output], {}};
  }

  const Symbol& symbol_;
  const ImportOptions& options_;
  mxnet::ParameterStore parameters_;
  nn::GraphBuilder graph_;
  std::vector<Values> results_;  // by node
  Blockers blockers_;
  std::vector<bool> needed_, refused_, is_input_;
  std::vector<size_t> inputs_;  // nodes, in the order of the network's inputs
};

// "resnet-50" for resnet-50-symbol.json.
std::string network_name(const std::string& file) {
  std::string stem = std::filesystem::path(file).stem().string();
  constexpr std::string_view kSuffix = "-symbol";
  if (stem.size() > kSuffix.size() && stem.ends_with(kSuffix)) stem.resize(stem.size() - kSuffix.size());
  return stem;
}

Result<nn::Model> import_symbol(std::string_view text, mxnet::Params params, const std::string& file,
                                const ImportOptions& options) {
  auto symbol = mxnet::parse_symbol(text);
  if (!symbol) return with_context(file, std::move(symbol).error());
  const std::string name = options.net_name.empty() ? network_name(file) : options.net_name;
  auto model = Importer(*symbol, std::move(params), options, name).run();
  if (!model) return with_context(file, std::move(model).error());
  return model;
}

}  // namespace

Result<nn::Model> import_mxnet(const std::filesystem::path& symbol, const std::filesystem::path& params,
                               const ImportOptions& options) {
  BMNET_ASSIGN(const MappedFile text, MappedFile::open(symbol));
  mxnet::Params arrays;
  if (!params.empty()) {
    BMNET_ASSIGN(const MappedFile file, MappedFile::open(params));
    auto parsed = mxnet::parse_params(file.bytes(), file.owner());
    if (!parsed) return with_context(params.filename().string(), std::move(parsed).error());
    arrays = *std::move(parsed);
  } else if (!options.random_weights) {
    return user_error("{}: no parameter file is given: --weight FILE", symbol.filename().string());
  }
  return import_symbol(text.text(), std::move(arrays), symbol.filename().string(), options);
}

Result<nn::Model> import_mxnet(std::string_view symbol, Bytes params, const std::string& name,
                               const ImportOptions& options) {
  mxnet::Params arrays;
  if (!params.empty()) {
    const auto copy = std::make_shared<std::vector<uint8_t>>(params.begin(), params.end());
    auto parsed = mxnet::parse_params(*copy, copy);
    if (!parsed) return with_context("params", std::move(parsed).error());
    arrays = *std::move(parsed);
  }
  return import_symbol(symbol, std::move(arrays), name, options);
}

std::vector<SupportedOp> list_mxnet_ops() {
  std::vector<SupportedOp> ops;
  const auto add = [&](std::string_view name, const Row& row) {
    ops.push_back({std::string(name), "", std::string(row.attributes), std::string(row.becomes),
                   std::string(row.remark), !row.convert});
  };
  auto families = mxnet::families();
  families.push_back(mxnet::refused_rows());
  for (const auto& rows : families)
    for (const Row& row : rows) add(row.name, row);
  for (const auto& [name, means] : mxnet::numpy_names())
    if (const Row* row = mxnet::find_row(means)) add(name, *row);
  std::ranges::sort(ops, {}, &SupportedOp::name);
  return ops;
}

}  // namespace bmnet::frontend
