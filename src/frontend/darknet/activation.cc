#include <algorithm>

#include "frontend/darknet/network.h"

namespace bmnet::frontend::darknet {
namespace {

// Activations that are one nn.unary.
struct UnaryRow {
  std::string_view activation, kind;
  float alpha, beta;
};
constexpr UnaryRow kUnary[] = {{"relu", "relu", 0, 0},
                               {"relu6", "clip", 0, 6},
                               {"leaky", "leaky_relu", 0.1f, 0},
                               {"relie", "leaky_relu", 0.01f, 0},
                               {"logistic", "sigmoid", 0, 0},
                               {"tanh", "tanh", 0, 0},
                               {"elu", "elu", 1, 0},
                               {"selu", "selu", 1.6732f, 1.0507f},
                               {"mish", "mish", 0, 0},
                               {"swish", "silu", 0, 0},
                               {"gelu", "gelu_tanh", 0, 0},
                               {"hardtan", "clip", -1, 1}};

constexpr std::string_view kOther[] = {"linear", "loggy", "ramp"};

}  // namespace

bool is_activation(std::string_view name) {
  return std::ranges::find(kUnary, name, &UnaryRow::activation) != std::end(kUnary) ||
         std::ranges::find(kOther, name) != std::end(kOther);
}

std::string activation_names() {
  std::string names;
  for (const UnaryRow& row : kUnary) names += fmt::format("{}, ", row.activation);
  return names + fmt::format("{}", fmt::join(kOther, ", "));
}

Result<ValueId> activate(Network& network, const Section& section, const std::string& name, ValueId x) {
  const std::string activation = section.text("activation", "linear");
  if (activation == "linear") return x;
  const auto unary = [&](std::string_view kind, float alpha, float beta, ValueId value) {
    return network.builder.create1("unary", name, {{"kind", std::string(kind)}, {"alpha", alpha}, {"beta", beta}},
                                   {value}, name);
  };
  for (const UnaryRow& row : kUnary)
    if (row.activation == activation) return unary(row.kind, row.alpha, row.beta, x);
  if (activation == "loggy") {  // 2 / (1 + exp(-x)) - 1
    BMNET_ASSIGN(const ValueId gate, unary("sigmoid", 0, 0, x));
    return unary("linear", 2, -1, gate);
  }
  if (activation == "ramp") {  // x * (x > 0) + 0.1 x = 1.1 * leaky with slope 1/11
    BMNET_ASSIGN(const ValueId scaled, unary("linear", 1.1f, 0, x));
    return unary("leaky_relu", 1.0f / 11, 0, scaled);
  }
  return unsupported("line {}: {}: activation '{}' is not supported; supported are {}", section.line, name, activation,
                     activation_names());
}

}  // namespace bmnet::frontend::darknet
