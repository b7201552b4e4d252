#include "plan/support.h"

#include "target/bm1684/lower/lowering.h"

namespace bmnet::plan {

ChipForm chip_form(std::string_view op) {
  const bm1684::Lowering* lowering = bm1684::find_lowering(op);
  if (!lowering) return {};
  ChipForm form{true, {}};
  if (!lowering->moves_words) form.constraints.emplace_back("every operand and result must be f32");
  for (const bm1684::Constraint& constraint : lowering->constraints) form.constraints.emplace_back(constraint.text);
  return form;
}

}  // namespace bmnet::plan
