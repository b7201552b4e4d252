#include "tool/run_inputs.h"

#include <random>

#include "tool/picture_input.h"
#include "tool/reference_data.h"

namespace bmnet::tool {

namespace fs = std::filesystem;
using runtime::Session;
using Declarations = std::vector<runtime::TensorDeclaration>;

void declare_inputs(CLI::App& app, RunInputs& a) {
  app.add_option("bmodel", a.bmodel, ".bmodel file");
  app.add_option("--context_dir", a.context_dir,
                 "folder with compilation.bmodel and its input_ref_data.dat (and output_ref_data.dat)");
  app.add_option("--input", a.input, "inputs by name from an .npz file");
  app.add_option("--image", a.image, "picture (JPEG or PNG), resized to the first input");
  app.add_option("--mean", a.mean, "with --image: value or one per channel subtracted, 0..255");
  app.add_option("--scale", a.scale, "with --image: factor after the mean, for example 0.00392")->capture_default_str();
  app.add_flag("--rgb", a.rgb, "with --image: channel order RGB (else BGR)");
  app.add_option("--seed", a.seed, "random inputs: floats in [0,1), integers 0 and 1 (without it: zeros)");
}

Result<fs::path> bmodel_of(const RunInputs& a) {
  if (!a.context_dir.empty()) return fs::path(a.context_dir) / "compilation.bmodel";
  if (a.bmodel.empty()) return user_error("give a .bmodel file or --context_dir DIR");
  return fs::path(a.bmodel);
}

Result<std::vector<NamedTensor>> read_context(const Session& session, const fs::path& folder, ContextFile which,
                                              size_t net, size_t stage) {
  const bool inputs = which == ContextFile::kInputs;
  const std::string name = inputs ? "input_ref_data.dat" : "output_ref_data.dat";
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(folder / name));
  size_t offset = 0;
  for (size_t n = 0; n <= net; ++n)
    for (size_t s = 0; s < (n == net ? stage : session.networks()[n]->stages.size()); ++s) {
      BMNET_ASSIGN(const Declarations before, inputs ? session.inputs(n, s) : session.outputs(n, s));
      for (const auto& declaration : before) offset += declaration.info.bytes();
    }
  BMNET_ASSIGN(const Declarations wanted, inputs ? session.inputs(net, stage) : session.outputs(net, stage));
  return runtime::read_dat(file, name, wanted, offset);
}

Result<std::vector<NamedTensor>> make_inputs(const Session& session, const RunInputs& a, size_t net, size_t stage) {
  if (!a.context_dir.empty()) return read_context(session, a.context_dir, ContextFile::kInputs, net, stage);
  if (!a.input.empty()) return read_npz(a.input);
  BMNET_ASSIGN(const Declarations declarations, session.inputs(net, stage));
  std::mt19937_64 generator(a.seed.value_or(0));
  std::vector<NamedTensor> inputs;
  for (size_t i = 0; i < declarations.size(); ++i) {
    const TensorInfo& info = declarations[i].info;
    Tensor tensor(info);
    if (i == 0 && !a.image.empty()) {
      BMNET_ASSIGN(tensor, picture_input(a.image, info, {.mean = a.mean, .scale = a.scale, .rgb = a.rgb}));
    } else if (a.seed) {
      BMNET_ASSIGN(tensor, random_tensor(info, generator));
    }
    inputs.push_back({declarations[i].name, std::move(tensor)});
  }
  return inputs;
}

Result<size_t> stage_for(const Session& session, const std::vector<NamedTensor>& inputs, size_t net) {
  BMNET_ASSIGN(const Declarations declarations, session.inputs(net));
  std::vector<Shape> shapes;
  for (const auto& declaration : declarations)
    if (const Tensor* input = find_tensor(inputs, declaration.name)) shapes.push_back(input->shape());
  return session.networks()[net]->stage_for(shapes);
}

}  // namespace bmnet::tool
