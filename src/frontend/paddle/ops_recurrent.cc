// Recurrent layers and cells.
#include <algorithm>

#include "frontend/paddle/call.h"
#include "frontend/recurrent.h"

namespace bmnet::frontend::paddle {
namespace {

// Weights stand layer by layer, matrices before biases; per direction: input part, recurrent part.
Result<Values> rnn(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  BMNET_ASSIGN(const Values weights, call.all("WeightList"));
  BMNET_ASSIGN(const Values states, call.all("PreState"));
  if (call.has("SequenceLength")) return unsupported("sequences of different lengths (SequenceLength)");
  const std::string mode = call.text("mode", "");
  std::string kind = mode;
  std::ranges::transform(kind, kind.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  RecurrentStack stack{find_recurrent_mode(kind),
                       call.integer("num_layers", 1),
                       call.boolean("is_bidirec", false) ? 2 : 1,
                       call.integer("hidden_size", 0),
                       x,
                       states,
                       {}};
  if (!stack.mode) return unsupported("mode={}; LSTM, GRU, RNN_TANH and RNN_RELU can be compiled", mode);
  const size_t cells = weights.size() / 4;
  if (weights.size() % 4) return user_error("{} weights", weights.size());
  for (size_t i = 0; i < cells; ++i) {
    const size_t matrix = 2 * i, bias = 2 * (cells + i);
    stack.weights.push_back({weights[matrix], weights[matrix + 1], weights[bias], weights[bias + 1]});
  }
  BMNET_ASSIGN(const Values results, finish_recurrent(call, stack));
  for (size_t i = 0; i + 1 < results.size(); ++i) call.set("State", i, results[i + 1]);
  return Values{results[0]};
}

// The activation of a cell: a name, or the number that gru_unit has for it.
Result<ValueId> activate(Call& call, std::string_view attribute, int64_t otherwise, ValueId x) {
  static constexpr std::string_view kKinds[] = {"", "sigmoid", "tanh", "relu"};
  const int64_t number = call.integer(attribute, otherwise);
  if (number < 0 || number > 3) return unsupported("{}={}", attribute, number);
  return number == 0 ? Result<ValueId>(x) : call.unary(kKinds[number], x);
}

// A part of [N,k*H] along its last axis.
Result<ValueId> columns(Call& call, ValueId x, int64_t from, int64_t count, int64_t size) {
  return call.slice(x, 1, from * size, count * size);
}

// One step: update u and reset r from the first two thirds of Input + HiddenPrev x Weight, candidate c from the last
// with r * HiddenPrev; h = u*c + (1-u)*HiddenPrev, or the other way round in origin_mode.
Result<Values> gru_unit(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("Input"));
  BMNET_ASSIGN(const ValueId h, call.in("HiddenPrev"));
  BMNET_ASSIGN(const ValueId weight, call.in("Weight"));
  const Shape state = call.shape_of(h);
  if (state.size() != 2 || call.shape_of(x) != Shape{state[0], 3 * state[1]} ||
      call.shape_of(weight) != Shape{state[1], 3 * state[1]})
    return user_error("input {}, state {} and weight {} do not fit", to_string(call.shape_of(x)), to_string(state),
                      to_string(call.shape_of(weight)));
  const int64_t size = state[1];
  if (call.has("Bias")) {
    BMNET_ASSIGN(const ValueId bias, call.in("Bias"));
    BMNET_ASSIGN(x, call.binary("add", x, bias));
  }
  // The weight holds [H,2H] and [H,H] one after the other.
  BMNET_ASSIGN(const ValueId flat, call.reshape(weight, {3 * size * size}));
  BMNET_ASSIGN(ValueId gates, call.slice(flat, 0, 0, 2 * size * size));
  BMNET_ASSIGN(gates, call.reshape(gates, {size, 2 * size}));
  BMNET_ASSIGN(ValueId candidate, call.slice(flat, 0, 2 * size * size, size * size));
  BMNET_ASSIGN(candidate, call.reshape(candidate, {size, size}));
  BMNET_ASSIGN(gates, call.make("matmul", {}, {h, gates}));
  BMNET_ASSIGN(const ValueId front, columns(call, x, 0, 2, size));
  BMNET_ASSIGN(gates, call.binary("add", front, gates));
  BMNET_ASSIGN(gates, activate(call, "gate_activation", 1, gates));
  BMNET_ASSIGN(const ValueId update, columns(call, gates, 0, 1, size));
  BMNET_ASSIGN(ValueId reset, columns(call, gates, 1, 1, size));
  BMNET_ASSIGN(reset, call.binary("mul", reset, h));
  BMNET_ASSIGN(candidate, call.make("matmul", {}, {reset, candidate}));
  BMNET_ASSIGN(const ValueId back, columns(call, x, 2, 1, size));
  BMNET_ASSIGN(candidate, call.binary("add", back, candidate));
  BMNET_ASSIGN(candidate, activate(call, "activation", 2, candidate));
  const bool origin = call.boolean("origin_mode", false);
  BMNET_ASSIGN(ValueId step, call.binary("sub", origin ? h : candidate, origin ? candidate : h));
  BMNET_ASSIGN(step, call.binary("mul", update, step));
  return one(call.finish("binary", {{"kind", std::string("add")}}, {step, origin ? candidate : h}));
}

// One step from the gates i, f, o, j in X: c = C_prev * sigmoid(f + forget_bias) + sigmoid(i) * tanh(j), h = sigmoid(o)
// * tanh(c).
Result<Values> lstm_unit(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId previous, call.in("C_prev"));
  const Shape state = call.shape_of(previous);
  if (state.size() != 2 || call.shape_of(x) != Shape{state[0], 4 * state[1]})
    return user_error("input {} and state {} do not fit", to_string(call.shape_of(x)), to_string(state));
  Values gates;
  for (int64_t i = 0; i < 4; ++i) {
    BMNET_ASSIGN(ValueId gate, columns(call, x, i, 1, state[1]));
    if (i == 1) {
      BMNET_ASSIGN(gate, call.linear(gate, 1, call.number("forget_bias", 0)));
    }
    BMNET_ASSIGN(gate, call.unary(i == 3 ? "tanh" : "sigmoid", gate));
    gates.push_back(gate);
  }
  BMNET_ASSIGN(const ValueId kept, call.binary("mul", previous, gates[1]));
  BMNET_ASSIGN(const ValueId taken, call.binary("mul", gates[0], gates[3]));
  BMNET_ASSIGN(const ValueId cell, call.binary("add", kept, taken));
  call.set("C", 0, cell);
  BMNET_ASSIGN(const ValueId bent, call.unary("tanh", cell));
  return one(call.finish("binary", {{"kind", std::string("mul")}}, {gates[2], bent}));
}

// clang-format off
constexpr Row kRows[] = {
    {"rnn", rnn, "", "mode num_layers hidden_size is_bidirec", "rnn", "without SequenceLength"},
    {"gru_unit", gru_unit, "", "activation gate_activation origin_mode", "matmul unary binary", "", "Hidden"},
    {"lstm_unit", lstm_unit, "", "forget_bias", "unary binary", "", "H"},
};
// clang-format on

}  // namespace

std::span<const Row> recurrent_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
