#include "plan/node_plan.h"

#include <cstring>
#include <map>
#include <optional>

#include "plan/kernel_plan.h"
#include "target/bm1684/exec/instruction.h"
#include "target/bm1684/lower/epilogue.h"
#include "target/bm1684/lower/lowering.h"

namespace bmnet::plan {
namespace {

using bm1684::Move;
using bm1684::Recipe;
using bm1684::Ref;

std::vector<uint8_t> bytes_of(const std::vector<float>& words) {
  std::vector<uint8_t> bytes(words.size() * sizeof(float));
  if (!bytes.empty()) std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

// Builds the program of one recipe.
class RecipeEmitter {
 public:
  RecipeEmitter(const op::Graph& graph, int32_t node, const std::vector<op::ValueId>& results)
      : graph_(graph), node_(graph.nodes[node]), results_(results), layer_(node) {}

  Result<NodePlan> run(const Recipe& recipe) {
    plan_.recipe = recipe.name;
    BMNET_TRY(add_buffers(recipe));
    for (size_t i = 0; i < recipe.steps.size(); ++i) {
      if (const auto* move = std::get_if<Move>(&recipe.steps[i])) {
        BMNET_TRY(emit_move(*move));
      } else {
        BMNET_TRY(emit_step(*std::get<std::shared_ptr<const bm1684::Kernel>>(recipe.steps[i]), static_cast<int>(i)));
      }
    }
    return std::move(plan_);
  }

 private:
  Status add_buffers(const Recipe& recipe) {
    for (size_t i = 0; i < node_.inputs.size(); ++i) {
      BMNET_ASSIGN(const tile::BufferId id, buffer_of(node_.inputs[i]));
      inputs_.push_back(id);
    }
    for (op::ValueId value : results_) {
      BMNET_ASSIGN(const tile::BufferId id, buffer_of(value));
      outputs_.push_back(id);
    }
    for (size_t i = 0; i < recipe.scratch_words.size(); ++i)
      scratch_.push_back(plan_.program.add({tile::Buffer::Kind::kScratch, fmt::format("{}.scratch{}", node_.name, i),
                                            recipe.scratch_words[i] * 4, -1, nullptr}));
    return {};
  }

  Result<tile::BufferId> buffer_of(op::ValueId id) {
    if (const auto known = values_.find(id); known != values_.end()) return known->second;
    const op::Value& value = graph_.values[id];
    tile::Buffer buffer{tile::Buffer::Kind::kActivation, value.name, value.info.count() * 4, id, nullptr};
    if (value.constant) {
      buffer.kind = tile::Buffer::Kind::kCoefficient;
      buffer.value = id;  // content is made when it is used: weights are mostly rearranged instead
    }
    return values_[id] = plan_.program.add(std::move(buffer));
  }

  tile::Box box_of(const bm1684::View& view) {
    tile::BufferId buffer = -1;
    if (view.ref.kind == Ref::Kind::kInput) buffer = inputs_[view.ref.index];
    if (view.ref.kind == Ref::Kind::kOutput) buffer = outputs_[view.ref.index];
    if (view.ref.kind == Ref::Kind::kScratch) buffer = scratch_[view.ref.index];
    tile::Buffer& entry = plan_.program.buffers[buffer];
    if (entry.kind == tile::Buffer::Kind::kCoefficient && !entry.content && status_) {
      auto words = words_of(*graph_.values[entry.value].constant);
      if (words)
        entry.content = std::make_shared<const std::vector<uint8_t>>(std::move(*words));
      else
        status_ = tl::unexpected(words.error());
    }
    return {buffer, view.offset, view.shape, view.strides};
  }

  Status emit_move(const Move& move) {
    tile::Builder build(plan_.program, layer_);
    const size_t first = plan_.program.ops.size();
    switch (move.kind) {
      case Move::Kind::kCopy:
        build.copy(box_of(move.to), box_of(move.from));
        break;
      case Move::Kind::kTransposeNc:
        build.transpose_nc(box_of(move.to), box_of(move.from));
        break;
      case Move::Kind::kFill:
        build.fill(box_of(move.to), move.bits);
        break;
    }
    BMNET_TRY(status_);
    BMNET_TRY(build.status());
    for (size_t i = first; i < plan_.program.ops.size(); ++i) {
      BMNET_ASSIGN(const uint64_t cycles, bm1684::cycles(plan_.program.ops[i].command, plan_.program.ops[i].engine));
      plan_.cycles += cycles;
    }
    return {};
  }

  Status emit_step(const bm1684::Kernel& kernel, int step) {
    BMNET_ASSIGN(const KernelPlan kernel_plan, plan_kernel(kernel));
    std::map<std::string, tile::BufferId> coefficients;
    const Buffers buffers = {
        .box = [&](const bm1684::View& view) { return box_of(view); },
        .coefficient =
            [&](const bm1684::Coefficient& coefficient) {
              auto [entry, is_new] = coefficients.try_emplace(coefficient.key, -1);
              if (is_new) {
                auto content = std::make_shared<const std::vector<uint8_t>>(bytes_of(coefficient.make()));
                const auto size = static_cast<int64_t>(content->size());
                entry->second = plan_.program.add({tile::Buffer::Kind::kCoefficient,
                                                   fmt::format("{}.{}[{}]", node_.name, step, coefficient.key), size,
                                                   -1, std::move(content)});
              }
              return entry->second;
            },
    };
    BMNET_TRY(emit_kernel(kernel, kernel_plan.tiling, buffers, plan_.program, layer_));
    BMNET_TRY(status_);
    plan_.cycles += kernel_plan.cycles;
    plan_.slices += kernel_plan.slices;
    return {};
  }

  const op::Graph& graph_;
  const op::Node& node_;
  const std::vector<op::ValueId>& results_;
  int32_t layer_;
  NodePlan plan_;
  std::map<op::ValueId, tile::BufferId> values_;
  std::vector<tile::BufferId> inputs_, outputs_, scratch_;
  Status status_;
};

}  // namespace

Result<NodePlan> plan_node(const op::Graph& graph, int32_t index, int32_t epilogue) {
  const op::Node& node = graph.nodes[index];
  const bm1684::Problem problem{graph, node};
  if (const std::string reason = bm1684::refusal(problem); !reason.empty())
    return unsupported("{} '{}': {}", node.op, node.name, reason);
  std::optional<NodePlan> best;
  Error error{ErrorKind::kUnsupported, "no recipe"};
  std::optional<bm1684::UnaryFunction> function;
  if (epilogue >= 0) {
    const bm1684::Problem unary{graph, graph.nodes[epilogue]};
    function = bm1684::unary_function(unary.text("kind"), unary.real("alpha"), unary.real("beta"));
  }
  for (Recipe recipe : bm1684::find_lowering(node.op)->recipes(problem)) {
    if (function && !bm1684::add_epilogue(recipe, *function)) continue;
    Result<NodePlan> plan =
        RecipeEmitter(graph, index, graph.nodes[epilogue < 0 ? index : epilogue].outputs).run(recipe);
    if (!plan) {
      error = plan.error();
      if (error.kind != ErrorKind::kUnsupported) break;
      continue;
    }
    if (!best || plan->cycles < best->cycles) best = std::move(*plan);
  }
  if (!best || error.kind == ErrorKind::kBug) return with_context(fmt::format("{} '{}'", node.op, node.name), error);
  return std::move(*best);
}

bool is_alias(const op::Graph& graph, const op::Node& node) {
  if (node.op == "reshape") return true;
  if (node.op != "transpose") return false;
  // Axes of one element may go anywhere.
  const Shape& shape = graph.values[node.inputs[0]].info.shape;
  int64_t last = -1;
  for (int64_t axis : node.attributes.get_or<std::vector<int64_t>>("permutation", {})) {
    if (shape[axis] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

Result<std::vector<uint8_t>> words_of(const Tensor& tensor) {
  std::vector<uint8_t> bytes(static_cast<size_t>(tensor.count()) * 4);
  const auto convert = [&](auto values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const auto word = static_cast<int32_t>(values[i]);
      std::memcpy(bytes.data() + i * 4, &word, 4);
    }
  };
  switch (tensor.dtype()) {
    case DType::kF32:
    case DType::kI32:
    case DType::kU32:
      if (!bytes.empty()) std::memcpy(bytes.data(), tensor.raw(), bytes.size());
      return bytes;
    case DType::kI64:
      convert(tensor.data<int64_t>());
      return bytes;
    case DType::kBool:
      convert(tensor.data<bool>());
      return bytes;
    default:
      return unsupported("constants of type {} do not go to the TPU", dtype_name(tensor.dtype()));
  }
}

}  // namespace bmnet::plan
