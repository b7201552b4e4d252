// LSTM, GRU and plain recurrent layers, of any number of layers and both directions.
#include <algorithm>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

struct Layers {
  std::string kind;
  ValueId x = -1;                // [T,N,I]
  std::vector<ValueId> initial;  // h [layers*directions,N,H], for lstm also c
  std::vector<ValueId> weights;  // by layer, by direction: w_ih, w_hh, (b_ih, b_hh), (w_hr)
  bool biases = true, bidirectional = false;
  int64_t layers = 1;
  std::vector<int64_t> gates;  // PyTorch's gate at every place of nn's order
  size_t directions() const { return bidirectional ? 2 : 1; }
  size_t per_direction() const { return biases ? 4 : 2; }
};

// The rows of the gates in nn's order; [G*H,…] or [G*H].
ValueId reordered(Call& c, const Layers& l, ValueId weight) {
  const int64_t rows = c.t.shape(weight)[0] / static_cast<int64_t>(l.gates.size());
  if (l.gates.size() == 1) return weight;
  std::vector<ValueId> parts;
  for (const int64_t gate : l.gates) parts.push_back(c.t.slice(weight, 0, gate * rows, rows));
  return c.t.concat(parts, 0);
}
ValueId stacked(Call& c, const std::vector<ValueId>& values) {
  std::vector<ValueId> parts;
  for (const ValueId value : values) {
    Shape shape = c.t.shape(value);
    shape.insert(shape.begin(), 1);
    parts.push_back(c.t.reshape(value, shape));
  }
  return c.t.concat(parts, 0);
}

struct Outcome {
  ValueId y;                    // [T,N,D*H]
  std::vector<ValueId> states;  // h, c: [layers*D,N,H]
};

Outcome run(Call& c, const Layers& l) {
  const size_t d = l.directions();
  if (l.layers < 1 || l.layers > 4096 || l.weights.size() != static_cast<size_t>(l.layers) * d * l.per_direction())
    refuse("torch.{}: {} weights for {} layers", c.op(), l.weights.size(), l.layers);
  ValueId x = l.x;
  std::vector<ValueId> last_h, last_c;
  for (int64_t layer = 0; layer < l.layers; ++layer) {
    std::vector<ValueId> input, recurrent, bias;
    for (size_t i = 0; i < d; ++i) {
      const ValueId* w = &l.weights[(static_cast<size_t>(layer) * d + i) * l.per_direction()];
      if (c.t.shape(w[0]).size() != 2 || c.t.shape(w[1]).size() != 2)
        reject("torch.{}: weights are no matrices", c.op());
      input.push_back(reordered(c, l, w[0]));
      recurrent.push_back(reordered(c, l, w[1]));
      bias.push_back(l.biases ? c.t.concat({reordered(c, l, w[2]), reordered(c, l, w[3])}, 0)
                              : c.t.filled(DType::kF32, {2 * c.t.shape(w[0])[0]}, 0));
    }
    const auto state = [&](size_t which) {
      return c.t.slice(l.initial[std::min(which, l.initial.size() - 1)], 0, layer * static_cast<int64_t>(d),
                       static_cast<int64_t>(d));
    };
    const ValueId h = state(0);
    const ValueId cell = l.kind == "lstm" ? state(1) : c.t.filled(DType::kF32, c.t.shape(h), 0);
    const std::vector<ValueId> results =
        c.t.emit_many("rnn",
                      {{"kind", l.kind},
                       {"direction", std::string(l.bidirectional ? "bidirectional" : "forward")},
                       {"linear_before_reset", l.kind == "gru"}},
                      {x, stacked(c, input), stacked(c, recurrent), stacked(c, bias), h, cell}, 3);
    const Shape shape = c.t.shape(results[0]);  // [T,D,N,H]
    x = c.t.reshape(c.t.permute(results[0], {0, 2, 1, 3}), {shape[0], shape[2], shape[1] * shape[3]});
    last_h.push_back(results[1]);
    last_c.push_back(results[2]);
  }
  std::vector<ValueId> states = {c.t.concat(last_h, 0)};
  if (l.kind == "lstm") states.push_back(c.t.concat(last_c, 0));
  return {x, states};
}

// One direction of an LSTM layer whose output is projected, step by step.
struct Projected {
  std::vector<ValueId> outputs;  // [N,P], by step
  ValueId h, cell;
};
Projected run_projected(Call& c, ValueId x, const ValueId* w, bool biases, ValueId h, ValueId cell, bool reverse) {
  const Shape shape = c.t.shape(x);
  const int64_t hidden = c.t.shape(w[1])[0] / 4;
  const auto affine = [&](ValueId value, size_t at) {
    std::vector<ValueId> inputs = {value, w[at]};
    if (biases) inputs.push_back(w[at + 2]);
    return c.t.emit("matmul", {{"transpose_b", true}}, inputs);
  };
  Projected result{std::vector<ValueId>(static_cast<size_t>(shape[0])), h, cell};
  for (int64_t step = 0; step < shape[0]; ++step) {
    const int64_t at = reverse ? shape[0] - 1 - step : step;
    const ValueId now = c.t.reshape(c.t.slice(x, 0, at, 1), {shape[1], shape[2]});
    const ValueId sum = c.t.binary("add", affine(now, 0), affine(result.h, 1));
    const auto gate = [&](int64_t index, const char* function) {
      return c.t.unary(function, c.t.slice(sum, 1, index * hidden, hidden));
    };
    const ValueId kept = c.t.binary("mul", gate(1, "sigmoid"), result.cell);
    result.cell = c.t.binary("add", kept, c.t.binary("mul", gate(0, "sigmoid"), gate(2, "tanh")));
    const ValueId out = c.t.binary("mul", gate(3, "sigmoid"), c.t.unary("tanh", result.cell));
    result.h = c.t.emit("matmul", {{"transpose_b", true}}, {out, w[biases ? 4 : 2]});
    result.outputs[static_cast<size_t>(at)] = result.h;
  }
  return result;
}

Outcome run_projected(Call& c, const Layers& l) {
  const size_t d = l.directions(), each = l.per_direction() + 1;
  ValueId x = l.x;
  if (c.t.shape(x)[0] > 1024) refuse("torch.lstm with projections over {} steps", c.t.shape(x)[0]);
  std::vector<ValueId> last_h, last_c;
  for (size_t layer = 0; layer < static_cast<size_t>(l.layers); ++layer) {
    std::vector<ValueId> sides;
    for (size_t i = 0; i < d; ++i) {
      const size_t row = layer * d + i;
      const auto state = [&](ValueId all) {
        const Shape& shape = c.t.shape(all);
        return c.t.reshape(c.t.slice(all, 0, static_cast<int64_t>(row), 1), {shape[1], shape[2]});
      };
      Projected one =
          run_projected(c, x, &l.weights[row * each], l.biases, state(l.initial[0]), state(l.initial[1]), i == 1);
      sides.push_back(stacked(c, one.outputs));
      last_h.push_back(one.h);
      last_c.push_back(one.cell);
    }
    x = c.t.concat(sides, 2);
  }
  return {x, {stacked(c, last_h), stacked(c, last_c)}};
}

// f(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
Value recurrent(Call& c, const std::string& kind, std::vector<int64_t> gates) {
  if (!c.at(2).items()) refuse("torch.{} of packed sequences is not supported", c.op());
  if (c.boolean(6, false) && c.number(5, 0) != 0) refuse("torch.{} in training mode", c.op());
  Layers l;
  l.kind = kind;
  l.gates = std::move(gates);
  l.x = c.f32(0);
  l.initial = c.at(1).items() ? c.tensors(1) : std::vector<ValueId>{c.tensor(1)};
  l.weights = c.tensors(2);
  l.biases = c.boolean(3, true);
  l.layers = c.integer(4, 1);
  l.bidirectional = c.boolean(7, false);
  const bool batch_first = c.boolean(8, false);
  if (c.t.shape(l.x).size() != 3 || l.initial.empty() || c.t.shape(l.initial[0]).size() != 3)
    refuse("torch.{} of input {}: [steps, batch, features] is needed", c.op(), to_string(c.t.shape(l.x)));
  if (batch_first) l.x = c.t.permute(l.x, {1, 0, 2});
  const bool projected = kind == "lstm" && l.layers >= 1 && l.layers < 4096 && l.initial.size() == 2 &&
                         l.weights.size() == static_cast<size_t>(l.layers) * l.directions() * (l.per_direction() + 1);
  const Outcome outcome = projected ? run_projected(c, l) : run(c, l);
  std::vector<ValueId> results = {batch_first ? c.t.permute(outcome.y, {1, 0, 2}) : outcome.y};
  results.insert(results.end(), outcome.states.begin(), outcome.states.end());
  return c.tuple(results);
}
// PyTorch's gates: lstm i,f,g,o; gru r,z,n. Those of nn: i,o,f,g; z,r,n.
Value lstm(Call& c) { return recurrent(c, "lstm", {0, 3, 1, 2}); }
Value gru(Call& c) { return recurrent(c, "gru", {1, 0, 2}); }
Value rnn_tanh(Call& c) { return recurrent(c, "rnn_tanh", {0}); }
Value rnn_relu(Call& c) { return recurrent(c, "rnn_relu", {0}); }

// The inputs of the gates of one step: x w_ih' + b_ih and h w_hh' + b_hh, cut into `count` parts.
struct Gates {
  std::vector<ValueId> input, recurrent;
};
Gates gates_of(Call& c, ValueId h, int64_t count) {
  const auto parts = [&](ValueId x, size_t weight, size_t bias) {
    std::vector<ValueId> inputs = {x, c.f32(weight)};
    if (c.given(bias)) inputs.push_back(c.f32(bias));
    const ValueId sum = c.t.emit("matmul", {{"transpose_b", true}}, inputs);
    const Shape shape = c.t.shape(sum);
    if (shape.empty() || shape.back() % count != 0)
      reject("torch.{}: weights of {} rows", c.op(), shape.empty() ? 0 : shape.back());
    std::vector<ValueId> result;
    for (int64_t i = 0; i < count; ++i)
      result.push_back(c.t.slice(sum, shape.size() - 1, i * (shape.back() / count), shape.back() / count));
    return result;
  };
  return {parts(c.f32(0), 2, 4), parts(h, 3, 5)};
}
Value lstm_cell(Call& c) {
  const std::vector<ValueId> state = c.tensors(1);
  if (state.size() != 2) reject("torch.lstm_cell: {} states", state.size());
  const Gates gates = gates_of(c, c.t.cast(state[0], DType::kF32), 4);  // i, f, g, o
  const auto gate = [&](size_t index, const char* function) {
    return c.t.unary(function, c.t.binary("add", gates.input[index], gates.recurrent[index]));
  };
  const ValueId kept = c.t.binary("mul", gate(1, "sigmoid"), c.t.cast(state[1], DType::kF32));
  const ValueId cell = c.t.binary("add", kept, c.t.binary("mul", gate(0, "sigmoid"), gate(2, "tanh")));
  return c.tuple({c.t.binary("mul", gate(3, "sigmoid"), c.t.unary("tanh", cell)), cell});
}
Value gru_cell(Call& c) {
  const ValueId h = c.f32(1);
  const Gates gates = gates_of(c, h, 3);  // r, z, n
  const auto gate = [&](size_t index) {
    return c.t.unary("sigmoid", c.t.binary("add", gates.input[index], gates.recurrent[index]));
  };
  const ValueId reset = c.t.binary("mul", gate(0), gates.recurrent[2]);
  const ValueId fresh = c.t.unary("tanh", c.t.binary("add", gates.input[2], reset));
  const ValueId kept = c.t.binary("mul", gate(1), c.t.binary("sub", h, fresh));
  return c.result(c.t.binary("add", fresh, kept));
}
Value plain_cell(Call& c, const char* function) {
  const Gates gates = gates_of(c, c.f32(1), 1);
  return c.result(c.t.unary(function, c.t.binary("add", gates.input[0], gates.recurrent[0])));
}
Value rnn_tanh_cell(Call& c) { return plain_cell(c, "tanh"); }
Value rnn_relu_cell(Call& c) { return plain_cell(c, "relu"); }

Value packed(Call& c) {
  refuse("torch.{}: packed sequences have no fixed shape; pad the sequences and mask what follows them", c.op());
}

constexpr std::string_view kCell = "input hx w_ih w_hh b_ih b_hh";
constexpr std::string_view kParameters =
    "input hx params has_biases num_layers dropout train bidirectional batch_first";
constexpr OpRow kRows[] = {
    {"lstm", kParameters, lstm, "rnn", "no packed sequences"},
    {"gru", kParameters, gru, "rnn", "no packed sequences"},
    {"rnn_tanh", kParameters, rnn_tanh, "rnn", "no packed sequences"},
    {"rnn_relu", kParameters, rnn_relu, "rnn", "no packed sequences"},
    {"lstm_cell", kCell, lstm_cell, "matmul unary binary"},
    {"gru_cell", kCell, gru_cell, "matmul unary binary"},
    {"rnn_tanh_cell", kCell, rnn_tanh_cell, "matmul unary binary"},
    {"rnn_relu_cell", kCell, rnn_relu_cell, "matmul unary binary"},
    {"_pack_padded_sequence", "input lengths batch_first", packed, "", "refused"},
};

}  // namespace

std::span<const OpRow> recurrent_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
