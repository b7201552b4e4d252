#include "frontend/mxnet/symbol.h"

#include <nlohmann/json.hpp>

#include "base/number.h"
#include "frontend/emitter.h"

namespace bmnet::frontend::mxnet {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxOutput = 1 << 16;  // of one node

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// The elements of "(1, 2)", "[1,2]" or "1"; a comma at the end adds none.
std::vector<std::string_view> elements(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && ((text.front() == '(' && text.back() == ')') || (text.front() == '[' && text.back() == ']')))
    text = text.substr(1, text.size() - 2);
  std::vector<std::string_view> parts;
  while (!trimmed(text).empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    parts.push_back(trimmed(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

template <typename T>
std::optional<T> parse(std::string_view text) {
  if constexpr (std::is_integral_v<T>) {
    if (text.ends_with('L')) text.remove_suffix(1);  // Python 2 wrote long integers so
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  return parse_number<T>(text);
}

template <typename T>
Result<std::vector<T>> parse_list(std::string_view key, std::string_view text) {
  std::vector<T> values;
  for (const std::string_view part : elements(text)) {
    const auto value = parse<T>(part);
    if (!value) return user_error("attribute {}={} is no list of numbers", key, text);
    values.push_back(*value);
  }
  return values;
}

// [node, output] or [node, output, version].
Result<Entry> parse_entry(const Json& json, size_t nodes) {
  if (!json.is_array() || json.empty() || json.size() > 3)
    return user_error("a reference to a node is [node, output, version]");
  Entry entry;
  size_t* const fields[] = {&entry.node, &entry.output};
  for (size_t i = 0; i < std::min<size_t>(json.size(), 2); ++i) {
    if (!json[i].is_number_unsigned()) return user_error("a reference to a node is [node, output, version]");
    *fields[i] = json[i].get<size_t>();
  }
  if (entry.node >= nodes) return user_error("refers to node {}, which does not stand before it", entry.node);
  if (entry.output >= kMaxOutput) return user_error("refers to output {} of a node", entry.output);
  return entry;
}

// What may be turned into text: lists within lists could be nested without end.
bool is_flat(const Json& value) {
  for (const Json& item : value)
    if (item.is_structured()) return false;
  return true;
}

Result<SymbolNode> parse_node(const Json& json, size_t index) {
  if (!json.is_object()) return user_error("it is no object");
  SymbolNode node;
  for (auto [key, field] : {std::pair{"op", &node.op}, std::pair{"name", &node.name}}) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return user_error("it has no '{}'", key);
    *field = found->get<std::string>();
  }
  for (const char* key : {"param", "attr", "attrs"}) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_object()) continue;
    for (const auto& [name, value] : found->items()) {
      if (!is_flat(value)) return user_error("attribute '{}' is neither text nor a number nor a list of these", name);
      node.attributes[name] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  const auto inputs = json.find("inputs");
  if (inputs == json.end()) return node;
  if (!inputs->is_array()) return user_error("its inputs are no list");
  for (const Json& input : *inputs) {
    BMNET_ASSIGN(const Entry entry, parse_entry(input, index));
    node.inputs.push_back(entry);
  }
  return node;
}

}  // namespace

bool SymbolNode::has(std::string_view key) const {
  const auto found = attributes.find(key);
  return found != attributes.end() && found->second != "None" && !found->second.empty();
}

std::string SymbolNode::text(std::string_view key, std::string_view otherwise) const {
  return has(key) ? attributes.find(key)->second : std::string(otherwise);
}

Result<bool> SymbolNode::boolean(std::string_view key, bool otherwise) const {
  const std::string value = text(key, otherwise ? "True" : "False");
  if (value == "True" || value == "true" || value == "1") return true;
  if (value == "False" || value == "false" || value == "0") return false;
  return user_error("attribute {}={} is neither True nor False", key, value);
}

Result<int64_t> SymbolNode::integer(std::string_view key, int64_t otherwise) const {
  if (!has(key)) return otherwise;
  const auto value = parse<int64_t>(trimmed(text(key, "")));
  if (!value) return user_error("attribute {}={} is no integer", key, text(key, ""));
  return tamed(*value);
}

Result<float> SymbolNode::number(std::string_view key, float otherwise) const {
  if (!has(key)) return otherwise;
  const auto value = parse<double>(trimmed(text(key, "")));
  if (!value) return user_error("attribute {}={} is no number", key, text(key, ""));
  return static_cast<float>(*value);
}

Result<std::vector<int64_t>> SymbolNode::integers(std::string_view key) const {
  BMNET_ASSIGN(std::vector<int64_t> values, parse_list<int64_t>(key, text(key, "")));
  for (int64_t& value : values) value = tamed(value);
  return values;
}

Result<std::vector<float>> SymbolNode::numbers(std::string_view key) const {
  BMNET_ASSIGN(const std::vector<double> values, parse_list<double>(key, text(key, "")));
  return std::vector<float>(values.begin(), values.end());
}

Result<std::vector<std::optional<int64_t>>> SymbolNode::optional_integers(std::string_view key) const {
  std::vector<std::optional<int64_t>> values;
  const std::string all = text(key, "");
  for (const std::string_view part : elements(all)) {
    values.emplace_back();
    if (part == "None") continue;
    const auto value = parse<int64_t>(part);
    if (!value) return user_error("attribute {}={} is no list of integers", key, all);
    values.back() = tamed(*value);
  }
  return values;
}

Result<Symbol> parse_symbol(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return user_error("it is no JSON text: cut off or damaged");
  if (!json.is_object() || !json.contains("nodes") || !json["nodes"].is_array())
    return user_error("it is no MXNet symbol: there is no list of nodes");
  Symbol symbol;
  for (const Json& item : json["nodes"]) {
    auto node = parse_node(item, symbol.nodes.size());
    if (!node) return with_context(fmt::format("node {}", symbol.nodes.size()), std::move(node).error());
    symbol.nodes.push_back(*std::move(node));
  }
  const auto heads = json.find("heads");
  if (heads == json.end() || !heads->is_array() || heads->empty())
    return user_error("it is no MXNet symbol: there are no heads");
  for (const Json& item : *heads) {
    auto head = parse_entry(item, symbol.nodes.size());
    if (!head) return with_context("heads", std::move(head).error());
    symbol.heads.push_back(*head);
  }
  return symbol;
}

}  // namespace bmnet::frontend::mxnet
