// bench_sim [--device=D] [--repeat=N] [--instructions] FOLDER: runs the network of a folder (compilation.bmodel with
// its input_ref_data.dat and output_ref_data.dat) and prints seconds per run, cycles and commands, and whether the
// outputs are those of the folder, bit for bit. --instructions: host time by instruction instead, which costs a little
// itself.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "base/parallel.h"
#include "base/sha256.h"
#include "bench/report.h"
#include "bench/sim/profiled_simulator.h"
#include "runtime/session.h"

namespace bmnet::bench {
namespace {

namespace fs = std::filesystem;
using runtime::Session;

struct Arguments {
  std::string device = "simulator";
  int repeat = 1;
  bool instructions = false;
  fs::path folder;
};

std::string digest(std::span<const NamedTensor> tensors) {
  std::vector<Bytes> chunks;
  for (const NamedTensor& named : tensors)
    chunks.push_back({static_cast<const uint8_t*>(named.tensor.raw()), named.tensor.bytes()});
  return to_hex(sha256(chunks));
}

Result<std::vector<NamedTensor>> read_data(const fs::path& path,
                                           std::span<const runtime::TensorDeclaration> declarations) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(path));
  size_t offset = 0;
  return runtime::read_dat(file, path.string(), declarations, offset);
}

int64_t macs_of(const Session& session) {
  int64_t macs = 0;
  for (const auto& layer : session.networks()[0]->stages[0].layers.layers) macs += layer.macs;
  return macs;
}

nlohmann::json to_json(const ProfiledSimulator::Costs& costs, int runs) {
  nlohmann::json rows;
  for (const auto& [name, cost] : costs)
    rows.push_back({{"instruction", name},
                    {"commands", cost.commands / runs},
                    {"seconds", cost.seconds / runs},
                    {"cycles", cost.cycles / runs}});
  return rows;
}

Status measure(const Arguments& a) {
  ProfiledSimulator::Costs costs;
  std::unique_ptr<Device> device;
  if (a.instructions) {
    BMNET_ASSIGN(device, ProfiledSimulator::create(costs));
  } else {
    BMNET_ASSIGN(device, open_device(a.device));
  }
  BMNET_ASSIGN(const auto session, Session::open(std::move(device)));
  BMNET_TRY(session->load(a.folder / "compilation.bmodel"));
  BMNET_ASSIGN(const auto inputs, session->inputs());
  BMNET_ASSIGN(const auto outputs, session->outputs());
  BMNET_ASSIGN(const auto feeds, read_data(a.folder / "input_ref_data.dat", inputs));
  BMNET_ASSIGN(const auto golden, read_data(a.folder / "output_ref_data.dat", outputs));

  nlohmann::json seconds;
  runtime::SessionRun run;
  for (int i = 0; i < a.repeat; ++i) {
    BMNET_ASSIGN(run, session->run(feeds, 0, 0));
    seconds.push_back(run.seconds);
  }
  print_line({{"threads", thread_count()},
              {"seconds", seconds},
              {"cycles", run.report.cycles},
              {"commands", run.report.engines[0].commands + run.report.engines[1].commands},
              {"macs", macs_of(*session)},
              {"identical", digest(run.outputs) == digest(golden)},
              {"digest", digest(run.outputs)},
              {"instructions", to_json(costs, a.repeat)}});
  return {};
}

}  // namespace
}  // namespace bmnet::bench

int main(int argc, char** argv) {
  CLI::App app("Measures a device on the network of a folder.", "bench_sim");
  bmnet::bench::Arguments arguments;
  app.add_option("--device", arguments.device, "simulator, or cmodel=PATH of a vendor C model")->capture_default_str();
  app.add_option("--repeat", arguments.repeat, "how many runs")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_flag("--instructions", arguments.instructions, "host time by instruction, on the simulator");
  app.add_option("folder", arguments.folder)->required();
  CLI11_PARSE(app, argc, argv);
  const bmnet::Status status = bmnet::bench::measure(arguments);
  return status ? 0 : bmnet::bench::fail(status.error());
}
