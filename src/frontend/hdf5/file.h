// HDF5 files, read-only: groups, data sets of numbers, attributes that are text. Written for hostile input: every
// offset and size is checked against the file, links cannot lead in circles, memory is bounded by the file's size.
//
// Source: HDF5 File Format Specification 3.0. Supported is what h5py and the HDF5 library write by default: superblock
// 0 to 3, object headers 1 and 2, symbol-table and compact groups, contiguous, compact and chunked data with the
// filters shuffle, deflate and fletcher32. Refused by name: dense groups and attributes (libver="latest" with many
// entries), newer chunk indices, external and virtual data, other filters.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::frontend::hdf5 {

class File {
 public:
  // `owner` keeps `file` alive; null: tensors are copies. Reads the tree of groups. Errors: no HDF5, cut off, damaged.
  static Result<File> open(Bytes file, std::shared_ptr<const void> owner);

  // Paths without a leading slash; "" is the root. Soft links are left out.
  bool has_group(std::string_view path) const;
  // Paths of the data sets below a group, sorted by their bytes.
  std::vector<std::string> data_sets(std::string_view group) const;

  // A scalar string (fixed or variable length) of an object; nothing when it has no attribute of that name.
  Result<std::optional<std::string>> text_attribute(std::string_view path, std::string_view name) const;

  // Numbers: f16 and f64 become f32, u64 becomes i64, an enumeration its integers; f32 and integers are borrowed from
  // the file where they lie in one aligned piece. Errors name the path.
  Result<Tensor> read(std::string_view data_set) const;

 private:
  struct Object {
    uint64_t header = 0;  // address
    bool group = false;
  };
  Bytes file_;
  std::shared_ptr<const void> owner_;
  int offset_bytes_ = 8, length_bytes_ = 8;
  std::map<std::string, Object, std::less<>> objects_;

  friend class Walker;
};

// Whether a file that begins with these bytes is HDF5.
bool looks_like_hdf5(Bytes head);

}  // namespace bmnet::frontend::hdf5
