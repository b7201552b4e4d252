// Fused recurrent layers; sequences of different lengths in one tensor.
#include <algorithm>
#include <numeric>

#include "frontend/mxnet/call.h"
#include "frontend/recurrent.h"
#include "frontend/sequence.h"

namespace bmnet::frontend::mxnet {
namespace {

using Integers = std::vector<int64_t>;

// The next `rows` x `columns` numbers of the one parameter vector; columns 0: a vector of `rows`.
Result<ValueId> next_part(Call& call, ValueId parameters, int64_t& at, int64_t rows, int64_t columns) {
  const int64_t count = rows * std::max<int64_t>(columns, 1);
  if (count > call.shape_of(parameters)[0] - at)
    return user_error("its {} parameters are too few", call.shape_of(parameters)[0]);
  BMNET_ASSIGN(const ValueId part, call.slice(parameters, 0, at, count));
  at += count;
  return columns == 0 ? Result<ValueId>(part) : call.reshape(part, {rows, columns});
}

// All matrices stand before all biases; both layer by layer, forward before backward, input part before recurrent part.
Status read_weights(Call& call, ValueId parameters, int64_t inputs, RecurrentStack& stack) {
  const int64_t rows = stack.mode->gates() * stack.hidden, cells = stack.layers * stack.directions;
  int64_t at = 0;
  for (int64_t cell = 0; cell < cells; ++cell) {
    const int64_t columns = cell < stack.directions ? inputs : stack.directions * stack.hidden;
    BMNET_ASSIGN(const ValueId input, next_part(call, parameters, at, rows, columns));
    BMNET_ASSIGN(const ValueId recurrence, next_part(call, parameters, at, rows, stack.hidden));
    stack.weights.push_back({input, recurrence, 0, 0});
  }
  for (int64_t cell = 0; cell < cells; ++cell) {
    BMNET_ASSIGN(stack.weights[cell].input_bias, next_part(call, parameters, at, rows, 0));
    BMNET_ASSIGN(stack.weights[cell].recurrence_bias, next_part(call, parameters, at, rows, 0));
  }
  if (at != call.shape_of(parameters)[0])
    return user_error("{} parameters are given, {} are needed", call.shape_of(parameters)[0], at);
  return {};
}

Result<Values> rnn(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t hidden, call.node.integer("state_size", 0));
  BMNET_ASSIGN(const int64_t layers, call.node.integer("num_layers", 1));
  BMNET_ASSIGN(const bool bidirectional, call.node.boolean("bidirectional", false));
  BMNET_ASSIGN(const bool state_outputs, call.node.boolean("state_outputs", false));
  BMNET_ASSIGN(const bool lengths, call.node.boolean("use_sequence_length", false));
  const std::string mode = call.node.text("mode", "");
  RecurrentStack stack{find_recurrent_mode(mode), layers, bidirectional ? 2 : 1, hidden, inputs[0], {}, {}};
  if (!stack.mode) return unsupported("mode={}; lstm, gru, rnn_tanh and rnn_relu can be compiled", mode);
  if (lengths) return unsupported("use_sequence_length=True");
  if (call.node.has("projection_size")) return unsupported("projection_size={}", call.node.text("projection_size", ""));
  if (call.node.has("lstm_state_clip_min")) return unsupported("lstm_state_clip_min");
  const Shape shape = call.shape_of(inputs[0]);
  if (shape.size() != 3 || hidden < 1 || hidden > 1 << 20 || layers < 1 || layers > 64 || call.rank_of(inputs[1]) != 1)
    return user_error("{} layers of {} do not fit the input {} and parameters {}", layers, hidden, to_string(shape),
                      to_string(call.shape_of(inputs[1])));
  BMNET_TRY(read_weights(call, inputs[1], shape[2], stack));
  for (size_t i = 0; i < stack.mode->states(); ++i) {
    if (2 + i >= inputs.size()) return user_error("its state {} is missing", i);
    // A state made of zeros may leave the batch open.
    BMNET_ASSIGN(const ValueId state, call.broadcast(inputs[2 + i], {layers * stack.directions, shape[1], hidden}));
    stack.states.push_back(state);
  }
  BMNET_ASSIGN(Values results, finish_recurrent(call, stack));
  if (!state_outputs) results.resize(1);
  return results;
}

// Whether step t of `axis` lies inside the length of its sequence, shaped to broadcast against data [T,N,…] or [N,T,…].
Result<ValueId> inside_sequence(Call& call, ValueId lengths, const Shape& shape, int64_t axis) {
  Integers steps(shape[axis]);
  std::iota(steps.begin(), steps.end(), 0);
  Shape along(shape.size(), 1), across(shape.size(), 1);
  along[axis] = shape[axis], across[1 - axis] = shape[1 - axis];
  if (element_count(call.shape_of(lengths)) != shape[1 - axis])
    return user_error("{} lengths for {} sequences", element_count(call.shape_of(lengths)), shape[1 - axis]);
  BMNET_ASSIGN(lengths, call.cast(lengths, DType::kF32));
  BMNET_ASSIGN(lengths, call.reshape(lengths, across));
  std::vector<float> numbers(steps.begin(), steps.end());
  const ValueId at = call.constant(Tensor::of<float>(along, numbers));
  return call.make("compare", {{"kind", std::string("lt")}}, {at, lengths});
}

struct Sequences {
  ValueId data;
  std::optional<ValueId> lengths;
  int64_t axis;
};
Result<Sequences> sequences_of(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t axis, call.node.integer("axis", 0));
  BMNET_ASSIGN(const bool use, call.node.boolean("use_sequence_length", false));
  if (axis < 0 || axis > 1 || call.rank_of(inputs[0]) < 2)
    return user_error("axis {} of {} holds no sequences", axis, to_string(call.shape_of(inputs[0])));
  if (call.shape_of(inputs[0])[axis] > 1 << 24) return unsupported("{} steps", call.shape_of(inputs[0])[axis]);
  if (use && inputs.size() < 2) return user_error("its lengths are missing");
  return Sequences{inputs[0], use ? std::optional(inputs[1]) : std::nullopt, axis};
}

Result<Values> sequence_mask(Call& call) {
  BMNET_ASSIGN(const Sequences s, sequences_of(call));
  BMNET_ASSIGN(const float value, call.node.number("value", 0));
  if (!s.lengths) return Values{s.data};
  BMNET_ASSIGN(const ValueId inside, inside_sequence(call, *s.lengths, call.shape_of(s.data), s.axis));
  BMNET_ASSIGN(const ValueId other, call.scalar(call.dtype_of(s.data), value));
  return one(call.finish("select", {}, {inside, s.data, other}));
}

Result<Values> sequence_last(Call& call) {
  BMNET_ASSIGN(const Sequences s, sequences_of(call));
  const Shape shape = call.shape_of(s.data);
  Shape kept = shape, dropped = shape;
  kept[s.axis] = 1;
  dropped.erase(dropped.begin() + s.axis);
  ValueId last;
  if (s.lengths) {
    Shape across(shape.size(), 1);
    across[1 - s.axis] = shape[1 - s.axis];
    BMNET_ASSIGN(ValueId index, call.cast(*s.lengths, DType::kF32));
    BMNET_ASSIGN(index, call.reshape(index, across));
    BMNET_ASSIGN(index, call.linear(index, 1, -1));
    BMNET_ASSIGN(index, call.cast(index, DType::kI64));
    BMNET_ASSIGN(index, call.broadcast(index, kept));
    BMNET_ASSIGN(last, call.make("gather_elements", {{"axis", s.axis}}, {s.data, index}));
  } else {
    BMNET_ASSIGN(last, call.slice(s.data, s.axis, shape[s.axis] - 1, 1));
  }
  return one(call.finish("reshape", {{"shape", dropped}}, {last}));
}

Result<Values> sequence_reverse(Call& call) {
  BMNET_ASSIGN(const Sequences s, sequences_of(call));
  if (!s.lengths) return one(call.finish("reverse", {{"axes", Integers{s.axis}}}, {s.data}));
  BMNET_ASSIGN(const ValueId steps, mirrored_steps(call, call.shape_of(s.data), *s.lengths, s.axis, 1 - s.axis));
  return one(call.finish("gather_elements", {{"axis", s.axis}}, {s.data, steps}));
}

// clang-format off
constexpr std::string_view kSequence = "use_sequence_length axis";
constexpr Row kRows[] = {
    {"RNN", 3, 4, kNoParameters, rnn, "", "state_size num_layers bidirectional mode state_outputs", "rnn", "without projection and sequence lengths"},
    {"SequenceMask", 1, 2, kNoParameters, sequence_mask, "", "use_sequence_length axis value", "compare select", ""},
    {"SequenceLast", 1, 2, kNoParameters, sequence_last, "", kSequence, "gather_elements slice", ""},
    {"SequenceReverse", 1, 2, kNoParameters, sequence_reverse, "", kSequence, "reverse gather_elements", ""},
};
// clang-format on

}  // namespace

std::span<const Row> recurrent_rows() { return kRows; }

}  // namespace bmnet::frontend::mxnet
