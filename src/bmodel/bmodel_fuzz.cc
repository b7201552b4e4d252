// Any bytes as a .bmodel file: refused with one message, or read; and what was read can be shown, taken apart and
// written again without change.
#include <cstdio>
#include <cstdlib>

#include "bmodel/disasm.h"
#include "bmodel/edit.h"
#include "bmodel/print.h"
#include "bmodel/reader.h"
#include "bmodel/writer.h"

namespace bmnet::bmodel {
namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

// Text is many times as long as commands: leave out streams that would only cost time.
bool is_small(const Model& model) {
  size_t bytes = 0;
  for (const Net& net : model.nets)
    for (const Stage& stage : net.stages)
      for (const SubNet& sub_net : stage.sub_nets)
        for (const CmdGroup& group : sub_net.cmd_groups) bytes += group.bdc.size() + group.gdma.size();
  return bytes < 1 << 16;
}

void expect_commands_as_text(const Model& model) {
  std::vector<CmdGroup> expected;
  for (const Net& net : model.nets)
    for (const Stage& stage : net.stages)
      expected.insert(expected.end(), stage.cmd_groups.begin(), stage.cmd_groups.end());
  const Result<std::vector<CmdGroup>> groups = assemble(disassemble(model));
  expect(groups.has_value());
  expect(groups->size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    expect((*groups)[i].bdc == expected[i].bdc && (*groups)[i].gdma == expected[i].gdma);
}

void read_and_write(Bytes file) {
  const Result<Model> model = read_memory(file, "fuzz");
  if (!model) return expect(!model.error().message.empty());
  expect(to_json(file, "fuzz").has_value());
  (void)info(*model);
  (void)weights(*model);
  (void)extract(*model);
  const Result<std::vector<uint8_t>> written = write_memory(*model);
  expect(written.has_value());
  const Result<Model> again = read_memory(*written, "fuzz, written again");
  if (!again) std::fprintf(stderr, "%s\n", again.error().message.c_str());
  expect(again.has_value());
  expect(*write_memory(*again) == *written);
  if (model->chip == "BM1684" && is_small(*model)) expect_commands_as_text(*model);
}

}  // namespace
}  // namespace bmnet::bmodel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bmnet::bmodel::read_and_write({data, size});
  return 0;
}
