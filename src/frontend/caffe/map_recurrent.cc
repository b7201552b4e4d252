// Recurrent layers, unrolled over time as Caffe itself does it.
#include "frontend/caffe/mapping.h"

namespace bmnet::caffe {
namespace {

constexpr int64_t kMaxSteps = 1024;

// x [T,N,I], the continuation marks [T,N] (0 where a sequence begins), hidden size.
struct Sequence {
  int64_t steps, batch, inner, hidden;
  ValueId x, marks;
};

Result<Sequence> sequence_of(LayerCall& call) {
  const auto& recurrent = call.param().recurrent_param();
  if (recurrent.expose_hidden()) return unsupported("expose_hidden; keep the state inside the layer");
  if (call.inputs().size() == 3) return unsupported("a static input as third bottom; concatenate it to the first");
  BMNET_TRY(call.require_inputs(2, 2));
  const Shape shape = call.shape(call.input());
  const Shape marks = call.shape(call.input(1));
  if (shape.size() < 3 || marks != Shape{shape[0], shape[1]}) {
    return user_error("bottoms of shapes {} and {}; [T,N,…] and the marks [T,N] are needed", to_string(shape),
                      to_string(marks));
  }
  if (recurrent.num_output() < 1) return user_error("num_output {}", recurrent.num_output());
  if (shape[0] > kMaxSteps) return unsupported("{} time steps; at most {} are unrolled", shape[0], kMaxSteps);
  Sequence sequence{shape[0],      shape[1],     element_count(std::span(shape).subspan(2)), recurrent.num_output(),
                    call.input(0), call.input(1)};
  BMNET_ASSIGN(sequence.x, call.reshape(call.input(0), {sequence.steps, sequence.batch, sequence.inner}));
  return sequence;
}

// a * b^T (+ bias), a [.., K], b [N, K]
Result<ValueId> product(LayerCall& call, ValueId a, ValueId b) {
  return call.step("matmul", {{"transpose_b", true}}, {a, b});
}
Result<ValueId> product(LayerCall& call, ValueId a, ValueId b, ValueId bias) {
  return call.step("matmul", {{"transpose_b", true}}, {a, b, bias});
}
Result<ValueId> binary(LayerCall& call, const char* kind, ValueId a, ValueId b) {
  return call.step("binary", {{"kind", kind}}, {a, b});
}
Result<ValueId> unary(LayerCall& call, const char* kind, ValueId x) {
  return call.step("unary", {{"kind", kind}}, {x});
}

// Elements [start, start + size) of one axis.
Result<ValueId> part(LayerCall& call, ValueId value, int64_t axis, int64_t start, int64_t size) {
  Shape starts(call.shape(value).size(), 0), sizes = call.shape(value), steps(starts.size(), 1);
  starts[axis] = start;
  sizes[axis] = size;
  return call.step("slice", {{"starts", std::move(starts)}, {"sizes", std::move(sizes)}, {"steps", std::move(steps)}},
                   {value});
}

// Step t of a value [T,N,…] as [N,width].
Result<ValueId> at_step(LayerCall& call, ValueId value, int64_t t, int64_t batch, int64_t width) {
  BMNET_ASSIGN(const ValueId row, part(call, value, 0, t, 1));
  return call.reshape(row, {batch, width});
}

// The states of all steps, each [N,H], as [T,N,H].
Result<Values> stack(LayerCall& call, const Sequence& sequence, const Values& states) {
  Values rows;
  for (ValueId state : states) {
    BMNET_ASSIGN(const ValueId row, call.reshape(state, {1, sequence.batch, sequence.hidden}));
    rows.push_back(row);
  }
  return one(call.top("concat", {{"axis", int64_t{0}}}, rows));
}

struct State {
  ValueId hidden = kNoValue, cell = kNoValue;  // none before the first step: zero
};

// One step of an LSTM. gates [N,4H] in the order i, f, o, g; mark [N,1] tells whether the last state counts.
Result<State> lstm_step(LayerCall& call, ValueId gates, int64_t hidden, ValueId last_cell, ValueId mark) {
  ValueId gate[4];
  for (int i = 0; i < 4; ++i) {
    BMNET_ASSIGN(const ValueId raw, part(call, gates, 1, i * hidden, hidden));
    BMNET_ASSIGN(gate[i], unary(call, i == 3 ? "tanh" : "sigmoid", raw));
  }
  State state;
  BMNET_ASSIGN(state.cell, binary(call, "mul", gate[0], gate[3]));
  if (last_cell != kNoValue) {
    BMNET_ASSIGN(const ValueId forget, binary(call, "mul", gate[1], mark));
    BMNET_ASSIGN(const ValueId kept, binary(call, "mul", forget, last_cell));
    BMNET_ASSIGN(state.cell, binary(call, "add", kept, state.cell));
  }
  BMNET_ASSIGN(const ValueId squashed, unary(call, "tanh", state.cell));
  BMNET_ASSIGN(state.hidden, binary(call, "mul", gate[2], squashed));
  return state;
}

// input (of this step, already transformed) + recurrence * (last hidden state, where the mark lets it through)
Result<ValueId> with_last_state(LayerCall& call, ValueId input, ValueId last_hidden, ValueId mark, ValueId recurrence) {
  BMNET_ASSIGN(const ValueId kept, binary(call, "mul", last_hidden, mark));
  BMNET_ASSIGN(const ValueId recurrent, product(call, kept, recurrence));
  return binary(call, "add", input, recurrent);
}

}  // namespace

// Blobs: input weights [4H,I], bias [4H], recurrent weights [4H,H].
Result<Values> map_lstm(LayerCall& call) {
  BMNET_ASSIGN(const Sequence sequence, sequence_of(call));
  const int64_t hidden = sequence.hidden;
  BMNET_ASSIGN(const ValueId weight, call.weight(0, {4 * hidden, sequence.inner}, Fill::kWeight));
  BMNET_ASSIGN(const ValueId bias, call.weight(1, {4 * hidden}, Fill::kBias));
  BMNET_ASSIGN(const ValueId recurrence, call.weight(2, {4 * hidden, hidden}, Fill::kWeight));
  BMNET_ASSIGN(const ValueId inputs, product(call, sequence.x, weight, bias));
  State state;
  Values states;
  for (int64_t t = 0; t < sequence.steps; ++t) {
    BMNET_ASSIGN(ValueId gates, at_step(call, inputs, t, sequence.batch, 4 * hidden));
    ValueId mark = kNoValue;
    if (t > 0) {
      BMNET_ASSIGN(mark, at_step(call, sequence.marks, t, sequence.batch, 1));
      BMNET_ASSIGN(gates, with_last_state(call, gates, state.hidden, mark, recurrence));
    }
    BMNET_ASSIGN(state, lstm_step(call, gates, hidden, state.cell, mark));
    states.push_back(state.hidden);
  }
  return stack(call, sequence, states);
}

// Blobs: input weights [H,I], bias [H], recurrent weights [H,H], output weights [H,H], output bias [H].
Result<Values> map_rnn(LayerCall& call) {
  BMNET_ASSIGN(const Sequence sequence, sequence_of(call));
  const int64_t hidden = sequence.hidden;
  BMNET_ASSIGN(const ValueId weight, call.weight(0, {hidden, sequence.inner}, Fill::kWeight));
  BMNET_ASSIGN(const ValueId bias, call.weight(1, {hidden}, Fill::kBias));
  BMNET_ASSIGN(const ValueId recurrence, call.weight(2, {hidden, hidden}, Fill::kWeight));
  BMNET_ASSIGN(const ValueId output_weight, call.weight(3, {hidden, hidden}, Fill::kWeight));
  BMNET_ASSIGN(const ValueId output_bias, call.weight(4, {hidden}, Fill::kBias));
  BMNET_ASSIGN(const ValueId inputs, product(call, sequence.x, weight, bias));
  ValueId state = kNoValue;
  Values outputs;
  for (int64_t t = 0; t < sequence.steps; ++t) {
    BMNET_ASSIGN(ValueId sum, at_step(call, inputs, t, sequence.batch, hidden));
    if (t > 0) {
      BMNET_ASSIGN(const ValueId mark, at_step(call, sequence.marks, t, sequence.batch, 1));
      BMNET_ASSIGN(sum, with_last_state(call, sum, state, mark, recurrence));
    }
    BMNET_ASSIGN(state, unary(call, "tanh", sum));
    BMNET_ASSIGN(const ValueId raw, product(call, state, output_weight, output_bias));
    BMNET_ASSIGN(const ValueId output, unary(call, "tanh", raw));
    outputs.push_back(output);
  }
  return stack(call, sequence, outputs);
}

// 0 at the first step of every sequence, 1 behind it.
Result<Values> map_continuation_indicator(LayerCall& call) {
  BMNET_TRY(call.require_inputs(0, 0));
  const auto& indicator = call.param().continuation_indicator_param();
  const int64_t steps = indicator.time_step(), batch = indicator.batch_size();
  const bool batch_first = indicator.axis() == 1;
  if (steps < 1 || batch < 1 || steps > 1 << 20 || batch > 1 << 10)
    return user_error("time_step {}, batch_size {}; both must be positive", steps, batch);
  Tensor marks({DType::kF32, batch_first ? Shape{batch, steps} : Shape{steps, batch}});
  for (int64_t i = 0; i < marks.count(); ++i)
    marks.data<float>()[i] = (batch_first ? i % steps : i / batch) == 0 ? 0.0f : 1.0f;
  return Values{call.graph().constant(call.top_name(), std::move(marks))};
}

}  // namespace bmnet::caffe
