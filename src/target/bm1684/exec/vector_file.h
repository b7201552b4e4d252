// Golden vector files: gzip'd JSON lists of cases, each a few commands with the memory before and after them, or a
// command with its cycle count. The reader is strict: a malformed file is a user error that names the case.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

// `bytes` at `offset` of one memory: for local memory lane * kLaneBytes + byte in the lane, else from the memory's
// start.
struct VectorRegion {
  Access::Space space = Access::Space::kLocal;
  uint64_t offset = 0;
  std::vector<uint8_t> bytes;

  uint64_t end() const { return offset + bytes.size(); }
};

struct VectorCommand {
  Engine engine = Engine::kTiu;
  Command command{};
};

// The memory is zero, overlaid by `before`; after the commands it must be zero, overlaid by `before`, overlaid by
// `after`: every byte counts, so that stray writes show. Cases without regions hold commands only (an emitter's golden
// output).
struct VectorCase {
  std::string name;
  std::string op;
  std::vector<VectorCommand> commands;
  // What an encoder of each command was given, by field name; -1 stands for a mask of all ones. Empty when not told.
  std::vector<std::map<std::string, int64_t>> fields;
  std::vector<VectorRegion> before, after;

  // One past the last byte of `space` that `before` or `after` names.
  uint64_t extent(Access::Space space) const;
};

// A cost: of `command` (hex given), else of the formula `op` with the named parameters.
struct TimingCase {
  std::string op;
  bool has_command = false;
  Command command{};
  std::map<std::string, int64_t> fields;
  uint64_t cycles = 0;
};

// The JSON document of a file, gzip'd or plain. At most 1 GiB when unpacked.
Result<nlohmann::json> read_json_file(const std::filesystem::path& path);
Result<std::vector<VectorCase>> read_vector_file(const std::filesystem::path& path);
Result<std::vector<TimingCase>> read_timing_file(const std::filesystem::path& path);
// The same for a document that has been read; `name` is for messages.
Result<std::vector<VectorCase>> parse_vectors(const nlohmann::json& document, const std::string& name);
Result<std::vector<TimingCase>> parse_timings(const nlohmann::json& document, const std::string& name);

// 256 hex digits, first byte first.
Result<Command> parse_command(std::string_view hex);
Result<std::vector<uint8_t>> decode_base64(std::string_view text);

// Memories for running cases one after another; each run starts from zero. Time goes by the pages that a case touches.
class VectorRunner {
 public:
  // How floating point results compare: vectors with NaN may not know which NaN is right.
  enum class Nan { kExact, kAsClass };

  VectorRunner();
  ~VectorRunner();
  VectorRunner(const VectorRunner&) = delete;
  VectorRunner& operator=(const VectorRunner&) = delete;

  // Runs the commands in order (in the chip's floating point mode) and compares all memories. The error names the first
  // differing byte, or is the refusal of a command.
  Status run(const VectorCase& vector, Nan nan = Nan::kExact);

 private:
  struct Image;
  Image* image_;
};

}  // namespace bmnet::bm1684
