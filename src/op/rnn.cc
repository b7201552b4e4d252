#include <algorithm>
#include <cmath>

#include "op/family.h"
#include "op/kernel.h"
#include "op/macs.h"

namespace bmnet::op {
namespace {

struct Layer {
  std::string kind, direction;
  bool linear_before_reset = false;
  float clip = 0;
  int64_t directions = 1, gates = 1;
  int64_t steps = 0, batch = 0, inputs = 0, hidden = 0;
};

Result<Layer> read_layer(const Attributes& attributes, const Shape& input, const Shape& recurrence) {
  Layer layer;
  BMNET_ASSIGN(layer.kind, choice(attributes, "kind", {"lstm", "gru", "rnn_tanh", "rnn_relu"}));
  BMNET_ASSIGN(layer.direction, choice(attributes, "direction", {"forward", "reverse", "bidirectional"}));
  BMNET_ASSIGN(layer.linear_before_reset, attributes.get<bool>("linear_before_reset"));
  BMNET_ASSIGN(layer.clip, attributes.get<float>("clip"));
  layer.directions = layer.direction == "bidirectional" ? 2 : 1;
  layer.gates = layer.kind == "lstm" ? 4 : layer.kind == "gru" ? 3 : 1;
  layer.steps = input[0], layer.batch = input[1], layer.inputs = input[2];
  layer.hidden = recurrence[2];
  return layer;
}

Result<Infos> infer_rnn(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 6));
  constexpr std::string_view kNames[] = {"the input", "the weight",    "the recurrence",
                                         "the bias",  "the initial_h", "the initial_c"};
  for (size_t i = 0; i < 6; ++i) {
    BMNET_TRY(check_f32(inputs[i], kNames[i]));
    BMNET_TRY(check_rank(inputs[i], kNames[i], i == 3 ? 2 : 3));
  }
  BMNET_ASSIGN(const Layer l, read_layer(attributes, inputs[0].shape, inputs[2].shape));
  if (!(l.clip >= 0)) return user_error("clip {} is negative", l.clip);
  const Shape state = {l.directions, l.batch, l.hidden};
  BMNET_TRY(check_shape(inputs[1], kNames[1], {l.directions, l.gates * l.hidden, l.inputs}));
  BMNET_TRY(check_shape(inputs[2], kNames[2], {l.directions, l.gates * l.hidden, l.hidden}));
  BMNET_TRY(check_shape(inputs[3], kNames[3], {l.directions, 2 * l.gates * l.hidden}));
  BMNET_TRY(check_shape(inputs[4], kNames[4], state));
  BMNET_TRY(check_shape(inputs[5], kNames[5], state));
  return checked(
      {{DType::kF32, {l.steps, l.directions, l.batch, l.hidden}}, {DType::kF32, state}, {DType::kF32, state}});
}

int64_t macs_rnn(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  const auto l = read_layer(attributes, inputs[0].shape, inputs[2].shape);
  return l ? bounded_product({l->steps, l->batch, l->directions, l->gates, l->hidden, l->inputs + l->hidden}) : 0;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// out[i] = matrix[i][:] . vector + bias[i]
void affine(const float* matrix, const double* vector, const float* bias, int64_t rows, int64_t columns, double* out) {
  for (int64_t r = 0; r < rows; ++r) {
    double sum = bias[r];
    for (int64_t c = 0; c < columns; ++c) sum += matrix[r * columns + c] * vector[c];
    out[r] = sum;
  }
}

// One direction of one batch item.
class Cell {
 public:
  Cell(const Layer& layer, const float* weight, const float* recurrence, const float* bias)
      : l_(layer), weight_(weight), recurrence_(recurrence), bias_(bias) {
    for (auto* gates : {&from_input_, &from_hidden_}) gates->resize(l_.gates * l_.hidden);
    x_.resize(l_.inputs);
    reset_.resize(l_.hidden);
  }

  void start(const float* h, const float* c) {
    h_.assign(h, h + l_.hidden);
    c_.assign(c, c + l_.hidden);
  }
  void step(const float* x) {
    std::copy_n(x, l_.inputs, x_.begin());
    const int64_t rows = l_.gates * l_.hidden;
    affine(weight_, x_.data(), bias_, rows, l_.inputs, from_input_.data());
    affine(recurrence_, h_.data(), bias_ + rows, rows, l_.hidden, from_hidden_.data());
    l_.kind == "lstm" ? step_lstm() : l_.kind == "gru" ? step_gru() : step_plain();
  }
  const std::vector<double>& h() const { return h_; }
  const std::vector<double>& c() const { return c_; }

 private:
  double clipped(double x) const { return l_.clip > 0 ? std::clamp<double>(x, -l_.clip, l_.clip) : x; }
  double gate(int64_t gate, int64_t i) const {
    const int64_t at = gate * l_.hidden + i;
    return clipped(from_input_[at] + from_hidden_[at]);
  }
  void step_lstm() {  // gates i, o, f, c
    for (int64_t i = 0; i < l_.hidden; ++i) {
      c_[i] = sigmoid(gate(2, i)) * c_[i] + sigmoid(gate(0, i)) * std::tanh(gate(3, i));
      h_[i] = sigmoid(gate(1, i)) * std::tanh(c_[i]);
    }
  }
  void step_gru() {  // gates z, r, h
    const int64_t n = l_.hidden;
    for (int64_t i = 0; i < n; ++i) reset_[i] = sigmoid(gate(1, i));
    if (l_.linear_before_reset) {
      for (int64_t i = 0; i < n; ++i) from_hidden_[2 * n + i] *= reset_[i];
    } else {
      for (int64_t i = 0; i < n; ++i) reset_[i] *= h_[i];
      affine(recurrence_ + 2 * n * n, reset_.data(), bias_ + 5 * n, n, n, from_hidden_.data() + 2 * n);
    }
    for (int64_t i = 0; i < n; ++i) {
      const double z = sigmoid(gate(0, i));
      h_[i] = (1 - z) * std::tanh(gate(2, i)) + z * h_[i];
    }
  }
  void step_plain() {
    for (int64_t i = 0; i < l_.hidden; ++i)
      h_[i] = l_.kind == "rnn_relu" ? std::max(gate(0, i), 0.0) : std::tanh(gate(0, i));
  }

  const Layer& l_;
  const float *weight_, *recurrence_, *bias_;
  std::vector<double> h_, c_, x_, from_input_, from_hidden_, reset_;
};

Status rnn(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Layer l, read_layer(attributes, inputs[0].shape(), inputs[2].shape()));
  const int64_t rows = l.gates * l.hidden;
  for (int64_t d = 0; d < l.directions; ++d) {
    Cell cell(l, pointer<float>(inputs[1]) + d * rows * l.inputs, pointer<float>(inputs[2]) + d * rows * l.hidden,
              pointer<float>(inputs[3]) + d * 2 * rows);
    const bool backwards = l.direction == "reverse" || d == 1;
    for (int64_t n = 0; n < l.batch; ++n) {
      const int64_t state = (d * l.batch + n) * l.hidden;
      cell.start(pointer<float>(inputs[4]) + state, pointer<float>(inputs[5]) + state);
      for (int64_t step = 0; step < l.steps; ++step) {
        const int64_t t = backwards ? l.steps - 1 - step : step;
        cell.step(pointer<float>(inputs[0]) + (t * l.batch + n) * l.inputs);
        std::copy(cell.h().begin(), cell.h().end(),
                  pointer<float>(outputs[0]) + ((t * l.directions + d) * l.batch + n) * l.hidden);
      }
      std::copy(cell.h().begin(), cell.h().end(), pointer<float>(outputs[1]) + state);
      std::copy(cell.c().begin(), cell.c().end(), pointer<float>(outputs[2]) + state);
    }
  }
  return {};
}

constexpr OpSpec kOps[] = {{"rnn", infer_rnn, rnn, macs_rnn}};

}  // namespace

std::span<const OpSpec> rnn_ops() { return kOps; }

}  // namespace bmnet::op
