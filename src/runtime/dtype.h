// Element types between the container, host tensors and the CPU layers' codes.
#pragma once

#include "base/tensor.h"
#include "bmodel/model.h"

namespace bmnet::runtime {

// Bytes of one element; the 4-bit types, which no BM1684 file has, count as 1.
size_t element_bytes(bmodel::DataType type);

// Refuses the 4-bit types.
Result<DType> host_type(bmodel::DataType type);

// The shape [0] of a tensor of a file; every dimension fits int64_t, and so does their product (reader.h sees to it).
Shape shape_of(const bmodel::Tensor& tensor);

}  // namespace bmnet::runtime
