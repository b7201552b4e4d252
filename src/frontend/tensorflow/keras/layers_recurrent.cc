// Recurrent layers and the wrappers that go with them.
#include <algorithm>

#include "frontend/tensorflow/keras/layer.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

constexpr int64_t kMaxSteps = 1024;  // of a layer that is unrolled

// A layer's description, from its configuration or that of its cell.
struct Cell {
  std::string kind;  // lstm, gru, rnn
  int64_t units = 0, gates = 1;
  bool has_bias = true, reset_after = false;
  std::string activation, recurrent_activation;
};

// Weights in Keras' form: kernel [I,G*H], recurrence [H,G*H], bias [G*H] or, for reset_after, [2,G*H].
struct CellWeights {
  ValueId kernel, recurrence, bias, recurrent_bias;  // both biases [G*H]
};

Result<Cell> read_cell(const Layer& layer, std::string kind) {
  Cell cell;
  cell.kind = std::move(kind);
  cell.gates = cell.kind == "lstm" ? 4 : cell.kind == "gru" ? 3 : 1;
  cell.units = layer.config.integer("units", 0);
  if (cell.units < 1) return user_error("{} units", cell.units);
  cell.has_bias = layer.config.flag("use_bias", true);
  cell.reset_after = cell.kind == "gru" && layer.config.flag("reset_after", false);
  BMNET_ASSIGN(cell.activation, function_name(layer, "activation", "tanh"));
  BMNET_ASSIGN(cell.recurrent_activation, function_name(layer, "recurrent_activation", "sigmoid"));
  return cell;
}

Result<CellWeights> read_weights(Layer& layer, const Cell& cell, int64_t features) {
  Emitter& emit = layer.emitter;
  const int64_t rows = cell.gates * cell.units;
  BMNET_ASSIGN(const Value kernel, layer.weight_value("kernel", {features, rows}));
  BMNET_ASSIGN(const Value recurrence, layer.weight_value("recurrent_kernel", {cell.units, rows}));
  BMNET_ASSIGN(const ValueId zeros, emit.filled(DType::kF32, {rows}, 0));
  CellWeights weights{kernel.id, recurrence.id, zeros, zeros};
  if (!cell.has_bias) return weights;
  BMNET_ASSIGN(const Value bias, layer.weight_value("bias", cell.reset_after ? Shape{2, rows} : Shape{rows}));
  weights.bias = bias.id;
  if (cell.reset_after) {
    BMNET_ASSIGN(const ValueId input, emit.slice(bias.id, 0, 0, 1));
    BMNET_ASSIGN(const ValueId recurrent, emit.slice(bias.id, 0, 1, 1));
    BMNET_ASSIGN(weights.bias, emit.reshape(input, {rows}));
    BMNET_ASSIGN(weights.recurrent_bias, emit.reshape(recurrent, {rows}));
  }
  return weights;
}

// What a recurrent layer gives: all steps [B,T,H], the last states [B,H].
struct Sequence {
  ValueId steps, h, c;
};

// Gates of axis 0 in the network's order: Keras' lstm has i,f,c,o, the network i,o,f,c.
Result<ValueId> in_gate_order(Emitter& emit, const Cell& cell, ValueId x) {
  if (cell.kind != "lstm") return x;
  frontend::Values parts;
  for (const int64_t gate : {0, 3, 1, 2}) {
    BMNET_ASSIGN(const ValueId part, emit.slice(x, 0, gate * cell.units, cell.units));
    parts.push_back(part);
  }
  return emit.make("concat", {{"axis", int64_t{0}}}, parts);
}

Result<ValueId> rows_of(Emitter& emit, const Cell& cell, ValueId matrix) {
  BMNET_ASSIGN(const ValueId moved, emit.transpose(matrix, {1, 0}));
  BMNET_ASSIGN(const ValueId ordered, in_gate_order(emit, cell, moved));
  const Shape shape = emit.shape_of(ordered);
  return emit.reshape(ordered, {1, shape[0], shape[1]});
}

// Exchanges batch and time.
Result<ValueId> time_first(Emitter& emit, ValueId x) {
  const Shape shape = emit.shape_of(x);
  if (shape[0] == 1 || shape[1] == 1) return emit.reshape(x, {shape[1], shape[0], shape[2]});
  return emit.transpose(x, {1, 0, 2});
}

// By the network's own operator. x [B,T,I], states [B,H].
Result<Sequence> by_operator(Emitter& emit, const Cell& cell, const CellWeights& weights, ValueId x, ValueId h,
                             ValueId c, bool backwards) {
  const int64_t batch = emit.shape_of(x)[0], steps = emit.shape_of(x)[1], units = cell.units;
  BMNET_ASSIGN(const ValueId input, time_first(emit, x));
  BMNET_ASSIGN(const ValueId kernel, rows_of(emit, cell, weights.kernel));
  BMNET_ASSIGN(const ValueId recurrence, rows_of(emit, cell, weights.recurrence));
  BMNET_ASSIGN(const ValueId input_bias, in_gate_order(emit, cell, weights.bias));
  BMNET_ASSIGN(const ValueId recurrent_bias, in_gate_order(emit, cell, weights.recurrent_bias));
  BMNET_ASSIGN(const ValueId both, emit.make("concat", {{"axis", int64_t{0}}}, {input_bias, recurrent_bias}));
  BMNET_ASSIGN(const ValueId bias, emit.reshape(both, {1, 2 * cell.gates * units}));
  BMNET_ASSIGN(const ValueId first_h, emit.reshape(h, {1, batch, units}));
  BMNET_ASSIGN(const ValueId first_c, emit.reshape(c, {1, batch, units}));
  const std::string kind = cell.kind == "rnn" ? "rnn_" + cell.activation : cell.kind;
  const std::vector<ValueId> operands = {input, kernel, recurrence, bias, first_h, first_c};
  BMNET_ASSIGN(const frontend::Values results,
               emit.make_all("rnn",
                             {{"kind", kind},
                              {"direction", std::string(backwards ? "reverse" : "forward")},
                              {"linear_before_reset", cell.reset_after}},
                             operands, 3));
  Sequence sequence{};
  BMNET_ASSIGN(const ValueId all, emit.reshape(results[0], {steps, batch, units}));
  BMNET_ASSIGN(sequence.steps, time_first(emit, all));
  BMNET_ASSIGN(sequence.h, emit.reshape(results[1], {batch, units}));
  BMNET_ASSIGN(sequence.c, emit.reshape(results[2], {batch, units}));
  return sequence;
}

// Step by step, for activations that the network's operator has not.
class Unrolled {
 public:
  Unrolled(Layer& layer, const Cell& cell, const CellWeights& weights)
      : layer_(layer), emit_(layer.emitter), cell_(cell), weights_(weights) {}

  Result<Sequence> run(ValueId x, ValueId h, ValueId c, bool backwards) {
    const int64_t batch = emit_.shape_of(x)[0], steps = emit_.shape_of(x)[1];
    if (steps > kMaxSteps)
      return unsupported("{} steps with activation {} and recurrent_activation {}; up to {} are unrolled", steps,
                         cell_.activation, cell_.recurrent_activation, kMaxSteps);
    // The input's part of all steps at once.
    BMNET_ASSIGN(const ValueId product, emit_.make("matmul", {}, {x, weights_.kernel}));
    BMNET_ASSIGN(const ValueId all, emit_.binary("add", product, weights_.bias));
    Values outputs(static_cast<size_t>(steps));
    for (int64_t i = 0; i < steps; ++i) {
      const int64_t t = backwards ? steps - 1 - i : i;
      BMNET_ASSIGN(const ValueId row, emit_.slice(all, 1, t, 1));
      BMNET_ASSIGN(const ValueId from_input, emit_.reshape(row, {batch, cell_.gates * cell_.units}));
      BMNET_TRY(step(from_input, h, c));
      BMNET_ASSIGN(const ValueId output, emit_.reshape(h, {batch, 1, cell_.units}));
      outputs[static_cast<size_t>(t)] = output;
    }
    BMNET_ASSIGN(const ValueId joined, emit_.make("concat", {{"axis", int64_t{1}}}, outputs));
    return Sequence{joined, h, c};
  }

 private:
  using Values = frontend::Values;

  Result<ValueId> function(const std::string& name, ValueId x) {
    if (name == "linear") return x;
    BMNET_ASSIGN(const Function f, element_function(layer_, name));
    return emit_.unary(f.kind, x, f.alpha, f.beta);
  }
  Result<ValueId> gate(ValueId x, int64_t i) { return emit_.slice(x, 1, i * cell_.units, cell_.units); }
  Result<ValueId> gate(const std::string& name, ValueId x, int64_t i) {
    BMNET_ASSIGN(const ValueId part, gate(x, i));
    return function(name, part);
  }

  Status step(ValueId from_input, ValueId& h, ValueId& c) {
    if (cell_.kind == "gru") return step_gru(from_input, h);
    BMNET_ASSIGN(const ValueId product, emit_.make("matmul", {}, {h, weights_.recurrence}));
    BMNET_ASSIGN(const ValueId z, emit_.binary("add", from_input, product));
    if (cell_.kind == "rnn") {
      BMNET_ASSIGN(h, function(cell_.activation, z));
      return {};
    }
    BMNET_ASSIGN(const ValueId in, gate(cell_.recurrent_activation, z, 0));
    BMNET_ASSIGN(const ValueId forget, gate(cell_.recurrent_activation, z, 1));
    BMNET_ASSIGN(const ValueId candidate, gate(cell_.activation, z, 2));
    BMNET_ASSIGN(const ValueId out, gate(cell_.recurrent_activation, z, 3));
    BMNET_ASSIGN(const ValueId kept, emit_.binary("mul", forget, c));
    BMNET_ASSIGN(const ValueId added, emit_.binary("mul", in, candidate));
    BMNET_ASSIGN(c, emit_.binary("add", kept, added));
    BMNET_ASSIGN(const ValueId shown, function(cell_.activation, c));
    BMNET_ASSIGN(h, emit_.binary("mul", out, shown));
    return {};
  }

  // h = z * h + (1 - z) * candidate, written h + (1 - z) * (candidate - h).
  Status step_gru(ValueId from_input, ValueId& h) {
    BMNET_ASSIGN(const ValueId product, emit_.make("matmul", {}, {h, weights_.recurrence}));
    BMNET_ASSIGN(const ValueId recurrent, emit_.binary("add", product, weights_.recurrent_bias));
    BMNET_ASSIGN(const ValueId sum, emit_.binary("add", from_input, recurrent));
    BMNET_ASSIGN(const ValueId z, gate(cell_.recurrent_activation, sum, 0));
    BMNET_ASSIGN(const ValueId r, gate(cell_.recurrent_activation, sum, 1));
    ValueId own = -1;
    if (cell_.reset_after) {
      BMNET_ASSIGN(const ValueId part, gate(recurrent, 2));
      BMNET_ASSIGN(own, emit_.binary("mul", r, part));
    } else {
      BMNET_ASSIGN(const ValueId reset, emit_.binary("mul", r, h));
      BMNET_ASSIGN(const ValueId matrix, gate(weights_.recurrence, 2));
      BMNET_ASSIGN(own, emit_.make("matmul", {}, {reset, matrix}));
    }
    BMNET_ASSIGN(const ValueId input, gate(from_input, 2));
    BMNET_ASSIGN(const ValueId both, emit_.binary("add", input, own));
    BMNET_ASSIGN(const ValueId candidate, function(cell_.activation, both));
    BMNET_ASSIGN(const ValueId change, emit_.binary("sub", candidate, h));
    BMNET_ASSIGN(const ValueId rest, emit_.linear(z, -1, 1));
    BMNET_ASSIGN(const ValueId step, emit_.binary("mul", rest, change));
    BMNET_ASSIGN(h, emit_.binary("add", h, step));
    return {};
  }

  Layer& layer_;
  Emitter& emit_;
  const Cell& cell_;
  const CellWeights& weights_;
};

bool operator_has(const Cell& cell) {
  if (cell.kind == "rnn") return cell.activation == "tanh" || cell.activation == "relu";
  return cell.activation == "tanh" && cell.recurrent_activation == "sigmoid";
}

// The states that the call gives, behind the input or as keyword; else zeros.
Result<std::vector<ValueId>> first_states(Layer& layer, const Cell& cell, int64_t batch) {
  Values given(layer.inputs().begin() + 1, layer.inputs().end());
  if (const Operand* keyword = layer.keyword("initial_state"); keyword && given.empty()) given = keyword->tensors;
  const size_t wanted = cell.kind == "lstm" ? 2 : 1;
  if (!given.empty() && given.size() != wanted)
    return user_error("{} first states, {} are expected", given.size(), wanted);
  std::vector<ValueId> states;
  for (size_t i = 0; i < 2; ++i) {
    if (i < given.size()) {
      if (layer.shape(given[i]) != Shape{batch, cell.units})
        return user_error("a first state of shape {}, [{},{}] is expected", to_string(layer.shape(given[i])), batch,
                          cell.units);
      states.push_back(given[i].id);
    } else {
      BMNET_ASSIGN(const ValueId zeros, layer.emitter.filled(DType::kF32, {batch, cell.units}, 0));
      states.push_back(zeros);
    }
  }
  return states;
}

Result<Values> recurrent(Layer& layer) {
  if (layer.config.flag("time_major", false)) return unsupported("time_major; put the batch first");
  if (layer.keyword("mask")) return unsupported("a mask; feed sequences of full length");
  const Shape shape = layer.shape();
  if (shape.size() != 3)
    return user_error("a tensor of shape {}; batch, steps and features are expected", to_string(shape));
  BMNET_ASSIGN(const Cell cell, read_cell(layer, std::string(layer.kind())));
  BMNET_ASSIGN(const CellWeights weights, read_weights(layer, cell, shape[2]));
  BMNET_ASSIGN(const ValueId x, layer.plain(layer.input()));
  BMNET_ASSIGN(const std::vector<ValueId> states, first_states(layer, cell, shape[0]));
  const bool backwards = layer.config.flag("go_backwards", false);
  Sequence sequence{};
  if (operator_has(cell)) {
    BMNET_ASSIGN(sequence, by_operator(layer.emitter, cell, weights, x, states[0], states[1], backwards));
  } else {
    BMNET_ASSIGN(sequence, Unrolled(layer, cell, weights).run(x, states[0], states[1], backwards));
  }
  Values results;
  if (layer.config.flag("return_sequences", false)) {
    ValueId steps = sequence.steps;
    if (backwards) {  // in the order in which they were computed
      BMNET_ASSIGN(steps, layer.emitter.make("reverse", {{"axes", Shape{1}}}, {steps}));
    }
    results.push_back({steps, false});
  } else {
    results.push_back({sequence.h, false});
  }
  if (layer.config.flag("return_state", false)) {
    results.push_back({sequence.h, false});
    if (cell.kind == "lstm") results.push_back({sequence.c, false});
  }
  return results;
}

// RNN(LSTMCell(…)): the layer of the same name, with the cell's configuration and the wrapper's.
Result<Values> recurrent_of_cell(Layer& layer) {
  BMNET_ASSIGN(const LayerEntry cell, inner_layer(layer, "cell"));
  if (cell.class_name != "LSTMCell" && cell.class_name != "GRUCell" && cell.class_name != "SimpleRNNCell")
    return unsupported("a cell of class {}; LSTMCell, GRUCell and SimpleRNNCell are supported", cell.class_name);
  Json config = *cell.config;
  for (const char* option : {"return_sequences", "return_state", "go_backwards", "time_major"})
    config[option] = layer.config.flag(option, false);
  const LayerEntry whole{cell.class_name.substr(0, cell.class_name.size() - 4), cell.name, &config, {}};
  return layer.converter.convert(whole, layer.name(), layer.operands(), layer.weights());
}

// ---- wrappers

Result<Value> merged(Layer& layer, const std::string& mode, const Value& a, const Value& b) {
  if (mode == "sum") return layer.make("AddV2", {a, b});
  if (mode == "mul") return layer.make("Mul", {a, b});
  if (mode == "concat") return layer.make("ConcatV2", {a, b, layer.integer(-1)});
  if (mode != "ave") return unsupported("merge_mode '{}'", mode);
  BMNET_ASSIGN(const Value sum, layer.make("AddV2", {a, b}));
  BMNET_ASSIGN(const ValueId half, layer.emitter.linear(sum.id, 0.5f, 0));
  return Value{half, sum.channels_first};
}

// Results of both directions: the outputs merged, then the states of the one and of the other.
Result<Values> bidirectional(Layer& layer) {
  BMNET_ASSIGN(const LayerEntry forward, inner_layer(layer, "layer"));
  LayerEntry backward = forward;
  Json turned = *forward.config;
  const Json* direction = find(turned, "go_backwards");
  turned["go_backwards"] = !(direction && *direction == true);
  backward.config = &turned;
  if (layer.config.has("backward_layer")) {
    BMNET_ASSIGN(backward, inner_layer(layer, "backward_layer"));
  }
  if (layer.inputs().size() > 1 || layer.keyword("initial_state"))
    return unsupported("first states of both directions");
  Values results[2];
  for (const bool second : {false, true}) {
    const LayerEntry& entry = second ? backward : forward;
    const std::string name = layer.name() + (second ? "/backward" : "/forward");
    BMNET_ASSIGN(results[second],
                 layer.converter.convert(entry, name, layer.operands(),
                                         layer.weights().of_scope_prefix(second ? "backward_" : "forward_")));
  }
  Config inner(*backward.config);
  if (inner.flag("return_sequences", false)) {
    Value& steps = results[1].front();
    BMNET_ASSIGN(steps.id, layer.emitter.make("reverse", {{"axes", Shape{1}}}, {steps.id}));
  }
  Values all;
  const Json* mode = layer.config.entry("merge_mode");
  if (mode) {
    BMNET_ASSIGN(const Value both,
                 merged(layer, layer.config.text("merge_mode", "concat"), results[0][0], results[1][0]));
    all.push_back(both);
  } else {
    all = {results[0][0], results[1][0]};
  }
  for (const Values& one : results) all.insert(all.end(), one.begin() + 1, one.end());
  return all;
}

// The layer on every step: steps count as batch.
Result<Values> time_distributed(Layer& layer) {
  BMNET_ASSIGN(const LayerEntry inner, inner_layer(layer, "layer"));
  const Shape shape = layer.shape();
  if (shape.size() < 3) return user_error("a tensor of shape {}; batch, steps and more are expected", to_string(shape));
  Shape folded(shape.begin() + 1, shape.end());
  folded[0] *= shape[0];
  BMNET_ASSIGN(const Value x, layer.reshape(layer.input(), folded));
  const Operands operands{{{{x}, nullptr}}, {}};
  BMNET_ASSIGN(const Values results,
               layer.converter.convert(inner, layer.name() + "/" + inner.name, operands, layer.weights()));
  Values all;
  for (const Value& value : results) {
    Shape unfolded = layer.shape(value);
    if (unfolded.empty() || unfolded[0] != folded[0]) return unsupported("the layer inside changes the batch");
    unfolded[0] = shape[1];
    unfolded.insert(unfolded.begin(), shape[0]);
    BMNET_ASSIGN(const Value y, layer.reshape(value, unfolded));
    all.push_back(y);
  }
  return all;
}

constexpr std::string_view kRecurrent =
    "units activation recurrent_activation use_bias return_sequences return_state go_backwards reset_after";

// clang-format off
constexpr Row kRows[] = {
    {"Bidirectional", 1, 1, "layer backward_layer merge_mode", bidirectional, "", "rnn concat", ""},
    {"GRU", 1, 2, kRecurrent, recurrent, "gru", "rnn", "other activations are unrolled"},
    {"LSTM", 1, 3, kRecurrent, recurrent, "lstm", "rnn", "other activations are unrolled"},
    {"RNN", 1, 3, "cell return_sequences return_state go_backwards", recurrent_of_cell, "", "rnn", "of one cell"},
    {"SimpleRNN", 1, 2, kRecurrent, recurrent, "rnn", "rnn", "other activations are unrolled"},
    {"TimeDistributed", 1, 1, "layer", time_distributed, "", "reshape", ""},
};
// clang-format on

}  // namespace

std::span<const Row> recurrent_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow::keras
