// Choice of elements: gathering, scattering, sorting, slices that are set.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "frontend/paddle/call.h"
#include "frontend/paddle/params.h"

namespace bmnet::frontend::paddle {
namespace {

using Integers = std::vector<int64_t>;

Result<Values> gather(Call& call) {
  const bool select = call.kind() == "index_select";
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId index, call.in("Index"));
  BMNET_ASSIGN(const int64_t axis, select ? Emitter::normal_axis(call.integer("dim", 0), call.rank_of(x))
                                          : call.stated_axis(0, call.rank_of(x)));
  if (call.rank_of(index) == 2 && call.shape_of(index)[1] == 1) {
    BMNET_ASSIGN(index, call.reshape(index, {call.shape_of(index)[0]}));
  }
  BMNET_ASSIGN(index, call.cast(index, DType::kI64));
  return one(call.finish("gather", {{"axis", axis}}, {x, index}));
}

Result<Values> gather_nd(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId index, call.in("Index"));
  BMNET_ASSIGN(index, call.cast(index, DType::kI64));
  return one(call.finish("gather_nd", {}, {x, index}));
}

// Version 1 has a last axis of 1 behind the indices.
Result<Values> lookup_table(Call& call) {
  BMNET_ASSIGN(const ValueId table, call.in("W"));
  BMNET_ASSIGN(ValueId ids, call.in("Ids"));
  Shape shape = call.shape_of(ids);
  if (call.kind() == "1" && shape.size() > 1 && shape.back() == 1) {
    shape.pop_back();
    BMNET_ASSIGN(ids, call.reshape(ids, shape));
  }
  BMNET_ASSIGN(ids, call.cast(ids, DType::kI64));
  return one(call.finish("gather", {{"axis", int64_t{0}}}, {table, ids}));
}

// Version 1 has a last axis of 1 behind the indices.
Result<Values> one_hot(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  Shape shape = call.shape_of(x);
  if (call.kind() == "1" && shape.size() > 1 && shape.back() == 1) {
    shape.pop_back();
    BMNET_ASSIGN(x, call.reshape(x, shape));
  }
  BMNET_ASSIGN(const Integers depth, call.integers_from("depth", "depth_tensor", ""));
  if (depth.size() != 1 || depth[0] < 1 || depth[0] > 1 << 28) return user_error("depth {}", to_string(depth));
  BMNET_ASSIGN(const ValueId index, call.cast(x, DType::kI64));
  return one(call.finish(
      "one_hot", {{"depth", depth[0]}, {"axis", call.rank_of(x)}, {"on_value", 1.0f}, {"off_value", 0.0f}}, {index}));
}

// Element by element along an axis: take_along_axis, index_sample.
Result<Values> take_along_axis(Call& call) {
  const bool sample = call.kind() == "index_sample";
  BMNET_ASSIGN(const ValueId x, call.in(sample ? "X" : "Input"));
  BMNET_ASSIGN(ValueId index, call.in("Index"));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(sample ? 1 : call.integer("Axis", 0), call.rank_of(x)));
  BMNET_ASSIGN(index, call.cast(index, DType::kI64));
  return one(call.finish("gather_elements", {{"axis", axis}}, {x, index}));
}

Result<Values> put_along_axis(Call& call) {
  static constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
      {"assign", "none"}, {"add", "add"}, {"mul", "mul"}, {"multiply", "mul"}};
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  BMNET_ASSIGN(ValueId index, call.in("Index"));
  BMNET_ASSIGN(ValueId values, call.in("Value"));
  const std::string given = call.text("Reduce", "assign");
  const auto* kind = std::ranges::find(kKinds, given, &std::pair<std::string_view, std::string_view>::first);
  if (kind == std::end(kKinds)) return unsupported("Reduce={}; assign, add and multiply can be compiled", given);
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("Axis", 0), call.rank_of(x)));
  BMNET_ASSIGN(index, call.cast(index, DType::kI64));
  BMNET_ASSIGN(values, call.broadcast(values, call.shape_of(index)));
  return one(
      call.finish("scatter_elements", {{"axis", axis}, {"reduction", std::string(kind->second)}}, {x, index, values}));
}

// Rows of X replaced, or (overwrite off) set to the sum of their updates.
Result<Values> scatter(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId ids, call.in("Ids"));
  BMNET_ASSIGN(const ValueId updates, call.in("Updates"));
  BMNET_ASSIGN(ids, call.cast(ids, DType::kI64));
  BMNET_ASSIGN(ids, call.reshape(ids, {element_count(call.shape_of(ids)), 1}));
  if (call.boolean("overwrite", true))
    return one(call.finish("scatter_nd", {{"reduction", std::string("none")}}, {x, ids, updates}));
  BMNET_ASSIGN(const ValueId zeros, call.filled(call.dtype_of(x), call.shape_of(updates), 0));
  BMNET_ASSIGN(x, call.make("scatter_nd", {{"reduction", std::string("none")}}, {x, ids, zeros}));
  return one(call.finish("scatter_nd", {{"reduction", std::string("add")}}, {x, ids, updates}));
}

Result<Values> scatter_nd_add(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId index, call.in("Index"));
  BMNET_ASSIGN(const ValueId updates, call.in("Updates"));
  BMNET_ASSIGN(index, call.cast(index, DType::kI64));
  return one(call.finish("scatter_nd", {{"reduction", std::string("add")}}, {x, index, updates}));
}

Result<Values> argsort(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("axis", -1), call.rank_of(x)));
  const Values operands{x};
  BMNET_ASSIGN(
      const Values sorted,
      call.finish_all("top_k",
                      {{"k", call.shape_of(x)[axis]}, {"axis", axis}, {"largest", call.boolean("descending", false)}},
                      operands, 2));
  call.set("Indices", 0, sorted[1]);
  return Values{sorted[0]};
}

// The elements on one side of a diagonal; the others become 0.
Result<Values> triangle(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const Shape shape = call.shape_of(x);
  if (shape.size() < 2) return user_error("its input {} is no matrix", to_string(shape));
  const int64_t rows = shape[shape.size() - 2], columns = shape.back(), diagonal = call.integer("diagonal", 0);
  const bool lower = call.kind() == "tril" || (call.kind().empty() && call.boolean("lower", true));
  BMNET_ASSIGN(const int64_t count, checked_elements(Shape{rows, columns}));
  if (count > 1 << 26) return unsupported("a matrix of {} elements", count);
  Tensor mask({DType::kBool, {rows, columns}});
  for (int64_t i = 0; i < count; ++i) {
    const int64_t offset = i % columns - i / columns;
    mask.data<bool>()[i] = lower ? offset <= diagonal : offset >= diagonal;
  }
  BMNET_ASSIGN(const ValueId zero, call.scalar(call.dtype_of(x), 0));
  return one(call.finish("select", {}, {call.constant(std::move(mask)), x, zero}));
}

Result<Values> eye(Call& call) {
  BMNET_ASSIGN(const DType dtype, dtype_of_number(call.integer("dtype", 5)));
  const int64_t rows = call.integer("num_rows", 0), given = call.integer("num_columns", -1);
  const int64_t columns = given < 0 ? rows : given;
  BMNET_ASSIGN(const int64_t count, checked_elements(Shape{rows, columns}));
  if (count > 1 << 26) return unsupported("a matrix of {} elements", count);
  std::vector<float> values(count, 0);
  for (int64_t i = 0; i < std::min(rows, columns); ++i) values[i * columns + i] = 1;
  return one(call.cast(call.constant(Tensor::of<float>({rows, columns}, values)), dtype));
}

// First, step and count, from the elements of constant inputs.
Result<float> known_input(const Call& call, std::string_view parameter) {
  BMNET_ASSIGN(const ValueId value, call.in(parameter));
  return call.known_number(value, parameter);
}

Result<Values> finish_sequence(Call& call, DType dtype, double first, double step, double length) {
  if (!(length >= 1 && length <= 1 << 24))
    return user_error("a sequence of {} elements from {} in steps of {}", length, first, step);
  const auto count = static_cast<int64_t>(length);
  if (dtype == DType::kF32) {
    std::vector<float> values(count);
    for (int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(first + static_cast<double>(i) * step);
    return Values{call.constant(Tensor::of<float>({count}, values))};
  }
  Integers values(count);
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<int64_t>(first + static_cast<double>(i) * step);
  return one(call.cast(call.Emitter::integers(values), dtype));
}

Result<Values> range(Call& call) {
  BMNET_ASSIGN(const ValueId begin, call.in("Start"));
  BMNET_ASSIGN(const float first, known_input(call, "Start"));
  BMNET_ASSIGN(const float end, known_input(call, "End"));
  BMNET_ASSIGN(const float step, known_input(call, "Step"));
  const double count = step == 0 ? 0 : std::ceil((static_cast<double>(end) - first) / step);
  return finish_sequence(call, call.dtype_of(begin), first, step, count);
}

Result<Values> linspace(Call& call) {
  BMNET_ASSIGN(const float first, known_input(call, "Start"));
  BMNET_ASSIGN(const float last, known_input(call, "Stop"));
  BMNET_ASSIGN(const float count, known_input(call, "Num"));
  BMNET_ASSIGN(const DType dtype, dtype_of_number(call.integer("dtype", 5)));
  const double step = count > 1 ? (static_cast<double>(last) - first) / (static_cast<double>(count) - 1) : 0;
  return finish_sequence(call, dtype, first, step, count);
}

Result<Values> element_count_of(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  return Values{call.Emitter::integers({element_count(call.shape_of(x))})};
}

Result<Values> increment(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId step, call.scalar(call.dtype_of(x), call.number("step", 1)));
  return one(call.finish("binary", {{"kind", std::string("add")}}, {x, step}));
}

// The slice that set_value replaces, as places in the flattened input, and its shape.
struct Target {
  Integers places;
  Shape shape;  // without the axes that decrease_axes drops
};

Result<Target> target_of(const Call& call, const Shape& shape) {
  const Integers axes = call.integers("axes"), dropped = call.integers("decrease_axes");
  BMNET_ASSIGN(const Integers starts, call.integers_from("starts", "", "StartsTensorList"));
  BMNET_ASSIGN(const Integers ends, call.integers_from("ends", "", "EndsTensorList"));
  BMNET_ASSIGN(Integers steps, call.integers_from("steps", "", "StepsTensorList"));
  if (steps.empty()) steps.assign(axes.size(), 1);
  if (starts.size() != axes.size() || ends.size() != axes.size() || steps.size() != axes.size())
    return user_error("{} axes have {} starts, {} ends, {} steps", axes.size(), starts.size(), ends.size(),
                      steps.size());
  BMNET_ASSIGN(const int64_t all, checked_elements(shape));
  if (all > 1 << 26) return unsupported("setting a slice of {} elements", all);
  std::vector<Integers> chosen;  // of each axis
  for (const int64_t length : shape) {
    chosen.emplace_back(length);
    std::iota(chosen.back().begin(), chosen.back().end(), 0);
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(axes[i], std::ssize(shape)));
    const int64_t length = shape[axis], step = steps[i];
    if (step == 0) return user_error("a step is 0");
    const auto place = [&](int64_t at) {
      return std::clamp(at < 0 ? at + length : at, step > 0 ? int64_t{0} : int64_t{-1}, step > 0 ? length : length - 1);
    };
    Integers picked;
    for (int64_t at = place(starts[i]), end = place(ends[i]); step > 0 ? at < end : at > end; at += step)
      picked.push_back(at);
    if (picked.empty()) return user_error("nothing of axis {} of {} is set", axis, to_string(shape));
    chosen[axis] = picked;
  }
  Target target{{0}, {}};
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    Integers next;
    for (const int64_t base : target.places)
      for (const int64_t at : chosen[axis]) next.push_back(base * shape[axis] + at);
    target.places = std::move(next);
    if (std::ranges::find(dropped, static_cast<int64_t>(axis)) == dropped.end())
      target.shape.push_back(std::ssize(chosen[axis]));
  }
  return target;
}

// The new values: a tensor, or a list in one of several attributes.
Result<ValueId> new_values(Call& call, DType dtype) {
  if (call.has("ValueTensor")) {
    BMNET_ASSIGN(const ValueId given, call.in("ValueTensor"));
    return call.cast(given, dtype);
  }
  std::vector<float> numbers = call.numbers("fp32_values");
  for (const char* name : {"int32_values", "int64_values", "bool_values", "values"}) {
    if (!numbers.empty()) break;
    numbers = call.numbers(name);
    for (const int64_t value : numbers.empty() ? call.integers(name) : Integers())
      numbers.push_back(static_cast<float>(value));
  }
  Shape shape = call.integers("shape");
  if (numbers.empty() || element_count(shape) != std::ssize(numbers))
    return unsupported("{} new values of shape {}", numbers.size(), to_string(shape));
  return call.cast(call.constant(Tensor::of<float>(shape, numbers)), dtype);
}

Result<Values> set_value(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  const Shape shape = call.shape_of(x);
  BMNET_ASSIGN(const Target target, target_of(call, shape));
  BMNET_ASSIGN(ValueId values, new_values(call, call.dtype_of(x)));
  if (element_count(call.shape_of(values)) == 1) {  // one value: chosen by a constant mask
    Tensor mask({DType::kBool, {element_count(shape)}});
    for (const int64_t place : target.places) mask.data<bool>()[place] = true;
    BMNET_ASSIGN(const ValueId chosen, call.reshape(call.constant(std::move(mask)), shape));
    BMNET_ASSIGN(values, call.reshape(values, {}));
    return one(call.finish("select", {}, {chosen, values, x}));
  }
  const int64_t count = std::ssize(target.places);
  BMNET_ASSIGN(values, call.broadcast(values, target.shape));
  BMNET_ASSIGN(values, call.reshape(values, {count}));
  BMNET_ASSIGN(const ValueId flat, call.reshape(x, {element_count(shape)}));
  const ValueId places = call.constant(Tensor::of<int64_t>({count, 1}, target.places));
  BMNET_ASSIGN(const ValueId set,
               call.make("scatter_nd", {{"reduction", std::string("none")}}, {flat, places, values}));
  return one(call.finish("reshape", {{"shape", shape}}, {set}));
}

// clang-format off
constexpr Row row(std::string_view name, Result<Values> (*convert)(Call&), std::string_view attributes,
                  std::string_view becomes, std::string_view kind = "", std::string_view result = "Out") {
  return {name, convert, kind, attributes, becomes, "", result};
}
constexpr Row kRows[] = {
    row("gather", gather, "axis", "gather"), row("index_select", gather, "dim", "gather", "index_select"),
    row("gather_nd", gather_nd, "", "gather_nd"), row("lookup_table", lookup_table, "", "gather", "1"),
    row("lookup_table_v2", lookup_table, "", "gather"), row("one_hot", one_hot, "depth", "one_hot", "1"),
    row("one_hot_v2", one_hot, "depth", "one_hot"),
    row("take_along_axis", take_along_axis, "Axis", "gather_elements", "", "Result"),
    row("index_sample", take_along_axis, "", "gather_elements", "index_sample"),
    row("put_along_axis", put_along_axis, "Axis Reduce", "scatter_elements", "", "Result"),
    row("scatter", scatter, "overwrite", "scatter_nd"), row("scatter_nd_add", scatter_nd_add, "", "scatter_nd"),
    row("argsort", argsort, "axis descending", "top_k"), row("tril_triu", triangle, "diagonal lower", "select"),
    row("tril", triangle, "diagonal", "select", "tril"), row("triu", triangle, "diagonal", "select", "triu"),
    row("eye", eye, "num_rows num_columns dtype", "constant"), row("range", range, "", "constant"),
    row("linspace", linspace, "dtype", "constant"), row("size", element_count_of, "", "constant"),
    row("increment", increment, "step", "binary"),
    row("set_value", set_value, "axes starts ends steps decrease_axes shape fp32_values int32_values int64_values bool_values", "select scatter_nd"),
};
// clang-format on

}  // namespace

std::span<const Row> index_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
