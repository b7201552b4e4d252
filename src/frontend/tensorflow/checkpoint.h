// A checkpoint bundle: an index (a sorted table of protobuf entries) and data files beside it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/file.h"
#include "base/tensor.h"
#include "frontend/tensorflow/tensorflow.pb.h"

namespace bmnet::frontend::tensorflow {

// Keys and values of a table file (LevelDB's format): data blocks with shared key prefixes, an index block, a footer
// with a magic number; blocks may be compressed by snappy. Errors name the byte.
Result<std::map<std::string, std::string>> read_table(Bytes file);

// Snappy's raw format. Errors: damaged data, a result of more than 2^26 bytes.
Result<std::string> snappy_uncompressed(Bytes data);

class Checkpoint {
 public:
  // `prefix`: the path without ".index" and ".data-00000-of-00001".
  static Result<Checkpoint> open(const std::filesystem::path& prefix);

  // The value of a variable by its name in the graph, or by its key in the index.
  Result<Tensor> tensor(const std::string& variable);

 private:
  Result<Bytes> payload(const tensorflow_file::BundleEntryProto& entry);
  Status read_object_names();

  std::filesystem::path prefix_;
  int shards_ = 1;
  std::map<std::string, tensorflow_file::BundleEntryProto> entries_;
  std::map<std::string, std::string> keys_;  // of variables in TensorFlow 2, by their name in the graph
  std::map<int, MappedFile> files_;
};

}  // namespace bmnet::frontend::tensorflow
