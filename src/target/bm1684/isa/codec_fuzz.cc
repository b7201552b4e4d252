// Any 128 bytes are a command that has a text form which gives the same bytes back; any text is refused with a message,
// or is a command. An input that begins with 0 or 1, the number of an engine, holds a command, every other one is text.
#include <cstdlib>
#include <cstring>

#include "target/bm1684/isa/codec.h"

namespace bmnet::bm1684 {
namespace {

void expect_text_form(const Instruction& instruction) {
  const Result<Instruction> back = assemble(disassemble(instruction.command, instruction.engine));
  if (!back || *back != instruction) std::abort();
}

void expect_fields(const Command& command, Engine engine) {
  const Result<Command> back = encode(idle_command(engine), decode(command, engine));
  if (!back || decode(*back, engine) != decode(command, engine)) std::abort();
}

void try_as_command(Bytes data, Engine engine) {
  if (data.size() < kCommandBytes) return;
  expect_text_form({engine, command_at(data, 0)});
  expect_fields(command_at(data, 0), engine);
}

void try_as_text(Bytes data) {
  const Result<Instruction> instruction = assemble(as_text(data));
  if (!instruction && instruction.error().message.empty()) std::abort();
  if (instruction) expect_text_form(*instruction);
}

}  // namespace
}  // namespace bmnet::bm1684

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0 && data[0] <= 1) {
    bmnet::bm1684::try_as_command({data + 1, size - 1}, static_cast<bmnet::bm1684::Engine>(data[0]));
  } else {
    bmnet::bm1684::try_as_text({data, size});
  }
  return 0;
}
