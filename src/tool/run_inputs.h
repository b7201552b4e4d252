// What a BModel is run on: the file, and its inputs from a context folder, an npz file, a picture, random numbers or
// zeros. Shared by `bmnet run` and `bmnet debug`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/session.h"
#include "tool/command_line.h"

namespace bmnet::tool {

struct RunInputs {
  std::string bmodel, context_dir;
  std::string input, image, mean, scale = "1";
  bool rgb = false;
  std::optional<uint64_t> seed;
};

void declare_inputs(CLI::App& app, RunInputs& a);

// The .bmodel file that the arguments name.
Result<std::filesystem::path> bmodel_of(const RunInputs& a);

// One tensor per input of the stage. From the context folder: the part of input_ref_data.dat that is this stage's
// (nets and stages stand there one after the other).
Result<std::vector<NamedTensor>> make_inputs(const runtime::Session& session, const RunInputs& a, size_t net = 0,
                                             size_t stage = 0);

// The stage of the net that takes these inputs.
Result<size_t> stage_for(const runtime::Session& session, const std::vector<NamedTensor>& inputs, size_t net = 0);

// The tensors of (net, stage) in a file of a context folder, where the inputs (outputs) of all nets and stages stand
// one after the other.
enum class ContextFile { kInputs, kOutputs };
Result<std::vector<NamedTensor>> read_context(const runtime::Session& session, const std::filesystem::path& folder,
                                              ContextFile file, size_t net, size_t stage);

}  // namespace bmnet::tool
