// Taking BModel files apart and putting them together.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "bmodel/model.h"

namespace bmnet::bmodel {

// One model of all nets, in order; a net whose name exists already becomes further stages of it. Chip, time and modules
// are those of the first model. Refused: another chip, another address mode, stages that do not agree (check.h).
Result<Model> combine(std::span<const Model> models);
Status combine_files(std::span<const std::filesystem::path> files, const std::filesystem::path& output);

// The same for context folders: compilation.bmodel, input_ref_data.dat and output_ref_data.dat, whose tensors stand net
// by net and stage by stage; those of the result do, too. Makes `output` where needed.
Status combine_folders(std::span<const std::filesystem::path> folders, const std::filesystem::path& output);

// One model for every stage of every net.
struct Extracted {
  std::string file_name;  // "bm_net0_stage0.bmodel"
  Model model;
};
std::vector<Extracted> extract(const Model& model);

// Writes `size` bytes of the file's binary section from `start` on.
Status dump(const std::filesystem::path& file, uint64_t start, uint64_t size, const std::filesystem::path& output);

// Names one weight: the location that starts at `offset` in the coefficients of the net's first stage.
struct WeightName {
  std::filesystem::path file;
  std::string net;
  uint64_t offset = 0;
};
// Replaces the weight `target` by `source`, which must have the same name and size, and rewrites target.file. Other
// stages with the same coefficients change with it.
Status update_weight(const WeightName& target, const WeightName& source);

enum class ModuleKind { kKernel, kCpuop };
// Stores the file `library` as a module of the model in `file`, replacing the one there is.
Status update_module(const std::filesystem::path& file, ModuleKind kind, const std::filesystem::path& library);
// Writes the kernel module to `output`: a file if it ends in ".so", else a folder; the module's own name if empty.
// Gives the path written.
Result<std::filesystem::path> dump_kernel_module(const std::filesystem::path& file,
                                                 const std::filesystem::path& output);

}  // namespace bmnet::bmodel
