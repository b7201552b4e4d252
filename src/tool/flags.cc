#include "tool/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "base/number.h"

namespace bmnet::tool {
namespace {

const std::map<std::string, std::string> kAliases = {
    {"weights", "weight"}, {"desc", "descs"}, {"input_shapes", "shapes"}, {"output_dir", "outdir"}};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Result<bool> parse_bool(const std::string& flag, const std::string& text) {
  const std::string value = lower(text);
  if (value.empty() || value == "true" || value == "1" || value == "yes" || value == "on") return true;
  if (value == "false" || value == "0" || value == "no" || value == "off") return false;
  return user_error("--{} takes true or false, not '{}'", flag, text);
}

Result<CompareMode> parse_compare(const std::string& text) {
  if (lower(text) == "warn") return CompareMode::kWarn;
  auto on = parse_bool("cmp", text);
  if (!on) return user_error("--cmp takes true, false or warn, not '{}'", text);
  return *on ? CompareMode::kOn : CompareMode::kOff;
}

// Booleans come as text (a bare flag is "true"), so that true/True/1 and a value behind a blank all work.
struct TextFlags {
  std::map<std::string, std::string> values = {
      {"decode", "false"},   {"dyn", "false"},       {"cmp", "true"},      {"enable_profile", "false"},
      {"list_ops", "false"}, {"show_args", "false"}, {"dump_ref", "false"}};
};

// Flags that only mean something for int8 networks.
struct Int8Texts {
  std::string use_wino, input_as_fp32, output_as_fp32;
};

void declare(CLI::App& app, CompileFlags& flags, TextFlags& texts) {
  const auto add = [&](const char* name, auto& target, const char* help) {
    return app.add_option(name, target, help)->take_last();
  };
  add("--model", flags.model, "structure file or folder of the model")->type_name("FILE");
  add("--weight", flags.weight, "parameter file; 'random' makes weights from --seed")->type_name("FILE");
  add("--shapes", flags.shapes, "input shapes: [1,3,224,224] or [[1,3,4,4],[1,2]]");
  add("--input_names", flags.input_names, "values that become the inputs, in the order of --shapes: a,b");
  add("--output_names", flags.output_names, "values that become the outputs; what lies behind them is cut off");
  add("--descs", flags.descs, "random data for the comparison, per input [index,dtype,low,high): [0,int64,0,128]");
  add("--net_name", flags.net_name, "name of the network in the BModel");
  add("--opt", flags.opt, "optimization level: 0 none, 1 graph, 2 graph and layout")
      ->check(CLI::Range(0, 2))
      ->capture_default_str();
  add("--outdir", flags.outdir, "output folder, made when missing")->capture_default_str();
  add("--target", flags.target, "chip")->capture_default_str();
  add("--prec", flags.prec, "data type of the network: FP32")->capture_default_str();
  add("--max_n", flags.max_n, "batch of every input that --shapes does not state")->check(CLI::Range(1, 1 << 20));
  add("--mode", flags.mode,
      "compile, GenUmodel (write the fp32 UModel), check (support of every operator; also called summary and show)")
      ->capture_default_str();
  add("--v", flags.v, "log level: 0 fatal, 1 error, 2 warning, 3 info, 4 debug")->check(CLI::Range(0, 4));
  add("--log_dir", flags.log_dir, "folder of log files");
  add("--seed", flags.seed, "seed of the random data");
  for (auto& [name, text] : texts.values) {
    static const std::map<std::string, const char*> kHelp = {
        {"decode", "Darknet: the decoded boxes of [yolo] and [region] layers as further outputs"},
        {"dyn", "dynamic compilation"},
        {"cmp", "run on the simulator with random data and compare: true, false, or warn (a difference is no failure)"},
        {"enable_profile", "write compiler_profile_0.txt as well"},
        {"list_ops", "print the supported operators and end"},
        {"show_args", "print the parsed arguments"},
        {"dump_ref", "write the reference data also when --cmp is off"}};
    app.add_option("--" + name, text, kHelp.at(name))
        ->take_last()
        ->expected(0, 1)
        ->default_str(text)
        ->type_name("BOOL");
  }
}

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i)
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[a.size()][b.size()];
}

// A boolean flag without a value means true; CLI11 would leave its default.
void complete_bare_booleans(std::vector<std::string>& arguments, const TextFlags& texts) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].starts_with("--") || !texts.values.contains(arguments[i].substr(2))) continue;
    const bool value_follows = i + 1 < arguments.size() && parse_compare(arguments[i + 1]);
    if (!value_follows) arguments[i] += "=true";
  }
}

Status check_target(const std::string& target) {
  if (target == "BM1684") return {};
  return user_error("--target {} is not supported: this compiler makes BModels for BM1684", target);
}

Status check_precision(const std::string& precision) {
  if (lower(precision) == "fp32") return {};
  return user_error("--prec {} is not supported: this compiler computes in FP32", precision);
}

// What the original's bmnetu has for int8 networks: in fp32 the answer is the same whatever they say, as long as they
// ask for nothing else.
void declare_int8_only(CLI::App& app, Int8Texts& texts) {
  const auto add = [&](const char* name, std::string& target, const char* help) {
    app.add_option(name, target, help)->take_last()->expected(0, 1);
  };
  add("--use_wino", texts.use_wino, "Winograd convolutions (int8 networks; no effect in fp32)");
  add("--input_as_fp32", texts.input_as_fp32, "inputs as fp32 (they are in fp32 networks)");
  add("--output_as_fp32", texts.output_as_fp32, "outputs as fp32 (they are in fp32 networks)");
}

}  // namespace

std::vector<std::string> normalize_arguments(const std::vector<std::string>& arguments) {
  std::vector<std::string> result;
  for (const std::string& argument : arguments) {
    // A lone dash, a negative number and a value such as "[1,3]" are no flags.
    const size_t dashes = argument.find_first_not_of('-');
    if (dashes == 0 || dashes == std::string::npos || dashes > 2 ||
        !(std::isalpha(static_cast<unsigned char>(argument[dashes])))) {
      result.push_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    std::string name = argument.substr(dashes, equals == std::string::npos ? std::string::npos : equals - dashes);
    if (dashes == 1 && name == "h") name = "help";
    if (const auto alias = kAliases.find(name); alias != kAliases.end()) name = alias->second;
    result.push_back("--" + name + (equals == std::string::npos ? "" : argument.substr(equals)));
  }
  return result;
}

Result<CompileFlags> parse_compile_flags(const CompilerProgram& program, const std::vector<std::string>& arguments) {
  CompileFlags flags;
  TextFlags texts;
  CLI::App app(program.description, program.name);
  app.footer(program.examples);
  app.allow_extras();
  declare(app, flags, texts);
  Int8Texts int8;
  declare_int8_only(app, int8);

  std::vector<std::string> normalized = normalize_arguments(arguments);
  complete_bare_booleans(normalized, texts);
  std::reverse(normalized.begin(), normalized.end());  // the order in which CLI11 takes a vector
  try {
    app.parse(normalized);
  } catch (const CLI::CallForHelp&) {
    flags.help = true;
    flags.help_text = app.help();
    return flags;
  } catch (const CLI::ParseError& error) {
    return user_error("{}", error.what());
  }
  for (const std::string& extra : app.remaining()) {
    if (extra.starts_with("--")) {
      std::vector<std::string> known;
      for (const CLI::Option* option : app.get_options())
        known.push_back(option->get_lnames().empty() ? "" : option->get_lnames()[0]);
      const std::string name = extra.substr(2, extra.find('=') - 2), near = nearest(name, known);
      return user_error("unknown flag '--{}'{}", name,
                        near.empty() ? "; --help lists all" : fmt::format("; did you mean '--{}'?", near));
    }
    if (!flags.model.empty()) return user_error("unexpected argument '{}'", extra);
    flags.model = extra;
  }
  BMNET_ASSIGN(flags.decode, parse_bool("decode", texts.values["decode"]));
  BMNET_ASSIGN(flags.dyn, parse_bool("dyn", texts.values["dyn"]));
  BMNET_ASSIGN(flags.cmp, parse_compare(texts.values["cmp"]));
  BMNET_ASSIGN(flags.enable_profile, parse_bool("enable_profile", texts.values["enable_profile"]));
  BMNET_ASSIGN(flags.list_ops, parse_bool("list_ops", texts.values["list_ops"]));
  BMNET_ASSIGN(flags.show_args, parse_bool("show_args", texts.values["show_args"]));
  BMNET_ASSIGN(flags.dump_ref, parse_bool("dump_ref", texts.values["dump_ref"]));
  if (!int8.use_wino.empty()) BMNET_TRY(parse_bool("use_wino", int8.use_wino));
  if (flags.mode == "summary" || flags.mode == "show") flags.mode = "check";
  if (flags.weight == "random") flags.weight.clear(), flags.random_weights = true;
  BMNET_TRY(check_target(flags.target));
  BMNET_TRY(check_precision(flags.prec));
  return flags;
}

std::vector<std::string> parse_names(const std::string& text) {
  std::vector<std::string> names;
  std::string inner = text;
  if (inner.size() >= 2 && inner.front() == '[' && inner.back() == ']') inner = inner.substr(1, inner.size() - 2);
  size_t begin = 0;
  while (begin <= inner.size() && !inner.empty()) {
    const size_t comma = std::min(inner.find(',', begin), inner.size());
    std::string name = inner.substr(begin, comma - begin);
    const auto is_edge = [](char c) { return c == ' ' || c == '\'' || c == '"'; };
    while (!name.empty() && is_edge(name.front())) name.erase(name.begin());
    while (!name.empty() && is_edge(name.back())) name.pop_back();
    if (!name.empty()) names.push_back(std::move(name));
    begin = comma + 1;
  }
  return names;
}

Result<std::vector<InputDescription>> parse_descs(const std::string& text) {
  std::vector<InputDescription> rows;
  const std::string flat = [&] {
    std::string copy = text;
    copy.erase(std::remove_if(copy.begin(), copy.end(), [](char c) { return c == ' ' || c == '\'' || c == '"'; }),
               copy.end());
    return copy;
  }();
  size_t begin = 0;
  while ((begin = flat.find_first_not_of("[,]", begin)) != std::string::npos) {
    const size_t end = std::min(flat.find(']', begin), flat.size());
    const std::vector<std::string> parts = parse_names(flat.substr(begin, end - begin));
    if (parts.size() != 4) return user_error("--descs '{}': every entry is [index,dtype,low,high)", text);
    const auto index = parse_number<int64_t>(parts[0]);
    const auto low = parse_finite(parts[2]), high = parse_finite(parts[3]);
    if (!index || *index < 0 || !low || !high || *high < *low)
      return user_error("--descs '{}': index, low and high are numbers with low <= high", text);
    rows.push_back({*index, parts[1], *low, *high});
    begin = end;
  }
  return rows;
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  size_t best_distance = word.size() / 3 + 2;
  for (const std::string& candidate : known) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) best_distance = distance, best = candidate;
  }
  return best;
}

}  // namespace bmnet::tool
