// bench_compile MODEL BMODEL: compiles a model once without comparison and prints seconds and peak memory after every
// stage. A process has one peak, so one process measures one compilation.
#include <sys/resource.h>

#include <filesystem>

#include "bench/report.h"
#include "bmodel/writer.h"
#include "pass/optimize.h"
#include "plan/compile.h"
#include "tool/front_ends.h"

namespace bmnet::bench {
namespace {

uint64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

Status measure(const std::string& path, const std::filesystem::path& output) {
  nlohmann::json stages;
  Stopwatch watch;
  const auto end_stage = [&](const char* name) {
    stages.push_back({{"stage", name}, {"seconds", watch.lap()}, {"peak_bytes", peak_bytes()}});
  };

  tool::CompileFlags flags;
  flags.model = path;
  BMNET_ASSIGN(const tool::FrontEnd* front_end, tool::recognize(path));
  BMNET_ASSIGN(nn::Model model, tool::import_model(*front_end, flags));
  end_stage("import");
  BMNET_TRY(pass::optimize(model, flags.opt));
  BMNET_ASSIGN(const op::Graph graph, model.to_graph());
  end_stage("optimise");
  BMNET_ASSIGN(const plan::Compiled compiled, plan::compile(graph, {.opt_level = flags.opt}));
  end_stage("plan");
  BMNET_TRY(bmodel::write_file(output, compiled.model));
  end_stage("write");
  print_line({{"model_bytes", std::filesystem::file_size(path)}, {"stages", stages}});
  return {};
}

}  // namespace
}  // namespace bmnet::bench

int main(int argc, char** argv) {
  if (argc != 3) return fmt::print(stderr, "Usage: bench_compile MODEL BMODEL\n"), 2;
  const bmnet::Status status = bmnet::bench::measure(argv[1], argv[2]);
  return status ? 0 : bmnet::bench::fail(status.error());
}
