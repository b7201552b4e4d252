#include "frontend/paddle/params.h"

#include <cstring>

#include "frontend/elements.h"
#include "frontend/emitter.h"
#include "frontend/paddle/framework.pb.h"
#include "frontend/protobuf/message.h"

namespace bmnet::frontend::paddle {
namespace {

constexpr int kF16 = 4, kF64 = 6;

struct ElementType {
  int number;
  size_t stored_bytes;
  DType dtype;
};
constexpr ElementType kTypes[] = {{0, 1, DType::kBool},   {1, 2, DType::kI16},    {2, 4, DType::kI32},
                                  {3, 8, DType::kI64},    {kF16, 2, DType::kF32}, {5, 4, DType::kF32},
                                  {kF64, 8, DType::kF32}, {20, 1, DType::kU8},    {21, 1, DType::kI8}};

const ElementType* find_type(int64_t number) {
  for (const ElementType& type : kTypes)
    if (type.number == number) return &type;
  return nullptr;
}

template <typename Stored, typename Result, typename Convert>
Tensor converted(TensorInfo info, Bytes data, Convert convert) {
  Tensor tensor(std::move(info));
  Result* out = static_cast<Result*>(tensor.raw());
  for (int64_t i = 0; i < tensor.count(); ++i) {
    Stored value;
    std::memcpy(&value, data.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = convert(value);
  }
  return tensor;
}

class Reader {
 public:
  Reader(Bytes file, std::shared_ptr<const void> owner) : file_(file), owner_(std::move(owner)) {}

  Result<Tensor> tensor() {
    BMNET_TRY(version());
    BMNET_ASSIGN(const uint64_t levels, number<uint64_t>());
    for (uint64_t level = 0; level < levels; ++level) {
      BMNET_ASSIGN(const uint64_t size, number<uint64_t>());
      BMNET_TRY(take(size));
    }
    BMNET_TRY(version());
    BMNET_ASSIGN(const int32_t size, number<int32_t>());
    if (size < 0) return user_error("byte {}: a description of {} bytes", position_ - 4, size);
    BMNET_ASSIGN(const Bytes description, take(static_cast<uint64_t>(size)));
    paddle_file::TensorDesc desc;
    BMNET_TRY(protobuf::read_message(description, "its description", desc));
    const Shape shape(desc.dims().begin(), desc.dims().end());
    const ElementType* type = find_type(desc.data_type());
    if (!type) return unsupported("byte {}: element type {} is unknown", position_, desc.data_type());
    BMNET_ASSIGN(const int64_t count, checked_elements(shape));
    BMNET_ASSIGN(const Bytes data, take(static_cast<uint64_t>(count) * type->stored_bytes));
    return elements(*type, {type->dtype, shape}, data);
  }

  size_t left() const { return file_.size() - position_; }

 private:
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
                        size, left());
    const Bytes bytes = file_.subspan(position_, size);
    position_ += size;
    return bytes;
  }
  Status version() {
    BMNET_ASSIGN(const uint32_t value, number<uint32_t>());
    if (value == 0) return {};
    return user_error("byte {}: version {} of the tensor format is unknown, or the file is damaged", position_ - 4,
                      value);
  }
  Tensor elements(const ElementType& type, TensorInfo info, Bytes data) const {
    if (type.number == kF16) return converted<uint16_t, float>(std::move(info), data, half_to_float);
    if (type.number == kF64)
      return converted<double, float>(std::move(info), data, [](double value) { return static_cast<float>(value); });
    if (type.dtype == DType::kBool)
      return converted<uint8_t, bool>(std::move(info), data, [](uint8_t value) { return value != 0; });
    if (reinterpret_cast<uintptr_t>(data.data()) % type.stored_bytes == 0)
      return Tensor(std::move(info), const_cast<uint8_t*>(data.data()), owner_);  // constants are never written
    Tensor tensor(std::move(info));
    std::memcpy(tensor.raw(), data.data(), data.size());
    return tensor;
  }

  Bytes file_;
  std::shared_ptr<const void> owner_;
  uint64_t position_ = 0;
};

}  // namespace

Result<Params> parse_params(Bytes file, const std::shared_ptr<const void>& owner,
                            const std::vector<std::string>& names) {
  Reader reader(file, owner);
  Params params;
  for (const std::string& name : names) {
    auto tensor = reader.tensor();
    if (!tensor) return with_context(fmt::format("parameter '{}'", name), std::move(tensor).error());
    params.insert_or_assign(name, *std::move(tensor));
  }
  if (reader.left())
    return user_error("{} bytes are left behind the program's {} parameters: they do not belong together",
                      reader.left(), names.size());
  return params;
}

Result<DType> dtype_of_number(int64_t number) {
  const ElementType* type = find_type(number);
  if (!type) return unsupported("element type {} is unknown", number);
  return type->dtype;
}

}  // namespace bmnet::frontend::paddle
