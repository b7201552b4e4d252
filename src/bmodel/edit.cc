#include "bmodel/edit.h"

#include <algorithm>
#include <map>
#include <system_error>

#include "base/file.h"
#include "bmodel/check.h"
#include "bmodel/container.h"
#include "bmodel/reader.h"
#include "bmodel/writer.h"

namespace bmnet::bmodel {
namespace {

namespace fs = std::filesystem;

// Where a stage of the combined model came from.
struct Origin {
  size_t model, net, stage;
};

// origins[net][stage] of the result.
Result<Model> combine(std::span<const Model> models, std::vector<std::vector<Origin>>& origins) {
  if (models.empty()) return user_error("no models to combine");
  Model result = models[0];
  result.nets.clear();
  std::map<std::string, size_t, std::less<>> places;
  for (size_t m = 0; m < models.size(); ++m) {
    if (models[m].chip != result.chip)
      return user_error("model {} is for chip {}, the first for {}", m, models[m].chip, result.chip);
    result.device_num = std::max(result.device_num, models[m].device_num);
    for (size_t n = 0; n < models[m].nets.size(); ++n) {
      const Net& net = models[m].nets[n];
      const auto [place, is_new] = places.try_emplace(net.name, result.nets.size());
      if (is_new) {
        result.nets.push_back({net.name, {}, net.cascade, net.addr_mode});
        origins.emplace_back();
      }
      Net& target = result.nets[place->second];
      if (target.addr_mode != net.addr_mode)
        return user_error("net '{}' has address modes {} and {}", net.name, target.addr_mode, net.addr_mode);
      for (size_t s = 0; s < net.stages.size(); ++s) {
        target.stages.push_back(net.stages[s]);
        origins[place->second].push_back({m, n, s});
      }
    }
  }
  BMNET_TRY(check(result));
  return result;
}

Result<std::vector<Model>> read_all(std::span<const fs::path> files) {
  std::vector<Model> models;
  for (const fs::path& file : files) {
    BMNET_ASSIGN(Model model, read_file(file));
    models.push_back(std::move(model));
  }
  return models;
}

// Bytes of the tensors as users hand them over: batch items one after the other, no padding.
uint64_t plain_bytes(const std::vector<Tensor>& tensors) {
  uint64_t bytes = 0;
  for (const Tensor& tensor : tensors) {
    uint64_t bits = static_cast<uint64_t>(bits_per_element(tensor.data_type));
    if (!tensor.shapes.empty())
      for (uint64_t dim : tensor.shapes[0]) bits *= dim;
    bytes += (bits + 7) / 8;
  }
  return bytes;
}

// A reference file cut into the pieces of its stages: pieces[net][stage].
Result<std::vector<std::vector<Bytes>>> cut(const MappedFile& file, const fs::path& path, const Model& model,
                                            std::vector<Tensor> Stage::* tensors) {
  std::vector<std::vector<Bytes>> pieces;
  Bytes rest = file.bytes();
  for (const Net& net : model.nets) {
    pieces.emplace_back();
    for (const Stage& stage : net.stages) {
      const uint64_t size = plain_bytes(stage.*tensors);
      if (size > rest.size())
        return user_error("{}: is too short for net '{}': {} more bytes wanted, {} left", path.string(), net.name, size,
                          rest.size());
      pieces.back().push_back(rest.first(size));
      rest = rest.subspan(size);
    }
  }
  return pieces;
}

Status combine_references(std::span<const fs::path> folders, const std::vector<Model>& models,
                          const std::vector<std::vector<Origin>>& origins, std::vector<Tensor> Stage::* tensors,
                          const char* name, const fs::path& output) {
  std::vector<MappedFile> files;
  std::vector<std::vector<std::vector<Bytes>>> pieces;
  for (size_t i = 0; i < folders.size(); ++i) {
    BMNET_ASSIGN(MappedFile file, MappedFile::open(folders[i] / name));
    BMNET_ASSIGN(auto cut_file, cut(file, folders[i] / name, models[i], tensors));
    files.push_back(std::move(file));
    pieces.push_back(std::move(cut_file));
  }
  std::vector<Bytes> chunks;
  for (const std::vector<Origin>& net : origins)
    for (const Origin& origin : net) chunks.push_back(pieces[origin.model][origin.net][origin.stage]);
  return write_file_atomically(output / name, chunks);
}

struct Weight {
  size_t net;
  const Location* location;
  Bytes bytes;
};

Result<Weight> find_weight(const Model& model, const WeightName& name) {
  const auto net = std::ranges::find(model.nets, name.net, &Net::name);
  if (net == model.nets.end()) return user_error("{}: has no net '{}'", name.file.string(), name.net);
  const std::optional<Coefficients>* coefficients = net->stages.empty() ? nullptr : &net->stages[0].coefficients;
  if (coefficients && *coefficients) {
    const Coefficients& all = **coefficients;
    const auto location = std::ranges::find(all.locations, name.offset, &Location::offset);
    if (location != all.locations.end()) {
      if (!contains(all.data.bytes(), location->offset, location->size))
        return user_error("{}: weight '{}' lies outside the coefficients", name.file.string(), location->name);
      return Weight{static_cast<size_t>(net - model.nets.begin()), &*location,
                    all.data.bytes().subspan(location->offset, location->size)};
    }
  }
  return user_error("{}: net '{}' names no weight at offset {:#x}; --weight lists them", name.file.string(), name.net,
                    name.offset);
}

}  // namespace

Result<Model> combine(std::span<const Model> models) {
  std::vector<std::vector<Origin>> origins;
  return combine(models, origins);
}

Status combine_files(std::span<const fs::path> files, const fs::path& output) {
  BMNET_ASSIGN(const std::vector<Model> models, read_all(files));
  BMNET_ASSIGN(const Model combined, combine(models));
  return write_file(output, combined);
}

Status combine_folders(std::span<const fs::path> folders, const fs::path& output) {
  std::vector<fs::path> files;
  for (const fs::path& folder : folders) files.push_back(folder / "compilation.bmodel");
  BMNET_ASSIGN(const std::vector<Model> models, read_all(files));
  std::vector<std::vector<Origin>> origins;
  BMNET_ASSIGN(const Model combined, combine(models, origins));
  std::error_code error;
  fs::create_directories(output, error);
  if (error) return system_error("{}: cannot create: {}", output.string(), error.message());
  BMNET_TRY(combine_references(folders, models, origins, &Stage::inputs, "input_ref_data.dat", output));
  BMNET_TRY(combine_references(folders, models, origins, &Stage::outputs, "output_ref_data.dat", output));
  return write_file(output / "compilation.bmodel", combined);
}

std::vector<Extracted> extract(const Model& model) {
  std::vector<Extracted> all;
  for (size_t n = 0; n < model.nets.size(); ++n)
    for (size_t s = 0; s < model.nets[n].stages.size(); ++s) {
      Model one = model;
      Net net = model.nets[n];
      net.stages = {model.nets[n].stages[s]};
      one.nets = {std::move(net)};
      all.push_back({fmt::format("bm_net{}_stage{}.bmodel", n, s), std::move(one)});
    }
  return all;
}

Status dump(const fs::path& path, uint64_t start, uint64_t size, const fs::path& output) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(path));
  BMNET_ASSIGN(const Container container, open_container(file.bytes(), path.string(), file.owner()));
  if (size == 0 || !contains(container.binary, start, size))
    return user_error("{}: start {:#x} and size {:#x} do not lie in the binary section of {:#x} bytes", path.string(),
                      start, size, container.binary.size());
  return write_file_atomically(output, container.binary.subspan(start, size));
}

Status update_weight(const WeightName& target, const WeightName& source) {
  BMNET_ASSIGN(Model model, read_file(target.file));
  BMNET_ASSIGN(const Model source_model, read_file(source.file));
  BMNET_ASSIGN(const Weight to, find_weight(model, target));
  BMNET_ASSIGN(const Weight from, find_weight(source_model, source));
  if (to.location->name != from.location->name || to.bytes.size() != from.bytes.size())
    return user_error("weights differ: '{}' of {} bytes and '{}' of {} bytes", to.location->name, to.bytes.size(),
                      from.location->name, from.bytes.size());
  const Blob old = model.nets[to.net].stages[0].coefficients->data;
  std::vector<uint8_t> content(old.bytes().begin(), old.bytes().end());
  std::ranges::copy(from.bytes, content.begin() + static_cast<ptrdiff_t>(to.location->offset));
  const Blob changed = Blob::of(std::move(content));
  for (Net& net : model.nets)
    for (Stage& stage : net.stages)
      if (stage.coefficients && stage.coefficients->data == old) {
        stage.coefficients->data = changed;
        stage.coefficients->check_code.clear();  // for the writer to compute
      }
  return write_file(target.file, model);
}

Status update_module(const fs::path& file, ModuleKind kind, const fs::path& library) {
  BMNET_ASSIGN(Model model, read_file(file));
  BMNET_ASSIGN(const MappedFile content, MappedFile::open(library));
  std::optional<Module>& module = kind == ModuleKind::kKernel ? model.kernel_module : model.cpuop_module;
  module = Module{library.filename().string(), Blob(content.bytes(), content.owner()), module ? module->mode : 0};
  return write_file(file, model);
}

Result<fs::path> dump_kernel_module(const fs::path& file, const fs::path& output) {
  BMNET_ASSIGN(const Model model, read_file(file));
  if (!model.kernel_module || model.kernel_module->content.empty())
    return user_error("{}: no kernel_module found", file.string());
  // The name comes from the file: only its last part counts, or it could name any place.
  const fs::path name = fs::path(model.kernel_module->file_name).filename();
  const fs::path target = output.empty() ? name : output.extension() == ".so" ? output : output / name;
  if (target.filename().empty()) return user_error("{}: its kernel_module has no name; give one", file.string());
  BMNET_TRY(write_file_atomically(target, model.kernel_module->content.bytes()));
  return target;
}

}  // namespace bmnet::bmodel
