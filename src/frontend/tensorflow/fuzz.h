// What the fuzzer does with an input, shared with the tests that replay seeds: a frozen graph (binary or text) or a
// SavedModel; behind a byte 0xFF, a SavedModel with its checkpoint: two u32 sizes, saved_model.pb, the checkpoint's
// index, its data; the batch is 1.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/file.h"
#include "frontend/tensorflow/import.h"

namespace bmnet::frontend::tensorflow {

// A folder of this process for variables, on a memory disk where there is one; removed at the end.
class FuzzFolder {
 public:
  FuzzFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const auto root = std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    path_ = root / fmt::format("bmnet_tensorflow_fuzz_{}", ::getpid());
    std::filesystem::create_directories(path_ / "variables");
  }
  ~FuzzFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  void write(const char* name, Bytes content) const {
    if (!write_file_atomically(path_ / "variables" / name, content)) std::abort();
  }

 private:
  std::filesystem::path path_;
};

inline Result<nn::Model> import_fuzz_input(Bytes input) {
  constexpr uint8_t kWithCheckpoint = 0xFF;
  uint32_t sizes[2];
  if (input.size() < 1 + sizeof sizes || input[0] != kWithCheckpoint)
    return import_tensorflow(input, "fuzz.pb", "/nonexistent");
  static const FuzzFolder folder;
  std::memcpy(sizes, input.data() + 1, sizeof sizes);
  Bytes rest = input.subspan(1 + sizeof sizes);
  const auto take = [&](size_t size) {
    const Bytes part = rest.first(std::min(size, rest.size()));
    rest = rest.subspan(part.size());
    return part;
  };
  const Bytes graph = take(sizes[0]);
  folder.write("variables.index", take(sizes[1]));
  folder.write("variables.data-00000-of-00001", rest);
  ImportOptions options;
  options.batch = 1;
  return import_tensorflow(graph, "fuzz.pb", folder.path(), options);
}

}  // namespace bmnet::frontend::tensorflow
