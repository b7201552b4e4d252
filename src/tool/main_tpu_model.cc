// tpu_model (older name: bm_model.bin): shows, splits, combines and changes .bmodel files. Options, texts and exit
// codes are those of the vendor's program, so that scripts keep working; errors go to standard output as there.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/number.h"
#include "base/status.h"
#include "bmodel/edit.h"
#include "bmodel/print.h"
#include "bmodel/reader.h"
#include "bmodel/writer.h"

namespace bmnet::bmodel {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;  // those after the command

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// Takes "-o NAME" out of the arguments; `name` keeps its default without it.
Status take_output(Arguments& arguments, std::string& name) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] != "-o") continue;
    if (i + 1 == arguments.size()) return user_error("there is no output filename");
    name = arguments[i + 1];
    arguments.erase(arguments.begin() + static_cast<ptrdiff_t>(i), arguments.begin() + static_cast<ptrdiff_t>(i) + 2);
    return {};
  }
  return {};
}

Status expect_count(const Arguments& arguments, size_t count) {
  if (arguments.size() == count) return {};
  return user_error("parameters are not correct: {} wanted, {} given; see --help", count, arguments.size());
}

Status show_info(Arguments arguments) {
  BMNET_TRY(expect_count(arguments, 1));
  BMNET_ASSIGN(const Model model, read_file(arguments[0]));
  print(info(model));
  return {};
}

Status show_json(Arguments arguments) {
  BMNET_TRY(expect_count(arguments, 1));
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(arguments[0]));
  BMNET_ASSIGN(const std::string json, to_json(file.bytes(), arguments[0]));
  print(json);
  return {};
}

Status show_weight(Arguments arguments) {
  BMNET_TRY(expect_count(arguments, 1));
  BMNET_ASSIGN(const Model model, read_file(arguments[0]));
  print(weights(model));
  return {};
}

Status change_weight(Arguments arguments) {
  BMNET_TRY(expect_count(arguments, 6));
  BMNET_ASSIGN(const uint64_t target_offset, parse_unsigned(arguments[2]));
  BMNET_ASSIGN(const uint64_t source_offset, parse_unsigned(arguments[5]));
  print(fmt::format("read dst model:{} ...\nread src model:{} ...\nupdate weight ...\n", arguments[0], arguments[3]));
  BMNET_TRY(update_weight({arguments[0], arguments[1], target_offset}, {arguments[3], arguments[4], source_offset}));
  print("update success\n");
  return {};
}

Status extract_stages(Arguments arguments) {
  BMNET_TRY(expect_count(arguments, 1));
  BMNET_ASSIGN(const Model model, read_file(arguments[0]));
  for (const Extracted& one : extract(model)) {
    print(fmt::format("Generate file [{}] ......\n", one.file_name));
    BMNET_TRY(write_file(one.file_name, one.model));
  }
  print("Success: all files have been generated!\n");
  return {};
}

Status combine_with(Arguments arguments, std::string output, std::string_view file_inside,
                    Status (*combine)(std::span<const fs::path>, const fs::path&)) {
  BMNET_TRY(take_output(arguments, output));
  if (arguments.empty()) return user_error("parameters are not correct: nothing to combine");
  BMNET_TRY(combine(std::vector<fs::path>(arguments.begin(), arguments.end()), output));
  print(fmt::format("Success: combined to [{}{}].\n", output, file_inside));
  return {};
}

Status combine_model_files(Arguments arguments) {
  return combine_with(std::move(arguments), "bm_combined.bmodel", "", combine_files);
}

Status combine_model_folders(Arguments arguments) {
  return combine_with(std::move(arguments), "bm_combined", "/compilation.bmodel", combine_folders);
}

Status dump_bytes(Arguments arguments) {
  BMNET_TRY(expect_count(arguments, 4));
  BMNET_ASSIGN(const uint64_t start, parse_unsigned(arguments[1]));
  BMNET_ASSIGN(const uint64_t size, parse_unsigned(arguments[2]));
  BMNET_TRY(dump(arguments[0], start, size, arguments[3]));
  print(fmt::format("save file[{}] success\n", arguments[3]));
  return {};
}

Status dump_kernel(Arguments arguments) {
  std::string output;
  BMNET_TRY(take_output(arguments, output));
  BMNET_TRY(expect_count(arguments, 1));
  BMNET_ASSIGN(const fs::path written, dump_kernel_module(arguments[0], output));
  print(fmt::format("Success: dump kernel_module to [{}].\n", written.string()));
  return {};
}

Status change_module(const Arguments& arguments, ModuleKind kind) {
  BMNET_TRY(expect_count(arguments, 2));
  BMNET_TRY(update_module(arguments[0], kind, arguments[1]));
  print(fmt::format("Success: update to [{}].\n", fs::path(arguments[1]).filename().string()));
  return {};
}

Status change_kernel(Arguments arguments) { return change_module(arguments, ModuleKind::kKernel); }
Status change_cpuop(Arguments arguments) { return change_module(arguments, ModuleKind::kCpuop); }

Status show_version(Arguments) {
  print(fmt::format("tpu_model {}\n", BMNET_VERSION));
  return {};
}

Status show_help(Arguments);

struct CommandRow {
  const char* option;
  const char* arguments;
  const char* doc;
  Status (*run)(Arguments);
};
constexpr CommandRow kCommands[] = {
    {"--info", "FILE", "nets, stages, inputs, outputs and memory", show_info},
    {"--print", "FILE", "the whole FlatBuffer as JSON, integers in hexadecimal", show_json},
    {"--weight", "FILE", "which bytes of the coefficients belong to which layer", show_weight},
    {"--update_weight", "DST DST_NET DST_OFFSET SRC SRC_NET SRC_OFFSET", "replace one weight of DST by one of SRC",
     change_weight},
    {"--extract", "FILE", "one file per net and stage in the current folder", extract_stages},
    {"--combine", "FILE... [-o OUT]", "join files (bm_combined.bmodel); a net of equal name becomes a stage",
     combine_model_files},
    {"--combine_dir", "DIR... [-o DIR]", "join context folders with their reference data (bm_combined)",
     combine_model_folders},
    {"--dump", "FILE START SIZE OUT", "bytes of the binary section", dump_bytes},
    {"--kernel_dump", "FILE [-o OUT]", "extract the kernel module", dump_kernel},
    {"--kernel_update", "FILE SO", "add or replace the kernel module", change_kernel},
    {"--custom_ap_update", "FILE SO", "add or replace the module of custom host layers", change_cpuop},
    {"--version", "", "the version of this program", show_version},
    {"--help", "", "this text", show_help},
};

Status show_help(Arguments) {
  std::string text = "Usage: tpu_model COMMAND ARGUMENTS\n";
  for (const CommandRow& row : kCommands)
    text += fmt::format("  {} {}\n      {}\n", row.option, row.arguments, row.doc);
  print(text);
  return {};
}

int run(const Arguments& all) {
  constexpr int kFailure = 255;
  if (all.empty()) {
    (void)show_help({});
    return kFailure;
  }
  for (const CommandRow& row : kCommands) {
    if (all[0] != row.option) continue;
    const Status status = row.run(Arguments(all.begin() + 1, all.end()));
    if (status) return 0;
    print(fmt::format("[{}:{}] Error : {}\n", row.option + 2, __LINE__, status.error().message));
    return kFailure;
  }
  print(fmt::format("[main:{}] Error : unknown command '{}'; see --help\n", __LINE__, all[0]));
  return kFailure;
}

}  // namespace
}  // namespace bmnet::bmodel

int main(int argc, char** argv) { return bmnet::bmodel::run({argv + 1, argv + argc}); }
