// Diagonals and bands of matrices (the last two axes).
#include <algorithm>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

constexpr int64_t kMaxMask = int64_t{1} << 26;  // elements

// A constant of booleans [rows,columns] that hold where holds(row, column).
template <typename Holds>
Result<ValueId> mask_of(Call& call, int64_t rows, int64_t columns, Holds holds) {
  if (rows > 0 && columns > kMaxMask / rows) return unsupported("matrices of {} x {}", rows, columns);
  Tensor mask({DType::kBool, {rows, columns}});
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) mask.data<bool>()[r * columns + c] = holds(r, c);
  return call.constant(std::move(mask));
}
Result<ValueId> diagonal_mask(Call& call, int64_t rows, int64_t columns) {
  return mask_of(call, rows, columns, [](int64_t r, int64_t c) { return r == c; });
}

Status check_matrix(const Call& call, size_t input) {
  if (call.rank(input) >= 2) return {};
  return user_error("matrices are expected, not {}", to_string(call.shape(input)));
}

// Elements up to num_lower below the diagonal and num_upper above stay, the others are 0; negative: all of that side.
Result<Values> band_part(Call& call) {
  BMNET_TRY(check_matrix(call, 0));
  BMNET_ASSIGN(const int64_t lower, call.integer_of(1, "num_lower"));
  BMNET_ASSIGN(const int64_t upper, call.integer_of(2, "num_upper"));
  const Shape shape = call.shape(0);
  BMNET_ASSIGN(const ValueId mask, mask_of(call, shape[shape.size() - 2], shape.back(), [&](int64_t r, int64_t c) {
                 return (lower < 0 || r - c <= lower) && (upper < 0 || c - r <= upper);
               }));
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  BMNET_ASSIGN(const ValueId zero, call.scalar(call.dtype(0), 0));
  return call.finish("select", {}, {mask, x, zero});
}

// V2 and V3 may name other diagonals and sizes; the main one of a square matrix is supported.
Status check_main_diagonal(Call& call, size_t first) {
  if (call.input_count() <= first) return {};
  BMNET_ASSIGN(const Shape k, call.integers_of(first, "k"));
  if (std::ranges::any_of(k, [](int64_t diagonal) { return diagonal != 0; }))
    return unsupported("diagonals [{}]; the main one is supported", fmt::join(k, ","));
  return {};
}

// [..., N] as the diagonal of [..., N, N].
Result<Values> diagonal(Call& call) {
  BMNET_TRY(check_main_diagonal(call, 1));
  if (call.rank(0) < 1) return user_error("the diagonal of a scalar");
  for (size_t i = 2; i < std::min<size_t>(call.input_count(), 4); ++i) {
    BMNET_ASSIGN(const int64_t size, call.integer_of(i, "the size of the matrix"));
    if (size != -1 && size != call.shape(0).back()) return unsupported("a matrix of {} rows or columns", size);
  }
  ValueId rest = -1;
  if (call.input_count() > 4) {
    rest = call.value(4).id;
  } else {
    BMNET_ASSIGN(rest, call.scalar(call.dtype(0), 0));
  }
  Shape column = call.shape(0);
  const int64_t size = column.back();
  column.push_back(1);
  BMNET_ASSIGN(const ValueId mask, diagonal_mask(call, size, size));
  BMNET_ASSIGN(const ValueId plain, call.plain(0));
  BMNET_ASSIGN(const ValueId x, call.reshape(plain, column));
  return call.finish("select", {}, {mask, x, rest});
}

Result<Values> diagonal_part(Call& call) {
  BMNET_TRY(check_main_diagonal(call, 1));
  BMNET_TRY(check_matrix(call, 0));
  Shape flat = call.shape(0);
  const int64_t columns = flat.back(), rows = flat[flat.size() - 2];
  flat.pop_back();
  flat.back() = rows * columns;
  std::vector<int64_t> places;
  for (int64_t i = 0; i < std::min(rows, columns); ++i) places.push_back(i * (columns + 1));
  BMNET_ASSIGN(const ValueId plain, call.plain(0));
  BMNET_ASSIGN(const ValueId x, call.reshape(plain, flat));
  const ValueId indices = call.constant({static_cast<int64_t>(places.size())}, places);
  return call.finish("gather", {{"axis", static_cast<int64_t>(flat.size()) - 1}}, {x, indices});
}

Result<Values> set_diagonal(Call& call) {
  BMNET_TRY(check_main_diagonal(call, 2));
  BMNET_TRY(check_matrix(call, 0));
  Shape column = call.shape(1);
  const Shape shape = call.shape(0);
  if (shape[shape.size() - 2] > shape.back()) return unsupported("a matrix of more rows than columns");
  column.push_back(1);
  BMNET_ASSIGN(const ValueId mask, diagonal_mask(call, shape[shape.size() - 2], shape.back()));
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  BMNET_ASSIGN(const ValueId plain, call.plain(1));
  BMNET_ASSIGN(const ValueId diagonal, call.reshape(plain, column));
  return call.finish("select", {}, {mask, diagonal, x});
}

// clang-format off
constexpr Row kRows[] = {
    {"MatrixBandPart", 3, 3, "", band_part, "", "select", "bounds known at import"},
    {"MatrixDiag", 1, 1, "", diagonal, "", "select", ""},
    {"MatrixDiagV2", 5, 5, "", diagonal, "", "select", "main diagonal"},
    {"MatrixDiagV3", 5, 5, "", diagonal, "", "select", "main diagonal"},
    {"MatrixDiagPart", 1, 1, "", diagonal_part, "", "gather", ""},
    {"MatrixDiagPartV2", 3, 3, "", diagonal_part, "", "gather", "main diagonal"},
    {"MatrixDiagPartV3", 3, 3, "", diagonal_part, "", "gather", "main diagonal"},
    {"MatrixSetDiag", 2, 2, "", set_diagonal, "", "select", "not more rows than columns"},
    {"MatrixSetDiagV2", 3, 3, "", set_diagonal, "", "select", "main diagonal"},
    {"MatrixSetDiagV3", 3, 3, "", set_diagonal, "", "select", "main diagonal"},
};
// clang-format on

}  // namespace

std::span<const Row> matrix_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
