#include <algorithm>

#include "base/parallel.h"
#include "op/family.h"
#include "op/kernel.h"
#include "op/macs.h"

namespace bmnet::op {
namespace {

using MatmulTypes = Types<float, double, int32_t, uint32_t, int64_t>;

// The product as a batch of [M,K] x [K,N]; strides in elements, 0 where a batch axis broadcasts.
struct Product {
  Shape batch;
  Shape a_batch, b_batch;  // strides
  int64_t m, n, k;
  int64_t a_row, a_column, b_row, b_column;
  Shape output;
};

Result<Product> read_product(const Attributes& attributes, const Shape& a_shape, const Shape& b_shape) {
  BMNET_ASSIGN(const bool transpose_a, attributes.get<bool>("transpose_a"));
  BMNET_ASSIGN(const bool transpose_b, attributes.get<bool>("transpose_b"));
  Shape a = a_shape, b = b_shape;
  const bool a_vector = a.size() == 1, b_vector = b.size() == 1;
  if (a_vector && transpose_a) return user_error("transpose_a needs rank 2 or more, a has shape {}", to_string(a));
  if (b_vector && transpose_b) return user_error("transpose_b needs rank 2 or more, b has shape {}", to_string(b));
  if (a_vector) a.insert(a.begin(), 1);
  if (b_vector) b.push_back(1);

  Product p;
  p.a_row = a.back(), p.a_column = 1;
  p.b_row = b.back(), p.b_column = 1;
  p.m = a[a.size() - 2], p.k = a.back();
  int64_t b_k = b[b.size() - 2];
  p.n = b.back();
  if (transpose_a) std::swap(p.m, p.k), std::swap(p.a_row, p.a_column);
  if (transpose_b) std::swap(b_k, p.n), std::swap(p.b_row, p.b_column);
  if (p.k != b_k)
    return user_error("inner extents {} and {} of {} x {} differ", p.k, b_k, to_string(a_shape), to_string(b_shape));

  const Shape a_outer(a.begin(), a.end() - 2), b_outer(b.begin(), b.end() - 2);
  BMNET_ASSIGN(p.batch, broadcast_shapes(a_outer, b_outer));
  p.a_batch = broadcast_strides(a_outer, p.batch);
  p.b_batch = broadcast_strides(b_outer, p.batch);
  for (int64_t& stride : p.a_batch) stride *= p.m * p.k;
  for (int64_t& stride : p.b_batch) stride *= p.k * p.n;
  p.output = p.batch;
  if (!a_vector) p.output.push_back(p.m);
  if (!b_vector) p.output.push_back(p.n);
  return p;
}

Result<Infos> infer_matmul(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2, 3));
  BMNET_TRY(MatmulTypes::check(inputs[0], "a"));
  BMNET_TRY(check_same_dtype(inputs[0], "a", inputs[1], "b"));
  BMNET_TRY(check_rank(inputs[0], "a", 1, kMaxRank));
  BMNET_TRY(check_rank(inputs[1], "b", 1, kMaxRank));
  BMNET_ASSIGN(const Product p, read_product(attributes, inputs[0].shape, inputs[1].shape));
  if (inputs.size() > 2) {
    BMNET_TRY(check_same_dtype(inputs[0], "a", inputs[2], "the bias"));
    BMNET_TRY(check_broadcasts_to(inputs[2].shape, "the bias", p.output));
  }
  return result(inputs[0].dtype, p.output);
}

int64_t macs_matmul(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  const auto p = read_product(attributes, inputs[0].shape, inputs[1].shape);
  return p ? bounded_product({element_count(p->output), p->k}) : 0;
}

template <typename T>
struct Accumulator {
  using Type = uint64_t;  // wraps around, as the device's integers do
};
template <>
struct Accumulator<float> {
  using Type = double;
};
template <>
struct Accumulator<double> {
  using Type = double;
};

// Rows [first, last) of one product.
template <typename T>
void multiply_rows(const Product& p, const T* a, const T* b, T* out, int64_t first, int64_t last) {
  using Sum = typename Accumulator<T>::Type;
  if (p.b_row == 1) {  // columns of b are contiguous
    for (int64_t m = first; m < last; ++m)
      for (int64_t n = 0; n < p.n; ++n) {
        Sum sum{0};
        const T* column = b + n * p.b_column;
        for (int64_t k = 0; k < p.k; ++k)
          sum += static_cast<Sum>(a[m * p.a_row + k * p.a_column]) * static_cast<Sum>(column[k]);
        out[m * p.n + n] = static_cast<T>(sum);
      }
    return;
  }
  std::vector<Sum> row(p.n);
  for (int64_t m = first; m < last; ++m) {
    std::fill(row.begin(), row.end(), Sum{0});
    for (int64_t k = 0; k < p.k; ++k) {
      const Sum x = static_cast<Sum>(a[m * p.a_row + k * p.a_column]);
      const T* line = b + k * p.b_row;
      for (int64_t n = 0; n < p.n; ++n) row[n] += x * static_cast<Sum>(line[n * p.b_column]);
    }
    for (int64_t n = 0; n < p.n; ++n) out[m * p.n + n] = static_cast<T>(row[n]);
  }
}

template <typename T>
void multiply(const Product& p, const T* a, const T* b, T* out) {
  constexpr int64_t kWorthAThread = 1 << 16;  // multiplications
  const int64_t grain = std::max<int64_t>(1, kWorthAThread / std::max<int64_t>(1, p.n * p.k));
  parallel_for(p.m, grain, [&](size_t begin, size_t end) {
    multiply_rows(p, a, b, out, static_cast<int64_t>(begin), static_cast<int64_t>(end));
  });
}

template <typename T>
void add_bias(const Tensor& bias, Tensor& output) {
  using Sum = typename Accumulator<T>::Type;
  const Shape& shape = output.shape();
  for_each_row<2>(shape, {strides_of(shape), broadcast_strides(bias.shape(), shape)},
                  [&](const auto& offset, int64_t n, const auto& step) {
                    T* out = pointer<T>(output) + offset[0];
                    const T* values = pointer<T>(bias) + offset[1];
                    for (int64_t i = 0; i < n; ++i)
                      out[i * step[0]] =
                          static_cast<T>(static_cast<Sum>(out[i * step[0]]) + static_cast<Sum>(values[i * step[1]]));
                  });
}

Status matmul(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Product p, read_product(attributes, inputs[0].shape(), inputs[1].shape()));
  Shape out_batch = strides_of(p.batch);
  for (int64_t& stride : out_batch) stride *= p.m * p.n;
  return MatmulTypes::visit(inputs[0].dtype(), [&]<typename T>() {
    for_each_row<3>(
        p.batch, {p.a_batch, p.b_batch, out_batch}, [&](const auto& offset, int64_t count, const auto& step) {
          for (int64_t i = 0; i < count; ++i)
            multiply(p, pointer<T>(inputs[0]) + offset[0] + i * step[0],
                     pointer<T>(inputs[1]) + offset[1] + i * step[1], pointer<T>(outputs[0]) + offset[2] + i * step[2]);
        });
    if (inputs.size() > 2) add_bias<T>(inputs[2], outputs[0]);
  });
}

constexpr OpSpec kOps[] = {{"matmul", infer_matmul, matmul, macs_matmul}};

}  // namespace

std::span<const OpSpec> matmul_ops() { return kOps; }

}  // namespace bmnet::op
