// NumPy's array files: .npy (one array) and .npz (a zip of them).
//
// Read: every data type of base/tensor.h (bf16 as NumPy stores it, two opaque bytes), both byte orders, both axis
// orders, stored or deflated. Not read: strings, objects (pickles), structured and complex types, unsigned 64-bit
// integers: `unsupported` names the type.
// Written: little-endian, row-major, stored without compression, with a fixed date: equal arrays give equal bytes.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/tensor.h"

namespace bmnet {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

Result<Tensor> read_npy(const std::filesystem::path& path);
// `what` names the data in messages.
Result<Tensor> parse_npy(Bytes content, std::string_view what);
Status write_npy(const std::filesystem::path& path, const Tensor& tensor);

// In the order of the file. Names come without the ".npy" of the zip's entries and are unique.
Result<std::vector<NamedTensor>> read_npz(const std::filesystem::path& path);
Result<std::vector<NamedTensor>> parse_npz(Bytes content, std::string_view what);
Status write_npz(const std::filesystem::path& path, std::span<const NamedTensor> tensors);

// The tensor of that name, or null.
const Tensor* find_tensor(std::span<const NamedTensor> tensors, std::string_view name);

}  // namespace bmnet
