// The content of a TorchScript archive of either layout: module tree, constants, code.
#pragma once

#include "frontend/pytorch/archive.h"
#include "frontend/pytorch/code.h"
#include "frontend/pytorch/value.h"

namespace bmnet::frontend::pytorch {

class Program {
 public:
  // Errors (as Refusal) name the entry.
  static Program load(Archive archive);

  const std::shared_ptr<Object>& root() const { return root_; }
  const Items& constants() const { return constants_; }

  // Null when there is none. Code is parsed when first asked for. `type` is "__torch__.models.PNet.PNet".
  const Class* find_class(const std::string& type);
  const Function* find_method(const std::string& type, const std::string& method);
  const Function* find_function(const std::string& name);

  // Where the user's own source has what stands at `offset`: "models/PNet.py line 24"; empty when the archive does not
  // say.
  std::string user_line(const CodeFile& file, size_t offset) const;

 private:
  explicit Program(Archive archive) : archive_(std::move(archive)) {}
  void load_pickles();
  void load_model_json();
  const CodeFile* file(const std::string& path);
  const CodeFile* file_of(const std::string& type, std::string& name);

  Archive archive_;
  std::shared_ptr<Object> root_;
  Items constants_;
  std::map<std::string, std::unique_ptr<CodeFile>> files_;
};

}  // namespace bmnet::frontend::pytorch
