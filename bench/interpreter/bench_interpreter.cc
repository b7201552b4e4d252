// bench_interpreter MODEL FOLDER REPEATS: times the fast interpreter on random inputs. Inputs and outputs are left in
// FOLDER (input_ref_data.dat, output_ref_data.dat), so that another runtime can be fed and compared with the same data.
#include <filesystem>
#include <string>

#include "base/parallel.h"
#include "bench/report.h"
#include "op/host/host.h"
#include "tool/front_ends.h"
#include "tool/reference_data.h"

namespace bmnet::bench {
namespace {

Status measure(const std::string& path, const std::filesystem::path& folder, int repeats) {
  tool::CompileFlags flags;
  flags.model = path;
  BMNET_ASSIGN(const tool::FrontEnd* front_end, tool::recognize(path));
  BMNET_ASSIGN(const nn::Model model, tool::import_model(*front_end, flags));
  BMNET_ASSIGN(const op::Graph graph, model.to_graph());
  BMNET_ASSIGN(op::Interpreter interpreter, op::host::make_interpreter(graph));
  BMNET_ASSIGN(const std::vector<Tensor> inputs, tool::random_inputs(graph, {}, flags.seed));
  std::vector<NamedTensor> feeds;
  for (size_t i = 0; i < inputs.size(); ++i) feeds.push_back({graph.values[graph.inputs[i]].name, inputs[i]});

  BMNET_ASSIGN(const std::vector<Tensor> outputs, interpreter.run(feeds));  // warms caches and pools
  nlohmann::json seconds;
  for (int i = 0; i < repeats; ++i) {
    const Stopwatch watch;
    BMNET_TRY(interpreter.run(feeds));
    seconds.push_back(watch.seconds());
  }
  std::filesystem::create_directories(folder);
  BMNET_TRY(tool::write_dat(folder / "input_ref_data.dat", inputs));
  BMNET_TRY(tool::write_dat(folder / "output_ref_data.dat", outputs));
  print_line({{"threads", thread_count()},
              {"seconds", seconds},
              {"fast_nodes", interpreter.fast_node_count()},
              {"nodes", graph.nodes.size()}});
  return {};
}

}  // namespace
}  // namespace bmnet::bench

int main(int argc, char** argv) {
  if (argc != 4) return fmt::print(stderr, "Usage: bench_interpreter MODEL FOLDER REPEATS\n"), 2;
  const bmnet::Status status = bmnet::bench::measure(argv[1], argv[2], std::atoi(argv[3]));
  return status ? 0 : bmnet::bench::fail(status.error());
}
