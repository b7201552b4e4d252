// What keeps a model from being compiled. A front end goes on behind a node that it cannot compile, so that the user
// learns of all of them at once: results of such a node are "refused", and so is what is computed from them; of a node
// with refused operands only the operator is looked up.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "frontend/options.h"
#include "nn/graph_builder.h"

namespace bmnet::frontend {

class Blockers {
 public:
  using ValueId = nn::GraphBuilder::ValueId;
  // Stands for a refused value where a front end keeps values.
  static constexpr ValueId kRefused = -2;

  explicit Blockers(const ImportOptions& options) : options_(options) {}

  bool empty() const { return blockers_.empty(); }

  // `sentence`: what the error says when there is no other blocker; it names the node. An error when there are so many
  // that going on makes no sense.
  Status add(Blocker blocker, std::string sentence);
  // Operands of a refused node that are known: behind them the network could be cut.
  void cut_behind(std::span<const ValueId> operands);

  // The sentence of the only blocker; of several the first ten kinds, each with its number of nodes.
  Error error() const;

  // Ends an import. Without blockers: the model. With them: error(); where the options ask for a survey, the part of
  // the network in front of the blockers, if there is any.
  Result<nn::Model> finish(nn::GraphBuilder& builder) const;

 private:
  const ImportOptions& options_;
  std::vector<Blocker> blockers_;
  std::vector<std::string> sentences_;
  std::set<ValueId> cut_;
};

// The error of a node that is refused because of its operands: nothing to tell anybody.
inline tl::unexpected<Error> behind_blocker() { return tl::unexpected(Error{ErrorKind::kUnsupported, ""}); }
inline bool is_behind_blocker(const Error& error) { return error.message.empty(); }

}  // namespace bmnet::frontend
