// bmrt_test: runs BModels and compares their outputs with references.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include "base/file.h"
#include "runtime/app/compare.h"
#include "runtime/app/options.h"
#include "runtime/bmrt/bmrt.h"
#include "runtime/include/bmruntime_interface.h"
#include "runtime/log.h"
#include "target/bm1684/machine.h"

#define INFO(...) \
  ::bmnet::runtime::log_line(::bmnet::runtime::LogLevel::kInfo, "bmrt_test", __LINE__, fmt::format(__VA_ARGS__))

namespace bmnet::bmrt_test {
namespace {

using Clock = std::chrono::steady_clock;
using runtime::Bmrt;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }
double microseconds(uint64_t cycles) { return static_cast<double>(cycles) * 1e6 / bm1684::kClockHz; }

// Reference data is read front to back: net by net, stage by stage, tensor by tensor.
struct Reference {
  std::string path;
  MappedFile file;
  size_t at = 0;

  static Result<Reference> open(const std::string& path) {
    BMNET_ASSIGN(MappedFile file, MappedFile::open(path));
    return Reference{path, std::move(file)};
  }
  Result<Bytes> take(size_t bytes) {
    if (!contains(file.bytes(), at, bytes))
      return user_error("{}: holds {} bytes; {} more are needed at {}", path, file.bytes().size(), bytes, at);
    at += bytes;
    return file.bytes().subspan(at - bytes, bytes);
  }
};

// What one pass over the nets of a file reads, and the outputs it collects.
struct Data {
  std::optional<Reference> input, output;
  std::vector<uint8_t> exported;  // net by net, stage by stage, as the references; with --export_output only
};

struct Times {
  double load = 0, calculate = 0, get = 0, compare = 0;
};

// Device memory of the tensors of one run.
class Tensors {
 public:
  explicit Tensors(bm_handle_t handle) : handle_(handle) {}
  ~Tensors() {
    for (bm_tensor_t& tensor : list) bm_free_device(handle_, tensor.device_mem);
  }
  Tensors(const Tensors&) = delete;
  Status add(bm_data_type_t type, bm_shape_t shape, size_t bytes) {
    bm_tensor_t tensor{};
    tensor.dtype = type;
    tensor.shape = shape;
    if (bm_malloc_device_byte(handle_, &tensor.device_mem, static_cast<unsigned>(bytes)) != BM_SUCCESS)
      return system_error("no device memory for a tensor of {} bytes", bytes);
    list.push_back(tensor);
    return {};
  }
  std::vector<bm_tensor_t> list;

 private:
  bm_handle_t handle_;
};

class Program {
 public:
  explicit Program(const Options& options) : options_(options) {}
  ~Program() {
    bmrt_destroy(bmrt_);
    bm_dev_free(handle_);
  }

  Status run() {
    if (!options_.device_name.empty()) setenv("BMNET_DEVICE", options_.device_name.c_str(), 1);
    if (bm_dev_request(&handle_, options_.device) != BM_SUCCESS)
      return system_error("device {} cannot be opened", options_.device);
    handle_->device->launch_options().detect_races = options_.detect_races;
    bm_device_mem_t reserved{};
    if (options_.prealloc &&
        bm_malloc_device_byte(handle_, &reserved, static_cast<unsigned>(options_.prealloc)) != BM_SUCCESS)
      return system_error("--prealloc: no {} bytes of device memory", options_.prealloc);
    bmrt_ = bmrt_create(handle_);
    if (!bmrt_) return bug("no runtime on device {}", options_.device);
    for (int loop = 0; loop < options_.loops; ++loop) {
      first_net_ = 0;
      file_ = 0;
      if (!options_.bmodel.empty()) BMNET_TRY(run_bmodel(options_.bmodel, "", loop));
      for (const std::string& dir : options_.context_dirs)
        BMNET_TRY(run_bmodel(dir + "/compilation.bmodel", dir, loop));
    }
    return {};
  }

 private:
  // Nets [first_net_, nets after loading) belong to this file; loaded in the first loop only.
  Status run_bmodel(const std::string& path, const std::string& dir, int loop) {
    if (loop == 0) {
      if (!bmrt_load_bmodel(bmrt_, path.c_str())) return user_error("{}: cannot be loaded", path);
      bmrt_show_neuron_network(bmrt_);
      ends_.push_back(bmrt_get_network_number(bmrt_));
    }
    const int last = ends_[file_++];
    const Status status = run_threads(dir, last, loop);
    first_net_ = last;
    return status;
  }

  Status run_threads(const std::string& dir, int last, int loop) {
    if (options_.threads == 1) return run_nets(dir, last, loop);
    std::vector<Status> results(options_.threads);
    std::vector<std::thread> threads;
    for (Status& result : results) threads.emplace_back([&] { result = run_nets(dir, last, loop); });
    for (std::thread& thread : threads) thread.join();
    for (Status& result : results) BMNET_TRY(result);
    return {};
  }

  Status run_nets(const std::string& dir, int last, int loop) {
    Data data;
    if (!dir.empty()) {
      BMNET_ASSIGN(data.input, Reference::open(dir + "/input_ref_data.dat"));
      if (options_.compare) {
        BMNET_ASSIGN(data.output, Reference::open(dir + "/" + options_.output_ref));
      }
    }
    const Status status = run_nets(last, loop, data);
    if (!data.exported.empty()) {
      const std::filesystem::path file = dir.empty() ? options_.bmodel : dir + "/compilation.bmodel";
      BMNET_TRY(write_file_atomically(file.parent_path() / "output.dat", Bytes(data.exported)));
    }
    return status;
  }

  Status run_nets(int last, int loop, Data& data) {
    const char** names = nullptr;
    bmrt_get_network_names(bmrt_, &names);
    const std::unique_ptr<const char*, decltype(&std::free)> guard(names, std::free);
    for (int net = first_net_; net < last; ++net) {
      const bm_net_info_t& info = *bmrt_get_network_info(bmrt_, names[net]);
      for (int stage = 0; stage < info.stage_num; ++stage) {
        const bool wanted = (options_.net_idx < 0 || options_.net_idx == net) &&
                            (options_.stage_idx < 0 || options_.stage_idx == stage) && has_wanted_shapes(info, stage);
        if (wanted) {
          INFO("==> running network #{}, name: {}, loop: {}", net, info.name, loop);
          BMNET_TRY(run_stage(info, stage, data));
        } else {
          BMNET_TRY(skip(info, stage, data));
        }
      }
    }
    return {};
  }

  bool has_wanted_shapes(const bm_net_info_t& info, int stage) const {
    if (options_.shapes.empty()) return true;
    if (static_cast<int>(options_.shapes.size()) != info.input_num) return false;
    for (int i = 0; i < info.input_num; ++i) {
      const bm_shape_t shape = runtime::to_bm_shape(options_.shapes[i]);
      if (!bmrt_shape_is_same(&shape, &info.stages[stage].input_shapes[i])) return false;
    }
    return true;
  }

  static size_t bytes_of(const bm_shape_t& shape, bm_data_type_t type) {
    return bmrt_shape_count(&shape) * bmrt_data_type_size(type);
  }

  // Passes over the reference data of a stage that does not run.
  static Status skip(const bm_net_info_t& info, int stage, Data& data) {
    for (int i = 0; data.input && i < info.input_num; ++i)
      BMNET_TRY(data.input->take(bytes_of(info.stages[stage].input_shapes[i], info.input_dtypes[i])));
    for (int i = 0; data.output && i < info.output_num; ++i)
      BMNET_TRY(data.output->take(bytes_of(info.stages[stage].output_shapes[i], info.output_dtypes[i])));
    return {};
  }

  Status run_stage(const bm_net_info_t& info, int stage, Data& data) {
    const bm_stage_info_t& shapes = info.stages[stage];
    Times times;
    Clock::time_point start = Clock::now();
    Tensors inputs(handle_);
    for (int i = 0; i < info.input_num; ++i) {
      const size_t bytes = bytes_of(shapes.input_shapes[i], info.input_dtypes[i]);
      INFO("reading input #{}, bytesize={}", i, bytes);
      std::vector<uint8_t> values(bytes);
      if (data.input) {
        BMNET_ASSIGN(const Bytes reference, data.input->take(bytes));
        std::copy(reference.begin(), reference.end(), values.begin());
      }
      BMNET_TRY(inputs.add(info.input_dtypes[i], shapes.input_shapes[i], bytes));
      if (bm_memcpy_s2d(handle_, inputs.list[i].device_mem, values.data()) != BM_SUCCESS)
        return bug("input {} cannot be copied", i);
      if (options_.debug_output) BMNET_TRY(dump(fmt::format("input_{}.txt", i), values, info.input_dtypes[i]));
    }
    times.load = seconds_since(start);

    std::vector<std::unique_ptr<Tensors>> outputs;
    for (int k = 0; k < options_.launches; ++k) {
      auto& tensors = outputs.emplace_back(std::make_unique<Tensors>(handle_));
      for (int i = 0; i < info.output_num; ++i)
        BMNET_TRY(tensors->add(info.output_dtypes[i], shapes.output_shapes[i], info.max_output_bytes[i]));
      BMNET_ASSIGN(const double seconds, launch(info, stage, inputs, *tensors));
      times.calculate += seconds;
    }
    const Status compared = examine(info, stage, outputs, data, times);
    INFO("load input time(s): {:.6f}", times.load);
    INFO("calculate  time(s): {:.6f}", times.calculate);
    INFO("get output time(s): {:.6f}", times.get);
    INFO("compare    time(s): {:.6f}", times.compare);
    return compared;
  }

  Result<double> launch(const bm_net_info_t& info, int stage, Tensors& inputs, Tensors& outputs) {
    const Clock::time_point start = Clock::now();
    if (!bmrt_launch_tensor_ex(bmrt_, info.name, inputs.list.data(), info.input_num, outputs.list.data(),
                               info.output_num, true, false))
      return user_error("net[{}] stage[{}]: the launch failed", info.name, stage);
    const double launched = seconds_since(start);
    if (bm_thread_sync(handle_) != BM_SUCCESS) return bug("synchronisation failed");
    const double total = seconds_since(start);
    LaunchReport report;
    {
      const std::lock_guard lock(bmrt().loading);
      report = bmrt().last_report;
    }
    const double npu = microseconds(report.cycles);
    INFO(
        "net[{}] stage[{}], launch total time is {:.0f} us (npu {:.0f} us, cpu {:.0f} us), (launch func time {:.0f} "
        "us, sync {:.0f} us)",
        info.name, stage, total * 1e6, npu, std::max(0.0, total * 1e6 - npu), launched * 1e6, (total - launched) * 1e6);
    if (options_.profile || options_.subnet_time) print(report);
    if (report.race_count) return user_error("net[{}] stage[{}]: {} races", info.name, stage, report.race_count);
    return total;
  }

  static void print(const LaunchReport& report) {
    const EngineStatistics &tiu = report.of(bm1684::Engine::kTiu), &gdma = report.of(bm1684::Engine::kGdma);
    INFO("chip: {} cycles = {:.3f} ms at {:.0f} MHz in {} command groups", report.cycles,
         microseconds(report.cycles) / 1e3, bm1684::kClockHz / 1e6, report.groups);
    INFO("TIU:  {} commands, {} cycles", tiu.commands, tiu.cycles);
    INFO("GDMA: {} commands, {} cycles, DDR read {} bytes, written {} bytes", gdma.commands, gdma.cycles,
         report.ddr_bytes_read, report.ddr_bytes_written);
  }

  Status examine(const bm_net_info_t& info, int stage, const std::vector<std::unique_ptr<Tensors>>& outputs, Data& data,
                 Times& times) {
    INFO("+++ The network[{}] stage[{}] output_data +++", info.name, stage);
    std::vector<Bytes> references;
    for (int i = 0; data.output && i < info.output_num; ++i) {
      BMNET_ASSIGN(const Bytes reference, data.output->take(bmrt_tensor_bytesize(&outputs[0]->list[i])));
      references.push_back(reference);
    }
    bool good = true;
    for (size_t k = 0; k < outputs.size(); ++k) {
      const bool last = k + 1 == outputs.size();
      for (int i = 0; i < info.output_num; ++i) {
        Clock::time_point start = Clock::now();
        const bm_tensor_t& tensor = outputs[k]->list[i];
        std::vector<uint8_t> values(bmrt_tensor_bytesize(&tensor));
        if (!values.empty() && bm_memcpy_d2s_partial(handle_, values.data(), tensor.device_mem,
                                                     static_cast<unsigned>(values.size())) != BM_SUCCESS)
          return bug("output {} cannot be copied", i);
        times.get += seconds_since(start);
        if (last && options_.export_output) data.exported.insert(data.exported.end(), values.begin(), values.end());
        if (last && options_.debug_output) {
          BMNET_TRY(dump(fmt::format("output_{}.txt", i), values, tensor.dtype));
          if (data.output) BMNET_TRY(dump(fmt::format("output_ref_{}.txt", i), references[i], tensor.dtype));
        }
        if (!data.output || (options_.only_compare_last && !last)) continue;
        start = Clock::now();
        INFO("==>comparing output in mem #{} ... ", i);
        if (const auto difference =
                first_difference(values, references[i], tensor.dtype, {options_.accuracy_f, options_.accuracy_i})) {
          INFO("output #{} '{}': {}", i, info.output_names[i], *difference);
          good = false;
        }
        times.compare += seconds_since(start);
      }
    }
    if (options_.export_neuron) BMNET_TRY(export_neuron(info, stage));
    if (!data.output) return {};
    INFO("+++ The network[{}] stage[{}] cmp {} +++", info.name, stage, good ? "success" : "failed");
    if (!good) return user_error("net[{}] stage[{}]: the outputs differ from the reference", info.name, stage);
    return {};
  }

  Status export_neuron(const bm_net_info_t& info, int stage) {
    const runtime::DeviceBuffer& buffer = *bmrt().find(info.name)->stages[stage].context;
    std::vector<uint8_t> data(buffer.bytes());
    BMNET_TRY(handle_->device->device().read(buffer.address(), std::as_writable_bytes(std::span(data))));
    return write_file_atomically("neuron.dat", Bytes(data));
  }

  static Status dump(const std::string& path, Bytes data, bm_data_type_t type) {
    std::string text;
    for (size_t i = 0; i < data.size() / bmrt_data_type_size(type); ++i) text += element_text(data, i, type) + "\n";
    return write_file_atomically(path, std::string_view(text));
  }

  Bmrt& bmrt() { return *static_cast<Bmrt*>(bmrt_); }

  const Options& options_;
  bm_handle_t handle_ = nullptr;
  void* bmrt_ = nullptr;
  std::vector<int> ends_;  // number of nets after each file
  size_t file_ = 0;        // the one that runs
  int first_net_ = 0;      // of that file
};

int main(int count, char** arguments) {
  Result<Options> options = parse({arguments + 1, arguments + count});
  if (options && options->help) {
    std::cout << help_text();
    return 0;
  }
  if (options && options->version) {
    std::cout << "bmrt_test of BMNet 0.1.0\n";
    return 0;
  }
  if (options && options->bmodel.empty() && options->context_dirs.empty())
    options = user_error("nothing to run: give --context_dir DIR or --bmodel FILE; see --help");
  const Status status = options ? Program(*options).run() : tl::unexpected(options.error());
  if (status) return 0;
  runtime::log_line(runtime::LogLevel::kFatal, "bmrt_test", __LINE__, status.error().message);
  return 255;
}

}  // namespace
}  // namespace bmnet::bmrt_test

int main(int count, char** arguments) { return bmnet::bmrt_test::main(count, arguments); }
