// Runs the methods of a TorchScript program: calls are inlined, branches decided, loops unrolled; what is left is a
// graph of tensors.
#pragma once

#include <functional>

#include "frontend/pytorch/program.h"
#include "frontend/pytorch/tensors.h"

namespace bmnet::frontend::pytorch {

class Evaluator {
 public:
  Evaluator(Program& program, Tensors& tensors) : program_(program), tensors_(tensors) {}

  // A Refusal names the line of the archive's code and, when the archive tells it, of the user's.
  Value call_method(const std::shared_ptr<Object>& object, const std::string& method, Items arguments);

 private:
  using Locals = std::map<std::string, Value>;
  struct Frame {
    const CodeFile* file;
    Locals locals;
    std::optional<Value> returned;
  };

  Value call(const Function& function, Items arguments, std::map<std::string, Value> named);
  void run(const std::vector<Stmt>& body, Frame& frame);
  void step(const Stmt& stmt, Frame& frame);
  void loop_for(const Stmt& stmt, Frame& frame);
  void assign(const Expr& target, Value value, Frame& frame);
  bool condition(const Expr& expr, Frame& frame);
  bool truth(const Value& value);

  Value evaluate(const Expr& expr, Frame& frame);
  Value name(const Expr& expr, Frame& frame);
  Value attribute(const Value& object, const std::string& name);
  bool restore(const std::shared_ptr<Object>& object);
  Value subscript(const Expr& expr, Frame& frame);
  Value binary(const Expr& expr, Frame& frame);
  Value call(const Expr& expr, Frame& frame);
  Value call_symbol(const std::string& name, Items arguments, std::map<std::string, Value> named);
  std::optional<Value> call_builtin(const std::string& name, const Expr& expr, Frame& frame);

  Program& program_;
  Tensors& tensors_;
  int depth_ = 0;    // calls inside each other
  int nesting_ = 0;  // blocks and expressions inside each other, over all calls
  int64_t steps_ = 0;
};

// Operators on values that are no tensors, and questions about tensors (size, dim …); nothing when `name` is none of
// them or the arguments hold tensors it would compute with.
std::optional<Value> call_scalar(Tensors& tensors, std::string_view name, const Items& arguments);

// int(x), float(x), bool(x): of a tensor, its value must be known.
Value to_number(Tensors& tensors, std::string_view type, const Value& value);

bool same(const Value& a, const Value& b);

}  // namespace bmnet::frontend::pytorch
