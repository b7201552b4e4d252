// Comparisons, selection, conversions. Truth values are the 32-bit integers 0 and 1.
#include "target/bm1684/lower/elementwise.h"
#include "target/bm1684/lower/math.h"

namespace bmnet::bm1684 {
namespace {

using tile::Arith;
using tile::Operand;

constexpr uint32_t kTrue = 1;

// d = a > b (as 0 or 1)
void greater(tile::Builder& build, const Local& d, const Operand& a, const Operand& b) {
  build.arith(Arith::kSelectGreater, d, a, b, kTrue);
}
// d = a <= b. The smaller of the two is `a` itself, bit for bit; a NaN beside its own copy passes, too.
void not_greater(tile::Builder& build, const Local& d, const Operand& a, const Operand& b) {
  build.arith(Arith::kMin, d, a, b);
  build.arith(Arith::kSelectEqual, d, d, a, kTrue);
}
// d = x is a number. The bits of a NaN, without the sign, are larger than those of infinity; half of them are the bits
// of a float above 1.5.
void ordered(tile::Builder& build, const Local& d, const Operand& x) {
  constexpr float kJustAbove = 1.50000012f;
  build.arith(Arith::kAnd, d, x, Operand::pattern(0x7FFFFFFF));
  build.arith(Arith::kShift, d, d, Operand::pattern(static_cast<uint32_t>(-1)));
  build.arith(Arith::kSelectGreater, d, kJustAbove, d, kTrue);
}
void invert(tile::Builder& build, const Local& d) { build.arith(Arith::kXor, d, d, Operand::pattern(kTrue)); }

// With a NaN on either side only "ne" holds.
void emit_compare(tile::Builder& build, const std::string& kind, const ElementwiseLocals& locals) {
  const Local &d = locals.result, &a = locals.operands[0], &b = locals.operands[1], &other = locals.work[0];
  const auto also = [&] { build.arith(Arith::kAnd, d, d, other); };
  if (kind == "gt") return greater(build, d, a, b);
  if (kind == "lt") return greater(build, d, b, a);
  if (kind == "ge") not_greater(build, d, b, a);
  if (kind != "ge") not_greater(build, d, a, b);
  if (kind == "eq" || kind == "ne") {
    not_greater(build, other, b, a);
    also();
  }
  ordered(build, other, a);
  also();
  if (kind == "ne") invert(build, d);
}

Nest nest_of_operands(const Problem& problem, size_t count) {
  std::vector<Shape> shapes;
  for (size_t i = 0; i < count; ++i) shapes.push_back(problem.input(i).shape);
  return broadcast_nest(problem.output().shape, shapes);
}

std::vector<Recipe> compare_recipes(const Problem& problem) {
  const Ref operands[] = {input_ref(0), input_ref(1)};
  return elementwise_recipes("compare", nest_of_operands(problem, 2), operands, 1,
                             [kind = problem.text("kind")](tile::Builder& build, const ElementwiseLocals& locals) {
                               emit_compare(build, kind, locals);
                             });
}

std::vector<Recipe> select_recipes(const Problem& problem) {
  const Ref operands[] = {input_ref(0), input_ref(1), input_ref(2)};
  return elementwise_recipes("select", nest_of_operands(problem, 3), operands, 2,
                             [](tile::Builder& build, const ElementwiseLocals& locals) {
                               const Local &d = locals.result, &is_false = locals.work[0], &otherwise = locals.work[1];
                               build.arith(Arith::kSelectEqual, is_false, locals.operands[0], Operand::pattern(0),
                                           std::bit_cast<uint32_t>(1.0f));
                               build.copy(d, locals.operands[1]);
                               build.copy(otherwise, locals.operands[2]);
                               build.select_greater(d, is_false, 0.5f, otherwise, d);
                             });
}

std::vector<Recipe> cast_recipes(const Problem& problem) {
  const DType from = problem.input(0).dtype, to = problem.output().dtype;
  const Ref operands[] = {input_ref(0)};
  return elementwise_recipes(
      "cast", nest_of_operands(problem, 1), operands, 0, [=](tile::Builder& build, const ElementwiseLocals& locals) {
        const Local &d = locals.result, &x = locals.operands[0];
        if (to == DType::kF32 && from == DType::kBool)
          return build.arith(Arith::kSelectEqual, d, x, Operand::pattern(kTrue), std::bit_cast<uint32_t>(1.0f));
        if (from == DType::kF32 && to != DType::kBool && to != DType::kF32) return build.sfu(tile::Sfu::kToInt, d, x);
        if (to != DType::kBool || from == DType::kBool) return build.copy(d, x);  // the same word
        // To bool: not zero. -0 of a float is zero as well.
        if (from == DType::kF32)
          build.arith(Arith::kAnd, d, x, Operand::pattern(0x7FFFFFFF));
        else
          build.copy(d, x);
        build.arith(Arith::kSelectEqual, d, d, Operand::pattern(0), kTrue);
        invert(build, d);
      });
}

constexpr Constraint kCompareConstraints[] = {
    {"the TPU compares f32", [](const Problem& p) { return p.input(0).dtype == DType::kF32; }},
    {"the broadcast pattern has too many alternating axes",
     [](const Problem& p) { return !arrangements(nest_of_operands(p, 2)).empty(); }},
};
constexpr Constraint kSelectConstraints[] = {
    {"the broadcast pattern has too many alternating axes",
     [](const Problem& p) { return !arrangements(nest_of_operands(p, 3)).empty(); }},
};
constexpr Constraint kCastConstraints[] = {
    {"the TPU does not convert integers to f32",
     [](const Problem& p) {
       return p.output().dtype != DType::kF32 || p.input(0).dtype == DType::kF32 || p.input(0).dtype == DType::kBool;
     }},
};

}  // namespace

const Lowering& lowering_compare() {
  static const Lowering lowering{
      .op = "compare", .moves_words = true, .constraints = kCompareConstraints, .recipes = compare_recipes};
  return lowering;
}
const Lowering& lowering_select() {
  static const Lowering lowering{
      .op = "select", .moves_words = true, .constraints = kSelectConstraints, .recipes = select_recipes};
  return lowering;
}
const Lowering& lowering_cast() {
  static const Lowering lowering{
      .op = "cast", .moves_words = true, .constraints = kCastConstraints, .recipes = cast_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
