// Operators that only move data: reshape, transpose, concat, slice, pad, broadcast_to, tile, gather with constant
// indices.
#include <algorithm>

#include "target/bm1684/lower/movement.h"

namespace bmnet::bm1684 {
namespace {

using Ints = std::vector<int64_t>;

constexpr size_t kMaxCommands = 4096;
constexpr std::string_view kTooManyCommands = "it would take more than 4096 memory commands";

Recipe recipe_named(std::string name) {
  Recipe recipe;
  recipe.name = std::move(name);
  return recipe;
}

StridedWindow dense_window(Ref ref, const Shape& shape, int64_t offset = 0) {
  return {ref, offset, dense_strides(shape)};
}

Recipe reshape_recipe(const Problem& problem) {
  Recipe recipe = recipe_named("copy");
  const int64_t sizes[] = {problem.output().count()};
  add_copy(recipe, sizes, {output_ref(), 0, {1}}, {input_ref(0), 0, {1}});
  return recipe;
}

Recipe transpose_recipe(const Problem& problem) {
  Recipe recipe = recipe_named("transpose");
  const Ints source = dense_strides(problem.input(0).shape);
  StridedWindow from{input_ref(0), 0, {}};
  for (int64_t axis : problem.integers("permutation")) from.strides.push_back(source[axis]);
  add_copy(recipe, problem.output().shape, dense_window(output_ref(), problem.output().shape), from);
  return recipe;
}

Recipe concat_recipe(const Problem& problem) {
  Recipe recipe = recipe_named("concat");
  const int64_t axis = problem.integer("axis");
  const Ints strides = dense_strides(problem.output().shape);
  int64_t at = 0;
  for (size_t i = 0; i < problem.inputs(); ++i) {
    const Shape& shape = problem.input(i).shape;
    add_copy(recipe, shape, {output_ref(), at * strides[axis], strides},
             dense_window(input_ref(static_cast<int>(i)), shape));
    at += shape[axis];
  }
  return recipe;
}

Recipe slice_recipe(const Problem& problem) {
  Recipe recipe = recipe_named("slice");
  StridedWindow from = dense_window(input_ref(0), problem.input(0).shape);
  const Ints starts = problem.integers("starts"), steps = problem.integers("steps");
  for (size_t axis = 0; axis < from.strides.size(); ++axis) {
    from.offset += starts[axis] * from.strides[axis];
    from.strides[axis] *= steps[axis];
  }
  add_copy(recipe, problem.output().shape, dense_window(output_ref(), problem.output().shape), from);
  return recipe;
}

Recipe broadcast_recipe(const Problem& problem) {
  Recipe recipe = recipe_named("broadcast");
  const Shape &from = problem.input(0).shape, &to = problem.output().shape;
  const Ints dense = dense_strides(from);
  StridedWindow source{input_ref(0), 0, Ints(to.size(), 0)};
  for (size_t k = 0; k < from.size(); ++k)
    if (from[k] != 1) source.strides[to.size() - from.size() + k] = dense[k];
  add_copy(recipe, to, dense_window(output_ref(), to), source);
  return recipe;
}

Recipe tile_recipe(const Problem& problem) {
  Recipe recipe = recipe_named("tile");
  const Shape& shape = problem.input(0).shape;
  const Ints repeats = problem.integers("repeats"), dense = dense_strides(shape);
  Ints sizes;
  StridedWindow source{input_ref(0), 0, {}};
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    sizes.insert(sizes.end(), {repeats[axis], shape[axis]});
    source.strides.insert(source.strides.end(), {0, dense[axis]});
  }
  add_copy(recipe, sizes, dense_window(output_ref(), sizes), source);
  return recipe;
}

// result[i] = operand[source + k * step] for i = target + k, k < count
struct Run {
  int64_t target, source, count, step;
};

// A list of indices as few runs.
std::vector<Run> runs_of(const Ints& indices) {
  std::vector<Run> runs;
  for (size_t i = 0; i < indices.size(); ++i) {
    const auto target = static_cast<int64_t>(i);
    if (!runs.empty()) {
      Run& run = runs.back();
      const int64_t step = indices[i] - (run.source + (run.count - 1) * run.step);
      if (step >= 0 && (run.count == 1 || step == run.step)) {
        run.step = step;
        ++run.count;
        continue;
      }
    }
    runs.push_back({target, indices[i], 1, 1});
  }
  return runs;
}

// result[i, j, …] = operand[maps[0][i], maps[1][j], …]
Recipe mapped_recipe(std::string name, const Shape& input, const std::vector<Ints>& maps) {
  Recipe recipe = recipe_named(std::move(name));
  Shape output;
  std::vector<std::vector<Run>> runs;
  for (const Ints& map : maps) {
    output.push_back(static_cast<int64_t>(map.size()));
    runs.push_back(runs_of(map));
  }
  const Ints to = dense_strides(output), from = dense_strides(input);
  std::vector<size_t> at(maps.size(), 0);
  while (true) {
    Ints sizes;
    StridedWindow target{output_ref(), 0, to}, source{input_ref(0), 0, from};
    for (size_t axis = 0; axis < maps.size(); ++axis) {
      const Run& run = runs[axis][at[axis]];
      sizes.push_back(run.count);
      target.offset += run.target * to[axis];
      source.offset += run.source * from[axis];
      source.strides[axis] *= run.step;
    }
    add_copy(recipe, sizes, target, source);
    size_t axis = maps.size();
    while (axis > 0 && ++at[axis - 1] == runs[axis - 1].size()) at[--axis] = 0;
    if (axis == 0) return recipe;
  }
}

size_t mapped_commands(const std::vector<Ints>& maps) {
  size_t product = 1;
  for (const Ints& map : maps) product *= std::max<size_t>(1, runs_of(map).size());
  return product;
}

// Where an element of the padded axis comes from, for the modes that repeat elements.
int64_t padded_source(const std::string& mode, int64_t at, int64_t size) {
  if (mode == "edge") return std::clamp<int64_t>(at, 0, size - 1);
  if (mode == "wrap") return ((at % size) + size) % size;
  if (size == 1) return 0;
  const int64_t period = 2 * (size - 1), folded = ((at % period) + period) % period;
  return folded < size ? folded : period - folded;
}

std::vector<Ints> pad_maps(const Problem& problem) {
  const Shape &input = problem.input(0).shape, &output = problem.output().shape;
  const Ints pads = problem.integers("pads");
  std::vector<Ints> maps(output.size());
  for (size_t axis = 0; axis < output.size(); ++axis)
    for (int64_t i = 0; i < output[axis]; ++i)
      maps[axis].push_back(padded_source(problem.text("mode"), i - pads[axis], input[axis]));
  return maps;
}

Recipe constant_pad_recipe(const Problem& problem) {
  Recipe recipe = recipe_named("pad");
  const Shape &input = problem.input(0).shape, &output = problem.output().shape;
  const Ints pads = problem.integers("pads");
  StridedWindow target = dense_window(output_ref(), output), source = dense_window(input_ref(0), input);
  const float value = problem.real("value");
  const uint32_t bits = problem.output().dtype == DType::kF32 ? std::bit_cast<uint32_t>(value)
                                                              : static_cast<uint32_t>(static_cast<int32_t>(value));
  add_fill(recipe, output, target, bits);
  Ints sizes;
  for (size_t axis = 0; axis < output.size(); ++axis) {
    const int64_t begin = std::max<int64_t>(0, -pads[axis]), place = std::max<int64_t>(0, pads[axis]);
    sizes.push_back(std::min(input[axis] - begin, output[axis] - place));
    if (sizes.back() <= 0) return recipe;
    target.offset += place * target.strides[axis];
    source.offset += begin * source.strides[axis];
  }
  add_copy(recipe, sizes, target, source);
  return recipe;
}

// input seen as [outer, axis, inner], which is what the maps of gather are for
struct GatherView {
  Shape shape;
  std::vector<Ints> maps;
};
GatherView gather_view(const Problem& problem) {
  const Shape& input = problem.input(0).shape;
  const auto axis = static_cast<size_t>(problem.integer("axis"));
  const int64_t outer = element_count(std::span(input).first(axis)),
                inner = element_count(std::span(input).subspan(axis + 1));
  const auto all = [](int64_t size) {
    Ints map(static_cast<size_t>(size));
    for (int64_t i = 0; i < size; ++i) map[i] = i;
    return map;
  };
  const Tensor& indices = *problem.constant(1);
  Ints chosen;
  for (int64_t i = 0; i < indices.count(); ++i) {
    const int64_t index = indices.dtype() == DType::kI64 ? indices.data<int64_t>()[i] : indices.data<int32_t>()[i];
    chosen.push_back(index < 0 ? index + input[axis] : index);
  }
  return {{outer, input[axis], inner}, {all(outer), chosen, all(inner)}};
}

// A node as the list of its only recipe.
template <Recipe (*recipe)(const Problem&)>
std::vector<Recipe> only(const Problem& problem) {
  return {recipe(problem)};
}
template <Recipe (*recipe)(const Problem&)>
bool few_commands(const Problem& problem) {
  return recipe(problem).steps.size() <= kMaxCommands;
}

std::vector<Recipe> pad_recipes(const Problem& problem) {
  if (problem.text("mode") == "constant" || problem.text("mode").empty()) return {constant_pad_recipe(problem)};
  return {mapped_recipe("pad", problem.input(0).shape, pad_maps(problem))};
}

std::vector<Recipe> gather_recipes(const Problem& problem) {
  const GatherView view = gather_view(problem);
  return {mapped_recipe("gather", view.shape, view.maps)};
}

constexpr Constraint kTransposeConstraints[] = {{kTooManyCommands, few_commands<transpose_recipe>}};
constexpr Constraint kSliceConstraints[] = {{kTooManyCommands, few_commands<slice_recipe>}};
constexpr Constraint kBroadcastConstraints[] = {{kTooManyCommands, few_commands<broadcast_recipe>}};
constexpr Constraint kTileConstraints[] = {{kTooManyCommands, few_commands<tile_recipe>}};
constexpr Constraint kPadConstraints[] = {{kTooManyCommands, [](const Problem& p) {
                                             return p.text("mode") == "constant" || p.text("mode").empty() ||
                                                    mapped_commands(pad_maps(p)) <= kMaxCommands;
                                           }}};
constexpr Constraint kGatherConstraints[] = {
    {"the indices must be constant", [](const Problem& p) { return p.constant(1) != nullptr; }},
    {kTooManyCommands, [](const Problem& p) { return mapped_commands(gather_view(p).maps) <= kMaxCommands; }},
};

}  // namespace

const Lowering& lowering_reshape() {
  static const Lowering lowering{
      .op = "reshape", .moves_words = true, .constraints = {}, .recipes = only<reshape_recipe>};
  return lowering;
}
const Lowering& lowering_transpose() {
  static const Lowering lowering{
      .op = "transpose", .moves_words = true, .constraints = kTransposeConstraints, .recipes = only<transpose_recipe>};
  return lowering;
}
const Lowering& lowering_concat() {
  static const Lowering lowering{
      .op = "concat", .moves_words = true, .constraints = {}, .recipes = only<concat_recipe>};
  return lowering;
}
const Lowering& lowering_slice() {
  static const Lowering lowering{
      .op = "slice", .moves_words = true, .constraints = kSliceConstraints, .recipes = only<slice_recipe>};
  return lowering;
}
const Lowering& lowering_broadcast_to() {
  static const Lowering lowering{.op = "broadcast_to",
                                 .moves_words = true,
                                 .constraints = kBroadcastConstraints,
                                 .recipes = only<broadcast_recipe>};
  return lowering;
}
const Lowering& lowering_tile() {
  static const Lowering lowering{
      .op = "tile", .moves_words = true, .constraints = kTileConstraints, .recipes = only<tile_recipe>};
  return lowering;
}
const Lowering& lowering_pad() {
  static const Lowering lowering{
      .op = "pad", .moves_words = true, .constraints = kPadConstraints, .recipes = pad_recipes};
  return lowering;
}
const Lowering& lowering_gather() {
  static const Lowering lowering{
      .op = "gather", .moves_words = true, .constraints = kGatherConstraints, .recipes = gather_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
