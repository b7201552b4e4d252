// TensorFlow's element types and constants.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/tensor.h"
#include "frontend/limits.h"
#include "frontend/tensorflow/tensorflow.pb.h"

namespace bmnet::frontend::tensorflow {

// The type a tensor of the file is imported as; references to variables like the variable. Refused: strings, complex
// numbers, resources.
Result<DType> imported_dtype(int data_type);
std::string data_type_name(int data_type);  // "DT_FLOAT"

// Shape arithmetic of TensorFlow's graphs has tensors without elements.
inline Result<int64_t> checked_count(std::span<const int64_t> dims) {
  return checked_elements(dims, EmptyTensors::kAllowed);
}
// An error too when a dimension is unknown.
Result<Shape> known_shape(const tensorflow_file::TensorShapeProto& shape);

// Elements as they stand in little-endian memory; borrowed from `owner` where aligned and of the same type.
Result<Tensor> tensor_of_bytes(int data_type, Shape shape, Bytes bytes, std::shared_ptr<const void> owner);

// `file` is what the message was read from.
Result<Tensor> tensor_of(const tensorflow_file::TensorProto& proto, Bytes file, std::shared_ptr<const void> owner);

}  // namespace bmnet::frontend::tensorflow
