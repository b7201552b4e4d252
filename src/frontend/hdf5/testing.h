// For tests: HDF5 files made by the HDF5 library itself.
#pragma once

#include <hdf5.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/tensor.h"

namespace bmnet::frontend::hdf5::test {

// How a data set is stored.
struct Storage {
  std::vector<hsize_t> chunk;  // empty: in one piece
  int deflate = 0;             // level; 0: not packed
  bool shuffle = false;
  hid_t type = 0;  // in the file; 0: as in memory
};

// A file under construction: writer.text("", "model_config", "{}"); writer.data("dense/kernel:0", tensor).
class Writer {
 public:
  explicit Writer(bool newest_format = false) {
    path_ = std::filesystem::temp_directory_path() / fmt::format("bmnet_hdf5_{}_{}.h5", ::getpid(), counter()++);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (newest_format) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    file_ = H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    links_ = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links_, 1);
  }
  ~Writer() {
    close();
    std::filesystem::remove(path_);
  }
  Writer(const Writer&) = delete;

  Writer& group(const std::string& path) {
    H5Gclose(H5Gcreate2(file_, path.c_str(), links_, H5P_DEFAULT, H5P_DEFAULT));
    return *this;
  }

  // fixed_length: the text in the attribute itself, else in the file's heap as Keras does.
  Writer& text(const std::string& object, const std::string& name, const std::string& text, bool fixed_length = false) {
    const hid_t target =
        object.empty() ? H5Gopen2(file_, "/", H5P_DEFAULT) : H5Oopen(file_, object.c_str(), H5P_DEFAULT);
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, fixed_length ? text.size() : H5T_VARIABLE);
    const hid_t attribute = H5Acreate2(target, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
    const char* pointer = text.c_str();
    H5Awrite(attribute, type, fixed_length ? static_cast<const void*>(pointer) : &pointer);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    H5Oclose(target);
    return *this;
  }

  Writer& data(const std::string& path, const Tensor& tensor, const Storage& storage = {}) {
    const std::vector<hsize_t> dims(tensor.shape().begin(), tensor.shape().end());
    const hid_t space =
        dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE), memory = memory_type(tensor.dtype());
    if (!storage.chunk.empty()) H5Pset_chunk(create, static_cast<int>(storage.chunk.size()), storage.chunk.data());
    if (storage.shuffle) H5Pset_shuffle(create);
    if (storage.deflate) H5Pset_deflate(create, static_cast<unsigned>(storage.deflate));
    const hid_t set =
        H5Dcreate2(file_, path.c_str(), storage.type ? storage.type : memory, space, links_, create, H5P_DEFAULT);
    H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.raw());
    H5Dclose(set);
    H5Pclose(create);
    H5Sclose(space);
    return *this;
  }

  Writer& soft_link(const std::string& target, const std::string& path) {
    H5Lcreate_soft(target.c_str(), file_, path.c_str(), links_, H5P_DEFAULT);
    return *this;
  }
  Writer& hard_link(const std::string& target, const std::string& path) {
    H5Lcreate_hard(file_, target.c_str(), file_, path.c_str(), links_, H5P_DEFAULT);
    return *this;
  }

  // The finished file; nothing can be added afterwards.
  std::string bytes() {
    close();
    return read_text(path_).value_or("");
  }
  const std::filesystem::path& path() {
    close();
    return path_;
  }

 private:
  static int& counter() {
    static int count = 0;
    return count;
  }
  static hid_t memory_type(DType dtype) {
    switch (dtype) {
      case DType::kI8:
        return H5T_NATIVE_INT8;
      case DType::kU8:
        return H5T_NATIVE_UINT8;
      case DType::kI32:
        return H5T_NATIVE_INT32;
      case DType::kI64:
        return H5T_NATIVE_INT64;
      default:
        return H5T_NATIVE_FLOAT;
    }
  }
  void close() {
    if (file_ < 0) return;
    H5Pclose(links_);
    H5Fclose(file_);
    file_ = -1;
  }

  std::filesystem::path path_;
  hid_t file_ = -1, links_ = -1;
};

}  // namespace bmnet::frontend::hdf5::test
