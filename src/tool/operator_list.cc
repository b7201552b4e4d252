#include "tool/operator_list.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "op/op.h"
#include "plan/support.h"

namespace bmnet::tool {
namespace {

std::set<std::string> nn_operators(const std::string& becomes) {
  std::set<std::string> found;
  std::string word;
  for (const char c : becomes + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
      continue;
    }
    if (op::find(word)) found.insert(word);
    word.clear();
  }
  return found;
}

std::string line(const frontend::SupportedOp& op) {
  std::string text = fmt::format("  {:<28} {:<8} ", op.name, op.versions);
  if (op.refused) return text + "not supported: " + op.remark + "\n";
  text += fmt::format("{:<11} -> {}", place_name(place_of(op.becomes)), op.becomes.empty() ? "nothing" : op.becomes);
  if (!op.attributes.empty()) text += "  | " + op.attributes;
  if (!op.remark.empty()) text += "  (" + op.remark + ")";
  return text + "\n";
}

}  // namespace

Place place_of(const std::string& becomes) {
  bool tpu = false, cpu = false;
  for (const std::string& op : nn_operators(becomes)) (plan::chip_form(op).exists ? tpu : cpu) = true;
  if (tpu && cpu) return Place::kMixed;
  return tpu ? Place::kTpu : cpu ? Place::kCpu : Place::kNowhere;
}

std::string_view place_name(Place place) {
  switch (place) {
    case Place::kTpu:
      return "TPU";
    case Place::kMixed:
      return "TPU and CPU";
    case Place::kCpu:
      return "CPU";
    case Place::kNowhere:
      break;
  }
  return "-";
}

std::string operator_table(const FrontEnd* only) {
  std::string text;
  for (const FrontEnd& front_end : front_ends()) {
    if (only && &front_end != only) continue;
    const auto ops = front_end.list_ops();
    const auto refused = std::ranges::count_if(ops, &frontend::SupportedOp::refused);
    text += fmt::format("{}: {} operators in fp32 (int8 not yet)\n", front_end.framework,
                        static_cast<std::ptrdiff_t>(ops.size()) - refused);
    for (const frontend::SupportedOp& op : ops) text += line(op);
  }
  return text;
}

std::string operator_json(const FrontEnd* only) {
  nlohmann::ordered_json front_ends_json = nlohmann::ordered_json::array();
  for (const FrontEnd& front_end : front_ends()) {
    if (only && &front_end != only) continue;
    nlohmann::ordered_json operators = nlohmann::ordered_json::array();
    for (const frontend::SupportedOp& op : front_end.list_ops())
      operators.push_back({{"name", op.name},
                           {"versions", op.versions},
                           {"attributes", op.attributes},
                           {"becomes", op.becomes},
                           {"place", place_name(place_of(op.becomes))},
                           {"refused", op.refused},
                           {"remark", op.remark}});
    front_ends_json.push_back(
        {{"program", front_end.program}, {"framework", front_end.framework}, {"operators", operators}});
  }
  nlohmann::ordered_json nn = nlohmann::ordered_json::array();
  for (const op::OpSpec& spec : op::registry()) {
    const plan::ChipForm form = plan::chip_form(spec.name);
    nn.push_back({{"name", spec.name}, {"tpu", form.exists}, {"constraints", form.constraints}});
  }
  return nlohmann::ordered_json{{"front_ends", front_ends_json}, {"nn", nn}}.dump(1) + "\n";
}

}  // namespace bmnet::tool
