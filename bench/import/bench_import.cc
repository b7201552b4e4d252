// bench_import MODEL [SHAPES]: reads a model, or the model of a folder with golden data, into the compiler's graph once
// and prints seconds, the processor time of the process and its peak memory, which counts mapped files while resident.
#include <sys/resource.h>

#include <filesystem>

#include "bench/report.h"
#include "tool/check_models.h"

namespace bmnet::bench {
namespace {

Result<tool::GoldenModel> find(const std::string& path, const char* shapes) {
  if (std::filesystem::exists(std::filesystem::path(path) / "golden.npz")) return tool::read_golden_model(path);
  tool::GoldenModel model;
  model.flags.model = path;
  if (shapes) model.flags.shapes = shapes;
  BMNET_ASSIGN(model.front_end, tool::recognize(path));
  return model;
}

Status measure(const std::string& path, const char* shapes) {
  BMNET_ASSIGN(tool::GoldenModel model, find(path, shapes));
  model.sets.clear();
  const Stopwatch watch;
  BMNET_ASSIGN(const nn::Model imported, tool::import_model(*model.front_end, model.flags));
  const double seconds = watch.seconds();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto as_seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  print_line({{"framework", model.front_end->framework},
              {"model", model.flags.model},
              {"weight", model.flags.weight},
              {"seconds", seconds},
              {"cpu_seconds", as_seconds(usage.ru_utime) + as_seconds(usage.ru_stime)},
              {"peak_bytes", static_cast<uint64_t>(usage.ru_maxrss) * 1024}});
  return {};
}

}  // namespace
}  // namespace bmnet::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return fmt::print(stderr, "Usage: bench_import MODEL [SHAPES]\n"), 2;
  const bmnet::Status status = bmnet::bench::measure(argv[1], argc == 3 ? argv[2] : nullptr);
  return status ? 0 : bmnet::bench::fail(status.error());
}
