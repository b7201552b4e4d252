#include "device/isa_check/isa_check.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "device/isa_check/formula.h"
#include "target/bm1684/exec/schedule.h"
#include "target/bm1684/exec/vector_file.h"
#include "target/bm1684/isa/codec.h"

namespace bmnet {
namespace {

using namespace bm1684;
using nlohmann::json;

// Counts cases and prints the failing ones.
class Report {
 public:
  explicit Report(std::FILE* out) : out_(out) {}

  void add(const std::string& file, std::string_view name, const Status& status) {
    if (status) {
      ++passed_;
      return;
    }
    ++failed_;
    fmt::print(out_, "{}: {}: {}\n", file, name, status.error().message);
  }
  void add_unreadable(const Error& error) {
    ++failed_;
    fmt::print(out_, "{}\n", error.message);
  }
  int finish() {
    fmt::print(out_, "{} passed, {} failed\n", passed_, failed_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  std::FILE* out_;
  uint64_t passed_ = 0, failed_ = 0;
};

Status expect_equal(std::string_view what, uint64_t actual, uint64_t expected) {
  if (actual == expected) return {};
  return user_error("{} {}, expected {}", what, actual, expected);
}

// ---- encoding

Result<std::vector<FieldValue>> field_values(const std::map<std::string, int64_t>& fields, Engine engine) {
  std::vector<FieldValue> values;
  for (const auto& [name, value] : fields) {
    const Field* field = find_field(engine, name);
    if (!field) return user_error("unknown field \"{}\"", name);
    // Negative numbers stand for their bits in the field, -1 for a full mask.
    values.emplace_back(*field, value < 0 ? static_cast<uint64_t>(value) & field->max() : static_cast<uint64_t>(value));
  }
  return values;
}

Status expect_same_bytes(const Command& actual, const Command& expected) {
  for (size_t i = 0; i < kCommandBytes; ++i) {
    const uint32_t ours = actual[i / 4] >> (8 * (i % 4)) & 0xFF, theirs = expected[i / 4] >> (8 * (i % 4)) & 0xFF;
    if (ours != theirs) return user_error("encoded byte {} is {:#04x}, expected {:#04x}", i, ours, theirs);
  }
  return {};
}

// Without memory: the bytes that the vendor's command writers make of the fields an instruction reads, in the form for
// the command registers (cmd_end set). With memory: every field that is not zero is told.
Status check_encoding(const VectorCase& vector) {
  if (vector.fields.empty()) return {};
  if (vector.fields.size() != vector.commands.size())
    return user_error("fields of {} commands for {} commands", vector.fields.size(), vector.commands.size());
  const bool emit = vector.before.empty() && vector.after.empty();
  for (size_t i = 0; i < vector.commands.size(); ++i) {
    const VectorCommand& command = vector.commands[i];
    BMNET_ASSIGN(std::vector<FieldValue> values, field_values(vector.fields[i], command.engine));
    if (emit && command.engine == Engine::kTiu) values.emplace_back(tiu::cmd_end, 1);
    BMNET_ASSIGN(const Command encoded, emit&& command.engine == Engine::kTiu
                                            ? encode_as_vendor(values)
                                            : encode(emit ? idle_command(command.engine) : Command{}, values));
    BMNET_TRY(expect_same_bytes(encoded, command.command));
  }
  return {};
}

// ---- the kinds of file

void check_vectors(const std::vector<VectorCase>& cases, const std::string& file, VectorRunner& runner,
                   Report& report) {
  for (const VectorCase& vector : cases) {
    // Vectors about NaN say so in their name: which NaN comes out depends on the host that recorded them.
    const auto nan = vector.name.starts_with("nan_") ? VectorRunner::Nan::kAsClass : VectorRunner::Nan::kExact;
    Status status = check_encoding(vector);
    if (status) status = runner.run(vector, nan);
    report.add(file, vector.name, status);
  }
}

Status check_timing(const TimingCase& timing) {
  const bool dma = timing.op.starts_with("dma");
  BMNET_ASSIGN(const uint64_t counted, timing.has_command ? cycles(timing.command, dma ? Engine::kGdma : Engine::kTiu)
                                                          : formula_cycles(timing));
  return expect_equal("cycles", counted, timing.cycles);
}

Result<uint64_t> number(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_unsigned()) return user_error("no number \"{}\"", key);
  return it->get<uint64_t>();
}

// {"layer", "cmds": [[engine, cycles, wait] …], "total", "tiu_busy", "dma_busy"}
Status check_stream(const json& stream) {
  std::vector<TimedCommand> commands;
  const auto list = stream.find("cmds");
  if (list == stream.end() || !list->is_array()) return user_error("no list \"cmds\"");
  for (const json& item : *list) {
    const bool triple = item.is_array() && item.size() == 3 && item[0].is_number_unsigned() &&
                        item[1].is_number_unsigned() && item[2].is_number_unsigned();
    if (!triple || item[0].get<uint64_t>() > 1 || item[2].get<uint64_t>() > 0xFFFF)
      return user_error("command {} is not [engine, cycles, wait]", commands.size());
    commands.push_back({static_cast<Engine>(item[0].get<int>()), item[1].get<uint64_t>(), item[2].get<uint32_t>()});
  }
  BMNET_ASSIGN(const Schedule result, schedule(commands));
  BMNET_ASSIGN(const uint64_t total, number(stream, "total"));
  BMNET_ASSIGN(const uint64_t tiu_busy, number(stream, "tiu_busy"));
  BMNET_ASSIGN(const uint64_t dma_busy, number(stream, "dma_busy"));
  BMNET_TRY(expect_equal("total cycles", result.total, total));
  BMNET_TRY(expect_equal("busy cycles of the TIU", result.tiu_busy, tiu_busy));
  return expect_equal("busy cycles of the GDMA", result.gdma_busy, dma_busy);
}

std::string layer_of(const json& stream) {
  const auto it = stream.is_object() ? stream.find("layer") : stream.end();
  return it != stream.end() && it->is_string() ? it->get<std::string>() : "stream";
}

std::string numbered(std::string_view name, size_t index) { return fmt::format("{} (case {})", name, index); }

Status check_file(const std::string& file, VectorRunner& runner, Report& report) {
  BMNET_ASSIGN(const json document, read_json_file(file));
  if (!document.is_array() || document.empty()) return user_error("{}: not a list of cases", file);
  const json& first = document.front();
  if (first.contains("total")) {
    for (size_t i = 0; i < document.size(); ++i)
      report.add(file, numbered(layer_of(document[i]), i), check_stream(document[i]));
    return {};
  }
  if (first.contains("cycles")) {
    BMNET_ASSIGN(const std::vector<TimingCase> cases, parse_timings(document, file));
    for (size_t i = 0; i < cases.size(); ++i) report.add(file, numbered(cases[i].op, i), check_timing(cases[i]));
    return {};
  }
  BMNET_ASSIGN(const std::vector<VectorCase> cases, parse_vectors(document, file));
  check_vectors(cases, file, runner, report);
  return {};
}

}  // namespace

int isa_check(std::span<const std::string> files, std::FILE* out) {
  Report report(out);
  VectorRunner runner;
  for (const std::string& file : files)
    if (const Status status = check_file(file, runner, report); !status) report.add_unreadable(status.error());
  return report.finish();
}

}  // namespace bmnet
