// Matrix product. Columns of the result are spread over the lanes in sections, as many lanes as possible; the left
// matrix is read section by section from wherever it lies. Slices are ranges of rows, columns and K, one matrix of a
// batch each.
#include <algorithm>

#include "target/bm1684/lower/elementwise.h"

namespace bmnet::bm1684 {
namespace {

struct MatmulShape {
  int64_t batch = 1, rows = 1, columns = 1, depth = 1;
  // Per batch item: offset of its matrices, in words.
  std::vector<int64_t> a_offsets, b_offsets;
  bool a_transposed = false, b_transposed = false;  // as they lie in memory
  Ref a = input_ref(0), b = input_ref(1), output = output_ref();
  std::optional<Tensor> constant;          // b
  std::optional<std::vector<float>> bias;  // one value per column
};

// The vector unit works on 16 columns at a time.
int64_t result_section(int64_t columns) {
  return std::min(columns, tile::round_up(tile::ceil_div(columns, kLanes), 16));
}
int64_t left_section(int64_t depth) {
  return std::min(depth, tile::round_up(tile::ceil_div(depth, kLanes), kAlignBytes / 4));
}

class MatmulKernel : public Kernel {
 public:
  explicit MatmulKernel(MatmulShape product) : product_(std::move(product)) {}

  std::string_view name() const override { return "matmul"; }

  // n: item of the batch, c: columns, h: rows.
  std::array<Axis, kAxes> axes() const override {
    std::array<Axis, kAxes> axes;
    axes[kN] = {.size = product_.batch, .limit = 1};
    axes[kC] = {.size = product_.columns, .grain = product_.columns > 16 ? 16 : 1, .limit = 65535};
    axes[kH] = {.size = product_.rows, .limit = 65535};
    axes[kDepth] = {.size = product_.depth, .grain = product_.depth > 32 ? 32 : 1, .limit = 65535};
    return axes;
  }

  std::vector<Need> needs(const Slice& slice) const override {
    const int64_t item = slice.box[0].begin;
    const Range &columns = slice.box[1], &rows = slice.box[2], &depth = slice.depth;
    const int64_t width = result_section(columns.size);
    const View output =
        matrix_view(product_.output, item * product_.rows * product_.columns, product_.columns, rows, columns);
    const View a = product_.a_transposed
                       ? matrix_view(product_.a, product_.a_offsets[item], product_.rows, depth, rows)
                       : matrix_view(product_.a, product_.a_offsets[item], product_.depth, rows, depth);
    std::vector<Need> needs = {Need::matrix_output(output, width),
                               Need::matrix(a, left_section(depth.size), product_.a_transposed)};
    if (product_.constant) {
      needs.push_back(Need::matrix_coefficients(
          depth.size, columns.size, width,
          fmt::format("{}:{}+{},{}+{}", product_.b_offsets[item], depth.begin, depth.size, columns.begin, columns.size),
          [this, item, depth, columns] { return arranged(item, depth, columns); }));
    } else {
      const View b = product_.b_transposed
                         ? matrix_view(product_.b, product_.b_offsets[item], product_.depth, columns, depth)
                         : matrix_view(product_.b, product_.b_offsets[item], product_.columns, depth, columns);
      needs.push_back(Need::matrix(b, width, product_.b_transposed));
    }
    if (product_.bias)
      needs.push_back(Need::matrix_coefficients(
          1, columns.size, width, fmt::format("bias {}+{}", columns.begin, columns.size), [this, columns] {
            return std::vector<float>(product_.bias->begin() + columns.begin, product_.bias->begin() + columns.end());
          }));
    return needs;
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    std::optional<Local> bias;
    if (product_.bias && slice.first_depth) bias = locals[3];
    build.matmul(locals[0], locals[1], locals[2], slice.depth.size, bias, !slice.first_depth);
  }

 private:
  static View matrix_view(Ref ref, int64_t offset, int64_t pitch, const Range& rows, const Range& columns) {
    return {ref, offset + rows.begin * pitch + columns.begin, {1, 1, rows.size, columns.size}, {1, 1, pitch, 1}};
  }

  std::vector<float> arranged(int64_t item, const Range& depth, const Range& columns) const {
    const float* b = product_.constant->data<float>().data() + product_.b_offsets[item];
    std::vector<float> words;
    words.reserve(static_cast<size_t>(depth.size * columns.size));
    for (int64_t k = depth.begin; k < depth.end(); ++k)
      for (int64_t n = columns.begin; n < columns.end(); ++n)
        words.push_back(product_.b_transposed ? b[n * product_.depth + k] : b[k * product_.columns + n]);
    return words;
  }

  MatmulShape product_;
};

// Offsets of the matrices of a broadcast batch.
std::vector<int64_t> batch_offsets(const Shape& own, const Shape& batch, int64_t matrix) {
  std::vector<int64_t> strides(batch.size(), 0);
  int64_t stride = matrix;
  for (size_t k = 0; k < own.size(); ++k) {
    const size_t from = own.size() - 1 - k;
    if (own[from] != 1) strides[batch.size() - 1 - k] = stride;
    stride *= own[from];
  }
  std::vector<int64_t> offsets = {0};
  for (size_t axis = 0; axis < batch.size(); ++axis) {
    std::vector<int64_t> next;
    for (int64_t offset : offsets)
      for (int64_t i = 0; i < batch[axis]; ++i) next.push_back(offset + i * strides[axis]);
    offsets = std::move(next);
  }
  return offsets;
}

MatmulShape matmul_shape(const Problem& problem) {
  Shape a = problem.input(0).shape, b = problem.input(1).shape;
  MatmulShape product;
  product.a_transposed = problem.flag("transpose_a");
  product.b_transposed = problem.flag("transpose_b");
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  const size_t last_a = a.size() - 1, last_b = b.size() - 1;
  product.rows = a[product.a_transposed ? last_a : last_a - 1];
  product.depth = a[product.a_transposed ? last_a - 1 : last_a];
  product.columns = b[product.b_transposed ? last_b - 1 : last_b];
  const Shape a_outer(a.begin(), a.end() - 2), b_outer(b.begin(), b.end() - 2);
  Shape batch(std::max(a_outer.size(), b_outer.size()), 1);
  for (const Shape* outer : {&a_outer, &b_outer})
    for (size_t k = 0; k < outer->size(); ++k)
      batch[batch.size() - 1 - k] = std::max(batch[batch.size() - 1 - k], (*outer)[outer->size() - 1 - k]);
  product.batch = element_count(batch);
  product.a_offsets = batch_offsets(a_outer, batch, product.rows * product.depth);
  product.b_offsets = batch_offsets(b_outer, batch, product.depth * product.columns);
  if (const Tensor* constant = problem.constant(1)) product.constant = *constant;

  // One right matrix for all: the left ones are one tall matrix.
  const bool shared = element_count(b_outer) == 1, dense = element_count(a_outer) == product.batch;
  if (shared && dense && !product.a_transposed) {
    product.rows *= product.batch;
    product.batch = 1;
  }
  return product;
}

// The bias as one constant per column, if it is that.
std::optional<std::vector<float>> column_bias(const Problem& problem, int64_t columns) {
  const Tensor* bias = problem.constant(2);
  if (!bias || problem.input(1).shape.size() == 1) return std::nullopt;
  const Shape& shape = bias->shape();
  const int64_t width = shape.empty() ? 1 : shape.back();
  if (bias->count() != width) return std::nullopt;
  const auto values = bias->data<float>();
  if (width == 1) return std::vector<float>(static_cast<size_t>(columns), values[0]);
  return std::vector<float>(values.begin(), values.end());
}

std::vector<Recipe> matmul_recipes(const Problem& problem) {
  MatmulShape product = matmul_shape(problem);
  Recipe recipe;
  recipe.name = "matmul";
  const bool has_bias = problem.inputs() > 2;
  if (has_bias) product.bias = column_bias(problem, product.columns);
  if (!has_bias || product.bias) {
    recipe.add(std::make_shared<MatmulKernel>(std::move(product)));
    return {std::move(recipe)};
  }
  // A bias of another form is added afterwards.
  const Ref sum = recipe.add_scratch(problem.output().count());
  product.output = sum;
  recipe.add(std::make_shared<MatmulKernel>(std::move(product)));
  const Shape shapes[] = {problem.output().shape, problem.input(2).shape};
  const Ref operands[] = {sum, input_ref(2)};
  const auto additions =
      elementwise_recipes("add", broadcast_nest(problem.output().shape, shapes), operands, 0,
                          [](tile::Builder& build, const ElementwiseLocals& locals) {
                            build.arith(tile::Arith::kAdd, locals.result, locals.operands[0], locals.operands[1]);
                          });
  recipe.steps.insert(recipe.steps.end(), additions.at(0).steps.begin(), additions.at(0).steps.end());
  return {std::move(recipe)};
}

constexpr Constraint kConstraints[] = {
    {"the bias broadcasts in too many alternating axes",
     [](const Problem& p) {
       if (p.inputs() < 3) return true;
       const Shape shapes[] = {p.output().shape, p.input(2).shape};
       return !arrangements(broadcast_nest(p.output().shape, shapes)).empty();
     }},
};

}  // namespace

const Lowering& lowering_matmul() {
  static const Lowering lowering{.op = "matmul", .constraints = kConstraints, .recipes = matmul_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
