// bench_sim [--device=D] [--repeat=N] [--instructions] FOLDER: runs the network of a folder (compilation.bmodel with
// its input_ref_data.dat and output_ref_data.dat) and prints seconds per run, cycles and commands, and whether the
// outputs are those of the folder, bit for bit. --instructions: host time by instruction instead, which costs a little
// itself. With resnet50_int8 in place of the folder: the generated stream of that size (resnet_stream.h), four images a
// run.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "base/parallel.h"
#include "base/sha256.h"
#include "bench/report.h"
#include "bench/sim/profiled_simulator.h"
#include "bench/sim/resnet_stream.h"
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

Result<std::unique_ptr<Device>> open(const Arguments& a, ProfiledSimulator::Costs& costs) {
  if (!a.instructions) return open_device(a.device);
  return ProfiledSimulator::create(costs);
}

Status measure_stream(const Arguments& a) {
  BMNET_ASSIGN(const ResnetStream stream, make_resnet_stream());
  ProfiledSimulator::Costs costs;
  BMNET_ASSIGN(const auto device, open(a, costs));
  std::vector<uint32_t> data((stream.end - stream.begin) / 4);
  uint32_t state = 1;
  for (uint32_t& word : data) word = state = state * 1664525 + 1013904223;
  nlohmann::json seconds;
  LaunchReport report;
  for (int i = 0; i < a.repeat; ++i) {
    BMNET_TRY(device->write(stream.begin, std::as_bytes(std::span(data))));
    const Stopwatch watch;
    BMNET_ASSIGN(report, device->launch(stream.groups, {}));
    seconds.push_back(watch.seconds());
  }
  std::vector<std::byte> result(stream.result_bytes);
  BMNET_TRY(device->read(stream.result, result));
  print_line({{"threads", thread_count()},
              {"seconds", seconds},
              {"images", ResnetStream::kImages},
              {"cycles", report.cycles},
              {"commands", report.engines[0].commands + report.engines[1].commands},
              {"macs", stream.macs * ResnetStream::kImages},
              {"digest", to_hex(sha256({reinterpret_cast<const uint8_t*>(result.data()), result.size()}))},
              {"instructions", to_json(costs, a.repeat)}});
  return {};
}

Status measure(const Arguments& a) {
  if (a.folder == "resnet50_int8") return measure_stream(a);
  ProfiledSimulator::Costs costs;
  BMNET_ASSIGN(std::unique_ptr<Device> device, open(a, costs));
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
