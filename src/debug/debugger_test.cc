#include "debug/debugger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "debug/testing.h"

namespace bmnet::debug {
namespace {

using test::model_of;
using test::move;
using test::scalar;
using test::session;
using test::two_layers;
using testing::HasSubstr;

TEST(debugger, stops_before_the_first_command_and_shows_both_engines) {
  const std::string written = session({});
  EXPECT_THAT(written, HasSubstr("sub-net 0, group 0, cycle 0\n"));
  EXPECT_THAT(written,
              HasSubstr("   TIU  #1 of 2  tiu.scalar.add  layer 'plus'  waits for GDMA #1, which has ended #0\n"));
  EXPECT_THAT(written, HasSubstr("=> GDMA #1 of 4  gdma.move  layer 'plus'  cycles 0 to "));
}

TEST(debugger, steps_in_the_order_in_which_commands_end) {
  const std::string written = session({"step", "step", "s 2"});
  EXPECT_THAT(written, HasSubstr("=> TIU  #1 of 2"));
  EXPECT_THAT(written, HasSubstr("=> GDMA #2 of 4"));
  EXPECT_THAT(written, HasSubstr("=> TIU  #2 of 2"));
}

TEST(debugger, steps_by_the_commands_of_one_engine) {
  EXPECT_THAT(session({"step tiu"}), HasSubstr("=> GDMA #2 of 4"));
  EXPECT_THAT(session({"step 3 gdma"}), HasSubstr("=> TIU  #2 of 2"));
}

TEST(debugger, goes_to_the_end_and_says_the_cycles) {
  const std::string written = session({"continue"});
  EXPECT_THAT(written, HasSubstr("the net has ended after "));
}

TEST(debugger, finishes_a_sub_net) { EXPECT_THAT(session({"finish"}), HasSubstr("end of sub-net 0, cycle ")); }

TEST(debugger, runs_to_a_layer) {
  const std::string written = session({"run to times"});
  EXPECT_THAT(written, HasSubstr("layer 'times' begins\n"));
  EXPECT_THAT(written, HasSubstr("=> GDMA #3 of 4"));
}

TEST(debugger, breaks_at_a_layer_once_a_run) {
  const std::string written = session({"break times", "run", "run", "info breaks"});
  EXPECT_THAT(written, HasSubstr("break 1: layer 'times'\n"));
  EXPECT_THAT(written, HasSubstr("the net has ended"));
  EXPECT_THAT(written, HasSubstr("  break 1 layer 'times', 1 hits\n"));
}

TEST(debugger, breaks_at_a_command) {
  EXPECT_THAT(session({"break gdma:4", "run"}), HasSubstr("=> GDMA #4 of 4"));
  EXPECT_THAT(session({"b tiu:2/0", "run"}), HasSubstr("=> TIU  #2 of 2"));
}

TEST(debugger, breaks_before_bytes_are_touched) {
  // Lane 2 of the scalar's result.
  EXPECT_THAT(session({"break address 2:0x1c,4", "run"}), HasSubstr("=> TIU  #1 of 2"));
  EXPECT_THAT(session({"break 0x105102000", "run"}), HasSubstr("=> GDMA #4 of 4"));
}

TEST(debugger, watches_a_tensor) {
  const std::string written = session({"watch a", "run"});
  EXPECT_THAT(written, HasSubstr("watch 1: tensor 'a': 128 bytes at 0x105101000\n"));
  EXPECT_THAT(written, HasSubstr("watch 1: tensor 'a' written by gdma.move #2 @1"));
  EXPECT_THAT(written, HasSubstr("  0x105101000: 0 -> 1\n  0x105101004: 0 -> 2\n"));
  EXPECT_THAT(written, HasSubstr("  … 32 changed of 32\n"));
}

TEST(debugger, watches_local_memory) {
  const std::string written = session({"watch 1:0x4,4 fp32", "run", "run"});
  EXPECT_THAT(written, HasSubstr("  1:0x4: 0 -> 10\n"));   // 9 + 1
  EXPECT_THAT(written, HasSubstr("  1:0x4: 10 -> 20\n"));  // (9 + 1) * 2
}

TEST(debugger, a_watch_outlives_the_end_of_its_run) {
  EXPECT_THAT(session({"watch y", "finish", "delete 1", "run"}), HasSubstr("the net has ended"));
}

TEST(debugger, prints_the_command_that_ends_next) {
  const std::string written = session({"step", "print"});
  EXPECT_THAT(written, HasSubstr("$ tiu.scalar.add #1 @1 tsk_opd_num=2"));
  EXPECT_THAT(written, HasSubstr("   reads local memory"));
  EXPECT_THAT(written, HasSubstr("   writes local memory"));
}

TEST(debugger, prints_other_commands) {
  EXPECT_THAT(session({"print gdma:4"}), HasSubstr("$ gdma.move #4 @2"));
  EXPECT_THAT(session({"step", "print last"}), HasSubstr("$ gdma.move #1 @0"));
}

TEST(debugger, prints_one_field) {
  EXPECT_THAT(session({"print tiu res0_c"}), HasSubstr("$ res0_c = 4 (0x4): "));
  EXPECT_THAT(session({"print src_start_addr"}), HasSubstr("$ src_start_addr = 0x105100000\n"));
}

TEST(debugger, lists_the_commands_around) {
  const std::string written = session({"step", "list 1"});
  EXPECT_THAT(written, HasSubstr("=> #1 @1  tiu.scalar.add  layer 'plus'\n   #2 @3  tiu.scalar.mul  layer 'times'\n"));
  EXPECT_THAT(written, HasSubstr("   #1 @0  gdma.move  layer 'plus'\n=> #2 @1  gdma.move  layer 'plus'\n"));
}

TEST(debugger, shows_tensors) {
  const std::string written = session({"run to times", "tensor a [0,1,0,2:4]", "tensor y"});
  EXPECT_THAT(written,
              HasSubstr("'a' float32 [1,4,1,8] at 0x105101000\nmin 1 max 32 mean 16.5, 0 % zeros\n[0,1,0,2] 11 12\n"));
  EXPECT_THAT(written, HasSubstr("'y' float32 [1,4,1,8] at 0x105102000, not computed yet\n"));
}

TEST(debugger, shows_memory) {
  const std::string written = session({"step", "x 1:0x300 2 fp32", "x 0:0x300 [1,4,1,8] [0,3,0,7]", "x 0x105100004 1"});
  EXPECT_THAT(written, HasSubstr("$ 1:0x300: 8 9\n"));
  EXPECT_THAT(written, HasSubstr("[0,3,0,7] 31\n"));
  EXPECT_THAT(written, HasSubstr("$ 0x105100004: 0x3f800000\n"));
}

TEST(debugger, shows_tables) {
  const std::string written = session({"run to times", "info layers", "info tensors", "info cycles", "info sub-nets"});
  EXPECT_THAT(written, HasSubstr("  plus                             binary         has ended\n"));
  EXPECT_THAT(written, HasSubstr("  relu                             unary          done by the layer before it\n"));
  EXPECT_THAT(written, HasSubstr("never leaves local memory\n"));
  EXPECT_THAT(written, HasSubstr("TIU  1 commands, busy "));
  EXPECT_THAT(written, HasSubstr("=> 0: on the TPU, group 0: 2 TIU and 4 GDMA commands\n"));
}

TEST(debugger, starts_again) {
  const std::string written = session({"step 3", "restart", "run", "run to times", "quit"});
  EXPECT_THAT(written, HasSubstr("the net has ended"));
  EXPECT_TRUE(written.ends_with("$ ")) << written;  // the last answer of `quit` is empty
  EXPECT_THAT(written, HasSubstr("layer 'times' begins"));
}

TEST(debugger, stops_when_somebody_interrupts) {
  auto simulator = Simulator::create(uint64_t{1} << 30).value();
  const bm1684::Memory& memory = simulator->memory();
  auto session = runtime::Session::open(std::move(simulator)).value();
  ASSERT_TRUE(session->load(model_of(two_layers()), "test"));
  const NamedTensor x{"x", Tensor({DType::kF32, {1, 4, 1, 8}})};
  test::Typist typist({"continue"});
  typist.interrupt = true;
  Debugger debugger(memory, typist);
  session->context().observe(&debugger);
  debugger.debug([&] { return session->run({&x, 1}); });
  EXPECT_THAT(typist.written, HasSubstr("interrupted\n"));
}

// --- streams that cannot run -----------------------------------------------------------------------------------------

TEST(debugger, lets_a_deadlock_be_looked_at) {
  const std::string commands = "group 0: 1 tiu, 2 gdma\n" + move(1, 0, true, test::kX, 0x8000300) +
                               scalar(1, 2, "add", 0) + move(2, 1, false, 0x8000000, test::kY);
  const std::string written = session({"run", "print tiu", "x 0:0x300 2 fp32", "step", "list"}, model_of(commands));
  EXPECT_THAT(written, HasSubstr("the launch cannot go on: group 0: deadlock"));
  EXPECT_THAT(written,
              HasSubstr("   TIU  #1 of 1  tiu.scalar.add  layer 'plus'  waits for GDMA #2, which has ended #1\n"));
  EXPECT_THAT(written, HasSubstr("$ tiu.scalar.add #1 @2"));
  EXPECT_THAT(written, HasSubstr("$ 0:0x300: 0 1\n"));
  EXPECT_THAT(written, HasSubstr("$ error: the run cannot go on; `run` starts it again, `quit` leaves\n"));
}

TEST(debugger, lets_an_illegal_command_be_looked_at) {
  std::string commands = two_layers();
  commands.replace(commands.find("opd0_addr=0x08000300"), 20, "opd0_addr=0x09fffff0");  // runs out of the last lane
  const std::string written = session({"run", "print", "run", "quit"}, model_of(commands));
  EXPECT_THAT(written, HasSubstr("the launch cannot go on: group 0, TIU command 0 (layer 'plus'): "));
  EXPECT_THAT(written, HasSubstr("$ tiu.scalar.add #1 @1"));
}

TEST(debugger, lets_wrong_ids_be_looked_at) {
  std::string commands = two_layers();
  commands.replace(commands.find("tiu.scalar.mul #2"), 17, "tiu.scalar.mul #7");
  EXPECT_THAT(
      session({"run", "print tiu"}, model_of(commands)),
      testing::AllOf(HasSubstr("id 7 where the running count of the group is 2"), HasSubstr("$ tiu.scalar.mul #7 @3")));
}

// --- lines that are no commands --------------------------------------------------------------------------------------

class Refusal : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Refusal, is_one_clear_line) {
  const std::string written = session({GetParam().first});
  const size_t begin = written.find("$ ") + 2;
  const std::string reply = written.substr(begin, written.rfind("$ ") - begin);
  EXPECT_THAT(reply, testing::StartsWith("error: "));
  EXPECT_THAT(reply, HasSubstr(GetParam().second));
  EXPECT_EQ(std::ranges::count(reply, '\n'), 1) << reply;
}

INSTANTIATE_TEST_SUITE_P(
    debugger, Refusal,
    testing::Values(
        std::pair{"break plu", "no layer 'plu' (there are 'plus')"},
        std::pair{"frob", "unknown command 'frob'; `help` lists all"},
        std::pair{"r 5", "expected `run` or `run to LAYER`"}, std::pair{"run to nowhere", "no layer 'nowhere'"},
        std::pair{"run to relu", "layer 'relu' has no commands of its own (done by the layer before it)"},
        std::pair{"step 0", "step takes a number"}, std::pair{"step -3", "step takes a number"},
        std::pair{"step 99999999999999999999", "step takes a number"}, std::pair{"break conv9", "no layer 'conv9'"},
        std::pair{"break tiu:9", "there is no TIU command #9 in group 0"}, std::pair{"break tiu:0", "ids count from 1"},
        std::pair{"break gdma:1/7", "in group 7"}, std::pair{"break address 64:0", "there is no lane 64"},
        std::pair{"break address 0x5", "address 0x5 is in no memory"},
        std::pair{"watch 3:0x7ffff,4", "run out of their lane"},
        std::pair{"watch inner", "tensor 'inner' never leaves local memory"},
        std::pair{"watch 0x105100000,4 complex", "'complex' is no type"},
        std::pair{"watch 0x100000000,0x10000000", "at most"}, std::pair{"print res9", "the GDMA has no field 'res9'"},
        std::pair{"print last", "no command has run yet"}, std::pair{"list many", "list takes a number"},
        std::pair{"tensor z", "no tensor 'z'"}, std::pair{"tensor x [0,9]", "outside an axis of 4"},
        std::pair{"tensor x [0", "expected a list in brackets"},
        std::pair{"tensor x [0,0,0,0,0]", "5 indices for a tensor of 4 axes"}, std::pair{"x", "x takes an address"},
        std::pair{"x zebra", "'zebra' is not a number"}, std::pair{"x 0x105100000 wide", "expected a count"},
        std::pair{"x 0:0 [1,64,400,400]", "runs out of its lane"},
        std::pair{"x 0:0 [4294967296,4294967296]", "too large"},
        std::pair{"x 0:0 [1,1,4,4] fp32 4n", "do not fill a word"}, std::pair{"info nothing", "info takes"},
        std::pair{"delete 5", "no stop point 5"}, std::pair{"help frob", "unknown command"},
        std::pair{"quit now", "quit takes no arguments"}));

TEST(debugger, survives_nonsense) {
  constexpr const char* kWords[] = {
      "step",    "break", "watch", "print", "list", "tensor", "x",    "info", "help", "delete", "tiu", "gdma:",
      "tiu:1/0", "last",  "a",     "[0:",   "[,]",  "0:0",    "0:",   ":",    ",",    "0x",     "-1",  "[-9]",
      "4n",      "int8",  "fp32",  "plus",  "'",    "\"\"",   "\xff", "/",    "to",   "times",  "1",   "[1,2,3,4]"};
  uint32_t state = 1;
  std::vector<std::string> lines;
  for (int i = 0; i < 3000; ++i) {
    std::string line;
    for (int k = 0; k < 4; ++k) {
      state = state * 1664525 + 1013904223;
      if (k == 0 || state >> 30) line += fmt::format("{} ", kWords[(state >> 8) % std::size(kWords)]);
    }
    lines.push_back(line);
  }
  EXPECT_THAT(session(lines), HasSubstr("error: "));
}

TEST(debugger, offers_words_at_the_end_of_a_line) {
  test::Typist typist({});
  const bm1684::Memory memory;
  const Debugger debugger(memory, typist);
  EXPECT_THAT(debugger.complete("re"), testing::ElementsAre("restart"));
  EXPECT_THAT(debugger.complete("t"), testing::ElementsAre("tensor"));
  EXPECT_TRUE(debugger.complete("break p").empty());  // no net yet
}

TEST(debugger, an_empty_line_of_a_person_repeats_the_last_one) {
  test::Typist typist({});
  const bm1684::Memory memory;
  Debugger debugger(memory, typist);
  EXPECT_THAT(debugger.execute("frob").text, HasSubstr("unknown command"));
  EXPECT_EQ(debugger.execute("").text, "");
  typist.person = true;
  EXPECT_THAT(debugger.execute(" ").text, HasSubstr("unknown command"));
}

TEST(debugger, help_names_every_command) {
  const std::string written = session({"help", "help watch"});
  for (const char* name : {"step", "continue", "finish", "break", "watch", "print", "list", "tensor", "info", "quit"})
    EXPECT_THAT(written, HasSubstr(name));
  EXPECT_THAT(written, HasSubstr("watch TENSOR | RANGE [TYPE]\n"));
}

// A file of another compiler, with a layer on the host between two sub-nets on the TPU.
TEST(debugger, stops_at_layers_on_the_host) {
  const auto path = bmnet::test::shared_file("bmodel/samples/minimal_cpu_user_exp/compilation.bmodel");
  BMNET_REQUIRE_SHARED(path);
  auto simulator = Simulator::create(uint64_t{1} << 30).value();
  const bm1684::Memory& memory = simulator->memory();
  auto session = runtime::Session::open(std::move(simulator)).value();
  ASSERT_TRUE(session->load(path));
  std::vector<NamedTensor> inputs;
  const auto declarations = session->inputs().value();
  for (const auto& input : declarations) inputs.push_back({input.name, Tensor(input.info)});
  test::Typist typist({"step 1000", "info sub-nets", "info tensors", "info layers", "step", "continue"});
  Debugger debugger(memory, typist);
  session->context().observe(&debugger);
  debugger.debug([&] { return session->run(inputs); });
  EXPECT_THAT(typist.written, HasSubstr("the net has ended"));
  EXPECT_THAT(typist.written, HasSubstr("on the host"));
}

}  // namespace
}  // namespace bmnet::debug
