#include "frontend/mxnet/params.h"

#include <cstring>

#include "frontend/elements.h"
#include "frontend/emitter.h"

namespace bmnet::frontend::mxnet {
namespace {

constexpr uint64_t kListMagic = 0x112;
constexpr uint32_t kMagicV1 = 0xF993FAC8, kMagicV2 = 0xF993FAC9, kMagicV3 = 0xF993FACA;
constexpr uint32_t kMaxAxes = 32;

template <typename Stored, typename Convert>
Tensor widened(Shape shape, Bytes data, Convert convert) {
  Tensor tensor({DType::kF32, std::move(shape)});
  float* out = static_cast<float*>(tensor.raw());
  for (int64_t i = 0; i < tensor.count(); ++i) {
    Stored value;
    std::memcpy(&value, data.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = convert(value);
  }
  return tensor;
}

struct ElementType {
  int32_t flag;
  size_t bytes;
  DType dtype;
};
constexpr int32_t kF64 = 1, kF16 = 2;
constexpr ElementType kTypes[] = {
    {0, 4, DType::kF32}, {kF64, 8, DType::kF32}, {kF16, 2, DType::kF32}, {3, 1, DType::kU8},  {4, 4, DType::kI32},
    {5, 1, DType::kI8},  {6, 8, DType::kI64},    {8, 2, DType::kI16},    {9, 2, DType::kU16}, {10, 4, DType::kU32}};

class Reader {
 public:
  Reader(Bytes file, std::shared_ptr<const void> owner) : file_(file), owner_(std::move(owner)) {}

  template <typename T>
  Result<T> number() {
    BMNET_ASSIGN(const Bytes bytes, take(sizeof(T)));
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  Result<Bytes> take(uint64_t size) {
    if (!contains(file_, position_, size))
      return user_error("byte {}: {} bytes run past the end of the file ({} left): it is cut off or damaged", position_,
                        size, file_.size() - position_);
    const Bytes bytes = file_.subspan(position_, size);
    position_ += size;
    return bytes;
  }

  // A count of things that take at least `each` bytes.
  Result<uint64_t> count(uint64_t each) {
    BMNET_ASSIGN(const uint64_t value, number<uint64_t>());
    if (value > (file_.size() - position_) / each)
      return user_error("byte {}: {} entries cannot stand in {} bytes: the file is damaged", position_ - 8, value,
                        file_.size() - position_);
    return value;
  }

  Result<Tensor> array() {
    BMNET_ASSIGN(const uint32_t first, number<uint32_t>());
    const bool named_storage = first == kMagicV2 || first == kMagicV3;
    if (named_storage) {
      BMNET_ASSIGN(const int32_t storage, number<int32_t>());
      if (storage != 0) return unsupported("byte {}: it is sparse; save it as a dense array", position_ - 4);
    }
    uint32_t axes = first;
    const bool wide = named_storage || first == kMagicV1;
    if (wide) {
      BMNET_ASSIGN(axes, number<uint32_t>());
    }
    if (axes > kMaxAxes) return user_error("byte {}: {} axes: the file is damaged", position_ - 4, axes);
    if (axes == 0 && first != kMagicV3) return Tensor({DType::kF32, {0}});  // a name without data
    Shape shape;
    for (uint32_t i = 0; i < axes; ++i) {
      if (wide) {
        BMNET_ASSIGN(const int64_t dim, number<int64_t>());
        shape.push_back(dim);
      } else {
        BMNET_ASSIGN(const uint32_t dim, number<uint32_t>());
        shape.push_back(dim);
      }
    }
    BMNET_TRY(take(8));  // device type and number
    BMNET_ASSIGN(const int32_t flag, number<int32_t>());
    return elements(flag, std::move(shape));
  }

  bool at_end() const { return position_ == file_.size(); }

 private:
  Result<Tensor> elements(int32_t flag, Shape shape) {
    const ElementType* type = nullptr;
    for (const ElementType& row : kTypes)
      if (row.flag == flag) type = &row;
    if (!type) return unsupported("byte {}: element type {} is unknown", position_ - 4, flag);
    auto elements = checked_elements(shape);
    if (!elements) return with_context(fmt::format("byte {}", position_), std::move(elements).error());
    BMNET_ASSIGN(const Bytes data, take(static_cast<uint64_t>(*elements) * type->bytes));
    if (flag == kF16) return widened<uint16_t>(std::move(shape), data, half_to_float);
    if (flag == kF64) return widened<double>(std::move(shape), data, [](double v) { return static_cast<float>(v); });
    const TensorInfo info{type->dtype, std::move(shape)};
    if (reinterpret_cast<uintptr_t>(data.data()) % type->bytes == 0)
      return Tensor(info, const_cast<uint8_t*>(data.data()), owner_);  // constants are never written
    Tensor tensor(info);
    std::memcpy(tensor.raw(), data.data(), data.size());
    return tensor;
  }

  Bytes file_;
  std::shared_ptr<const void> owner_;
  uint64_t position_ = 0;
};

}  // namespace

Result<Params> parse_params(Bytes file, std::shared_ptr<const void> owner) {
  Reader reader(file, std::move(owner));
  BMNET_ASSIGN(const uint64_t magic, reader.number<uint64_t>());
  if (magic != kListMagic) return user_error("it is no MXNet parameter file: it does not begin with {:#x}", kListMagic);
  BMNET_TRY(reader.take(8));
  BMNET_ASSIGN(const uint64_t count, reader.count(4));
  std::vector<Tensor> arrays;
  for (uint64_t i = 0; i < count; ++i) {
    auto array = reader.array();
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
  if (!reader.at_end()) return user_error("bytes follow the last name: the file is damaged");
  return params;
}

}  // namespace bmnet::frontend::mxnet
