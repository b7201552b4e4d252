// An MXNet symbol: the graph of a network as the JSON text of a *-symbol.json file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bmnet::frontend::mxnet {

// Result `output` of node `node`.
struct Entry {
  size_t node = 0;
  size_t output = 0;
};

// Attributes are text in every version of the format; the keys "param", "attr" and "attrs" are merged.
struct SymbolNode {
  std::string op;  // "null": a variable
  std::string name;
  std::map<std::string, std::string, std::less<>> attributes;
  std::vector<Entry> inputs;

  bool is_variable() const { return op == "null"; }
  bool has(std::string_view key) const;  // there, and not "None"
  std::string text(std::string_view key, std::string_view otherwise) const;
  // Errors name the attribute. Booleans: True, False, 1, 0.
  Result<bool> boolean(std::string_view key, bool otherwise) const;
  Result<int64_t> integer(std::string_view key, int64_t otherwise) const;
  Result<float> number(std::string_view key, float otherwise) const;
  // "(3, 3)", "[3,3]", "(128L,)", "3"; empty when the attribute is not there.
  Result<std::vector<int64_t>> integers(std::string_view key) const;
  Result<std::vector<float>> numbers(std::string_view key) const;
  // The same where single elements may be None.
  Result<std::vector<std::optional<int64_t>>> optional_integers(std::string_view key) const;
};

struct Symbol {
  std::vector<SymbolNode> nodes;  // every input stands before its user
  std::vector<Entry> heads;       // the results of the network
};

// Errors name the node: no JSON, no nodes, references to nodes that do not stand before.
Result<Symbol> parse_symbol(std::string_view text);

}  // namespace bmnet::frontend::mxnet
