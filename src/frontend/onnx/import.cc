#include "frontend/onnx/import.h"

#include "frontend/onnx/importer.h"

namespace bmnet::frontend {
namespace {

Result<nn::Model> import_file(onnx::ModelFile& file, const ImportOptions& options) {
  const std::string stem = std::filesystem::path(file.name()).stem().string();
  onnx::Importer importer(file, options, options.net_name.empty() ? stem : options.net_name);
  auto model = importer.run();
  if (!model) return with_context(file.name(), std::move(model).error());
  return model;
}

}  // namespace

Result<nn::Model> import_onnx(const std::filesystem::path& path, const ImportOptions& options) {
  BMNET_ASSIGN(onnx::ModelFile file, onnx::ModelFile::open(path));
  return import_file(file, options);
}

Result<nn::Model> import_onnx(Bytes content, const std::string& name, const std::filesystem::path& folder,
                              const ImportOptions& options) {
  BMNET_ASSIGN(onnx::ModelFile file, onnx::ModelFile::parse(content, name, folder, nullptr));
  return import_file(file, options);
}

Result<std::vector<std::string>> onnx_input_names(const std::filesystem::path& path) {
  BMNET_ASSIGN(const onnx::ModelFile file, onnx::ModelFile::open(path));
  std::vector<std::string> names;
  for (const auto& input : file.model().graph().input()) names.push_back(input.name());
  return names;
}

}  // namespace bmnet::frontend
