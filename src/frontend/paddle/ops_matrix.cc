// Products of matrices.
#include "frontend/paddle/call.h"

namespace bmnet::frontend::paddle {
namespace {

// matmul (1.x names) and matmul_v2
Result<Values> matmul(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId y, call.in("Y"));
  if (!call.integers("fused_reshape_X").empty() || !call.integers("fused_reshape_Y").empty() ||
      !call.integers("fused_reshape_Out").empty())
    return unsupported("a fused reshape; save the program without fusion passes");
  const op::Attributes attributes = {{"transpose_a", call.boolean("transpose_X", call.boolean("trans_x", false))},
                                     {"transpose_b", call.boolean("transpose_Y", call.boolean("trans_y", false))}};
  const float alpha = call.number("alpha", 1);
  if (alpha == 1) return one(call.finish("matmul", attributes, {x, y}));
  BMNET_ASSIGN(const ValueId product, call.make("matmul", attributes, {x, y}));
  return one(call.finish("unary", {{"kind", std::string("linear")}, {"alpha", alpha}}, {product}));
}

// The leading `columns` axes as rows, the others as columns.
Result<ValueId> as_matrix(Call& call, ValueId x, int64_t columns) {
  const Shape shape = call.shape_of(x);
  if (columns < 1 || columns >= std::ssize(shape))
    return user_error("{} leading axes of {} do not leave a matrix", columns, to_string(shape));
  const int64_t rows = element_count(std::span(shape).first(columns));
  return call.reshape(x, {rows, element_count(shape) / rows});
}

Result<Values> mul(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId y, call.in("Y"));
  const int64_t x_columns = call.integer("x_num_col_dims", 1), y_columns = call.integer("y_num_col_dims", 1);
  BMNET_ASSIGN(const ValueId a, as_matrix(call, x, x_columns));
  BMNET_ASSIGN(const ValueId b, as_matrix(call, y, y_columns));
  const Shape left = call.shape_of(x), right = call.shape_of(y);
  Shape result(left.begin(), left.begin() + x_columns);
  result.insert(result.end(), right.begin() + y_columns, right.end());
  if (result.size() == 2) return one(call.finish("matmul", {}, {a, b}));
  BMNET_ASSIGN(const ValueId product, call.make("matmul", {}, {a, b}));
  return one(call.finish("reshape", {{"shape", result}}, {product}));
}

Result<Values> fc(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  BMNET_ASSIGN(const ValueId weight, call.in("W"));
  const int64_t columns = call.integer("in_num_col_dims", 1);
  if (call.boolean("padding_weights", false)) return unsupported("padding_weights");
  BMNET_ASSIGN(const ValueId a, as_matrix(call, x, columns));
  Values inputs{a, weight};
  if (call.has("Bias")) {
    BMNET_ASSIGN(ValueId bias, call.in("Bias"));
    BMNET_ASSIGN(bias, call.reshape(bias, {element_count(call.shape_of(bias))}));
    inputs.push_back(bias);
  }
  BMNET_ASSIGN(ValueId y, call.make("matmul", {}, inputs));
  const Shape shape = call.shape_of(x);
  Shape result(shape.begin(), shape.begin() + columns);
  result.push_back(call.shape_of(y).back());
  BMNET_ASSIGN(y, call.activated(y, call.text("activation_type", "")));
  return one(call.finish("reshape", {{"shape", result}}, {y}));
}

// beta * Input + alpha * X x Y
Result<Values> addmm(Call& call) {
  BMNET_ASSIGN(ValueId addend, call.in("Input"));
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId y, call.in("Y"));
  BMNET_ASSIGN(ValueId product, call.make("matmul", {}, {x, y}));
  BMNET_ASSIGN(product, call.linear(product, call.number("Alpha", 1), 0));
  BMNET_ASSIGN(addend, call.linear(addend, call.number("Beta", 1), 0));
  return one(call.finish("binary", {{"kind", std::string("add")}}, {addend, product}));
}

Result<Values> matrix_by_vector(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId y, call.in("Vec"));
  return one(call.finish("matmul", {}, {x, y}));
}

// Products of rows.
Result<Values> dot(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId y, call.in("Y"));
  BMNET_ASSIGN(const ValueId product, call.binary("mul", x, y));
  const std::vector<int64_t> last{call.rank_of(x) - 1};
  return one(call.finish("reduce", {{"kind", std::string("sum")}, {"axes", last}, {"keep_dims", call.rank_of(x) == 1}},
                         {product}));
}

Result<Values> einsum(Call& call) {
  BMNET_ASSIGN(const Values operands, call.all("Operands"));
  return one(call.finish("einsum", {{"equation", call.text("equation", "")}}, operands));
}

// functor_list names two functions: unary of the sum or product of X and Y, or that of X and the unary of Y.
Result<Values> fused_pair(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId y, call.in("Y"));
  const std::vector<std::string> functions = call.texts("functor_list");
  if (functions.size() != 2) return user_error("functor_list has {} functions, 2 are expected", functions.size());
  if (call.integer("axis", -1) != -1 && call.rank_of(y) != call.rank_of(x))
    return unsupported("axis={} of fused operators", call.integer("axis", -1));
  const auto kind_of = [](const std::string& name) {
    return name == "elementwise_add" ? "add" : name == "elementwise_mul" ? "mul" : "";
  };
  const bool outer = *kind_of(functions[1]) != 0;
  const std::string kind = kind_of(functions[outer ? 1 : 0]), other = functions[outer ? 0 : 1];
  if (kind.empty()) return unsupported("functor_list={}", fmt::join(functions, ","));
  if (!outer) {
    BMNET_ASSIGN(y, call.activated(y, other));
    return one(call.finish("binary", {{"kind", kind}}, {x, y}));
  }
  BMNET_ASSIGN(const ValueId both, call.binary(kind, x, y));
  return one(call.activated(both, other));
}

// clang-format off
constexpr Row kRows[] = {
    {"matmul", matmul, "", "transpose_X transpose_Y alpha", "matmul", ""},
    {"matmul_v2", matmul, "", "trans_x trans_y", "matmul", ""}, {"bmm", matmul, "", "", "matmul", ""},
    {"mul", mul, "", "x_num_col_dims y_num_col_dims", "matmul", ""},
    {"fc", fc, "", "in_num_col_dims activation_type", "matmul", ""},
    {"addmm", addmm, "", "Alpha Beta", "matmul unary binary", ""}, {"mv", matrix_by_vector, "", "", "matmul", ""},
    {"dot", dot, "", "", "binary reduce", ""}, {"einsum", einsum, "", "equation", "einsum", ""},
    {"fused_elemwise_activation", fused_pair, "", "functor_list", "binary unary", "add, mul with an activation"},
    {"fused_elemwise_add_activation", fused_pair, "", "functor_list", "binary unary", "add, mul with an activation"},
};
// clang-format on

}  // namespace

std::span<const Row> matrix_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
