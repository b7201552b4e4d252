#include "frontend/tensorflow/tensor.h"

#include <cstring>

#include "base/stored_elements.h"
#include "frontend/elements.h"
#include "frontend/protobuf/message.h"

namespace bmnet::frontend::tensorflow {
namespace {

using namespace tensorflow_file;

constexpr int64_t kMaxRepeated = int64_t{1} << 28;  // elements of a constant that the file states by one value
constexpr int kReference = 100;

struct TypeRow {
  int data_type;
  DType imported;
  size_t stored_bytes;
};
constexpr TypeRow kTypes[] = {{DT_FLOAT, DType::kF32, 4},  {DT_DOUBLE, DType::kF32, 8},  {DT_INT32, DType::kI32, 4},
                              {DT_UINT8, DType::kU8, 1},   {DT_INT16, DType::kI16, 2},   {DT_INT8, DType::kI8, 1},
                              {DT_INT64, DType::kI64, 8},  {DT_BOOL, DType::kBool, 1},   {DT_QINT8, DType::kI8, 1},
                              {DT_QUINT8, DType::kU8, 1},  {DT_QINT32, DType::kI32, 4},  {DT_BFLOAT16, DType::kF32, 2},
                              {DT_QINT16, DType::kI16, 2}, {DT_QUINT16, DType::kU16, 2}, {DT_UINT16, DType::kU16, 2},
                              {DT_HALF, DType::kF32, 2},   {DT_UINT32, DType::kU32, 4},  {DT_UINT64, DType::kI64, 8}};

Result<const TypeRow*> find_type(int data_type) {
  const int plain = data_type > kReference ? data_type - kReference : data_type;
  for (const TypeRow& row : kTypes)
    if (row.data_type == plain) return &row;
  return unsupported("element type {} cannot be compiled", data_type_name(data_type));
}

// Values of a typed list, the last one repeated.
template <typename To, typename Get>
Result<Tensor> repeated(const bmnet::TensorInfo& info, int64_t listed, Get get) {
  const int64_t count = info.count();
  if (listed > count) return user_error("{} values for shape {}", listed, to_string(info.shape));
  if (listed < count && count > kMaxRepeated)
    return unsupported("a constant of shape {} made of {} values is too large", to_string(info.shape), listed);
  Tensor tensor(info);
  To* out = static_cast<To*>(tensor.raw());
  for (int64_t i = 0; i < count && listed > 0; ++i) out[i] = static_cast<To>(get(std::min(i, listed - 1)));
  return tensor;
}

template <typename To, typename List>
Result<Tensor> repeated_list(const bmnet::TensorInfo& info, const List& list) {
  return repeated<To>(info, list.size(), [&](int64_t i) { return list[static_cast<int>(i)]; });
}

// `run`: the list's data where it stayed in the file.
template <typename From, typename List>
Result<Tensor> float_list(const bmnet::TensorInfo& info, const List& list, const std::vector<Bytes>& runs) {
  if (runs.empty()) return repeated_list<float>(info, list);
  if (runs.size() > 1 || !list.empty()) return unsupported("its data stands in several pieces; save the model again");
  return repeated<float>(info, static_cast<int64_t>(runs[0].size() / sizeof(From)),
                         [&](int64_t i) { return load_element<From>(runs[0].data(), i); });
}

Result<Tensor> listed_tensor(const TensorProto& proto, const bmnet::TensorInfo& info, Bytes file) {
  switch (proto.dtype() > kReference ? proto.dtype() - kReference : static_cast<int>(proto.dtype())) {
    case DT_FLOAT:
      return float_list<float>(info, proto.float_val(),
                               protobuf::borrowed_payloads(proto, file, TensorProto::kFloatValFieldNumber));
    case DT_DOUBLE:
      return float_list<double>(info, proto.double_val(),
                                protobuf::borrowed_payloads(proto, file, TensorProto::kDoubleValFieldNumber));
    case DT_HALF:
      return repeated<float>(info, proto.half_val_size(), [&](int64_t i) {
        return half_to_float(static_cast<uint16_t>(proto.half_val(static_cast<int>(i))));
      });
    case DT_BFLOAT16:
      return repeated<float>(info, proto.half_val_size(), [&](int64_t i) {
        return bfloat_to_float(static_cast<uint16_t>(proto.half_val(static_cast<int>(i))));
      });
    case DT_INT64:
      return repeated_list<int64_t>(info, proto.int64_val());
    case DT_UINT64:
      return repeated_list<int64_t>(info, proto.uint64_val());
    case DT_UINT32:
      return repeated_list<uint32_t>(info, proto.uint32_val());
    case DT_BOOL:
      return repeated_list<uint8_t>(info, proto.bool_val());
    case DT_INT16:
    case DT_QINT16:
      return repeated_list<int16_t>(info, proto.int_val());
    case DT_UINT16:
    case DT_QUINT16:
      return repeated_list<uint16_t>(info, proto.int_val());
    case DT_INT8:
    case DT_QINT8:
      return repeated_list<int8_t>(info, proto.int_val());
    case DT_UINT8:
    case DT_QUINT8:
      return repeated_list<uint8_t>(info, proto.int_val());
    default:
      return repeated_list<int32_t>(info, proto.int_val());
  }
}

}  // namespace

std::string data_type_name(int data_type) {
  const std::string& name = DataType_Name(static_cast<DataType>(data_type));
  return name.empty() ? fmt::format("number {}", data_type) : name;
}

Result<DType> imported_dtype(int data_type) {
  BMNET_ASSIGN(const TypeRow* row, find_type(data_type));
  return row->imported;
}

Result<Shape> known_shape(const TensorShapeProto& proto) {
  if (proto.unknown_rank()) return user_error("its shape is unknown");
  Shape shape;
  for (const auto& dim : proto.dim()) shape.push_back(dim.size());
  BMNET_TRY(checked_count(shape));
  return shape;
}

Result<Tensor> tensor_of_bytes(int data_type, Shape shape, Bytes bytes, std::shared_ptr<const void> owner) {
  BMNET_ASSIGN(const TypeRow* type, find_type(data_type));
  BMNET_ASSIGN(const int64_t count, checked_count(shape));
  if (bytes.size() != static_cast<uint64_t>(count) * type->stored_bytes)
    return user_error("{} of shape {} needs {} bytes of data, the file holds {}", data_type_name(data_type),
                      to_string(shape), count * static_cast<int64_t>(type->stored_bytes), bytes.size());
  const bmnet::TensorInfo info{type->imported, std::move(shape)};
  const auto get = [&](auto convert) { return repeated<float>(info, count, [&](int64_t i) { return convert(i); }); };
  switch (type->data_type) {
    case DT_HALF:
      return get([&](int64_t i) { return half_to_float(load_element<uint16_t>(bytes.data(), i)); });
    case DT_BFLOAT16:
      return get([&](int64_t i) { return bfloat_to_float(load_element<uint16_t>(bytes.data(), i)); });
    case DT_DOUBLE:
      return get([&](int64_t i) { return static_cast<float>(load_element<double>(bytes.data(), i)); });
    case DT_BOOL:
      for (const uint8_t byte : bytes)
        if (byte > 1) return user_error("a DT_BOOL tensor holds a byte that is neither 0 nor 1");
      break;
    default:
      break;
  }
  return shared_or_copied(info, bytes.data(), std::move(owner));
}

Result<Tensor> tensor_of(const TensorProto& proto, Bytes file, std::shared_ptr<const void> owner) {
  BMNET_ASSIGN(const TypeRow* type, find_type(proto.dtype()));
  BMNET_ASSIGN(Shape shape, known_shape(proto.tensor_shape()));
  const auto content = protobuf::borrowed_payloads(proto, file, TensorProto::kTensorContentFieldNumber);
  if (!content.empty()) return tensor_of_bytes(proto.dtype(), std::move(shape), content.back(), std::move(owner));
  if (!proto.tensor_content().empty())
    return tensor_of_bytes(proto.dtype(), std::move(shape), as_bytes(proto.tensor_content()), nullptr);
  return listed_tensor(proto, {type->imported, std::move(shape)}, file);
}

}  // namespace bmnet::frontend::tensorflow
