// Recurrent layers.
#include <algorithm>
#include <map>

#include "frontend/onnx/call.h"

namespace bmnet::frontend::onnx {
namespace {

// The activations that nn.rnn has, for one direction.
std::vector<std::string> default_activations(std::string_view kind) {
  if (kind == "lstm") return {"Sigmoid", "Tanh", "Tanh"};
  if (kind == "gru") return {"Sigmoid", "Tanh"};
  return {kind == "rnn_relu" ? "Relu" : "Tanh"};
}

Status check_activations(const Call& call, std::string_view kind, int64_t directions) {
  const std::vector<std::string> given = call.texts("activations"), one = default_activations(kind);
  for (size_t i = 0; i < given.size(); ++i)
    if (given.size() != one.size() * directions || given[i] != one[i % one.size()])
      return unsupported("activations {}; only the operator's default ones can be compiled", fmt::join(given, ","));
  return {};
}

// Optional inputs: bias, then initial states; zeros when left out.
Result<ValueId> state_or_zeros(Call& call, size_t i, const Shape& shape) {
  if (!call.has(i)) return call.filled(DType::kF32, shape, 0);
  if (call.shape(i) != shape)
    return user_error("input {} has shape {}, {} is expected", i, to_string(call.shape(i)), to_string(shape));
  return call.in(i);
}

Status check_lengths(const Call& call, int64_t steps) {
  if (!call.has(4)) return {};
  const Tensor* lengths = call.constant_of(call.in(4));
  if (!lengths) return unsupported("sequence_lens are only known at run time; leave them out");
  BMNET_ASSIGN(const Shape values, call.integers_of(4, "sequence_lens"));
  if (std::ranges::all_of(values, [&](int64_t length) { return length == steps; })) return {};
  return unsupported("sequence_lens shorter than the input; give all sequences the full length");
}

Result<Values> recurrent(Call& call) {
  std::string kind(call.kind());
  const std::vector<std::string> activations = call.texts("activations");
  if (kind == "rnn_tanh" && !activations.empty() && activations[0] == "Relu") kind = "rnn_relu";
  const std::string direction = call.text("direction", "forward");
  const int64_t directions = direction == "bidirectional" ? 2 : 1;
  BMNET_TRY(check_activations(call, kind, directions));
  if (call.has(7)) return unsupported("peepholes (input P)");
  if (call.integer("input_forget", 0)) return unsupported("input_forget=1");
  if (call.rank(0) != 3 || call.rank(1) != 3 || call.rank(2) != 3)
    return user_error("input, weights and recurrence weights of three axes are expected");

  // layout 1 puts the batch first, in the input, the output and the states.
  const bool batch_first = call.integer("layout", 0) != 0;
  BMNET_ASSIGN(const ValueId input, batch_first ? call.transpose(call.in(0), {1, 0, 2}) : Result<ValueId>(call.in(0)));
  const int64_t steps = call.shape_of(input)[0], batch = call.shape_of(input)[1];
  const int64_t gates = kind == "lstm" ? 4 : kind == "gru" ? 3 : 1, hidden = call.shape(2)[2];
  if (call.shape(2) != Shape{directions, gates * hidden, hidden})
    return user_error("recurrence weights of shape {}, [{},{},{}] is expected", to_string(call.shape(2)), directions,
                      gates * hidden, hidden);
  if (call.has_attribute("hidden_size") && call.integer("hidden_size", 0) != hidden)
    return user_error("hidden_size {} differs from the weights' {}", call.integer("hidden_size", 0), hidden);
  BMNET_TRY(check_lengths(call, steps));
  BMNET_ASSIGN(const ValueId bias, state_or_zeros(call, 3, {directions, 2 * gates * hidden}));
  const Shape state = batch_first ? Shape{batch, directions, hidden} : Shape{directions, batch, hidden};
  Values states;
  for (const size_t i : {5, 6}) {
    BMNET_ASSIGN(ValueId initial, state_or_zeros(call, i, state));
    if (batch_first) {
      BMNET_ASSIGN(initial, call.transpose(initial, {1, 0, 2}));
    }
    states.push_back(initial);
  }
  const op::Attributes attributes = {{"kind", kind},
                                     {"direction", direction},
                                     {"linear_before_reset", call.integer("linear_before_reset", 0) != 0},
                                     {"clip", call.number("clip", 0)}};
  BMNET_ASSIGN(Values results,
               call.finish("rnn", attributes, {input, call.in(1), call.in(2), bias, states[0], states[1]}, 3));
  if (!batch_first) return results;
  BMNET_ASSIGN(results[0], call.transpose(results[0], {2, 0, 1, 3}));
  BMNET_ASSIGN(results[1], call.transpose(results[1], {1, 0, 2}));
  BMNET_ASSIGN(results[2], call.transpose(results[2], {1, 0, 2}));
  return results;
}

constexpr std::string_view kCommon =
    "activation_alpha:fs activation_beta:fs activations:ss clip:f direction:s hidden_size:i output_sequence:i layout:i "
    "input_forget:i "
    "linear_before_reset:i";

// clang-format off
constexpr Row kRows[] = {
    {"GRU", 1, 3, 6, 2, kCommon, recurrent, "gru", "rnn", "default activations"},
    {"LSTM", 1, 3, 8, 3, kCommon, recurrent, "lstm", "rnn", "default activations, no peepholes"},
    {"RNN", 1, 3, 6, 2, kCommon, recurrent, "rnn_tanh", "rnn", "activation Tanh or Relu"},
};
// clang-format on

}  // namespace

std::span<const Row> recurrent_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
