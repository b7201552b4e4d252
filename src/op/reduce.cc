// reduce. Sums of floating numbers are kept in double, of integers in 64 bits that wrap around.
#include <cmath>
#include <limits>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

constexpr std::string_view kKinds[] = {"mean", "sum",        "max",     "min",         "prod", "l1",
                                       "l2",   "sum_square", "log_sum", "log_sum_exp", "all",  "any"};

Shape reduced_shape(const Shape& shape, const Shape& axes, bool keep_dims) {
  Shape reduced;
  for (size_t axis = 0, next = 0; axis < shape.size(); ++axis) {
    const bool gone = next < axes.size() && axes[next] == static_cast<int64_t>(axis);
    next += gone;
    if (!gone)
      reduced.push_back(shape[axis]);
    else if (keep_dims)
      reduced.push_back(1);
  }
  return reduced;
}

bool is_order(std::string_view kind) { return kind == "max" || kind == "min"; }

Result<Infos> infer_reduce(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const std::string kind, attributes.get<std::string>("kind"));
  if (std::find(std::begin(kKinds), std::end(kKinds), kind) == std::end(kKinds))
    return user_error("kind \"{}\" is not a known reduction", kind);
  BMNET_ASSIGN(const Shape axes, attributes.get<Shape>("axes"));
  BMNET_ASSIGN(const bool keep_dims, attributes.get<bool>("keep_dims"));
  BMNET_TRY(check_axes("axes", axes, inputs[0].shape.size()));
  const bool logic = kind == "all" || kind == "any";
  if (logic)
    BMNET_TRY(check_dtype(inputs[0], "the input", {DType::kBool}));
  else if (inputs[0].dtype != DType::kBool || !is_order(kind))
    BMNET_TRY(NumberTypes::check(inputs[0], "the input"));
  return result(inputs[0].dtype, reduced_shape(inputs[0].shape, axes, keep_dims));
}

// Calls add(state of the result's element, input element) for all elements, in row-major order of the input.
template <typename T, typename State, typename Add>
void fold(const Tensor& input, const Shape& kept, std::vector<State>& states, Add add) {
  const Shape& shape = input.shape();
  for_each_row<2>(shape, {strides_of(shape), broadcast_strides(kept, shape)},
                  [&](const auto& offset, int64_t n, const auto& step) {
                    const T* in = pointer<T>(input) + offset[0];
                    State* state = states.data() + offset[1];
                    if (step[1] == 0) {
                      State one = *state;
                      for (int64_t i = 0; i < n; ++i) add(one, in[i * step[0]]);
                      *state = one;
                    } else {
                      for (int64_t i = 0; i < n; ++i) add(state[i * step[1]], in[i * step[0]]);
                    }
                  });
}

template <typename T>
void finish(const auto& states, Tensor& output, auto value_of) {
  T* out = pointer<T>(output);
  for (size_t i = 0; i < states.size(); ++i) out[i] = static_cast<T>(value_of(states[i]));
}

template <typename T>
std::vector<T> extremes(const Tensor& input, const Shape& kept, bool max) {
  using Limits = std::numeric_limits<T>;
  const T least = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  const T most = Limits::has_infinity ? Limits::infinity() : Limits::max();
  std::vector<T> states(element_count(kept), max ? least : most);
  if (max)
    fold<T>(input, kept, states, [](T& state, T x) { state = x > state || x != x ? x : state; });
  else
    fold<T>(input, kept, states, [](T& state, T x) { state = x < state || x != x ? x : state; });
  return states;
}

template <typename T>
void log_sum_exp(const Tensor& input, const Shape& kept, Tensor& output) {
  struct State {
    double most = 0, sum = 0;
  };
  std::vector<State> states;
  for (T most : extremes<T>(input, kept, true)) states.push_back({std::isinf(double(most)) ? 0 : double(most), 0});
  fold<T>(input, kept, states, [](State& s, T x) { s.sum += std::exp(double(x) - s.most); });
  finish<T>(states, output, [](const State& s) { return s.most + std::log(s.sum); });
}

// Sum or product of integers or floating numbers.
template <typename T>
using Accumulator = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

template <typename T>
void reduce_numbers(std::string_view kind, const Tensor& input, const Shape& kept, Tensor& output) {
  using Sum = Accumulator<T>;
  if (is_order(kind)) return finish<T>(extremes<T>(input, kept, kind == "max"), output, [](T x) { return x; });
  if (kind == "log_sum_exp") return log_sum_exp<T>(input, kept, output);
  const int64_t count = element_count(kept);
  if (kind == "l2") {
    std::vector<double> states(count, 0);
    fold<T>(input, kept, states, [](double& sum, T x) { sum += double(x) * double(x); });
    return finish<T>(states, output, [](double sum) { return std::sqrt(sum); });
  }
  std::vector<Sum> states(count, kind == "prod" ? Sum{1} : Sum{0});
  if (kind == "prod")
    fold<T>(input, kept, states, [](Sum& product, T x) { product *= static_cast<Sum>(x); });
  else if (kind == "l1")
    fold<T>(input, kept, states, [](Sum& sum, T x) { sum += x < 0 ? -static_cast<Sum>(x) : static_cast<Sum>(x); });
  else if (kind == "sum_square")
    fold<T>(input, kept, states, [](Sum& sum, T x) { sum += static_cast<Sum>(x) * static_cast<Sum>(x); });
  else
    fold<T>(input, kept, states, [](Sum& sum, T x) { sum += static_cast<Sum>(x); });

  using Signed = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;
  if (kind == "mean") {
    const auto divisor = static_cast<Signed>(count ? input.count() / count : 0);
    return finish<T>(states, output, [&](Sum sum) {
      return std::is_integral_v<T> && divisor == 0 ? Signed{0} : static_cast<Signed>(sum) / divisor;
    });
  }
  if (kind == "log_sum")
    return finish<T>(states, output, [](Sum sum) { return std::log(static_cast<double>(static_cast<Signed>(sum))); });
  finish<T>(states, output, [](Sum sum) { return sum; });
}

Status reduce(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string kind, attributes.get<std::string>("kind"));
  BMNET_ASSIGN(const Shape axes, attributes.get<Shape>("axes"));
  const Tensor& input = inputs[0];
  const Shape kept = reduced_shape(input.shape(), axes, true);
  if (input.dtype() == DType::kBool) {
    const bool all = kind == "all" || kind == "min";
    std::vector<uint8_t> states(element_count(kept), all);
    if (all)
      fold<uint8_t>(input, kept, states, [](uint8_t& state, uint8_t x) { state = state && x; });
    else
      fold<uint8_t>(input, kept, states, [](uint8_t& state, uint8_t x) { state = state || x; });
    finish<uint8_t>(states, outputs[0], [](uint8_t state) { return state; });
    return {};
  }
  return NumberTypes::visit(input.dtype(), [&]<typename T>() { reduce_numbers<T>(kind, input, kept, outputs[0]); });
}

constexpr OpSpec kOps[] = {{"reduce", infer_reduce, reduce}};

}  // namespace

std::span<const OpSpec> reduce_ops() { return kOps; }

}  // namespace bmnet::op
