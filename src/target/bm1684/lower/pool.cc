// Pooling over one or two spatial axes. Averages whose divisor differs at the borders are sums times a map of
// reciprocals. Windows too large for local memory, and dilated maxima, are done axis by axis or on a padded copy.
#include <algorithm>

#include "target/bm1684/lower/spatial.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint32_t kLowestFloat = 0xFF7FFFFF;  // padding of a maximum

struct PoolShape {
  bool is_max = true;
  View input, output;
  WindowAxes axes;
  float weight = 1;            // of a sum
  std::vector<float> factors;  // per output position, empty: none
};

class PoolKernel : public Kernel {
 public:
  explicit PoolKernel(PoolShape pool) : pool_(std::move(pool)) {}

  std::string_view name() const override { return pool_.is_max ? "max_pool" : "average_pool"; }

  std::array<Axis, kAxes> axes() const override {
    const Dims& shape = pool_.output.shape;
    std::array<Axis, kAxes> axes;
    axes[kN] = {.size = shape[0], .limit = 65535};
    axes[kC] = {.size = shape[1], .grain = shape[1] > kLanes ? kLanes : 1};
    axes[kH] = {.size = shape[2], .limit = 65535};
    axes[kW] = {.size = shape[3], .limit = 65535};
    return axes;
  }

  std::vector<Need> needs(const Slice& slice) const override {
    const auto [vertical, horizontal] = pieces(slice);
    const View input =
        pool_.input.part({slice.box[0].begin, slice.box[1].begin, vertical.input.begin, horizontal.input.begin},
                         {slice.box[0].size, slice.box[1].size, vertical.input.size, horizontal.input.size});
    std::vector<Need> needs = {Need::output(pool_.output.part(slice.begin(), slice.size())), Need::input(input)};
    if (!pool_.factors.empty()) {
      const Range rows = slice.box[2], columns = slice.box[3];
      const int64_t lanes = std::min<int64_t>(slice.box[1].size, kLanes), width = pool_.output.shape[3];
      needs.push_back(
          Need::coefficients(lanes, rows.size * columns.size,
                             fmt::format("{}+{},{}+{},{}", rows.begin, rows.size, columns.begin, columns.size, lanes),
                             [this, rows, columns, lanes, width] {
                               std::vector<float> map;
                               for (int64_t lane = 0; lane < lanes; ++lane)
                                 for (int64_t y = rows.begin; y < rows.end(); ++y)
                                   for (int64_t x = columns.begin; x < columns.end(); ++x)
                                     map.push_back(pool_.factors[y * width + x]);
                               return map;
                             }));
    }
    return needs;
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    const auto [vertical, horizontal] = pieces(slice);
    const tile::Window window = window_of(pool_.axes, vertical, horizontal);
    if (pool_.is_max) return build.window_max(locals[0], locals[1], window);
    build.window_sum(locals[0], locals[1], pool_.weight, window);
    if (pool_.factors.empty()) return;
    Local map = locals[2];  // the same in every lane and for every batch item
    map.shape = {1, locals[0].shape[1], locals[0].shape[2], locals[0].shape[3]};
    map.strides = {0, 0, map.shape[3], 1};
    build.arith(tile::Arith::kMul, locals[0], locals[0], map);
  }

 private:
  std::pair<WindowPiece, WindowPiece> pieces(const Slice& slice) const {
    return {window_piece(pool_.axes[0], slice.box[2]), window_piece(pool_.axes[1], slice.box[3])};
  }

  PoolShape pool_;
};

bool fits_instruction(const WindowAxis& axis) {
  return axis.begin_pad <= kMaxPad && axis.end_pad() <= kMaxPad && axis.stride <= kMaxStride &&
         axis.dilation <= kMaxDilation && windows_meet_input(axis);
}

// A kernel for `pool`, on a padded copy where the instruction's fields are too narrow.
void add_pool(Recipe& recipe, PoolShape pool) {
  if (!std::ranges::all_of(pool.axes, fits_instruction)) {
    pool.input = add_padding(recipe, pool.input, pool.axes, pool.is_max ? kLowestFloat : 0);
    pool.axes = padded_axes(pool.axes);
  }
  recipe.add(std::make_shared<PoolKernel>(std::move(pool)));
}

// Rows first, then columns: the window of either step is narrow.
Recipe separable_recipe(const PoolShape& pool) {
  Recipe recipe;
  recipe.name = "pool, axis by axis";
  const Dims& in = pool.input.shape;
  const Dims middle = {in[0], in[1], in[2], pool.output.shape[3]};
  PoolShape rows = pool, columns = pool;
  rows.output = dense_view(recipe.add_scratch(tile::count(middle)), middle);
  rows.axes[0] = WindowAxis{.input = in[2], .output = in[2]};
  rows.factors.clear();
  rows.weight = 1;
  columns.input = rows.output;
  columns.axes[1] = WindowAxis{.input = middle[3], .output = middle[3]};
  add_pool(recipe, std::move(rows));
  add_pool(recipe, std::move(columns));
  return recipe;
}

// Windows of output positions that count for the divisor of an average.
std::vector<int64_t> counted(const WindowAxis& axis, int64_t end_pad, bool include_pad) {
  std::vector<int64_t> counts;
  for (int64_t o = 0; o < axis.output; ++o) {
    int64_t count = 0;
    for (int64_t k = 0; k < axis.kernel; ++k) {
      const int64_t at = o * axis.stride - axis.begin_pad + k * axis.dilation;
      count += include_pad ? at < axis.input + end_pad : at >= 0 && at < axis.input;
    }
    counts.push_back(count);
  }
  return counts;
}

// One weight when every window has the same divisor, else a map.
void set_divisor(PoolShape& pool, const Problem& problem) {
  const auto pads = problem.integers("pads");
  const bool include_pad = problem.flag("count_include_pad");
  const size_t spatial = pads.size() / 2;
  const auto end_pad = [&](size_t axis) { return axis + spatial < 2 ? 0 : pads[spatial + axis - (2 - spatial)]; };
  const std::vector<int64_t> rows = counted(pool.axes[0], end_pad(0), include_pad),
                             columns = counted(pool.axes[1], end_pad(1), include_pad);
  std::vector<float> factors;
  for (int64_t row : rows)
    for (int64_t column : columns)
      factors.push_back(row * column == 0 ? 0.0f : 1.0f / static_cast<float>(row * column));
  if (std::ranges::all_of(factors, [&](float factor) { return factor == factors[0]; }))
    pool.weight = factors[0];
  else
    pool.factors = std::move(factors);
}

std::vector<Recipe> pool_recipes(const Problem& problem) {
  PoolShape pool;
  pool.is_max = problem.text("kind") == "max";
  pool.input = dense_view(input_ref(0), image_dims(problem.input(0).shape));
  pool.output = dense_view(output_ref(), image_dims(problem.output().shape));
  pool.axes = window_axes(problem, problem.integers("kernel"));
  if (!pool.is_max) set_divisor(pool, problem);

  std::vector<Recipe> recipes;
  const bool dilated =
      std::ranges::any_of(pool.axes, [](const WindowAxis& axis) { return axis.dilation > 1 && axis.kernel > 1; });
  if (pool.axes[0].kernel > 1 && pool.axes[1].kernel > 1) recipes.push_back(separable_recipe(pool));
  Recipe direct;
  direct.name = "pool";
  add_pool(direct, std::move(pool));
  if (!(dilated && problem.text("kind") == "max")) recipes.insert(recipes.begin(), std::move(direct));
  return recipes;
}

constexpr Constraint kConstraints[] = {
    {"the TPU pools over one or two spatial axes",
     [](const Problem& p) { return p.input(0).shape.size() == 3 || p.input(0).shape.size() == 4; }},
    {"the TPU has no dilated maximum",
     [](const Problem& p) {
       if (p.text("kind") != "max") return true;
       const auto kernel = p.integers("kernel"), dilations = p.integers("dilations");
       for (size_t i = 0; i < kernel.size() && i < dilations.size(); ++i)
         if (kernel[i] > 1 && dilations[i] > 1) return false;
       return true;
     }},
    {"strides above 15 have no form on the TPU; nearest: pool with a smaller stride, then slice",
     [](const Problem& p) {
       return std::ranges::all_of(window_axes(p, p.integers("kernel")),
                                  [](const WindowAxis& axis) { return axis.stride <= kMaxStride; });
     }},
    {"dilations above 16 have no form on the TPU",
     [](const Problem& p) {
       return std::ranges::all_of(p.integers("dilations"), [](int64_t dilation) { return dilation <= kMaxDilation; });
     }},
};

}  // namespace

const Lowering& lowering_pool() {
  static const Lowering lowering{.op = "pool", .constraints = kConstraints, .recipes = pool_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
