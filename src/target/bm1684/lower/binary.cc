// Functions of two elements with broadcasting; prelu.
#include <cmath>

#include "target/bm1684/lower/math.h"
#include "target/bm1684/lower/unary.h"

namespace bmnet::bm1684 {
namespace {

using tile::Operand;

enum class Kind { kAdd, kSub, kMul, kDiv, kMax, kMin, kSquaredDifference, kPower, kNone };

Kind kind_of(std::string_view text) {
  constexpr std::pair<std::string_view, Kind> kKinds[] = {{"add", Kind::kAdd},
                                                          {"sub", Kind::kSub},
                                                          {"mul", Kind::kMul},
                                                          {"div", Kind::kDiv},
                                                          {"max", Kind::kMax},
                                                          {"min", Kind::kMin},
                                                          {"squared_difference", Kind::kSquaredDifference},
                                                          {"pow", Kind::kPower}};
  for (const auto& [name, kind] : kKinds)
    if (name == text) return kind;
  return Kind::kNone;
}

// The one value of a constant operand, if it has just one.
std::optional<float> scalar_of(const Problem& problem, size_t operand) {
  const Tensor* tensor = problem.constant(operand);
  if (!tensor || tensor->dtype() != DType::kF32 || tensor->count() != 1) return std::nullopt;
  return tensor->data<float>()[0];
}

bool is_plain(const Operand& operand, const Local& result) {
  return operand.constant || (operand.local.shape == result.shape && operand.local.is_aligned());
}

// d = a op b, by the cheapest instruction that the layouts allow.
void emit_binary(tile::Builder& build, Kind kind, const Local& d, const Operand& a, const Operand& b) {
  const bool plain = is_plain(a, d) && is_plain(b, d);
  const auto arithmetic = [&](tile::Scalar scalar, tile::Arith arith) {
    if (plain)
      build.scalar(scalar, d, a, b);
    else
      build.arith(arith, d, a, b);
  };
  switch (kind) {
    case Kind::kAdd:
      return arithmetic(tile::Scalar::kAdd, tile::Arith::kAdd);
    case Kind::kSub:
      return arithmetic(tile::Scalar::kSub, tile::Arith::kSub);
    case Kind::kMul:
      return arithmetic(tile::Scalar::kMul, tile::Arith::kMul);
    case Kind::kDiv:
      return arithmetic(tile::Scalar::kDivide, tile::Arith::kDivide);
    case Kind::kMax:
      if (plain) return build.max(d, a, b);
      return build.arith(tile::Arith::kMax, d, a, b);
    case Kind::kMin:
      if (plain) return build.select_greater(d, a, b, b, a);
      return build.arith(tile::Arith::kMin, d, a, b);
    case Kind::kSquaredDifference:
      arithmetic(tile::Scalar::kSub, tile::Arith::kSub);
      return build.scalar(tile::Scalar::kMul, d, d, d);
    default:
      return;
  }
}

std::vector<Recipe> binary_recipes(const Problem& problem) {
  const Kind kind = kind_of(problem.text("kind"));
  const Shape& result = problem.output().shape;
  const std::optional<float> a = scalar_of(problem, 0), b = scalar_of(problem, 1);
  if (kind == Kind::kPower) {
    const UnaryFunction power = *unary_function("power", *b, 0);
    const Shape shapes[] = {problem.input(0).shape};
    const Ref operands[] = {input_ref(0)};
    return elementwise_recipes("power", broadcast_nest(result, shapes), operands, power.work, power.emit);
  }
  if (b || a) {
    const int other = b ? 0 : 1;
    const Shape shapes[] = {problem.input(other).shape};
    const Ref operands[] = {input_ref(other)};
    return elementwise_recipes(problem.text("kind"), broadcast_nest(result, shapes), operands, 0,
                               [=](tile::Builder& build, const ElementwiseLocals& locals) {
                                 if (b)
                                   emit_binary(build, kind, locals.result, locals.operands[0], *b);
                                 else
                                   emit_binary(build, kind, locals.result, *a, locals.operands[0]);
                               });
  }
  const Shape shapes[] = {problem.input(0).shape, problem.input(1).shape};
  const Ref operands[] = {input_ref(0), input_ref(1)};
  return elementwise_recipes(problem.text("kind"), broadcast_nest(result, shapes), operands, 0,
                             [=](tile::Builder& build, const ElementwiseLocals& locals) {
                               emit_binary(build, kind, locals.result, locals.operands[0], locals.operands[1]);
                             });
}

// max(x, 0) + slope * min(x, 0)
std::vector<Recipe> prelu_recipes(const Problem& problem) {
  const Shape shapes[] = {problem.input(0).shape, problem.input(1).shape};
  const Ref operands[] = {input_ref(0), input_ref(1)};
  return elementwise_recipes("prelu", broadcast_nest(problem.output().shape, shapes), operands, 1,
                             [](tile::Builder& build, const ElementwiseLocals& locals) {
                               Math math(build);
                               const Local &d = locals.result, &x = locals.operands[0], &positive = locals.work[0];
                               math.min(d, x, 0.0f);
                               build.arith(tile::Arith::kMul, d, d, locals.operands[1]);
                               math.max(positive, x, 0.0f);
                               math.add(d, d, positive);
                             });
}

constexpr Constraint kBinaryConstraints[] = {
    {"the TPU has no form of this function of two operands",
     [](const Problem& p) { return kind_of(p.text("kind")) != Kind::kNone; }},
    {"the TPU raises to constant powers only; the exponent must be one constant",
     [](const Problem& p) { return kind_of(p.text("kind")) != Kind::kPower || scalar_of(p, 1); }},
    {"the broadcast pattern has too many alternating axes",
     [](const Problem& p) {
       const Shape shapes[] = {p.input(0).shape, p.input(1).shape};
       return !arrangements(broadcast_nest(p.output().shape, shapes)).empty();
     }},
};
constexpr Constraint kPreluConstraints[] = {
    {"the slope must not be larger than the input",
     [](const Problem& p) { return p.output().shape == p.input(0).shape; }},
    {"the broadcast pattern has too many alternating axes", kBinaryConstraints[2].holds},
};

}  // namespace

const Lowering& lowering_binary() {
  static const Lowering lowering{.op = "binary", .constraints = kBinaryConstraints, .recipes = binary_recipes};
  return lowering;
}

const Lowering& lowering_prelu() {
  static const Lowering lowering{.op = "prelu", .constraints = kPreluConstraints, .recipes = prelu_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
