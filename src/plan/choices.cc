#include "plan/choices.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/parallel.h"
#include "target/bm1684/lower/lowering.h"

namespace bmnet::plan {
namespace {

class Chooser {
 public:
  Chooser(const Network& network, const Options& options)
      : network_(network), graph_(network.graph), options_(options), nodes_(choices_.nodes), root_(choices_.root) {}

  Result<Choices> run() {
    nodes_.resize(graph_.nodes.size());
    root_.resize(graph_.values.size());
    std::iota(root_.begin(), root_.end(), 0);
    choose_aliases();
    choose_epilogues();
    BMNET_TRY(plan_nodes());
    place_aliases();
    std::vector<Place> places;
    for (const NodeChoice& node : nodes_) places.push_back(node.place);
    choices_.sub_nets = partition(graph_, places);
    BMNET_TRY(give_empty_sub_nets_work());
    return std::move(choices_);
  }

 private:
  // A reshape shares the bytes of its operand, unless an output would share them with an input or a constant.
  void choose_aliases() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const op::Node& node = graph_.nodes[i];
      if (!is_alias(graph_, node)) continue;
      const op::ValueId from = root_[node.inputs[0]], to = node.outputs[0];
      if (graph_.values[from].constant || (network_.is_output[to] && network_.is_input[from])) continue;
      nodes_[i].is_alias = true;
      root_[to] = from;
    }
  }

  // A unary function of a result that nobody else reads is applied before the result leaves local memory.
  void choose_epilogues() {
    if (options_.opt_level < 1) return;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const op::Node& node = graph_.nodes[i];
      if (node.op != "unary" || !bm1684::refusal({graph_, node}).empty()) continue;
      const op::ValueId value = node.inputs[0];
      const int32_t producer = network_.producer[value];
      if (producer < 0 || !takes_epilogue(producer) || network_.is_output[value] ||
          network_.consumers[value].size() != 1)
        continue;
      nodes_[producer].epilogue = static_cast<int32_t>(i);
      nodes_[i].merged = true;
    }
  }

  bool takes_epilogue(int32_t node) const {
    const NodeChoice& choice = nodes_[node];
    return !choice.is_alias && !choice.merged && choice.epilogue < 0 && graph_.nodes[node].outputs.size() == 1 &&
           bm1684::refusal({graph_, graph_.nodes[node]}).empty();
  }

  struct Attempt {
    std::optional<Error> error;
    bool without_epilogue = false;  // the node cannot take the one it was given
  };

  Attempt plan_one(int32_t node) {
    NodeChoice& choice = nodes_[node];
    Attempt attempt;
    Result<NodePlan> plan = plan_node(graph_, node, choice.epilogue);
    if (!plan && choice.epilogue >= 0 && plan.error().kind == ErrorKind::kUnsupported) {
      attempt.without_epilogue = true;
      plan = plan_node(graph_, node);
    }
    if (plan)
      choice.plan = std::move(*plan);
    else
      attempt.error = plan.error();
    return attempt;
  }

  Status plan_nodes() {
    std::vector<Attempt> attempts(nodes_.size());
    const auto plan_range = [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i)
        if (!nodes_[i].is_alias && !nodes_[i].merged) attempts[i] = plan_one(static_cast<int32_t>(i));
    };
    if (options_.threads == 1)
      plan_range(0, nodes_.size());
    else
      parallel_for(nodes_.size(), 1, plan_range);
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!attempts[i].without_epilogue) continue;
      const int32_t unary = nodes_[i].epilogue;
      nodes_[i].epilogue = -1;
      nodes_[unary].merged = false;
      BMNET_ASSIGN(nodes_[unary].plan, plan_node(graph_, unary));
    }
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!attempts[i].error) continue;
      if (attempts[i].error->kind != ErrorKind::kUnsupported) return tl::unexpected(*attempts[i].error);
      nodes_[i].place = Place::kCpu;
      nodes_[i].reason = attempts[i].error->message;
    }
    return {};
  }

  // A reshape between CPU nodes runs there, so that no TPU sub-net is needed for it.
  void place_aliases() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes_[i].is_alias) continue;
      const op::Node& node = graph_.nodes[i];
      const int32_t producer = network_.producer[node.inputs[0]];
      if (producer >= 0 && nodes_[producer].place == Place::kTpu) continue;
      const auto on_tpu = [&](int32_t consumer) { return nodes_[consumer].place == Place::kTpu; };
      if (std::ranges::any_of(network_.consumers[node.outputs[0]], on_tpu)) continue;
      nodes_[i].place = Place::kCpu;
      nodes_[i].reason = "stands between nodes on the CPU";
      end_alias(static_cast<int32_t>(i));
    }
    find_roots();
  }

  // A TPU sub-net of nothing but reshapes has no command: its reshapes become copies.
  Status give_empty_sub_nets_work() {
    for (const SubNetNodes& sub_net : choices_.sub_nets) {
      if (sub_net.place != Place::kTpu ||
          !std::ranges::all_of(sub_net.nodes, [&](int32_t node) { return nodes_[node].is_alias; }))
        continue;
      for (int32_t node : sub_net.nodes) {
        BMNET_ASSIGN(nodes_[node].plan, plan_node(graph_, node));
        end_alias(node);
      }
    }
    find_roots();
    return {};
  }

  void end_alias(int32_t node) {
    nodes_[node].is_alias = false;
    root_[graph_.nodes[node].outputs[0]] = graph_.nodes[node].outputs[0];
  }

  // Again after aliases have ended: chains may have been cut.
  void find_roots() {
    for (size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].is_alias) root_[graph_.nodes[i].outputs[0]] = root_[graph_.nodes[i].inputs[0]];
  }

  const Network& network_;
  const op::Graph& graph_;
  const Options& options_;
  Choices choices_;
  std::vector<NodeChoice>& nodes_;
  std::vector<op::ValueId>& root_;
};

}  // namespace

Result<Choices> choose(const Network& network, const Options& options) { return Chooser(network, options).run(); }

}  // namespace bmnet::plan
