// Recurrent cells in one operator. Whole layers are unrolled.
#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

constexpr int64_t kMaxSteps = 1024;

// What an LSTM cell gives: input gate, state before the output, forget and output gates, candidate, tanh of the state,
// output.
struct LstmStep {
  ValueId i, cs, f, o, ci, co, h;
};

class LstmCell {
 public:
  // Inputs from `first` on: x, cs_prev, h_prev, w [I+H,4H], wci, wcf, wco [H], b [4H].
  LstmCell(Call& call, size_t first, bool second_version)
      : call_(call), first_(first), units_(call.shape(first + 1).empty() ? 0 : call.shape(first + 1).back()) {
    // Gates i, candidate, f, o; in the second version i, f, candidate, o.
    candidate_ = second_version ? 2 : 1;
    forget_ = second_version ? 1 : 2;
    forget_bias_ = second_version ? 0 : call.number("forget_bias", 1);
    clip_ = call.number("cell_clip", second_version ? 0.0f : 3.0f);
    peephole_ = call.flag("use_peephole", false);
  }

  Status check(int64_t features) const {
    const int64_t rows = features + units_;
    if (call_.rank(first_ + 1) != 2 || call_.shape(first_ + 2) != call_.shape(first_ + 1) ||
        call_.shape(first_ + 3) != Shape{rows, 4 * units_} || call_.shape(first_ + 7) != Shape{4 * units_})
      return user_error("states {} and {}, weights {} and {} do not belong together",
                        to_string(call_.shape(first_ + 1)), to_string(call_.shape(first_ + 2)),
                        to_string(call_.shape(first_ + 3)), to_string(call_.shape(first_ + 7)));
    return {};
  }

  Result<LstmStep> step(ValueId x, ValueId cs, ValueId h) {
    BMNET_ASSIGN(const ValueId xh, call_.make("concat", {{"axis", int64_t{1}}}, {x, h}));
    BMNET_ASSIGN(const ValueId product, call_.make("matmul", {}, {xh, call_.value(first_ + 3).id}));
    BMNET_ASSIGN(const ValueId gates, call_.binary("add", product, call_.value(first_ + 7).id));
    LstmStep y{};
    BMNET_ASSIGN(y.i, gate(gates, 0, cs, first_ + 4));
    BMNET_ASSIGN(y.f, gate(gates, forget_, cs, first_ + 5, forget_bias_));
    BMNET_ASSIGN(const ValueId candidate, call_.slice(gates, 1, candidate_ * units_, units_));
    BMNET_ASSIGN(y.ci, call_.unary("tanh", candidate));
    BMNET_ASSIGN(const ValueId added, call_.binary("mul", y.ci, y.i));
    BMNET_ASSIGN(const ValueId kept, call_.binary("mul", cs, y.f));
    BMNET_ASSIGN(y.cs, call_.binary("add", added, kept));
    if (clip_ > 0) {
      BMNET_ASSIGN(y.cs, call_.unary("clip", y.cs, -clip_, clip_));
    }
    BMNET_ASSIGN(y.o, gate(gates, 3, y.cs, first_ + 6));
    BMNET_ASSIGN(y.co, call_.unary("tanh", y.cs));
    BMNET_ASSIGN(y.h, call_.binary("mul", y.co, y.o));
    return y;
  }

 private:
  // sigmoid(gate + peephole weight * state + bias)
  Result<ValueId> gate(ValueId gates, int64_t which, ValueId state, size_t peephole, float bias = 0) {
    BMNET_ASSIGN(ValueId z, call_.slice(gates, 1, which * units_, units_));
    BMNET_ASSIGN(z, call_.linear(z, 1, bias));
    if (peephole_) {
      BMNET_ASSIGN(const ValueId seen, call_.binary("mul", state, call_.value(peephole).id));
      BMNET_ASSIGN(z, call_.binary("add", z, seen));
    }
    return call_.unary("sigmoid", z);
  }

  Call& call_;
  size_t first_;
  int64_t units_, candidate_ = 1, forget_ = 2;
  float forget_bias_ = 1, clip_ = 0;
  bool peephole_ = false;
};

Values values_of(std::initializer_list<ValueId> ids) {
  Values values;
  for (const ValueId id : ids) values.push_back({id, false});
  return values;
}

Result<Values> lstm_cell(Call& call) {
  if (call.rank(0) != 2) return user_error("an input of shape {}", to_string(call.shape(0)));
  LstmCell cell(call, 0, false);
  BMNET_TRY(cell.check(call.shape(0)[1]));
  BMNET_ASSIGN(const LstmStep y, cell.step(call.value(0).id, call.value(1).id, call.value(2).id));
  return values_of({y.i, y.cs, y.f, y.o, y.ci, y.co, y.h});
}

// seq_len_max, x [T,B,I], then as a cell; results of all steps.
Result<Values> lstm_layer(Call& call) {
  if (call.rank(1) != 3) return user_error("an input of shape {}", to_string(call.shape(1)));
  BMNET_ASSIGN(const ValueId all, call.plain(1));
  const Shape shape = call.shape(1);
  BMNET_ASSIGN(const int64_t steps, call.integer_of(0, "the number of steps"));
  if (steps != shape[0] || steps < 1 || steps > kMaxSteps)
    return unsupported("{} of {} steps; all of up to {} can be unrolled", steps, shape[0], kMaxSteps);
  LstmCell cell(call, 1, call.kind() == "2");
  BMNET_TRY(cell.check(shape[2]));
  ValueId cs = call.value(2).id, h = call.value(3).id;
  std::vector<ValueId> parts[7];
  const Shape one{1, shape[1], call.shape(2)[1]};
  for (int64_t t = 0; t < steps; ++t) {
    BMNET_ASSIGN(const ValueId row, call.slice(all, 0, t, 1));
    BMNET_ASSIGN(const ValueId x, call.reshape(row, {shape[1], shape[2]}));
    BMNET_ASSIGN(const LstmStep y, cell.step(x, cs, h));
    cs = y.cs, h = y.h;
    const ValueId results[] = {y.i, y.cs, y.f, y.o, y.ci, y.co, y.h};
    for (size_t i = 0; i < 7; ++i) {
      BMNET_ASSIGN(const ValueId part, call.reshape(results[i], one));
      parts[i].push_back(part);
    }
  }
  Values results;
  for (const auto& list : parts) {
    BMNET_ASSIGN(const ValueId joined, call.make("concat", {{"axis", int64_t{0}}}, list));
    results.push_back({joined, false});
  }
  return results;
}

// x, h_prev, w_ru [I+H,2H], w_c [I+H,H], b_ru, b_c -> r, u, c, h = u * h_prev + (1 - u) * c.
Result<Values> gru_cell(Call& call) {
  if (call.rank(0) != 2 || call.rank(1) != 2) return user_error("an input of shape {}", to_string(call.shape(0)));
  const int64_t units = call.shape(1)[1], rows = call.shape(0)[1] + units;
  if (call.shape(2) != Shape{rows, 2 * units} || call.shape(3) != Shape{rows, units})
    return user_error("weights {} and {} for {} features and {} units", to_string(call.shape(2)),
                      to_string(call.shape(3)), call.shape(0)[1], units);
  const ValueId x = call.value(0).id, h = call.value(1).id;
  BMNET_ASSIGN(const ValueId xh, call.make("concat", {{"axis", int64_t{1}}}, {x, h}));
  BMNET_ASSIGN(const ValueId product, call.make("matmul", {}, {xh, call.value(2).id}));
  BMNET_ASSIGN(const ValueId sum, call.binary("add", product, call.value(4).id));
  BMNET_ASSIGN(const ValueId gates, call.unary("sigmoid", sum));
  BMNET_ASSIGN(const ValueId r, call.slice(gates, 1, 0, units));
  BMNET_ASSIGN(const ValueId u, call.slice(gates, 1, units, units));
  BMNET_ASSIGN(const ValueId reset, call.binary("mul", h, r));
  BMNET_ASSIGN(const ValueId xr, call.make("concat", {{"axis", int64_t{1}}}, {x, reset}));
  BMNET_ASSIGN(const ValueId inner, call.make("matmul", {}, {xr, call.value(3).id}));
  BMNET_ASSIGN(const ValueId biased, call.binary("add", inner, call.value(5).id));
  BMNET_ASSIGN(const ValueId c, call.unary("tanh", biased));
  BMNET_ASSIGN(const ValueId change, call.binary("sub", h, c));
  BMNET_ASSIGN(const ValueId kept, call.binary("mul", u, change));
  BMNET_ASSIGN(const ValueId y, call.binary("add", c, kept));
  return values_of({r, u, c, y});
}

constexpr std::string_view kLstm = "forget_bias:f cell_clip:f use_peephole:b";

// clang-format off
constexpr Row kRows[] = {
    {"BlockLSTM", 9, 9, kLstm, lstm_layer, "", "matmul binary unary", "unrolled"},
    {"BlockLSTMV2", 9, 9, "cell_clip:f use_peephole:b", lstm_layer, "2", "matmul binary unary", "unrolled"},
    {"GRUBlockCell", 6, 6, "", gru_cell, "", "matmul binary unary", ""},
    {"LSTMBlockCell", 8, 8, kLstm, lstm_cell, "", "matmul binary unary", ""},
};
// clang-format on

}  // namespace

std::span<const Row> recurrent_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
