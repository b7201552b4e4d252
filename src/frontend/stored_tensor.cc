#include "frontend/stored_tensor.h"

#include "base/stored_elements.h"
#include "frontend/elements.h"

namespace bmnet::frontend {
namespace {

template <typename From, typename To, typename Convert>
Tensor converted(DType dtype, Shape shape, Bytes data, Convert convert) {
  Tensor tensor({dtype, std::move(shape)});
  To* out = static_cast<To*>(tensor.raw());
  for (int64_t i = 0; i < tensor.count(); ++i) out[i] = convert(load_element<From>(data.data(), i));
  return tensor;
}

}  // namespace

Result<Bytes> ByteReader::take(uint64_t size) {
  if (!contains(file_, position_, size))
    return user_error("byte {}: {} bytes run past the end of the file ({} left): it is cut off or damaged", position_,
                      size, left());
  const Bytes bytes = file_.subspan(position_, size);
  position_ += size;
  return bytes;
}

Result<uint64_t> ByteReader::count(uint64_t each) {
  BMNET_ASSIGN(const uint64_t value, number<uint64_t>());
  if (value > left() / each)
    return user_error("byte {}: {} entries cannot stand in {} bytes: the file is damaged", position_ - 8, value,
                      left());
  return value;
}

Tensor stored_tensor(const StoredType& type, Shape shape, Bytes data, const std::shared_ptr<const void>& owner) {
  switch (type.stored) {
    case Stored::kHalf:
      return converted<uint16_t, float>(DType::kF32, std::move(shape), data, half_to_float);
    case Stored::kBFloat:
      return converted<uint16_t, float>(DType::kF32, std::move(shape), data, bfloat_to_float);
    case Stored::kDouble:
      return converted<double, float>(DType::kF32, std::move(shape), data,
                                      [](double value) { return static_cast<float>(value); });
    case Stored::kBool:
      return converted<uint8_t, bool>(DType::kBool, std::move(shape), data, [](uint8_t value) { return value != 0; });
    case Stored::kAsIs:
      break;
  }
  return shared_or_copied({type.dtype, std::move(shape)}, data.data(), owner);
}

}  // namespace bmnet::frontend
