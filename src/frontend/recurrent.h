// Stacked recurrent layers as Paddle and MXNet have them: gates in the order of cuDNN (lstm i, f, c, o; gru r, z, n
// with the reset gate behind the product), matrices [G*H,columns].
#pragma once

#include <string_view>

#include "frontend/emitter.h"

namespace bmnet::frontend {

struct RecurrentMode {
  std::string_view kind;       // of nn.rnn
  std::vector<int64_t> order;  // nn's gate i is the framework's gate order[i]
  size_t states() const { return kind == "lstm" ? 2 : 1; }
  int64_t gates() const { return static_cast<int64_t>(order.size()); }
};
// By nn's kind: lstm, gru, rnn_tanh, rnn_relu. Null when unknown.
const RecurrentMode* find_recurrent_mode(std::string_view kind);

// The parameters of one direction of one layer: [G*H,I], [G*H,H], [G*H], [G*H].
struct RecurrentWeights {
  ValueId input, recurrence, input_bias, recurrence_bias;
};

struct RecurrentStack {
  const RecurrentMode* mode;
  int64_t layers, directions, hidden;
  ValueId x;                              // [T,N,I]
  Values states;                          // h (and c), [layers*directions,N,H]
  std::vector<RecurrentWeights> weights;  // layer by layer, forward before backward
};

// The node's result [T,N,directions*H], then the last states. Errors: shapes that do not fit.
Result<Values> finish_recurrent(Emitter& node, const RecurrentStack& stack);

}  // namespace bmnet::frontend
