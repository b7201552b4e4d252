#include "runtime/app/options.h"

#include <charconv>
#include <functional>
#include <optional>

#include "base/file.h"

namespace bmnet::bmrt_test {
namespace {

template <typename T>
Status number(const std::string& text, T low, T& value, int base = 10) {
  const char* begin = text.c_str();
  if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) begin += 2;
  std::from_chars_result end{};
  if constexpr (std::is_floating_point_v<T>)
    end = std::from_chars(begin, text.c_str() + text.size(), value);
  else
    end = std::from_chars(begin, text.c_str() + text.size(), value, base);
  if (end.ec != std::errc() || end.ptr != text.c_str() + text.size() || text.empty() || value < low)
    return user_error("'{}' is no number of at least {}", text, low);
  return {};
}

Status flag_value(const std::string& text, bool& value) {
  int parsed = 0;
  BMNET_TRY(number(text, 0, parsed));
  value = parsed != 0;
  return {};
}

Status add_list(const std::string& path, Options& options) {
  BMNET_ASSIGN(const std::string text, read_text(path));
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    line = line.substr(0, line.find('#'));
    const size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos)
      options.context_dirs.push_back(line.substr(first, line.find_last_not_of(" \t\r") - first + 1));
    begin = end + 1;
  }
  return {};
}

struct Option {
  const char* name;
  const char* value;  // its name in the help text; null: a switch
  const char* help;
  std::function<Status(Options&, const std::string&)> apply;
};

template <typename T>
auto set_number(T Options::* member, T low) {
  return [=](Options& options, const std::string& text) { return number(text, low, options.*member); };
}
auto set_switch(bool Options::* member) {
  return [=](Options& options, const std::string&) { return options.*member = true, Status(); };
}
auto set_text(std::string Options::* member) {
  return [=](Options& options, const std::string& text) { return options.*member = text, Status(); };
}
Status add_dir(Options& options, const std::string& text) { return options.context_dirs.push_back(text), Status(); }
auto accept(const char* why) {
  return [=](Options&, const std::string&) -> Status { return unsupported("{}", why); };
}

const std::vector<Option>& table() {
  static const std::vector<Option> options = {
      {"context_dir", "DIR", "run DIR/compilation.bmodel, compare with DIR/*_ref_data.dat", add_dir},
      {"append_dir", "DIR", "a further context directory in the same runtime", add_dir},
      {"bmodel", "FILE", "run one file on zeros, without comparison", set_text(&Options::bmodel)},
      {"bmodel_list", "FILE", "context directories, one a line; # begins a comment",
       [](Options& o, const std::string& text) { return add_list(text, o); }},
      {"devid", "N", "device [0]", set_number(&Options::device, 0)},
      {"compare", "0|1", "compare outputs with the reference [1]",
       [](Options& o, const std::string& text) { return flag_value(text, o.compare); }},
      {"accuracy_f", "X", "tolerance of floats: relative above 1, else absolute [0.01]",
       set_number(&Options::accuracy_f, 0.0)},
      {"accuracy_i", "N", "tolerance of integers [0]", set_number(&Options::accuracy_i, 0L)},
      {"loopnum", "N", "repeat everything [1]", set_number(&Options::loops, 1)},
      {"calculate_times", "N", "launches on each input, each into its own output [1]",
       set_number(&Options::launches, 1)},
      {"thread_num", "N", "threads that each run all nets [1]", set_number(&Options::threads, 1)},
      {"prealloc", "HEX", "allocate that much device memory first",
       [](Options& o, const std::string& text) { return number(text, uint64_t{0}, o.prealloc, 16); }},
      {"output_ref", "NAME", "another file of reference outputs", set_text(&Options::output_ref)},
      {"export_output", nullptr, "write the outputs to output.dat beside the file",
       set_switch(&Options::export_output)},
      {"export_neuron", nullptr, "write the activation memory to neuron.dat", set_switch(&Options::export_neuron)},
      {"debug_output", nullptr, "write inputs, outputs and references as text", set_switch(&Options::debug_output)},
      {"net_idx", "N", "run this net only", set_number(&Options::net_idx, 0)},
      {"stage_idx", "N", "run this stage only", set_number(&Options::stage_idx, 0)},
      {"shapes", "[..],[..]", "input shapes; must be those of a stage",
       [](Options& o, const std::string& text) -> Status {
         BMNET_ASSIGN(o.shapes, parse_shapes(text));
         return {};
       }},
      {"output_shapes", "[..],[..]", "for dynamic nets, which are not supported",
       accept("--output_shapes is for dynamic nets, which this runtime does not run")},
      {"profile", nullptr, "print cycles per engine and memory traffic", set_switch(&Options::profile)},
      {"subnet_time", nullptr, "print the time of TPU and host parts", set_switch(&Options::subnet_time)},
      {"only_cmp_last", nullptr, "with --calculate_times: compare the last launch only",
       set_switch(&Options::only_compare_last)},
      {"mmap", "0|1", "SoC hosts only: ignored",
       [](Options&, const std::string& text) {
         bool ignored;
         return flag_value(text, ignored);
       }},
      {"cascade_device", "LIST", "other chips only",
       accept("--cascade_device: a BM1684 net runs on one device; choose it with --devid")},
      {"core_list", "LIST", "other chips only", accept("--core_list: a BM1684 has one core")},
      {"device", "NAME", "simulator, or cmodel=PATH of a vendor C model [simulator]", set_text(&Options::device_name)},
      {"check_races", nullptr, "fail when commands touch the same bytes without an order",
       set_switch(&Options::detect_races)},
      {"version", nullptr, "print the version", set_switch(&Options::version)},
      {"help", nullptr, "print this text", set_switch(&Options::help)},
  };
  return options;
}

}  // namespace

Result<std::vector<Shape>> parse_shapes(const std::string& text) {
  std::vector<Shape> shapes;
  const auto wrong = [&] { return user_error("'{}' is no list of shapes like [1,3,4,5],[2]", text); };
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ' || (text[at] == ',' && !shapes.empty())) {
      ++at;
      continue;
    }
    const size_t close = text.find(']', at);
    if (text[at] != '[' || close == std::string::npos) return wrong();
    Shape shape;
    for (size_t begin = at + 1; begin < close;) {
      const size_t end = std::min(text.find(',', begin), close);
      int64_t dim = 0;
      const size_t first = text.find_first_not_of(' ', begin);
      const auto parsed = std::from_chars(text.data() + first, text.data() + end, dim);
      if (parsed.ec != std::errc() || parsed.ptr != text.data() + end || dim < 1) return wrong();
      shape.push_back(dim);
      begin = end + 1;
    }
    shapes.push_back(std::move(shape));
    at = close + 1;
  }
  if (shapes.empty()) return wrong();
  return shapes;
}

Result<Options> parse(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (!name.starts_with('-')) return user_error("'{}' is no option; see --help", name);
    name.erase(0, name.starts_with("--") ? 2 : 1);
    std::optional<std::string> value;
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    const Option* option = nullptr;
    for (const Option& candidate : table())
      if (name == candidate.name) option = &candidate;
    if (!option) return user_error("unknown option '{}'; see --help", arguments[i]);
    if (option->value && !value) {
      if (++i == arguments.size()) return user_error("--{} needs a value", name);
      value = arguments[i];
    }
    if (Status status = option->apply(options, value.value_or("")); !status)
      return with_context("--" + name, std::move(status).error());
  }
  return options;
}

std::string help_text() {
  std::string text = "Runs the nets of BModels and compares their outputs with references.\n\n";
  for (const Option& option : table())
    text += fmt::format("  {:<28} {}\n",
                        fmt::format("--{}{}{}", option.name, option.value ? " " : "", option.value ? option.value : ""),
                        option.help);
  return text + "\nExit code 0 when all is well, 255 otherwise (also when a comparison fails).\n";
}

}  // namespace bmnet::bmrt_test
