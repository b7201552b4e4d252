// Constants, types, and what can be computed from shapes alone.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "frontend/onnx/file.h"
#include "frontend/onnx/importer.h"

namespace bmnet::frontend::onnx {
namespace {

Result<Values> constant(Call& call) {
  if (const auto* a = call.attribute("value")) {
    BMNET_ASSIGN(Tensor tensor, call.importer.tensor(a->t()));
    return Values{call.constant(std::move(tensor))};
  }
  if (const auto* a = call.attribute("sparse_value")) {
    BMNET_ASSIGN(Tensor tensor, call.importer.sparse_tensor(a->sparse_tensor()));
    return Values{call.constant(std::move(tensor))};
  }
  if (call.has_attribute("value_float")) return Values{call.constant<float>({}, {call.number("value_float", 0)})};
  if (const auto* a = call.attribute("value_int")) return Values{call.constant<int64_t>({}, {a->i()})};
  if (call.has_attribute("value_floats")) {
    const std::vector<float> values = call.numbers("value_floats");
    return Values{call.constant<float>({static_cast<int64_t>(values.size())}, values)};
  }
  if (const auto* a = call.attribute("value_ints"))
    return Values{call.constant<int64_t>({a->ints_size()}, {a->ints().begin(), a->ints().end()})};
  if (call.has_attribute("value_string") || call.has_attribute("value_strings"))
    return unsupported("strings cannot be computed with");
  return user_error("no value is given");
}

// One element of a tensor as it is, repeated.
Result<ValueId> repeated(Call& call, const Tensor& element, const Shape& shape) {
  BMNET_TRY(nn::reserve_constant(shape, element.dtype()));
  const int64_t count = element_count(shape);
  const size_t size = byte_size(element.dtype());
  Tensor tensor({element.dtype(), shape});
  uint8_t* out = static_cast<uint8_t*>(tensor.raw());
  for (int64_t i = 0; i < count; ++i) std::memcpy(out + i * size, element.raw(), size);
  return call.constant(std::move(tensor));
}

Result<Values> constant_of_shape(Call& call) {
  BMNET_ASSIGN(const Shape shape, call.integers_of(0, "the shape"));
  Tensor element({DType::kF32, {1}});
  if (const auto* a = call.attribute("value")) {
    BMNET_ASSIGN(element, call.importer.tensor(a->t()));
    if (element.count() != 1) return user_error("the value has {} elements, one is expected", element.count());
  }
  BMNET_ASSIGN(const ValueId value, repeated(call, element, shape));
  return Values{value};
}

Result<Values> shape_of(Call& call) {
  const auto place = [&](int64_t index) {
    return std::clamp<int64_t>(index < 0 ? index + call.rank(0) : index, 0, call.rank(0));
  };
  const int64_t start = place(call.integer("start", 0)),
                end = std::max(start, place(call.integer("end", call.rank(0))));
  const Shape& x = call.shape(0);
  return Values{call.constant<int64_t>({end - start}, Shape(x.begin() + start, x.begin() + end))};
}
Result<Values> size_of(Call& call) { return Values{call.constant<int64_t>({}, {element_count(call.shape(0))})}; }

template <typename T>
Result<Values> count_up(Call& call) {
  T bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    const Tensor* tensor = call.constant_of(call.in(i));
    if (!tensor)
      return unsupported("its bounds are only known at run time; the length of a tensor must be known when compiling");
    if (tensor->count() != 1 || tensor->dtype() != dtype_of<T>())
      return user_error("start, limit and delta must be scalars of one type");
    bounds[i] = tensor->data<T>()[0];
  }
  const auto [start, limit, delta] = bounds;
  const double length =
      delta == 0 ? -1
                 : std::ceil((static_cast<double>(limit) - static_cast<double>(start)) / static_cast<double>(delta));
  if (delta == 0 || !(length <= 1 << 26))
    return user_error("{} to {} in steps of {} is no finite list", start, limit, delta);
  std::vector<T> values;
  for (int64_t i = 0; i < static_cast<int64_t>(length); ++i)
    values.push_back(static_cast<T>(start + static_cast<T>(i) * delta));
  return Values{call.constant<T>({static_cast<int64_t>(values.size())}, values)};
}
Result<Values> range(Call& call) {
  switch (call.dtype(0)) {
    case DType::kF32:
      return count_up<float>(call);
    case DType::kI16:
      return count_up<int16_t>(call);
    case DType::kI32:
      return count_up<int32_t>(call);
    case DType::kI64:
      return count_up<int64_t>(call);
    default:
      return user_error("bounds of type {}", dtype_name(call.dtype(0)));
  }
}

Result<Values> eye_like(Call& call) {
  if (call.rank(0) != 2) return user_error("a matrix is expected, not {}", to_string(call.shape(0)));
  DType dtype = call.dtype(0);
  if (call.has_attribute("dtype")) {
    BMNET_ASSIGN(dtype, imported_dtype(static_cast<int>(call.integer("dtype", 1))));
  }
  const int64_t rows = call.shape(0)[0], columns = call.shape(0)[1], diagonal = call.integer("k", 0);
  BMNET_TRY(nn::reserve_constant(call.shape(0), DType::kF32));
  std::vector<float> values(rows * columns, 0);
  for (int64_t row = 0; row < rows; ++row)
    if (row + diagonal >= 0 && row + diagonal < columns) values[row * columns + row + diagonal] = 1;
  BMNET_ASSIGN(const ValueId value, call.cast(call.constant<float>({rows, columns}, values), dtype));
  return Values{value};
}

// A mask of the last two axes selects what stays.
Result<Values> trilu(Call& call) {
  if (call.rank(0) < 2) return user_error("a matrix is expected, not {}", to_string(call.shape(0)));
  int64_t diagonal = 0;
  if (call.has(1)) {
    BMNET_ASSIGN(diagonal, call.integer_of(1, "k"));
  }
  const bool upper = call.integer("upper", 1) != 0;
  const Shape& x = call.shape(0);
  const int64_t rows = x[x.size() - 2], columns = x.back();
  BMNET_TRY(nn::reserve_constant(Shape{rows, columns}, DType::kBool));
  Tensor mask({DType::kBool, {rows, columns}});
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      mask.data<bool>()[r * columns + c] = upper ? c - r >= diagonal : c - r <= diagonal;
  BMNET_ASSIGN(const ValueId zero, call.scalar(call.dtype(0), 0));
  return call.finish("select", {}, {call.constant(std::move(mask)), call.in(0), zero});
}

Result<Values> identity(Call& call) { return Values{call.in(0)}; }

// The mask says that every element was kept.
Result<Values> dropout(Call& call) {
  if (call.has(2)) {
    const Tensor* training = call.constant_of(call.in(2));
    if (!training || training->count() != 1 || (training->dtype() == DType::kBool && training->data<bool>()[0])) {
      const Tensor* ratio = call.has(1) ? call.constant_of(call.in(1)) : nullptr;
      if (!training || !ratio || ratio->dtype() != DType::kF32 || ratio->count() != 1 || ratio->data<float>()[0] != 0)
        return unsupported("training_mode is on; export the model in evaluation mode");
    }
  }
  Values values = {call.in(0)};
  if (call.wants(1)) {
    BMNET_ASSIGN(const ValueId mask, call.filled(call.opset() < 10 ? call.dtype(0) : DType::kBool, call.shape(0), 1));
    values.push_back(mask);
  }
  return values;
}

Result<Values> cast_to(Call& call, DType dtype) {
  if (dtype == call.dtype(0)) return Values{call.in(0)};
  return call.finish("cast", {{"to", std::string(dtype_name(dtype))}}, {call.in(0)});
}
Result<Values> cast(Call& call) {
  BMNET_ASSIGN(const int64_t to, call.required_integer("to"));
  BMNET_ASSIGN(const DType dtype, imported_dtype(static_cast<int>(to)));
  return cast_to(call, dtype);
}
// The first operator sets wrote the type's name.
Result<Values> old_cast(Call& call) {
  const std::string to = call.text("to", "");
  for (int type = onnx_file::TensorProto::FLOAT; type <= onnx_file::TensorProto::COMPLEX128; ++type)
    if (data_type_name(type) == to) {
      BMNET_ASSIGN(const DType dtype, imported_dtype(type));
      return cast_to(call, dtype);
    }
  return user_error("'{}' is no element type", to);
}
Result<Values> cast_like(Call& call) { return cast_to(call, call.dtype(1)); }

// Elements as numbers, for the operators below whose result has a size that depends on the data.
Result<std::vector<bool>> truths(const Call& call, size_t i, std::string_view what) {
  BMNET_ASSIGN(const std::vector<float> numbers, call.numbers_of(i, what));
  std::vector<bool> result;
  for (const float number : numbers) result.push_back(number != 0);
  return result;
}

Result<Values> non_zero(Call& call) {
  BMNET_ASSIGN(const std::vector<bool> kept, truths(call, 0, "the data"));
  const Shape shape = call.rank(0) ? call.shape(0) : Shape{1};
  std::vector<int64_t> places;
  for (size_t i = 0; i < kept.size(); ++i)
    if (kept[i]) places.push_back(static_cast<int64_t>(i));
  std::vector<int64_t> indices;
  int64_t stride = element_count(shape);
  for (const int64_t dim : shape) {
    if (dim) stride /= dim;
    for (const int64_t place : places) indices.push_back(place / stride % dim);
  }
  return Values{
      call.constant<int64_t>({static_cast<int64_t>(shape.size()), static_cast<int64_t>(places.size())}, indices)};
}

Result<Values> compress(Call& call) {
  BMNET_ASSIGN(const std::vector<bool> kept, truths(call, 1, "the condition"));
  std::vector<int64_t> places;
  for (size_t i = 0; i < kept.size(); ++i)
    if (kept[i]) places.push_back(static_cast<int64_t>(i));
  const int64_t count = static_cast<int64_t>(places.size());
  ValueId x = call.in(0);
  int64_t axis = 0;
  if (call.has_attribute("axis")) {
    BMNET_ASSIGN(axis, Call::normal_axis(call.integer("axis", 0), call.rank(0)));
  } else {
    BMNET_ASSIGN(x, call.reshape(x, {element_count(call.shape(0))}));
  }
  if (!places.empty() && places.back() >= call.shape_of(x)[axis])
    return user_error("the condition is longer than the axis");
  return call.finish("gather", {{"axis", axis}}, {x, call.constant<int64_t>({count}, places)});
}

Result<Values> one_hot(Call& call) {
  BMNET_ASSIGN(const std::vector<float> depth, call.numbers_of(1, "the depth"));
  BMNET_ASSIGN(const std::vector<float> values, call.numbers_of(2, "the values"));
  if (depth.size() != 1 || depth[0] < 1 || depth[0] > 1 << 30)
    return user_error("the depth must be one positive number");
  if (values.size() != 2) return user_error("the values must be two: off, on");
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", -1), call.rank(0) + 1));
  BMNET_ASSIGN(const ValueId indices, call.cast(call.in(0), DType::kI64));
  return call.finish("one_hot",
                     {{"depth", static_cast<int64_t>(depth[0])},
                      {"axis", axis},
                      {"on_value", values[1]},
                      {"off_value", values[0]},
                      {"to", std::string(dtype_name(call.dtype(2)))}},
                     {indices});
}

// Hann, Hamming, Blackman: a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N).
Result<Values> window(Call& call) {
  BMNET_ASSIGN(const int64_t size, call.integer_of(0, "the size"));
  if (size < 0 || size > 1 << 24) return user_error("a window of {} elements", size);
  const std::string_view kind = call.kind();
  const double a0 = kind == "hann"      ? 0.5
                    : kind == "hamming" ? 25.0 / 46
                                        : 0.42,
               a2 = kind == "blackman" ? 0.08 : 0, a1 = kind == "blackman" ? 0.5 : 1 - a0;
  const double length = static_cast<double>(call.integer("periodic", 1) ? size : size - 1);
  std::vector<float> values;
  for (int64_t n = 0; n < size; ++n) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(n) / std::max(length, 1.0);
    values.push_back(static_cast<float>(a0 - a1 * std::cos(angle) + a2 * std::cos(2 * angle)));
  }
  BMNET_ASSIGN(const DType dtype, imported_dtype(static_cast<int>(call.integer("output_datatype", 1))));
  BMNET_ASSIGN(const ValueId value, call.cast(call.constant<float>({size}, values), dtype));
  return Values{value};
}

constexpr std::string_view kConstant =
    "value:t sparse_value:st value_float:f value_floats:fs value_int:i value_ints:is value_string:s value_strings:ss";

// clang-format off
constexpr Row kRows[] = {
    {"BlackmanWindow", 17, 1, 1, 1, "output_datatype:i periodic:i", window, "blackman", "constant", "constant size"},
    {"Cast", 1, 1, 1, 1, "to:s", old_cast, "", "cast", ""},
    {"Cast", 6, 1, 1, 1, "to:i saturate:i", cast, "", "cast", ""},
    {"CastLike", 15, 2, 2, 1, "saturate:i", cast_like, "", "cast", ""},
    {"Compress", 9, 2, 2, 1, "axis:i", compress, "", "gather", "constant condition"},
    {"Constant", 1, 0, 0, 1, kConstant, constant, "", "constant", ""},
    {"ConstantOfShape", 9, 1, 1, 1, "value:t", constant_of_shape, "", "constant", "constant shape"},
    {"Dropout", 1, 1, 1, 2, "consumed_inputs:is is_test:i ratio:f", dropout, "", "", "inference only"},
    {"Dropout", 12, 1, 3, 2, "seed:i", dropout, "", "", "inference only"},
    {"EyeLike", 9, 1, 1, 1, "dtype:i k:i", eye_like, "", "constant", ""},
    {"HammingWindow", 17, 1, 1, 1, "output_datatype:i periodic:i", window, "hamming", "constant", "constant size"},
    {"HannWindow", 17, 1, 1, 1, "output_datatype:i periodic:i", window, "hann", "constant", "constant size"},
    {"Identity", 1, 1, 1, 1, "", identity, "", "", ""},
    {"NonZero", 9, 1, 1, 1, "", non_zero, "", "constant", "constant data"},
    {"OneHot", 9, 3, 3, 1, "axis:i", one_hot, "", "one_hot", "constant depth and values"},
    {"Range", 11, 3, 3, 1, "", range, "", "constant", "constant bounds"},
    {"Shape", 1, 1, 1, 1, "end:i start:i", shape_of, "", "constant", ""},
    {"Size", 1, 1, 1, 1, "", size_of, "", "constant", ""},
    {"Trilu", 14, 1, 2, 1, "upper:i", trilu, "", "select", "constant k"},
};
// clang-format on

}  // namespace

std::span<const Row> data_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
