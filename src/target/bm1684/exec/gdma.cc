// The memory engine. Which form a command has; the forms are in gdma_tensor.cc, gdma_matrix.cc and gdma_special.cc.
#include "target/bm1684/exec/gdma_tensor.h"

namespace bmnet::bm1684 {
namespace {

using namespace gdma_exec;

struct Form {
  Status (*execute)(const Command&, const Header&, Memory&);
  Result<std::vector<Access>> (*accesses)(const Command&, const Header&);
};

// In the engine's order of decoding.
Form form_of(const Header& header) {
  if (header.common) return {execute_common, accesses_common};
  if (header.special == Special::kWinograd) return {execute_winograd, accesses_winograd};
  if (header.special == Special::kLrnShift) return {execute_lrn_shift, accesses_lrn_shift};
  if (header.matrix) return {execute_matrix, accesses_matrix};
  if (header.special == Special::kTransposeCw) return {execute_transpose_cw, accesses_transpose_cw};
  if (header.special == Special::kFilter) return {execute_filter, accesses_filter};
  return {execute_tensor, accesses_tensor};
}

}  // namespace

Status execute_gdma(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const Header header, read_header(command));
  return form_of(header).execute(command, header, memory);
}

Result<std::vector<Access>> accesses_gdma(const Command& command) {
  BMNET_ASSIGN(const Header header, read_header(command));
  return form_of(header).accesses(command, header);
}

}  // namespace bmnet::bm1684
