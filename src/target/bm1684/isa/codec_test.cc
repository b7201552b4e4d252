#include "target/bm1684/isa/codec.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "base/testing.h"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet::bm1684 {
namespace {

std::string error_of(std::string_view line) {
  const Result<Instruction> instruction = assemble(line);
  return instruction ? "no error" : instruction.error().message;
}

TEST(field, may_cross_words) {
  Command command = {};
  set(command, tiu::tsk_lane_num, 0x8000000000000001);  // bits 134..197
  EXPECT_EQ(command[4], 1u << 6);
  EXPECT_EQ(command[6], 1u << 5);
  EXPECT_EQ(get(command, tiu::tsk_lane_num), 0x8000000000000001);
}

TEST(field, is_written_without_touching_its_neighbours) {
  Command command;
  command.fill(0xFFFFFFFF);
  set(command, tiu::res0_c, 0);
  EXPECT_EQ(get(command, tiu::res0_n), 0xFFFFu);
  EXPECT_EQ(get(command, tiu::res0_c), 0u);
  EXPECT_EQ(get(command, tiu::res0_h), 0xFFFFu);
}

TEST(encode, starts_from_idle_fields) {
  const Command command = *encode(Engine::kGdma, {{gdma::direction, 1}});
  EXPECT_EQ(get(command, gdma::pio_gdma_enable), 1u);
  EXPECT_EQ(get(command, gdma::direction), 1u);
}

TEST(encode, refuses_a_value_that_does_not_fit) {
  EXPECT_EQ(encode(Engine::kTiu, {{tiu::res0_c, 4096}}).error().message, "res0_c = 4096 does not fit 12 bits");
}

TEST(encode, refuses_a_field_given_twice) {
  EXPECT_EQ(encode(Engine::kTiu, {{tiu::res0_c, 1}, {tiu::res0_h, 1}, {tiu::res0_c, 2}}).error().message,
            "res0_c is given twice");
}

TEST(decode, gives_the_fields_that_are_not_idle) {
  const Command command = *encode(Engine::kTiu, {{tiu::tsk_typ, 3}, {tiu::res0_c, 64}});
  EXPECT_EQ(decode(command, Engine::kTiu), (std::vector<FieldValue>{{tiu::tsk_typ, 3}, {tiu::res0_c, 64}}));
}

TEST(disassemble, an_idle_command_is_short) {
  EXPECT_EQ(disassemble(idle_command(Engine::kTiu), Engine::kTiu), "tiu.conv #0 @0");
  EXPECT_EQ(disassemble(idle_command(Engine::kGdma), Engine::kGdma), "gdma.move #0 @0");
}

TEST(disassemble, names_instruction_operation_and_codes) {
  const Command command = *encode(Engine::kTiu, {{tiu::tsk_typ, 3},
                                                 {tiu::tsk_eu_typ, 2},
                                                 {tiu::cmd_id_tpu, 3},
                                                 {tiu::cmd_id_gdma, 2},
                                                 {tiu::opt_res0_prec, 2},
                                                 {tiu::res0_c, 64},
                                                 {tiu::res0_addr, 0x08000000}});
  EXPECT_EQ(disassemble(command, Engine::kTiu),
            "tiu.arith.add #3 @2 opt_res0_prec=fp32 res0_c=64 res0_addr=0x08000000");
}

TEST(disassemble, joins_the_halves_of_a_ddr_address) {
  const Command command =
      *encode(Engine::kGdma, {{gdma::src_start_addr_l32, 0x05100000}, {gdma::src_start_addr_h8, 1}, {gdma::cmd_id, 7}});
  EXPECT_EQ(disassemble(command, Engine::kGdma), "gdma.move #7 @0 src_start_addr=0x105100000");
}

TEST(disassemble, shows_an_unknown_operation_as_a_number) {
  EXPECT_EQ(disassemble(*encode(Engine::kTiu, {{tiu::tsk_typ, 3}, {tiu::tsk_eu_typ, 31}}), Engine::kTiu),
            "tiu.arith #0 @0 tsk_eu_typ=31");
}

TEST(disassemble, shows_an_unknown_family_as_a_number) {
  EXPECT_EQ(disassemble(*encode(Engine::kTiu, {{tiu::tsk_typ, 15}}), Engine::kTiu), "tiu.family15 #0 @0");
}

TEST(disassemble, shows_bits_that_belong_to_no_field) {
  Command command = idle_command(Engine::kGdma);
  command[31] = 5;
  EXPECT_EQ(disassemble(command, Engine::kGdma), "gdma.move #0 @0 word31=0x5");
}

TEST(assemble, reads_a_line) {
  const Instruction instruction = *assemble("  gdma.fill  @4 #5 direction=s2l constant_value=0x3f800000 ; zeros 'a'");
  EXPECT_EQ(instruction.engine, Engine::kGdma);
  EXPECT_EQ(instruction.command, *encode(Engine::kGdma, {{gdma::special_func, 4},
                                                         {gdma::eng0_sync_id, 4},
                                                         {gdma::cmd_id, 5},
                                                         {gdma::constant_value, 0x3F800000}}));
}

TEST(assemble, refuses_an_empty_line) { EXPECT_EQ(error_of(" ; nothing"), "unknown instruction ''"); }
TEST(assemble, refuses_an_unknown_engine) { EXPECT_EQ(error_of("npu.conv"), "unknown instruction 'npu.conv'"); }
TEST(assemble, refuses_an_unknown_instruction) { EXPECT_EQ(error_of("tiu.convx"), "unknown instruction 'tiu.convx'"); }
TEST(assemble, refuses_an_unknown_function) { EXPECT_EQ(error_of("gdma.fly"), "unknown instruction 'gdma.fly'"); }
TEST(assemble, refuses_an_unknown_operation) {
  EXPECT_EQ(error_of("tiu.arith.pow"), "unknown operation 'tiu.arith.pow'");
}
TEST(assemble, refuses_an_unknown_field) { EXPECT_EQ(error_of("tiu.conv colour=1"), "the tiu has no field 'colour'"); }
TEST(assemble, refuses_a_word_without_value) {
  EXPECT_EQ(error_of("tiu.conv res0_c"), "'res0_c' is not of the form field=value");
}
TEST(assemble, refuses_what_is_no_number) { EXPECT_EQ(error_of("tiu.conv res0_c=1x"), "'1x' is not a number"); }
TEST(assemble, refuses_a_number_without_digits) { EXPECT_EQ(error_of("tiu.conv res0_c=0x"), "'0x' is not a number"); }
TEST(assemble, refuses_a_number_of_65_bits) {
  EXPECT_EQ(error_of("tiu.conv tsk_lane_num=0x10000000000000000"), "'0x10000000000000000' is not a number");
}
TEST(assemble, refuses_a_value_that_does_not_fit) {
  EXPECT_EQ(error_of("tiu.conv res0_c=4096"), "res0_c=0x1000 does not fit 12 bits");
}
TEST(assemble, refuses_an_address_that_does_not_fit) {
  EXPECT_EQ(error_of("gdma.move src_start_addr=0x10000000000"), "src_start_addr=0x10000000000 does not fit");
}
TEST(assemble, refuses_a_field_given_twice) { EXPECT_EQ(error_of("tiu.conv #1 #2"), "'cmd_id_tpu' is given twice"); }
TEST(assemble, refuses_a_word_that_hides_fields) {
  EXPECT_EQ(error_of("tiu.conv word0=0x1"), "word0=0x1 touches bits that belong to fields");
  EXPECT_EQ(error_of("gdma.move word32=0x1"), "word32=0x1 touches bits that belong to fields");
}

// Any 128 bytes are text, and back.
TEST(assemble, reads_back_what_disassemble_wrote) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    Command command;
    for (uint32_t& word : command) word = random();
    for (const Engine engine : {Engine::kTiu, Engine::kGdma}) {
      const std::string line = disassemble(command, engine);
      const Result<Instruction> back = assemble(line);
      ASSERT_TRUE(back) << back.error().message << " in " << line;
      EXPECT_EQ(*back, (Instruction{engine, command})) << line;
    }
  }
}

// The vendor's command writers: from the fields that an instruction reads, all 128 bytes.
TEST(encode_as_vendor, reproduces_the_vendors_command_writers) {
  const auto path = test::shared_file("isa/vectors/tiu_compute_emit.json.gz");
  BMNET_REQUIRE_SHARED(path);
  const auto cases = read_json_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  for (const nlohmann::json& emitted : *cases) {
    const nlohmann::json& fields = emitted["fields"];
    std::vector<FieldValue> values = {{tiu::cmd_end, 1}};  // as written to registers; a stored command has 0
    for (const auto& [name, value] : fields.items())
      values.emplace_back(*find_field(Engine::kTiu, name), value.get<uint64_t>());
    const Command expected = *parse_command(emitted["cmds"][0]["hex"].get<std::string>());
    EXPECT_EQ(disassemble(*encode_as_vendor(values), Engine::kTiu), disassemble(expected, Engine::kTiu))
        << emitted["name"];
  }
  EXPECT_EQ(cases->size(), 152u);
}

}  // namespace
}  // namespace bmnet::bm1684
