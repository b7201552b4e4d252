#include "target/bm1684/exec/vector_file.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/sparse_memory.h"

namespace bmnet::bm1684 {
namespace {

using nlohmann::json;
using Space = Access::Space;

constexpr size_t kMaxUnpackedBytes = 1u << 27;
constexpr uint64_t kMinDdrBytes = 1u << 24, kMaxDdrBytes = 1u << 30;
constexpr Space kSpaces[] = {Space::kLocal, Space::kL2, Space::kDtcm, Space::kDdr};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

Result<const json*> member(const json& object, const char* key, json::value_t type) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  if (it == object.end()) return user_error("no \"{}\"", key);
  const bool fits = type == json::value_t::number_unsigned ? it->is_number_unsigned() : it->type() == type;
  if (!fits) return user_error("\"{}\" is a {}", key, it->type_name());
  return &*it;
}

Result<std::string> text(const json& object, const char* key) {
  BMNET_ASSIGN(const json* value, member(object, key, json::value_t::string));
  return value->get<std::string>();
}

Result<Space> parse_space(std::string_view name) {
  if (name == "lmem") return Space::kLocal;
  if (name == "l2") return Space::kL2;
  if (name == "dtcm") return Space::kDtcm;
  if (name == "ddr") return Space::kDdr;
  return user_error("unknown space \"{}\"", name);
}

uint64_t size_limit(Space space) {
  switch (space) {
    case Space::kLocal:
      return kLocalBytes;
    case Space::kL2:
      return kL2Bytes;
    case Space::kDtcm:
      return kDtcmBytes;
    case Space::kDdr:
      return kMaxDdrBytes;
  }
  return 0;
}

Result<VectorRegion> parse_region(const json& object) {
  VectorRegion region;
  BMNET_ASSIGN(const std::string space, text(object, "space"));
  BMNET_ASSIGN(region.space, parse_space(space));
  BMNET_ASSIGN(const json* offset, member(object, "offset", json::value_t::number_unsigned));
  region.offset = offset->get<uint64_t>();
  BMNET_ASSIGN(const std::string base64, text(object, "b64"));
  BMNET_ASSIGN(region.bytes, decode_base64(base64));
  const uint64_t limit = size_limit(region.space);
  if (region.offset > limit || region.bytes.size() > limit - region.offset)
    return user_error("region of {} bytes at {} runs out of space \"{}\"", region.bytes.size(), region.offset, space);
  return region;
}

Result<std::vector<VectorRegion>> parse_regions(const json& object, const char* key) {
  BMNET_ASSIGN(const json* list, member(object, key, json::value_t::array));
  std::vector<VectorRegion> regions;
  for (const json& item : *list) {
    BMNET_ASSIGN(VectorRegion region, parse_region(item));
    regions.push_back(std::move(region));
  }
  return regions;
}

Result<VectorCommand> parse_vector_command(const json& object) {
  VectorCommand result;
  BMNET_ASSIGN(const std::string engine, text(object, "engine"));
  if (engine != "tiu" && engine != "dma") return user_error("unknown engine \"{}\"", engine);
  result.engine = engine == "tiu" ? Engine::kTiu : Engine::kGdma;
  BMNET_ASSIGN(const std::string hex, text(object, "hex"));
  BMNET_ASSIGN(result.command, parse_command(hex));
  return result;
}

Result<std::map<std::string, int64_t>> parse_fields(const json& object) {
  if (!object.is_object()) return user_error("\"fields\" is a {}", object.type_name());
  std::map<std::string, int64_t> fields;
  for (const auto& [name, value] : object.items()) {
    if (!value.is_number_integer()) return user_error("field \"{}\" is a {}", name, value.type_name());
    fields[name] = value.get<int64_t>();
  }
  return fields;
}

Result<VectorCase> parse_case(const json& object) {
  VectorCase result;
  BMNET_ASSIGN(result.name, text(object, "name"));
  BMNET_ASSIGN(result.op, text(object, "op"));
  BMNET_ASSIGN(const json* commands, member(object, "cmds", json::value_t::array));
  for (const json& item : *commands) {
    BMNET_ASSIGN(VectorCommand command, parse_vector_command(item));
    result.commands.push_back(command);
  }
  if (const auto fields = object.find("fields"); fields != object.end()) {
    for (const json& item : fields->is_array() ? *fields : json::array({*fields})) {
      BMNET_ASSIGN(auto values, parse_fields(item));
      result.fields.push_back(std::move(values));
    }
  }
  BMNET_ASSIGN(result.before, parse_regions(object, "pre"));
  BMNET_ASSIGN(result.after, parse_regions(object, "post"));
  return result;
}

Result<TimingCase> parse_timing(const json& object) {
  TimingCase result;
  BMNET_ASSIGN(result.op, text(object, "op"));
  BMNET_ASSIGN(const json* cycles, member(object, "cycles", json::value_t::number_unsigned));
  result.cycles = cycles->get<uint64_t>();
  result.has_command = object.contains("hex");
  if (result.has_command) {
    BMNET_ASSIGN(const std::string hex, text(object, "hex"));
    BMNET_ASSIGN(result.command, parse_command(hex));
    return result;
  }
  BMNET_ASSIGN(const json* fields, member(object, "fields", json::value_t::object));
  BMNET_ASSIGN(result.fields, parse_fields(*fields));
  return result;
}

// Every item of the list through `parse`.
template <typename T>
Result<std::vector<T>> parse_list(const json& document, const std::string& name, Result<T> (*parse)(const json&)) {
  if (!document.is_array()) return user_error("{}: not a list of cases", name);
  std::vector<T> items;
  items.reserve(document.size());
  for (const json& item : document) {
    auto parsed = parse(item);
    if (!parsed) return with_context(fmt::format("{}: case {}", name, items.size()), parsed.error());
    items.push_back(std::move(*parsed));
  }
  return items;
}

bool is_nan(uint32_t bits) { return (bits & 0x7FFFFFFF) > 0x7F800000; }

}  // namespace

uint64_t VectorCase::extent(Access::Space space) const {
  uint64_t last = 0;
  for (const auto* regions : {&before, &after})
    for (const VectorRegion& region : *regions)
      if (region.space == space) last = std::max(last, region.end());
  return last;
}

Result<Command> parse_command(std::string_view hex) {
  if (hex.size() != 2 * kCommandBytes) return user_error("a command has 256 hex digits, not {}", hex.size());
  Command command{};
  for (size_t i = 0; i < kCommandBytes; ++i) {
    const int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return user_error("no hex digits at {}: \"{}\"", 2 * i, hex.substr(2 * i, 2));
    command[i / 4] |= static_cast<uint32_t>(high * 16 + low) << (8 * (i % 4));
  }
  return command;
}

Result<std::vector<uint8_t>> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return user_error("base64 text of {} characters, not a multiple of 4", text.size());
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const int padding = last ? (text[i + 3] == '=') + (text[i + 3] == '=' && text[i + 2] == '=') : 0;
    uint32_t word = 0;
    for (int k = 0; k < 4; ++k) {
      const int digit = k >= 4 - padding ? 0 : base64_digit(text[i + k]);
      if (digit < 0) return user_error("no base64 digit at {}", i + k);
      word = word << 6 | static_cast<uint32_t>(digit);
    }
    for (int k = 0; k < 3 - padding; ++k) bytes.push_back(static_cast<uint8_t>(word >> (16 - 8 * k)));
  }
  return bytes;
}

Result<json> read_json_file(const std::filesystem::path& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) return system_error("{}: cannot be opened", path.string());
  std::string content;
  std::vector<char> buffer(1 << 18);
  while (true) {
    const int count = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    if (count < 0) return user_error("{}: broken gzip data", path.string());
    if (count == 0) break;
    content.append(buffer.data(), static_cast<size_t>(count));
    if (content.size() > kMaxUnpackedBytes)
      return user_error("{}: more than 128 MiB unpacked: no file of test vectors", path.string());
  }
  int error = Z_OK;
  gzerror(file.get(), &error);
  if (error != Z_OK) return user_error("{}: truncated or broken gzip data", path.string());
  json document = json::parse(content, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return user_error("{}: not JSON", path.string());
  return document;
}

Result<std::vector<VectorCase>> parse_vectors(const json& document, const std::string& name) {
  return parse_list<VectorCase>(document, name, parse_case);
}

Result<std::vector<TimingCase>> parse_timings(const json& document, const std::string& name) {
  return parse_list<TimingCase>(document, name, parse_timing);
}

Result<std::vector<VectorCase>> read_vector_file(const std::filesystem::path& path) {
  BMNET_ASSIGN(const json document, read_json_file(path));
  return parse_vectors(document, path.string());
}

Result<std::vector<TimingCase>> read_timing_file(const std::filesystem::path& path) {
  BMNET_ASSIGN(const json document, read_json_file(path));
  return parse_timings(document, path.string());
}

// The memories under test beside the memories as they should be. Both are all zero between runs.
struct VectorRunner::Image {
  SparseMemory actual[4], expected[4];
  std::vector<uint32_t> registers = std::vector<uint32_t>(kLanes * 32);

  Status create();
  void clear();
  Memory memory(const VectorCase& vector) const;
  Status run(const VectorCase& vector, Nan nan);
  Status compare(Space space, uint64_t end, Nan nan) const;
};

namespace {

void overlay(const SparseMemory (&memories)[4], const std::vector<VectorRegion>& regions) {
  for (const VectorRegion& region : regions)
    std::copy(region.bytes.begin(), region.bytes.end(),
              memories[static_cast<int>(region.space)].data() + region.offset);
}

// At least what every case may use without naming it: bytes that stay zero are not named. A page more than what it does
// name, so that a write just behind shows.
uint64_t ddr_bytes(const VectorCase& vector) { return std::max(kMinDdrBytes, vector.extent(Space::kDdr) + kDdrPage); }

}  // namespace

Status VectorRunner::Image::create() {
  for (auto* side : {&actual, &expected}) {
    for (const Space space : kSpaces) {
      SparseMemory& memory = (*side)[static_cast<int>(space)];
      if (memory.data()) continue;
      BMNET_ASSIGN(memory, SparseMemory::create(size_limit(space) + (space == Space::kDdr ? kDdrPage : 0)));
    }
  }
  return {};
}

void VectorRunner::Image::clear() {
  for (auto* side : {&actual, &expected})
    for (SparseMemory& memory : *side) memory.clear();
  std::fill(registers.begin(), registers.end(), 0);
}

Memory VectorRunner::Image::memory(const VectorCase& vector) const {
  Memory memory;
  memory.local = actual[static_cast<int>(Space::kLocal)].data();
  memory.l2 = actual[static_cast<int>(Space::kL2)].data();
  memory.dtcm = actual[static_cast<int>(Space::kDtcm)].data();
  memory.ddr = actual[static_cast<int>(Space::kDdr)].data();
  memory.ddr_bytes = ddr_bytes(vector);
  memory.arrange_registers = reinterpret_cast<uint32_t(*)[32]>(const_cast<uint32_t*>(registers.data()));
  return memory;
}

Status VectorRunner::Image::run(const VectorCase& vector, Nan nan) {
  overlay(actual, vector.before);
  overlay(expected, vector.before);
  overlay(expected, vector.after);
  Memory memory = this->memory(vector);
  const ChipFloatMode mode;
  for (const VectorCommand& command : vector.commands) BMNET_TRY(execute(command.command, command.engine, memory));
  for (const Space space : kSpaces)
    BMNET_TRY(compare(space, space == Space::kDdr ? ddr_bytes(vector) : size_limit(space), nan));
  return {};
}

Status VectorRunner::Image::compare(Space space, uint64_t end, Nan nan) const {
  constexpr std::string_view kNames[] = {"local memory", "L2", "DTCM", "DDR"};
  const SparseMemory &a = actual[static_cast<int>(space)], &e = expected[static_cast<int>(space)];
  std::vector<uint64_t> pages;
  std::ranges::set_union(a.touched_pages(end), e.touched_pages(end), std::back_inserter(pages));
  for (const uint64_t page : pages) {
    const uint64_t begin = page * SparseMemory::kPageBytes;
    if (std::memcmp(a.data() + begin, e.data() + begin, SparseMemory::kPageBytes) == 0) continue;
    for (uint64_t i = begin; i < begin + SparseMemory::kPageBytes; ++i) {
      if (a.data()[i] == e.data()[i]) continue;
      uint32_t word[2];
      std::memcpy(&word[0], a.data() + (i & ~uint64_t{3}), 4);
      std::memcpy(&word[1], e.data() + (i & ~uint64_t{3}), 4);
      if (nan == Nan::kAsClass && is_nan(word[0]) && is_nan(word[1])) {
        i |= 3;
        continue;
      }
      const std::string lane =
          space == Space::kLocal ? fmt::format(" (lane {} + {:#x})", i / kLaneBytes, i % kLaneBytes) : "";
      return user_error("{} at {:#x}{}: word {:#010x}, expected {:#010x}", kNames[static_cast<int>(space)], i, lane,
                        word[0], word[1]);
    }
  }
  return {};
}

VectorRunner::VectorRunner() : image_(new Image) {}

VectorRunner::~VectorRunner() { delete image_; }

Status VectorRunner::run(const VectorCase& vector, Nan nan) {
  if (vector.before.empty() && vector.after.empty()) return {};
  BMNET_TRY(image_->create());
  Status status = image_->run(vector, nan);
  image_->clear();
  return status;
}

}  // namespace bmnet::bm1684
