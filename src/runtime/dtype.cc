#include "runtime/dtype.h"

namespace bmnet::runtime {

size_t element_bytes(bmodel::DataType type) { return (bmodel::bits_per_element(type) + 7) / 8; }

Result<DType> host_type(bmodel::DataType type) {
  switch (type) {
    case bmodel::DataType::kFloat32:
      return DType::kF32;
    case bmodel::DataType::kFloat16:
      return DType::kF16;
    case bmodel::DataType::kInt8:
      return DType::kI8;
    case bmodel::DataType::kUint8:
      return DType::kU8;
    case bmodel::DataType::kInt16:
      return DType::kI16;
    case bmodel::DataType::kUint16:
      return DType::kU16;
    case bmodel::DataType::kInt32:
      return DType::kI32;
    case bmodel::DataType::kUint32:
      return DType::kU32;
    case bmodel::DataType::kBfloat16:
      return DType::kBF16;
    default:
      return unsupported("tensors of type {}", bmodel::data_type_name(type));
  }
}

Shape shape_of(const bmodel::Tensor& tensor) {
  return tensor.shapes.empty() ? Shape() : Shape(tensor.shapes[0].begin(), tensor.shapes[0].end());
}

}  // namespace bmnet::runtime
