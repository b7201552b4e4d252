#include "frontend/mxnet/params.h"

#include <algorithm>

#include "frontend/emitter.h"
#include "frontend/stored_tensor.h"

namespace bmnet::frontend::mxnet {
namespace {

constexpr uint64_t kListMagic = 0x112;
constexpr uint32_t kMagicV1 = 0xF993FAC8, kMagicV2 = 0xF993FAC9, kMagicV3 = 0xF993FACA;
constexpr uint32_t kMaxAxes = 32;

struct ElementType {
  int32_t flag;
  StoredType type;
};
constexpr ElementType kTypes[] = {{0, {Stored::kAsIs, 4, DType::kF32}},  {1, {Stored::kDouble, 8, DType::kF32}},
                                  {2, {Stored::kHalf, 2, DType::kF32}},  {3, {Stored::kAsIs, 1, DType::kU8}},
                                  {4, {Stored::kAsIs, 4, DType::kI32}},  {5, {Stored::kAsIs, 1, DType::kI8}},
                                  {6, {Stored::kAsIs, 8, DType::kI64}},  {7, {Stored::kBool, 1, DType::kBool}},
                                  {8, {Stored::kAsIs, 2, DType::kI16}},  {9, {Stored::kAsIs, 2, DType::kU16}},
                                  {10, {Stored::kAsIs, 4, DType::kU32}}, {12, {Stored::kBFloat, 2, DType::kF32}}};

// Dimensions are 64 bits wide, in the oldest files 32.
Result<Shape> read_shape(ByteReader& file, uint32_t axes, bool wide) {
  Shape shape;
  for (uint32_t i = 0; i < axes; ++i) {
    if (wide) {
      BMNET_ASSIGN(const int64_t dim, file.number<int64_t>());
      shape.push_back(dim);
    } else {
      BMNET_ASSIGN(const uint32_t dim, file.number<uint32_t>());
      shape.push_back(dim);
    }
  }
  return shape;
}

Result<Tensor> read_elements(ByteReader& file, Shape shape, const std::shared_ptr<const void>& owner) {
  BMNET_TRY(file.take(8));  // device type and number
  BMNET_ASSIGN(const int32_t flag, file.number<int32_t>());
  const auto* element = std::ranges::find(kTypes, flag, &ElementType::flag);
  if (element == std::end(kTypes)) return unsupported("byte {}: element type {} is unknown", file.position() - 4, flag);
  auto count = checked_elements(shape);
  if (!count) return with_context(fmt::format("byte {}", file.position()), std::move(count).error());
  BMNET_ASSIGN(const Bytes data, file.take(static_cast<uint64_t>(*count) * element->type.bytes));
  return stored_tensor(element->type, std::move(shape), data, owner);
}

Result<Tensor> read_array(ByteReader& file, const std::shared_ptr<const void>& owner) {
  BMNET_ASSIGN(const uint32_t first, file.number<uint32_t>());
  const bool named_storage = first == kMagicV2 || first == kMagicV3;
  if (named_storage) {
    BMNET_ASSIGN(const int32_t storage, file.number<int32_t>());
    if (storage != 0) return unsupported("byte {}: it is sparse; save it as a dense array", file.position() - 4);
  }
  uint32_t axes = first;
  const bool wide = named_storage || first == kMagicV1;
  if (wide) {
    BMNET_ASSIGN(axes, file.number<uint32_t>());
  }
  if (axes > kMaxAxes) return user_error("byte {}: {} axes: the file is damaged", file.position() - 4, axes);
  if (axes == 0 && first != kMagicV3) return Tensor({DType::kF32, {0}});  // a name without data
  BMNET_ASSIGN(Shape shape, read_shape(file, axes, wide));
  return read_elements(file, std::move(shape), owner);
}

}  // namespace

Result<Params> parse_params(Bytes file, std::shared_ptr<const void> owner) {
  ByteReader reader(file);
  BMNET_ASSIGN(const uint64_t magic, reader.number<uint64_t>());
  if (magic != kListMagic) return user_error("it is no MXNet parameter file: it does not begin with {:#x}", kListMagic);
  BMNET_TRY(reader.take(8));
  BMNET_ASSIGN(const uint64_t count, reader.count(4));
  std::vector<Tensor> arrays;
  for (uint64_t i = 0; i < count; ++i) {
    auto array = read_array(reader, owner);
    if (!array) return with_context(fmt::format("array {}", i), std::move(array).error());
    arrays.push_back(*std::move(array));
  }
  BMNET_ASSIGN(const uint64_t names, reader.count(8));
  if (names != count) return user_error("{} arrays have {} names", count, names);
  Params params;
  for (const Tensor& array : arrays) {
    BMNET_ASSIGN(const uint64_t length, reader.number<uint64_t>());
    BMNET_ASSIGN(const Bytes bytes, reader.take(length));
    std::string_view name = as_text(bytes);
    if (name.starts_with("arg:") || name.starts_with("aux:")) name.remove_prefix(4);
    if (array.count() == 0) continue;
    if (!params.emplace(name, array).second) return user_error("array '{}' stands twice", name);
  }
  if (reader.left() != 0) return user_error("bytes follow the last name: the file is damaged");
  return params;
}

}  // namespace bmnet::frontend::mxnet
