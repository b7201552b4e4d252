// Functions of two or three elements with broadcast: binary, compare, select, prelu.
#include <cmath>
#include <type_traits>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

// Integers: 64-bit arithmetic that wraps around, so that no input is undefined behaviour.
uint64_t bits(auto x) { return static_cast<uint64_t>(x); }

// The types of a kind are those its function takes.
struct Add {
  static auto of(std::floating_point auto a, auto b) { return a + b; }
  static auto of(std::integral auto a, auto b) { return bits(a) + bits(b); }
};
struct Sub {
  static auto of(std::floating_point auto a, auto b) { return a - b; }
  static auto of(std::integral auto a, auto b) { return bits(a) - bits(b); }
};
struct Mul {
  static auto of(std::floating_point auto a, auto b) { return a * b; }
  static auto of(std::integral auto a, auto b) { return bits(a) * bits(b); }
};
struct Div {  // an integer divided by zero is 0
  static auto of(std::floating_point auto a, auto b) { return a / b; }
  static int64_t of(std::integral auto a, auto b) {
    if (b == 0) return 0;
    if (static_cast<int64_t>(b) == -1) return static_cast<int64_t>(-bits(a));
    return static_cast<int64_t>(a) / static_cast<int64_t>(b);
  }
};
struct FloorDiv {
  static auto of(std::floating_point auto a, auto b) { return std::floor(a / b); }
  static int64_t of(std::integral auto a, auto b) {
    const int64_t quotient = Div::of(a, b);
    const bool inexact = b != 0 && static_cast<int64_t>(b) != -1 && a % b != 0;
    return quotient - (inexact && (a < 0) != (b < 0));
  }
};
struct Fmod {  // an integer modulo zero is 0
  static auto of(std::floating_point auto a, auto b) { return std::fmod(a, b); }
  static int64_t of(std::integral auto a, auto b) {
    if (b == 0 || static_cast<int64_t>(b) == -1) return 0;
    return static_cast<int64_t>(a) % static_cast<int64_t>(b);
  }
};
struct Mod {
  static auto of(auto a, auto b) {
    const auto rest = Fmod::of(a, b);
    using Rest = decltype(rest);
    return rest != 0 && (rest < 0) != (b < 0) ? static_cast<Rest>(rest + static_cast<Rest>(b)) : rest;
  }
};
struct Max {  // NaN wins
  static auto of(auto a, auto b) { return b > a || b != b ? b : a; }
};
struct Min {
  static auto of(auto a, auto b) { return b < a || b != b ? b : a; }
};
struct Pow {
  static auto of(std::floating_point auto a, auto b) { return std::pow(a, b); }
  static int64_t of(std::integral auto a, auto b) {
    if (b < 0) return a == 1 ? 1 : static_cast<int64_t>(a) == -1 ? (b % 2 ? -1 : 1) : 0;
    uint64_t power = 1, base = bits(a);
    for (uint64_t exponent = bits(b); exponent; exponent >>= 1, base *= base)
      if (exponent & 1) power *= base;
    return static_cast<int64_t>(power);
  }
};
struct SquaredDifference {
  static auto of(std::floating_point auto a, auto b) { return (a - b) * (a - b); }
  static auto of(std::integral auto a, auto b) { return (bits(a) - bits(b)) * (bits(a) - bits(b)); }
};
struct Atan2 {
  static auto of(std::floating_point auto a, auto b) { return std::atan2(a, b); }
};
struct And {
  static auto of(std::integral auto a, auto b) { return a & b; }
};
struct Or {
  static auto of(std::integral auto a, auto b) { return a | b; }
};
struct Xor {
  static auto of(std::integral auto a, auto b) { return a ^ b; }
};
struct ShiftLeft {  // by the width or more, or by a negative count: 0
  static auto of(std::integral auto a, auto b) { return bits(b) < 8 * sizeof(a) ? bits(a) << bits(b) : 0; }
};
struct ShiftRight {
  static auto of(std::integral auto a, auto b) { return bits(b) < 8 * sizeof(a) ? static_cast<int64_t>(a) >> b : 0; }
};

struct Equal {
  static bool of(auto a, auto b) { return a == b; }
};
struct NotEqual {
  static bool of(auto a, auto b) { return a != b; }
};
struct Less {
  static bool of(auto a, auto b) { return a < b; }
};
struct LessEqual {
  static bool of(auto a, auto b) { return a <= b; }
};
struct Greater {
  static bool of(auto a, auto b) { return a > b; }
};
struct GreaterEqual {
  static bool of(auto a, auto b) { return a >= b; }
};

// Applies Kind to every pair of elements of A that meet in the output's shape.
template <typename Kind, typename T, typename Out>
void apply(const Tensor& a, const Tensor& b, Tensor& output) {
  const Shape& shape = output.shape();
  for_each_row<3>(shape, {broadcast_strides(a.shape(), shape), broadcast_strides(b.shape(), shape), strides_of(shape)},
                  [&](const auto& offset, int64_t n, const auto& step) {
                    const T* x = pointer<T>(a) + offset[0];
                    const T* y = pointer<T>(b) + offset[1];
                    Out* out = pointer<Out>(output) + offset[2];
                    if (step[0] == 1 && step[1] == 1)
                      for (int64_t i = 0; i < n; ++i) out[i] = static_cast<Out>(Kind::of(x[i], y[i]));
                    else if (step[0] == 1 && step[1] == 0)
                      for (int64_t i = 0; i < n; ++i) out[i] = static_cast<Out>(Kind::of(x[i], *y));
                    else
                      for (int64_t i = 0; i < n; ++i)
                        out[i * step[2]] = static_cast<Out>(Kind::of(x[i * step[0]], y[i * step[1]]));
                  });
}

// Calls function.template operator()<Kind>() for the kind of that name; false when there is none.
template <typename Function>
bool visit_kind(std::string_view name, Function&& function) {
  if (name == "add") return function.template operator()<Add>(), true;
  if (name == "sub") return function.template operator()<Sub>(), true;
  if (name == "mul") return function.template operator()<Mul>(), true;
  if (name == "div") return function.template operator()<Div>(), true;
  if (name == "max") return function.template operator()<Max>(), true;
  if (name == "min") return function.template operator()<Min>(), true;
  if (name == "pow") return function.template operator()<Pow>(), true;
  if (name == "mod") return function.template operator()<Mod>(), true;
  if (name == "fmod") return function.template operator()<Fmod>(), true;
  if (name == "floor_div") return function.template operator()<FloorDiv>(), true;
  if (name == "squared_difference") return function.template operator()<SquaredDifference>(), true;
  if (name == "atan2") return function.template operator()<Atan2>(), true;
  if (name == "and") return function.template operator()<And>(), true;
  if (name == "or") return function.template operator()<Or>(), true;
  if (name == "xor") return function.template operator()<Xor>(), true;
  if (name == "shift_left") return function.template operator()<ShiftLeft>(), true;
  if (name == "shift_right") return function.template operator()<ShiftRight>(), true;
  return false;
}
template <typename Function>
bool visit_comparison(std::string_view name, Function&& function) {
  if (name == "eq") return function.template operator()<Equal>(), true;
  if (name == "ne") return function.template operator()<NotEqual>(), true;
  if (name == "lt") return function.template operator()<Less>(), true;
  if (name == "le") return function.template operator()<LessEqual>(), true;
  if (name == "gt") return function.template operator()<Greater>(), true;
  if (name == "ge") return function.template operator()<GreaterEqual>(), true;
  return false;
}

template <typename Kind, typename T>
concept Takes = requires(T a, T b) { Kind::of(a, b); };

Status check_pair(std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  return check_same_dtype(inputs[0], "a", inputs[1], "b");
}

bool is_logic(std::string_view kind) { return kind == "and" || kind == "or" || kind == "xor"; }

Result<Infos> infer_binary(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_pair(inputs));
  BMNET_ASSIGN(const std::string kind, attributes.get<std::string>("kind"));
  const std::string what = fmt::format("an operand of {}", kind);
  bool on_floats = false, on_integers = false;
  if (!visit_kind(kind, [&]<typename Kind>() {
        on_floats = Takes<Kind, float>;
        on_integers = Takes<Kind, int64_t>;
      }))
    return user_error("kind \"{}\" is not a known function", kind);
  if (inputs[0].dtype != DType::kBool || !is_logic(kind))
    BMNET_TRY(on_floats && on_integers ? NumberTypes::check(inputs[0], what)
              : on_floats              ? FloatTypes::check(inputs[0], what)
                                       : IntegerTypes::check(inputs[0], what));
  BMNET_ASSIGN(Shape shape, broadcast_shapes(inputs[0].shape, inputs[1].shape));
  return result(inputs[0].dtype, std::move(shape));
}

// On bool: the bytes of a mask from outside need not be 0 or 1.
void apply_logic(std::string_view kind, const Tensor& a, const Tensor& b, Tensor& output) {
  struct AndBool {
    static bool of(uint8_t a, uint8_t b) { return a && b; }
  };
  struct OrBool {
    static bool of(uint8_t a, uint8_t b) { return a || b; }
  };
  struct XorBool {
    static bool of(uint8_t a, uint8_t b) { return !a != !b; }
  };
  if (kind == "and") return apply<AndBool, uint8_t, uint8_t>(a, b, output);
  if (kind == "or") return apply<OrBool, uint8_t, uint8_t>(a, b, output);
  apply<XorBool, uint8_t, uint8_t>(a, b, output);
}

Status binary(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string kind, attributes.get<std::string>("kind"));
  const Tensor &a = inputs[0], &b = inputs[1];
  if (a.dtype() == DType::kBool) return apply_logic(kind, a, b, outputs[0]), Status{};
  return NumberTypes::visit(a.dtype(), [&]<typename T>() {
    visit_kind(kind, [&]<typename Kind>() {
      if constexpr (Takes<Kind, T>) apply<Kind, T, T>(a, b, outputs[0]);
    });
  });
}

Result<Infos> infer_compare(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_pair(inputs));
  BMNET_TRY(choice(attributes, "kind", {"eq", "ne", "lt", "le", "gt", "ge"}));
  if (inputs[0].dtype != DType::kBool) BMNET_TRY(NumberTypes::check(inputs[0], "an operand"));
  BMNET_ASSIGN(Shape shape, broadcast_shapes(inputs[0].shape, inputs[1].shape));
  return result(DType::kBool, std::move(shape));
}

// A bool tensor with bytes 0 and 1 only.
Tensor normalized(const Tensor& mask) {
  Tensor result(mask.info());
  for (int64_t i = 0; i < mask.count(); ++i) pointer<uint8_t>(result)[i] = pointer<uint8_t>(mask)[i] != 0;
  return result;
}

Status compare(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string kind, attributes.get<std::string>("kind"));
  if (inputs[0].dtype() == DType::kBool) {
    const Tensor a = normalized(inputs[0]), b = normalized(inputs[1]);
    visit_comparison(kind, [&]<typename Kind>() { apply<Kind, uint8_t, uint8_t>(a, b, outputs[0]); });
    return {};
  }
  return NumberTypes::visit(inputs[0].dtype(), [&]<typename T>() {
    visit_comparison(kind, [&]<typename Kind>() { apply<Kind, T, uint8_t>(inputs[0], inputs[1], outputs[0]); });
  });
}

Result<Infos> infer_select(const Attributes&, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 3));
  BMNET_TRY(check_dtype(inputs[0], "the condition", {DType::kBool}));
  BMNET_TRY(check_same_dtype(inputs[1], "on_true", inputs[2], "on_false"));
  BMNET_ASSIGN(const Shape values, broadcast_shapes(inputs[1].shape, inputs[2].shape));
  BMNET_ASSIGN(Shape shape, broadcast_shapes(inputs[0].shape, values));
  return result(inputs[1].dtype, std::move(shape));
}

Status select(const Attributes&, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  const Shape& shape = outputs[0].shape();
  visit_size(outputs[0].dtype(), [&]<typename T>() {
    for_each_row<4>(shape,
                    {broadcast_strides(inputs[0].shape(), shape), broadcast_strides(inputs[1].shape(), shape),
                     broadcast_strides(inputs[2].shape(), shape), strides_of(shape)},
                    [&](const auto& offset, int64_t n, const auto& step) {
                      const uint8_t* condition = pointer<uint8_t>(inputs[0]) + offset[0];
                      const T* on_true = pointer<T>(inputs[1]) + offset[1];
                      const T* on_false = pointer<T>(inputs[2]) + offset[2];
                      T* out = pointer<T>(outputs[0]) + offset[3];
                      for (int64_t i = 0; i < n; ++i)
                        out[i * step[3]] = condition[i * step[0]] ? on_true[i * step[1]] : on_false[i * step[2]];
                    });
  });
  return {};
}

Result<Infos> infer_prelu(const Attributes&, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_TRY(FloatTypes::check(inputs[0], "the input"));
  BMNET_TRY(check_same_dtype(inputs[0], "the input", inputs[1], "the slope"));
  BMNET_TRY(check_broadcasts_to(inputs[1].shape, "the slope", inputs[0].shape));
  return result(inputs[0].dtype, inputs[0].shape);
}

struct Prelu {
  static auto of(auto x, auto slope) { return x < 0 ? slope * x : x; }
};

Status prelu(const Attributes&, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  return FloatTypes::visit(inputs[0].dtype(),
                           [&]<typename T>() { apply<Prelu, T, T>(inputs[0], inputs[1], outputs[0]); });
}

constexpr OpSpec kOps[] = {
    {"binary", infer_binary, binary},
    {"compare", infer_compare, compare},
    {"select", infer_select, select},
    {"prelu", infer_prelu, prelu},
};

}  // namespace

std::span<const OpSpec> binary_ops() { return kOps; }

}  // namespace bmnet::op
