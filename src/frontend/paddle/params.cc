#include "frontend/paddle/params.h"

#include "frontend/emitter.h"
#include "frontend/paddle/framework.pb.h"
#include "frontend/protobuf/message.h"
#include "frontend/stored_tensor.h"

namespace bmnet::frontend::paddle {
namespace {

struct ElementType {
  int number;
  StoredType type;
};
constexpr ElementType kTypes[] = {{0, {Stored::kBool, 1, DType::kBool}},  {1, {Stored::kAsIs, 2, DType::kI16}},
                                  {2, {Stored::kAsIs, 4, DType::kI32}},   {3, {Stored::kAsIs, 8, DType::kI64}},
                                  {4, {Stored::kHalf, 2, DType::kF32}},   {5, {Stored::kAsIs, 4, DType::kF32}},
                                  {6, {Stored::kDouble, 8, DType::kF32}}, {20, {Stored::kAsIs, 1, DType::kU8}},
                                  {21, {Stored::kAsIs, 1, DType::kI8}},   {22, {Stored::kBFloat, 2, DType::kF32}}};

const ElementType* find_type(int64_t number) {
  for (const ElementType& type : kTypes)
    if (type.number == number) return &type;
  return nullptr;
}

Status check_version(ByteReader& file) {
  BMNET_ASSIGN(const uint32_t value, file.number<uint32_t>());
  if (value == 0) return {};
  return user_error("byte {}: version {} of the tensor format is unknown, or the file is damaged", file.position() - 4,
                    value);
}

Result<Tensor> read_tensor(ByteReader& file, const std::shared_ptr<const void>& owner) {
  BMNET_TRY(check_version(file));
  BMNET_ASSIGN(const uint64_t levels, file.number<uint64_t>());
  for (uint64_t level = 0; level < levels; ++level) {
    BMNET_ASSIGN(const uint64_t size, file.number<uint64_t>());
    BMNET_TRY(file.take(size));
  }
  BMNET_TRY(check_version(file));
  BMNET_ASSIGN(const int32_t size, file.number<int32_t>());
  if (size < 0) return user_error("byte {}: a description of {} bytes", file.position() - 4, size);
  BMNET_ASSIGN(const Bytes description, file.take(static_cast<uint64_t>(size)));
  paddle_file::TensorDesc desc;
  BMNET_TRY(protobuf::read_message(description, "its description", desc));
  Shape shape(desc.dims().begin(), desc.dims().end());
  const ElementType* element = find_type(desc.data_type());
  if (!element) return unsupported("byte {}: element type {} is unknown", file.position(), desc.data_type());
  BMNET_ASSIGN(const int64_t count, checked_elements(shape));
  BMNET_ASSIGN(const Bytes data, file.take(static_cast<uint64_t>(count) * element->type.bytes));
  return stored_tensor(element->type, std::move(shape), data, owner);
}

}  // namespace

Result<Params> parse_params(Bytes file, const std::shared_ptr<const void>& owner,
                            const std::vector<std::string>& names) {
  ByteReader reader(file);
  Params params;
  for (const std::string& name : names) {
    auto tensor = read_tensor(reader, owner);
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
  return type->type.dtype;
}

}  // namespace bmnet::frontend::paddle
