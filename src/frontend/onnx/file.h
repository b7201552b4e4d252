// An ONNX file in memory and its tensors.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/file.h"
#include "base/tensor.h"
#include "frontend/onnx/onnx.pb.h"

namespace bmnet::frontend::onnx {

// The type a tensor of the file is imported as: that of base/tensor.h, with half, bfloat16 and double as f32 and u64 as
// i64. Refused: strings, complex numbers, 8-bit floats, 4-bit integers.
Result<DType> imported_dtype(int data_type);
std::string_view data_type_name(int data_type);  // "FLOAT", as in the specification

class ModelFile {
 public:
  static Result<ModelFile> open(const std::filesystem::path& path);
  // `owner` keeps `content` alive; null: the caller does.
  static Result<ModelFile> parse(Bytes content, std::string name, std::filesystem::path folder,
                                 std::shared_ptr<const void> owner);

  const std::string& name() const { return name_; }
  const onnx_file::ModelProto& model() const { return *model_; }
  // Version of the operator set of `domain` ("" is the standard one); 0 when the file does not import it.
  int64_t opset(std::string_view domain) const;

  // Data of a tensor of this file. Big aligned payloads are borrowed; big unaligned ones are copied and their pages
  // given back. Errors say what is wrong with the data, without the tensor's name.
  Result<Tensor> tensor(const onnx_file::TensorProto& proto);
  Result<Tensor> sparse_tensor(const onnx_file::SparseTensorProto& proto);

 private:
  struct Payload {
    Bytes bytes;
    std::shared_ptr<const void> owner;
  };
  Result<Payload> raw_payload(const onnx_file::TensorProto& proto);
  Result<Payload> external_payload(const onnx_file::TensorProto& proto);

  std::string name_;
  std::filesystem::path folder_;
  Bytes content_;
  std::shared_ptr<const void> owner_;
  std::optional<MappedFile> mapped_;  // when opened from a path
  std::unique_ptr<onnx_file::ModelProto> model_;
  std::map<std::string, Payload> external_files_;
};

}  // namespace bmnet::frontend::onnx
