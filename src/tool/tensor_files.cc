#include "tool/tensor_files.h"

#include "base/text.h"

namespace bmnet::tool {

namespace fs = std::filesystem;

fs::path tensor_file(const fs::path& folder, const runtime::Network& network, size_t stage) {
  std::string name = network.name;
  for (char& c : name)
    if (static_cast<unsigned char>(c) < 0x20 || std::string_view("/\\:*?\"<>|\x7F").find(c) != std::string_view::npos)
      c = '_';
  if (name.empty() || name.starts_with('.')) name = "_" + name;
  if (network.stages.size() > 1) name += fmt::format(".stage{}", stage);
  return folder / (name + ".npz");
}

Result<std::string> write_tensors(const fs::path& folder, const runtime::Network& network, size_t stage,
                                  runtime::TensorDump& dump) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return system_error("{}: {}", folder.string(), error.message());
  std::vector<runtime::TensorDump::Missing> missing;
  const std::vector<NamedTensor> tensors = dump.take(&missing);
  const fs::path file = tensor_file(folder, network, stage);
  BMNET_TRY(write_npz(file, tensors));
  std::string text = fmt::format("{} tensors in {}\n", tensors.size(), file.string());
  for (const auto& [name, why] : missing) text += fmt::format("  left out: '{}': {}\n", printable(name), why);
  if (network.stages[stage].layers.tensors.empty())
    text += "  the file has no layer table: only inputs and outputs of its sub-nets have names\n";
  return text;
}

}  // namespace bmnet::tool
