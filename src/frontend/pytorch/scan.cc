#include "frontend/pytorch/scan.h"

#include <algorithm>
#include <array>
#include <set>

#include "frontend/pytorch/evaluator.h"
#include "frontend/pytorch/ops.h"

namespace bmnet::frontend::pytorch {
namespace {

// Operators on numbers, lists and dicts and questions about tensors, which scalar.cc answers.
constexpr auto kLanguage = std::to_array<std::string_view>(
    {"Bool",   "Float",  "FloatImplicit", "Int",     "IntImplicit",   "ScalarImplicit", "_assert",
     "append", "clear",  "copy",          "device",  "dim",           "extend",         "floordiv",
     "format", "insert", "get_device",    "is_cuda", "is_contiguous", "is_complex",     "is_floating_point",
     "item",   "items",  "is_scripting",  "keys",    "len",           "list",           "manual_seed",
     "numel",  "pop",    "reverse",       "size",    "str",           "stride",         "truediv",
     "values", "warn"});

constexpr size_t kMaxLookups = 1'000'000;  // of method names in types, so that no archive takes long

bool is_known(std::string_view op) {
  if (op.starts_with("prim.") || op.starts_with("__")) return true;
  if (std::ranges::find(kLanguage, op) != kLanguage.end() || find_op(op)) return true;
  return op.ends_with('_') && find_op(op.substr(0, op.size() - 1));
}

class Scanner {
 public:
  explicit Scanner(Program& program) : program_(program) { collect_types(program.root()); }

  std::vector<Blocker> run() {
    called_method("forward", program_.root()->type);
    while (!todo_.empty()) {
      const Function* function = todo_.back();
      todo_.pop_back();
      file_ = function->file;
      scan(function->body);
    }
    return std::move(found_);
  }

 private:
  void collect_types(const std::shared_ptr<Object>& root) {
    std::vector<const Object*> objects = {root.get()};
    std::set<const Object*> seen(objects.begin(), objects.end());
    while (!objects.empty()) {
      const Object* object = objects.back();
      objects.pop_back();
      types_.insert(object->type);
      for (const auto& [name, value] : object->attributes)
        if (const Object* child = value.ref<Object>(); child && seen.insert(child).second) objects.push_back(child);
    }
  }

  void reach(const Function* function) {
    if (function && seen_.insert(function).second) todo_.push_back(function);
  }
  void called_method(const std::string& method, const std::string& type) {
    if (types_.contains(type)) reach(program_.find_method(type, method));
  }
  void called_method(const std::string& method) {
    if (!methods_.insert(method).second) return;
    for (const std::string& type : types_)
      if (++lookups_ < kMaxLookups) called_method(method, type);
  }

  void scan(const std::vector<Stmt>& body) {
    for (const Stmt& stmt : body) {
      scan(stmt.target);
      scan(stmt.value);
      scan(stmt.body);
      scan(stmt.otherwise);
    }
  }
  void scan(const Expr& expr) {
    if (expr.kind == Expr::kCall) called(expr);
    for (const Expr& child : expr.children) scan(child);
  }

  void called(const Expr& call) {
    const Expr& callee = call.children[0];
    const std::string path = dotted_path(callee);
    if (path.starts_with("__torch__.")) return reach(program_.find_function(path));
    for (const std::string_view prefix : {"torch.", "ops.aten.", "ops.", "aten."})
      if (path.starts_with(prefix)) {
        const std::string op = path.substr(prefix.size());
        if (!is_known(op)) found_.push_back({place(call.offset), path, "it is not supported"});
        return;
      }
    if (callee.kind == Expr::kAttribute) called_method(callee.text);
  }

  std::string place(size_t offset) const {
    const std::string user = program_.user_line(*file_, offset);
    return fmt::format("{} line {}{}", file_->path, file_->line_of(offset),
                       user.empty() ? "" : fmt::format(" ({})", user));
  }

  Program& program_;
  std::set<std::string> types_, methods_;
  std::set<const Function*> seen_;
  std::vector<const Function*> todo_;
  const CodeFile* file_ = nullptr;
  size_t lookups_ = 0;
  std::vector<Blocker> found_;
};

}  // namespace

std::vector<Blocker> unknown_operators(Program& program) { return Scanner(program).run(); }

}  // namespace bmnet::frontend::pytorch
