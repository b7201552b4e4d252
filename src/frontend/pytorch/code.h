// The subset of Python in which TorchScript archives store their code, as a syntax tree.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bmnet::frontend::pytorch {

struct Expr {
  enum Kind {
    kName,       // text
    kInt,        // text
    kFloat,      // text
    kString,     // text, unescaped
    kAttribute,  // children[0].text
    kSubscript,  // children[0][children[1]]
    kSlice,      // children: begin, end, step; a missing one is kName with empty text
    kCall,       // children[0](children[1..]); the last keywords.size() of them are named
    kList,
    kTuple,
    kDict,   // children: key, value, key, value …
    kUnary,  // text: "-", "not"
    kBinary  // text: "+", "and", "is not" …
  } kind = kName;
  size_t offset = 0;  // in the file
  std::string text;
  std::vector<Expr> children;
  std::vector<std::string> keywords;
};

// "torch.nn.relu" of nested attributes whose root is a plain name; empty otherwise.
std::string dotted_path(const Expr& expr);

struct Stmt {
  enum Kind { kAssign, kExpr, kReturn, kIf, kFor, kWhile, kPass } kind = kPass;
  size_t offset = 0;
  Expr target;  // of assign (a tuple: a, b = …) and for
  Expr value;   // also the condition, the iterated range, the returned value
  std::vector<Stmt> body, otherwise;
};

struct Parameter {
  std::string name;
  std::string annotation;  // "Tensor", "Optional[int]"; blanks removed
  bool has_default = false;
  Expr otherwise;
};

struct CodeFile;
struct Function {
  std::string name;
  std::vector<Parameter> parameters;
  std::vector<Stmt> body;
  const CodeFile* file = nullptr;
};

struct Class {
  std::string name;
  std::map<std::string, Function> methods;
  std::map<std::string, Expr> constants;  // name : Final[T] = value
};

struct CodeFile {
  std::string path;  // inside the archive, "code/__torch__/m.py"
  std::string text;
  std::map<std::string, Function> functions;
  std::map<std::string, Class> classes;
  size_t line_of(size_t offset) const;
};

// Bounds: nesting of 200, files of 64 MB. An error names the line.
Result<std::unique_ptr<CodeFile>> parse_code(std::string path, std::string_view text);

}  // namespace bmnet::frontend::pytorch
