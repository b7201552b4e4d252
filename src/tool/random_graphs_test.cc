// Random compositions of operators with odd shapes, from the passes to the simulator: every one, at two optimization
// levels, gives what the reference kernels give for the graph as it was built, and no command races with another.
// BMNET_RANDOM_GRAPHS is how many are tried (default 60), BMNET_RANDOM_SEED the first one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>

#include "nn/graph_builder.h"
#include "op/host/host.h"
#include "op/testing.h"
#include "pass/optimize.h"
#include "plan/compile.h"
#include "tool/device_compare.h"

namespace bmnet::tool {
namespace {

using Ints = std::vector<int64_t>;
using ValueId = nn::GraphBuilder::ValueId;

constexpr int64_t kMostElements = 30000;

class RandomGraph {
 public:
  explicit RandomGraph(uint32_t seed) : build_(fmt::format("random{}", seed)), generator_(seed) {}

  nn::Model make() {
    const int inputs = static_cast<int>(between(1, 2));
    for (int i = 0; i < inputs; ++i)
      values_.push_back(
          build_.input(fmt::format("in{}", i), {DType::kF32, random_shape(between(0, 3) ? 4 : between(1, 5))}));
    for (const int64_t wanted = between(2, 9); nodes_ < wanted && attempts_ < 200; ++attempts_) add_node();
    output(values_.back());
    for (int64_t more = between(0, 2); more > 0; --more) output(any());  // inputs and the same value again, too
    return std::move(build_.finish().value());
  }

 private:
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(generator_() % static_cast<uint64_t>(high - low + 1));
  }
  template <size_t N>
  std::string one_of(const char* const (&names)[N]) {
    return names[between(0, N - 1)];
  }
  bool coin() { return between(0, 1) == 1; }

  Shape random_shape(int64_t rank) {
    static constexpr int64_t kExtents[] = {1, 2, 3, 5, 7, 8, 13, 17, 31, 65, 70};
    Shape shape;
    for (int64_t axis = 0; axis < rank; ++axis) {
      const int64_t extent = kExtents[between(0, axis == 0 ? 3 : 10)];
      shape.push_back(element_count(shape) * extent > kMostElements / 4 ? 1 : extent);
    }
    return shape;
  }
  ValueId any() { return values_[between(0, static_cast<int64_t>(values_.size()) - 1)]; }
  const Shape& shape(ValueId value) const { return build_.info(value).shape; }
  int64_t rank(ValueId value) const { return static_cast<int64_t>(shape(value).size()); }

  // Weights of about 1 / sqrt(terms): results stay near 1.
  ValueId weight(Shape of, int64_t terms = 1) {
    Tensor tensor = op::test::noise(std::move(of), static_cast<uint32_t>(generator_()));
    for (float& x : tensor.data<float>()) x *= 1.5f / std::sqrt(static_cast<float>(terms));
    return build_.constant(fmt::format("w{}", ++names_), tensor);
  }
  void output(ValueId value) { ASSERT_TRUE(build_.output(fmt::format("out{}", ++names_), value)); }

  // Refused calls (a window larger than its input, say) are no part of the graph.
  std::optional<ValueId> call(const std::string& op, op::Attributes attributes, std::initializer_list<ValueId> inputs) {
    const std::string name = fmt::format("{}{}", op, ++names_);
    auto result = build_.create1(op, name, std::move(attributes), inputs, name);
    if (!result) return std::nullopt;
    return *result;
  }

  void add_node() {
    const ValueId x = any();
    const auto y = node(x);
    const int64_t count = y ? element_count(shape(*y)) : 0;
    if (count == 0 || count > kMostElements || build_.info(*y).dtype != DType::kF32) return;
    values_.push_back(*y);
    ++nodes_;
  }

  std::optional<ValueId> node(ValueId x) {
    switch (between(0, 14)) {
      case 0:
      case 1:
        return conv(x);
      case 2:
        return pool(x);
      case 3:
      case 4:
        return call("unary",
                    {{"kind", one_of({"relu", "sigmoid", "tanh", "abs", "leaky_relu", "exp", "atan", "hard_swish",
                                      "neg", "square", "gelu", "softplus"})},
                     {"alpha", 0.2f}},
                    {coin() ? x : *call("unary", {{"kind", std::string("tanh")}}, {x})});
      case 5:
        return call("binary", {{"kind", one_of({"add", "sub", "mul", "max", "min"})}}, {x, any()});
      case 6:
        return with_constant(x);
      case 7: {
        const auto other = any();
        return call("concat", {{"axis", rank(x) ? between(0, rank(x) - 1) : 0}}, {x, coin() ? x : other, x});
      }
      case 8:
        return reshape(x);
      case 9: {
        Ints order(rank(x));
        std::iota(order.begin(), order.end(), 0);
        for (size_t i = order.size(); i > 1; --i)
          std::swap(order[i - 1], order[between(0, static_cast<int64_t>(i) - 1)]);
        return call("transpose", {{"permutation", order}}, {x});
      }
      case 10:
        return matmul(x);
      case 11:
        return reduce(x);
      case 12:
        return slice(x);
      case 13:
        return coin() ? pad(x) : resize(x);
      default:
        return coin() && rank(x) ? call("softmax", {{"axis", between(0, rank(x) - 1)}}, {x}) : select(x);
    }
  }

  std::optional<ValueId> conv(ValueId x) {
    if (rank(x) != 4) return std::nullopt;
    const int64_t channels = shape(x)[1];
    const bool depthwise = between(0, 3) == 0;
    const int64_t group = depthwise ? channels : channels % 2 == 0 && coin() ? 2 : 1;
    const int64_t filters = depthwise ? channels : group * between(1, 33), kh = between(1, 4), kw = between(1, 3);
    const ValueId w = weight({filters, channels / group, kh, kw}, channels / group * kh * kw);
    const op::Attributes attributes = {{"strides", Ints{between(1, 2), between(1, 3)}},
                                       {"pads", Ints{between(0, 2), between(0, 1), between(0, 2), between(0, 1)}},
                                       {"dilations", Ints{between(1, 2), 1}},
                                       {"group", group}};
    return coin() ? call("conv", attributes, {x, w}) : call("conv", attributes, {x, w, weight({filters})});
  }
  std::optional<ValueId> pool(ValueId x) {
    if (rank(x) != 4) return std::nullopt;
    const Ints kernel = {between(1, 4), between(1, 4)};
    return call("pool",
                {{"kind", one_of({"max", "average"})},
                 {"kernel", kernel},
                 {"strides", Ints{between(1, 3), between(1, 2)}},
                 {"pads", Ints{between(0, kernel[0] - 1), 0, 0, between(0, kernel[1] - 1)}},
                 {"dilations", Ints{1, 1}},
                 {"rounding", one_of({"floor", "ceil"})},
                 {"count_include_pad", coin()}},
                {x});
  }
  std::optional<ValueId> with_constant(ValueId x) {
    Shape operand = shape(x);
    for (int64_t& extent : operand)
      if (coin()) extent = 1;
    operand.erase(operand.begin(), operand.begin() + (operand.empty() ? 0 : between(0, 1)));
    const ValueId w = weight(operand);
    const std::string kind = one_of({"add", "sub", "mul", "max"});
    return coin() ? call("binary", {{"kind", kind}}, {x, w}) : call("binary", {{"kind", kind}}, {w, x});
  }
  std::optional<ValueId> reshape(ValueId x) {
    Shape to = shape(x);
    if (to.size() >= 2 && coin()) {  // two neighbours become one
      const int64_t axis = between(0, static_cast<int64_t>(to.size()) - 2);
      to[axis] *= to[axis + 1];
      to.erase(to.begin() + axis + 1);
    } else {  // one becomes two
      const int64_t axis = to.empty() ? 0 : between(0, static_cast<int64_t>(to.size()) - 1);
      const int64_t extent = to.empty() ? 1 : to[axis];
      int64_t factor = between(1, 4);
      if (extent % factor) factor = 1;
      if (!to.empty()) to[axis] = extent / factor;
      to.insert(to.begin() + axis, factor);
    }
    if (to.size() > 6) return std::nullopt;
    return call("reshape", {{"shape", to}}, {x});
  }
  std::optional<ValueId> matmul(ValueId x) {
    if (rank(x) < 2) return std::nullopt;
    const bool transpose_a = between(0, 3) == 0, transpose_b = coin();
    const int64_t depth = shape(x)[rank(x) - (transpose_a ? 2 : 1)], columns = between(1, 40);
    const op::Attributes attributes = {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}};
    if (between(0, 2) == 0) return call("matmul", {{"transpose_a", false}, {"transpose_b", true}}, {x, x});
    return call("matmul", attributes, {x, weight(transpose_b ? Shape{columns, depth} : Shape{depth, columns}, depth)});
  }
  std::optional<ValueId> reduce(ValueId x) {
    Ints axes;
    for (int64_t axis = 0; axis < rank(x); ++axis)
      if (coin()) axes.push_back(axis);
    return call(
        "reduce",
        {{"kind", one_of({"mean", "sum", "max", "min", "l2", "log_sum_exp"})}, {"axes", axes}, {"keep_dims", coin()}},
        {x});
  }
  std::optional<ValueId> slice(ValueId x) {
    Ints starts, sizes, steps;
    for (const int64_t extent : shape(x)) {
      const int64_t step = between(0, 3) ? 1 : between(0, 1) ? 2 : -1;
      const int64_t start = step > 0 ? between(0, extent - 1) : extent - 1;
      const int64_t most = step > 0 ? (extent - start + step - 1) / step : extent;
      starts.push_back(start), steps.push_back(step), sizes.push_back(between(1, most));
    }
    return call("slice", {{"starts", starts}, {"sizes", sizes}, {"steps", steps}}, {x});
  }
  std::optional<ValueId> pad(ValueId x) {
    Ints pads(2 * rank(x));
    for (int64_t& amount : pads) amount = coin() ? 0 : between(0, 3);
    return call("pad", {{"pads", pads}, {"mode", one_of({"constant", "reflect", "edge"})}, {"value", 0.25f}}, {x});
  }
  std::optional<ValueId> resize(ValueId x) {
    if (rank(x) != 4) return std::nullopt;
    const Shape& s = shape(x);
    return call("resize",
                {{"sizes", Ints{s[2] * between(1, 3), s[3] * 2}},
                 {"mode", one_of({"nearest", "linear"})},
                 {"coordinates", one_of({"asymmetric", "half_pixel", "align_corners"})},
                 {"nearest_mode", std::string("floor")}},
                {x});
  }
  // x > 0 ? x : scale * x
  std::optional<ValueId> select(ValueId x) {
    const auto mask =
        call("compare", {{"kind", one_of({"gt", "ge"})}}, {x, build_.constant("zero", op::test::f32({}, {0}))});
    return call("select", {}, {*mask, x, *with_scale(x)});
  }
  std::optional<ValueId> with_scale(ValueId x) {
    return call("unary", {{"kind", std::string("linear")}, {"alpha", 0.3f}}, {x});
  }

  nn::GraphBuilder build_;
  std::mt19937 generator_;
  std::vector<ValueId> values_;
  int64_t nodes_ = 0;
  int attempts_ = 0, names_ = 0;
};

void check(uint32_t seed, int level) {
  nn::Model model = RandomGraph(seed).make();
  const std::string text = model.to_text();
  const auto source = model.to_graph();
  ASSERT_TRUE(source) << source.error().message;
  std::vector<NamedTensor> inputs;
  for (const op::ValueId id : source->inputs)
    inputs.push_back({source->values[id].name, op::test::noise(source->values[id].info.shape, seed + 7)});
  auto interpreter = op::host::make_interpreter(*source, {.fast = false});
  ASSERT_TRUE(interpreter) << interpreter.error().message;
  const auto reference = interpreter->run(inputs);
  ASSERT_TRUE(reference) << reference.error().message;

  const auto optimized = pass::optimize(model, level);
  ASSERT_TRUE(optimized) << optimized.error().message;
  const auto graph = model.to_graph();
  ASSERT_TRUE(graph) << graph.error().message;
  const auto compiled = plan::compile(*graph, {.opt_level = level, .threads = 1});
  ASSERT_TRUE(compiled) << compiled.error().message << "\n" << text;
  runtime::SessionOptions options;
  options.detect_races = true;
  const auto device = run_on_device(compiled->model, inputs, options);
  ASSERT_TRUE(device) << device.error().message << "\n" << text;
  for (const Race& race : device->report.races) ADD_FAILURE() << race.message;
  const auto report = compare_outputs(*source, *reference, device->outputs);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->agrees()) << report->to_text() << text;
}

int64_t number(const char* variable, int64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

TEST(random_graphs, agree_with_the_reference) {
  const auto first = static_cast<uint32_t>(number("BMNET_RANDOM_SEED", 1));
  for (uint32_t seed = first; seed < first + number("BMNET_RANDOM_GRAPHS", 60); ++seed)
    for (const int level : {0, 2}) {
      SCOPED_TRACE(fmt::format("BMNET_RANDOM_SEED={} BMNET_RANDOM_GRAPHS=1, level {}", seed, level));
      check(seed, level);
    }
}

}  // namespace
}  // namespace bmnet::tool
