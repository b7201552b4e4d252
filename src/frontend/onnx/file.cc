#include "frontend/onnx/file.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/file.h"
#include "base/number.h"
#include "base/stored_elements.h"
#include "frontend/elements.h"
#include "frontend/limits.h"
#include "frontend/protobuf/message.h"

namespace bmnet::frontend::onnx {
namespace {

using onnx_file::TensorProto;

struct TypeRow {
  int data_type;
  std::string_view name;
  std::optional<DType> imported;
  size_t stored_bytes;  // of one element in raw data
};
constexpr TypeRow kTypes[] = {{TensorProto::FLOAT, "FLOAT", DType::kF32, 4},
                              {TensorProto::UINT8, "UINT8", DType::kU8, 1},
                              {TensorProto::INT8, "INT8", DType::kI8, 1},
                              {TensorProto::UINT16, "UINT16", DType::kU16, 2},
                              {TensorProto::INT16, "INT16", DType::kI16, 2},
                              {TensorProto::INT32, "INT32", DType::kI32, 4},
                              {TensorProto::INT64, "INT64", DType::kI64, 8},
                              {TensorProto::STRING, "STRING", std::nullopt, 0},
                              {TensorProto::BOOL, "BOOL", DType::kBool, 1},
                              {TensorProto::FLOAT16, "FLOAT16", DType::kF32, 2},
                              {TensorProto::DOUBLE, "DOUBLE", DType::kF32, 8},
                              {TensorProto::UINT32, "UINT32", DType::kU32, 4},
                              {TensorProto::UINT64, "UINT64", DType::kI64, 8},
                              {TensorProto::COMPLEX64, "COMPLEX64", std::nullopt, 0},
                              {TensorProto::COMPLEX128, "COMPLEX128", std::nullopt, 0},
                              {TensorProto::BFLOAT16, "BFLOAT16", DType::kF32, 2},
                              {TensorProto::FLOAT8E4M3FN, "FLOAT8E4M3FN", std::nullopt, 0},
                              {TensorProto::FLOAT8E4M3FNUZ, "FLOAT8E4M3FNUZ", std::nullopt, 0},
                              {TensorProto::FLOAT8E5M2, "FLOAT8E5M2", std::nullopt, 0},
                              {TensorProto::FLOAT8E5M2FNUZ, "FLOAT8E5M2FNUZ", std::nullopt, 0},
                              {TensorProto::UINT4, "UINT4", std::nullopt, 0},
                              {TensorProto::INT4, "INT4", std::nullopt, 0}};

const TypeRow* find_type(int data_type) {
  const auto* row = std::ranges::find(kTypes, data_type, &TypeRow::data_type);
  return row == std::end(kTypes) ? nullptr : row;
}

Tensor widened(int data_type, const Shape& shape, const uint8_t* data) {
  Tensor tensor({*find_type(data_type)->imported, shape});
  const int64_t count = tensor.count();
  float* out = static_cast<float*>(tensor.raw());
  switch (data_type) {
    case TensorProto::FLOAT16:
      for (int64_t i = 0; i < count; ++i) out[i] = half_to_float(load_element<uint16_t>(data, i));
      break;
    case TensorProto::BFLOAT16:
      for (int64_t i = 0; i < count; ++i) out[i] = bfloat_to_float(load_element<uint16_t>(data, i));
      break;
    default:  // DOUBLE
      for (int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(load_element<double>(data, i));
  }
  return tensor;
}

Status check_size(const TensorInfo& info, int64_t size) {
  if (size == info.count()) return {};
  return user_error("shape {} needs {} elements, the file holds {}", to_string(info.shape), info.count(), size);
}

template <typename T, typename List>
Result<Tensor> from_list(const TensorInfo& info, const List& list) {
  BMNET_TRY(check_size(info, list.size()));
  Tensor tensor(info);
  std::ranges::transform(list, static_cast<T*>(tensor.raw()), [](auto value) { return static_cast<T>(value); });
  return tensor;
}

// FLOAT and DOUBLE; `runs` are the parts of the list that stayed in the file.
Result<Tensor> from_float_list(const TensorProto& proto, const TensorInfo& info, const std::vector<Bytes>& runs) {
  const bool wide = proto.data_type() == TensorProto::DOUBLE;
  if (runs.empty())
    return wide ? from_list<float>(info, proto.double_data()) : from_list<float>(info, proto.float_data());
  if (runs.size() > 1 || proto.double_data_size() || proto.float_data_size())
    return unsupported("its data stands in several pieces; save the model again");
  BMNET_TRY(check_size(info, static_cast<int64_t>(runs[0].size() / find_type(proto.data_type())->stored_bytes)));
  if (wide) return widened(proto.data_type(), info.shape, runs[0].data());
  Tensor tensor(info);
  std::memcpy(tensor.raw(), runs[0].data(), runs[0].size());
  return tensor;
}

// FLOAT16 and BFLOAT16 stand in the list of integers as bit patterns.
Result<Tensor> from_half_list(const TensorProto& proto, const TensorInfo& info) {
  BMNET_TRY(check_size(info, proto.int32_data_size()));
  const std::vector<uint16_t> bits(proto.int32_data().begin(), proto.int32_data().end());
  return widened(proto.data_type(), info.shape, reinterpret_cast<const uint8_t*>(bits.data()));
}

// The data when it stands in one of the typed lists.
Result<Tensor> listed_tensor(const TensorProto& proto, const TensorInfo& info, const std::vector<Bytes>& runs) {
  switch (proto.data_type()) {
    case TensorProto::FLOAT:
    case TensorProto::DOUBLE:
      return from_float_list(proto, info, runs);
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return from_half_list(proto, info);
    case TensorProto::INT64:
      return from_list<int64_t>(info, proto.int64_data());
    case TensorProto::UINT64:
      return from_list<int64_t>(info, proto.uint64_data());
    case TensorProto::UINT32:
      return from_list<uint32_t>(info, proto.uint64_data());
    case TensorProto::INT32:
      return from_list<int32_t>(info, proto.int32_data());
    case TensorProto::INT16:
      return from_list<int16_t>(info, proto.int32_data());
    case TensorProto::UINT16:
      return from_list<uint16_t>(info, proto.int32_data());
    case TensorProto::INT8:
      return from_list<int8_t>(info, proto.int32_data());
    case TensorProto::UINT8:
      return from_list<uint8_t>(info, proto.int32_data());
    case TensorProto::BOOL:
      return from_list<bool>(info, proto.int32_data());
    default:
      return bug("element type {} has no list", proto.data_type());
  }
}

// What the content is, judged by its first bytes; empty when unknown.
std::string_view recognised_content(Bytes content) {
  struct Magic {
    std::string_view prefix, what;
  };
  constexpr Magic kMagics[] = {
      {"PK\x03\x04", "a ZIP archive (a PyTorch model?)"},
      {"\x89PNG", "a PNG picture"},
      {"\xff\xd8\xff", "a JPEG picture"},
      {"\x89HDF", "an HDF5 file (a Keras model?)"},
      {"\x1f\x8b", "a gzip archive"},
      {"version https://git-lfs", "a Git LFS pointer, not the file itself: run 'git lfs pull'"},
      {"<!DOCTYPE", "a web page"},
      {"<html", "a web page"},
      {"{", "JSON text"},
      {"name:", "a text file (a Caffe prototxt?)"}};
  for (const Magic& magic : kMagics)
    if (as_text(content).starts_with(magic.prefix)) return magic.what;
  return {};
}

}  // namespace

std::string_view data_type_name(int data_type) {
  const TypeRow* row = find_type(data_type);
  return row ? row->name : "an unknown type";
}

Result<DType> imported_dtype(int data_type) {
  const TypeRow* row = find_type(data_type);
  if (!row) return user_error("element type {} is not one of the format's", data_type);
  if (!row->imported) return unsupported("element type {} cannot be compiled", row->name);
  return *row->imported;
}

Result<ModelFile> ModelFile::open(const std::filesystem::path& path) {
  BMNET_ASSIGN(const MappedFile mapped, MappedFile::open(path));
  BMNET_ASSIGN(ModelFile file, parse(mapped.bytes(), path.string(), path.parent_path(), mapped.owner()));
  file.mapped_ = mapped;
  return file;
}

Result<ModelFile> ModelFile::parse(Bytes content, std::string name, std::filesystem::path folder,
                                   std::shared_ptr<const void> owner) {
  ModelFile file;
  file.name_ = std::move(name);
  file.folder_ = std::move(folder);
  file.content_ = content;
  file.owner_ = std::move(owner);
  file.model_ = std::make_unique<onnx_file::ModelProto>();
  if (content.empty()) return user_error("{}: the file is empty", file.name_);
  if (const std::string_view what = recognised_content(content); !what.empty())
    return user_error("{}: not an ONNX model but {}", file.name_, what);
  BMNET_TRY(protobuf::read_message(content, file.name_, *file.model_));
  if (!file.model_->has_graph())
    return user_error("{}: not an ONNX model: it holds no graph; the file is of another format or cut off", file.name_);
  return file;
}

int64_t ModelFile::opset(std::string_view domain) const {
  if (domain == "ai.onnx") domain = "";
  int64_t version = 0;
  for (const auto& import : model_->opset_import())
    if (import.domain() == domain || (domain.empty() && import.domain() == "ai.onnx"))
      version = std::max(version, import.version());
  // The first IR versions had no imports: operator set 1.
  if (version == 0 && domain.empty() && model_->opset_import().empty()) return 1;
  return version;
}

Result<ModelFile::Payload> ModelFile::external_payload(const TensorProto& proto) {
  std::string location;
  uint64_t offset = 0, length = 0;
  bool has_length = false;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() != "offset" && entry.key() != "length") continue;
    const auto number = parse_number<uint64_t>(entry.value());
    if (!number) return user_error("external data: {} '{}' is not a number of bytes", entry.key(), entry.value());
    (entry.key() == "offset" ? offset : length) = *number;
    has_length |= entry.key() == "length";
  }
  if (location.empty()) return user_error("external data without a location");
  if (!external_files_.contains(location)) {
    // The file must lie in the model's folder or below it, also after symbolic links are followed.
    std::error_code error;
    const auto root = std::filesystem::weakly_canonical(folder_.empty() ? "." : folder_, error);
    const auto target = std::filesystem::weakly_canonical(root / location, error);
    const auto inside = target.lexically_relative(root);
    if (error || std::filesystem::path(location).is_absolute() || inside.empty() || *inside.begin() == "..")
      return user_error("external data '{}' lies outside the model's folder; move it there and correct the location",
                        location);
    BMNET_ASSIGN(const MappedFile mapped, MappedFile::open(target));
    external_files_[location] = {mapped.bytes(), mapped.owner()};
  }
  const Payload& whole = external_files_[location];
  if (!has_length) length = offset <= whole.bytes.size() ? whole.bytes.size() - offset : 0;
  if (!contains(whole.bytes, offset, length))
    return user_error(
        "external data '{}': bytes {} to {} are asked for, the file has {}; it is cut off or belongs to another model",
        location, offset, offset + length, whole.bytes.size());
  return Payload{whole.bytes.subspan(offset, length), whole.owner};
}

Result<ModelFile::Payload> ModelFile::raw_payload(const TensorProto& proto) {
  if (proto.data_location() == TensorProto::EXTERNAL) return external_payload(proto);
  const std::vector<Bytes> raw = protobuf::borrowed_payloads(proto, content_, TensorProto::kRawDataFieldNumber);
  if (!raw.empty()) return Payload{raw.back(), owner_};
  return Payload{as_bytes(proto.raw_data()), nullptr};
}

Result<Tensor> ModelFile::tensor(const TensorProto& proto) {
  BMNET_ASSIGN(const DType dtype, imported_dtype(proto.data_type()));
  const Shape shape(proto.dims().begin(), proto.dims().end());
  BMNET_ASSIGN(const int64_t count, checked_elements(shape, EmptyTensors::kAllowed));
  const bool raw = proto.has_raw_data() || proto.data_location() == TensorProto::EXTERNAL ||
                   std::ranges::any_of(proto.borrowed(),
                                       [](const auto& b) { return b.field() == TensorProto::kRawDataFieldNumber; });
  if (!raw) {
    const int list = proto.data_type() == TensorProto::DOUBLE ? TensorProto::kDoubleDataFieldNumber
                                                              : TensorProto::kFloatDataFieldNumber;
    return listed_tensor(proto, {dtype, shape}, protobuf::borrowed_payloads(proto, content_, list));
  }
  BMNET_ASSIGN(const Payload payload, raw_payload(proto));
  const TypeRow& type = *find_type(proto.data_type());
  if (payload.bytes.size() != static_cast<uint64_t>(count) * type.stored_bytes)
    return user_error("{} of shape {} needs {} bytes of data, the file holds {}", type.name, to_string(shape),
                      count * static_cast<int64_t>(type.stored_bytes), payload.bytes.size());
  if (dtype == DType::kF32 && proto.data_type() != TensorProto::FLOAT)
    return widened(proto.data_type(), shape, payload.bytes.data());
  if (dtype == DType::kBool && std::ranges::any_of(payload.bytes, [](uint8_t byte) { return byte > 1; }))
    return user_error("a BOOL tensor holds a byte that is neither 0 nor 1");

  Tensor tensor = shared_or_copied({dtype, shape}, payload.bytes.data(), payload.owner);
  const bool copied = tensor.raw() != payload.bytes.data();
  if (copied && mapped_ && payload.owner == owner_ && owner_) mapped_->forget(payload.bytes);
  return tensor;
}

Result<Tensor> ModelFile::sparse_tensor(const onnx_file::SparseTensorProto& proto) {
  BMNET_ASSIGN(const Tensor values, tensor(proto.values()));
  BMNET_ASSIGN(const Tensor indices, tensor(proto.indices()));
  const Shape shape(proto.dims().begin(), proto.dims().end());
  BMNET_ASSIGN(const int64_t count, checked_elements(shape, EmptyTensors::kAllowed));
  const int64_t rank = static_cast<int64_t>(shape.size());
  if (count > int64_t{1} << 28)
    return unsupported("a sparse tensor of shape {} is too large to be filled out", to_string(shape));
  const bool linear = indices.shape() == Shape{values.count()};
  if (indices.dtype() != DType::kI64 || (!linear && indices.shape() != Shape{values.count(), rank}))
    return user_error("the indices of a sparse tensor have shape {} for {} values of rank {}",
                      to_string(indices.shape()), values.count(), rank);
  Tensor dense({values.dtype(), shape});
  const size_t size = byte_size(values.dtype());
  for (int64_t i = 0; i < values.count(); ++i) {
    int64_t place = 0;
    for (int64_t axis = 0; axis < (linear ? 1 : rank); ++axis) {
      const int64_t index = indices.data<int64_t>()[linear ? i : i * rank + axis];
      const int64_t limit = linear ? count : shape[axis];
      if (index < 0 || index >= limit) return user_error("index {} of a sparse tensor is not below {}", index, limit);
      place = place * limit + index;
    }
    std::memcpy(static_cast<uint8_t*>(dense.raw()) + place * size, static_cast<const uint8_t*>(values.raw()) + i * size,
                size);
  }
  return dense;
}

}  // namespace bmnet::frontend::onnx
