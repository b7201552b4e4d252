#include "frontend/recurrent.h"

#include <algorithm>

namespace bmnet::frontend {
namespace {

// A parameter [G*H,…] with its gates in nn's order and an axis in front.
Result<ValueId> ordered_gates(Emitter& node, ValueId weight, const RecurrentMode& mode) {
  Shape shape = node.shape_of(weight);
  if (shape.empty() || shape[0] % mode.gates())
    return user_error("a weight of shape {} has no {} gates", to_string(shape), mode.gates());
  Values parts;
  for (const int64_t gate : mode.order) {
    const int64_t rows = shape[0] / mode.gates();
    BMNET_ASSIGN(const ValueId part, node.slice(weight, 0, gate * rows, rows));
    parts.push_back(part);
  }
  BMNET_ASSIGN(const ValueId ordered, node.make("concat", {{"axis", int64_t{0}}}, parts));
  shape.insert(shape.begin(), 1);
  return node.reshape(ordered, shape);
}

// One layer's weight, recurrence and bias as nn.rnn wants them.
Result<Values> layer_weights(Emitter& node, const RecurrentStack& stack, int64_t layer) {
  Values weights, recurrences, biases;
  for (int64_t direction = 0; direction < stack.directions; ++direction) {
    const RecurrentWeights& w = stack.weights[layer * stack.directions + direction];
    BMNET_ASSIGN(const ValueId weight, ordered_gates(node, w.input, *stack.mode));
    BMNET_ASSIGN(const ValueId recurrence, ordered_gates(node, w.recurrence, *stack.mode));
    BMNET_ASSIGN(const ValueId first, ordered_gates(node, w.input_bias, *stack.mode));
    BMNET_ASSIGN(const ValueId second, ordered_gates(node, w.recurrence_bias, *stack.mode));
    BMNET_ASSIGN(const ValueId bias, node.make("concat", {{"axis", int64_t{1}}}, {first, second}));
    weights.push_back(weight), recurrences.push_back(recurrence), biases.push_back(bias);
  }
  Values result;
  for (const Values& parts : {weights, recurrences, biases}) {
    BMNET_ASSIGN(const ValueId stacked, node.make("concat", {{"axis", int64_t{0}}}, parts));
    result.push_back(stacked);
  }
  return result;
}

Status check_stack(const Emitter& node, const RecurrentStack& stack) {
  if (stack.layers < 1 || stack.layers > 64 || stack.hidden < 1 || node.rank_of(stack.x) != 3 ||
      std::ssize(stack.weights) != stack.layers * stack.directions || stack.states.size() != stack.mode->states())
    return user_error("{} layers of {} do not fit the input {}, {} weights and {} states", stack.layers, stack.hidden,
                      to_string(node.shape_of(stack.x)), stack.weights.size(), stack.states.size());
  const Shape expected{stack.layers * stack.directions, node.shape_of(stack.x)[1], stack.hidden};
  for (const ValueId state : stack.states)
    if (node.shape_of(state) != expected)
      return user_error("a state has shape {}, {} is needed", to_string(node.shape_of(state)), to_string(expected));
  return {};
}

}  // namespace

const RecurrentMode* find_recurrent_mode(std::string_view kind) {
  static const RecurrentMode kModes[] = {
      {"lstm", {0, 3, 1, 2}}, {"gru", {1, 0, 2}}, {"rnn_tanh", {0}}, {"rnn_relu", {0}}};
  const auto* found = std::ranges::find(kModes, kind, &RecurrentMode::kind);
  return found == std::end(kModes) ? nullptr : found;
}

Result<Values> finish_recurrent(Emitter& node, const RecurrentStack& stack) {
  BMNET_TRY(check_stack(node, stack));
  ValueId x = stack.x;
  const int64_t steps = node.shape_of(x)[0], batch = node.shape_of(x)[1];
  std::vector<Values> last(stack.mode->states());
  for (int64_t layer = 0; layer < stack.layers; ++layer) {
    BMNET_ASSIGN(const Values w, layer_weights(node, stack, layer));
    Values inputs{x, w[0], w[1], w[2]};
    for (size_t i = 0; i < 2; ++i) {
      BMNET_ASSIGN(const ValueId initial,
                   i < last.size() ? node.slice(stack.states[i], 0, layer * stack.directions, stack.directions)
                                   : node.filled(DType::kF32, {stack.directions, batch, stack.hidden}, 0));
      inputs.push_back(initial);
    }
    BMNET_ASSIGN(const Values results,
                 node.make_all("rnn",
                               {{"kind", std::string(stack.mode->kind)},
                                {"direction", std::string(stack.directions == 2 ? "bidirectional" : "forward")},
                                {"linear_before_reset", stack.mode->kind == "gru"}},
                               inputs, 3));
    for (size_t i = 0; i < last.size(); ++i) last[i].push_back(results[1 + i]);
    BMNET_ASSIGN(x, node.transpose(results[0], {0, 2, 1, 3}));  // [T,N,D,H]
    const Shape joined{steps, batch, stack.directions * stack.hidden};
    BMNET_ASSIGN(x,
                 layer + 1 < stack.layers ? node.reshape(x, joined) : node.finish("reshape", {{"shape", joined}}, {x}));
  }
  Values all{x};
  for (const Values& parts : last) {
    BMNET_ASSIGN(const ValueId state, node.make("concat", {{"axis", int64_t{0}}}, parts));
    all.push_back(state);
  }
  return all;
}

}  // namespace bmnet::frontend
