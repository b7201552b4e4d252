// What depends on the order of elements along one axis: arg_reduce, top_k, cumsum.
#include <algorithm>
#include <numeric>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

// A tensor as [outer, extent, inner] around `axis`.
struct Lines {
  int64_t outer, extent, inner;
  Lines(const Shape& shape, int64_t axis)
      : outer(extent_between(shape, 0, axis)),
        extent(shape[axis]),
        inner(extent_between(shape, axis + 1, shape.size())) {}
  // Calls visit(offset of the line's first element, number of the line); elements are `inner` apart.
  void for_each(auto visit) const {
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) visit(o * extent * inner + i, o * inner + i);
  }
};

// A total order: NaN is greater than every number.
template <typename T>
bool greater(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (a != a || b != b) return b == b;
  }
  return a > b;
}

Result<int64_t> read_axis(const Attributes& attributes, const TensorInfo& input) {
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_TRY(check_axis("axis", axis, input.shape.size()));
  return axis;
}

Result<Infos> infer_arg_reduce(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_TRY(NumberTypes::check(inputs[0], "the input"));
  BMNET_TRY(choice(attributes, "kind", {"max", "min"}));
  BMNET_TRY(attributes.get<bool>("select_last"));
  BMNET_ASSIGN(const bool keep_dims, attributes.get<bool>("keep_dims"));
  BMNET_ASSIGN(const int64_t axis, read_axis(attributes, inputs[0]));
  Shape shape = inputs[0].shape;
  if (shape[axis] == 0) return user_error("the input has no element along axis {}", axis);
  if (keep_dims)
    shape[axis] = 1;
  else
    shape.erase(shape.begin() + axis);
  return result(DType::kI64, std::move(shape));
}

template <typename T>
int64_t arg_extreme(const T* line, const Lines& lines, bool max, bool select_last) {
  int64_t best = 0;
  for (int64_t i = 1; i < lines.extent; ++i) {
    const T x = line[i * lines.inner], champion = line[best * lines.inner];
    const bool better = max ? greater(x, champion) : greater(champion, x);
    const bool worse = max ? greater(champion, x) : greater(x, champion);
    if (better || (select_last && !worse)) best = i;
  }
  return best;
}

Status arg_reduce(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string kind, attributes.get<std::string>("kind"));
  BMNET_ASSIGN(const bool select_last, attributes.get<bool>("select_last"));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  const Lines lines(inputs[0].shape(), axis);
  return NumberTypes::visit(inputs[0].dtype(), [&]<typename T>() {
    lines.for_each([&](int64_t offset, int64_t line) {
      pointer<int64_t>(outputs[0])[line] =
          arg_extreme(pointer<T>(inputs[0]) + offset, lines, kind == "max", select_last);
    });
  });
}

Result<Infos> infer_top_k(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_TRY(NumberTypes::check(inputs[0], "the input"));
  BMNET_TRY(attributes.get<bool>("largest"));
  BMNET_TRY(attributes.get<bool>("sorted"));
  BMNET_ASSIGN(const int64_t axis, read_axis(attributes, inputs[0]));
  BMNET_ASSIGN(const int64_t k, attributes.get<int64_t>("k"));
  Shape shape = inputs[0].shape;
  if (k < 0 || k > shape[axis])
    return user_error("k {} is not in 0 to {}, the extent of axis {}", k, shape[axis], axis);
  shape[axis] = k;
  return checked({{inputs[0].dtype, shape}, {DType::kI64, shape}});
}

Status top_k(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_ASSIGN(const int64_t k, attributes.get<int64_t>("k"));
  BMNET_ASSIGN(const bool largest, attributes.get<bool>("largest"));
  const Lines lines(inputs[0].shape(), axis);
  std::vector<int64_t> order(lines.extent);
  return NumberTypes::visit(inputs[0].dtype(), [&]<typename T>() {
    lines.for_each([&](int64_t offset, int64_t number) {
      const T* line = pointer<T>(inputs[0]) + offset;
      std::iota(order.begin(), order.end(), 0);
      std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int64_t a, int64_t b) {
        const T x = line[a * lines.inner], y = line[b * lines.inner];
        if (greater(x, y)) return largest;
        if (greater(y, x)) return !largest;
        return a < b;
      });
      const int64_t first = number / lines.inner * k * lines.inner + number % lines.inner;
      for (int64_t i = 0; i < k; ++i) {
        pointer<T>(outputs[0])[first + i * lines.inner] = line[order[i] * lines.inner];
        pointer<int64_t>(outputs[1])[first + i * lines.inner] = order[i];
      }
    });
  });
}

Result<Infos> infer_cumsum(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_TRY(NumberTypes::check(inputs[0], "the input"));
  BMNET_TRY(attributes.get<bool>("exclusive"));
  BMNET_TRY(attributes.get<bool>("reverse"));
  BMNET_TRY(read_axis(attributes, inputs[0]));
  return result(inputs[0].dtype, inputs[0].shape);
}

Status cumsum(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_ASSIGN(const bool exclusive, attributes.get<bool>("exclusive"));
  BMNET_ASSIGN(const bool reverse, attributes.get<bool>("reverse"));
  const Lines lines(inputs[0].shape(), axis);
  return NumberTypes::visit(inputs[0].dtype(), [&]<typename T>() {
    using Sum = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;
    lines.for_each([&](int64_t offset, int64_t) {
      Sum sum{0};
      for (int64_t i = 0; i < lines.extent; ++i) {
        const int64_t at = offset + (reverse ? lines.extent - 1 - i : i) * lines.inner;
        const Sum before = sum;
        sum += static_cast<Sum>(pointer<T>(inputs[0])[at]);
        pointer<T>(outputs[0])[at] = static_cast<T>(exclusive ? before : sum);
      }
    });
  });
}

constexpr OpSpec kOps[] = {
    {"arg_reduce", infer_arg_reduce, arg_reduce},
    {"top_k", infer_top_k, top_k},
    {"cumsum", infer_cumsum, cumsum},
};

}  // namespace

std::span<const OpSpec> order_ops() { return kOps; }

}  // namespace bmnet::op
