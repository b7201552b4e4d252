#include "frontend/protobuf/message.h"

#include <gmock/gmock.h>

#include "frontend/protobuf/message_test.pb.h"

namespace bmnet::protobuf {
namespace {

using protobuf_test::Net;
using testing::HasSubstr;

Net read(const std::string& file) {
  Net net;
  const Status status = read_message(as_bytes(file), "net.bin", net);
  EXPECT_TRUE(status) << status.error().message;
  return net;
}
std::string error_of(const std::string& file) {
  Net net;
  const Status status = read_message(as_bytes(file), "net.bin", net);
  return status ? "no error" : status.error().message;
}

TEST(read_message, small_payloads_are_copied) {
  Net net;
  net.add_blobs()->set_raw("abc");
  net.mutable_blobs(0)->add_dims(-3);
  EXPECT_EQ(read(net.SerializeAsString()).SerializeAsString(), net.SerializeAsString());
}

TEST(read_message, big_bytes_stay_in_the_file) {
  Net net;
  net.add_blobs()->set_name("weight");
  net.mutable_blobs(0)->set_raw(std::string(kBorrowFrom, 'x'));
  const std::string file = net.SerializeAsString();

  const Net read_back = read(file);
  EXPECT_EQ(read_back.blobs(0).name(), "weight");
  EXPECT_FALSE(read_back.blobs(0).has_raw());
  const std::vector<Bytes> raw = borrowed_payloads(read_back.blobs(0), as_bytes(file), 2);
  ASSERT_EQ(raw.size(), 1u);
  EXPECT_EQ(as_text(raw[0]), net.blobs(0).raw());
}

TEST(read_message, packed_floats_stay_in_the_file_each_run_by_itself) {
  Net net;
  for (int i = 0; i < 100; ++i) net.mutable_inner()->add_blobs()->add_values(0);
  auto* values = net.mutable_inner()->mutable_blobs(99)->mutable_values();
  for (int i = 0; i < 100; ++i) values->Add(static_cast<float>(i));
  const std::string file = net.SerializeAsString();

  const Net read_back = read(file);
  EXPECT_EQ(read_back.inner().blobs(0).values_size(), 1);
  const std::vector<Bytes> runs = borrowed_payloads(read_back.inner().blobs(99), as_bytes(file), 3);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].size(), 101 * sizeof(float));
}

TEST(read_message, a_file_cannot_forge_borrowed_places) {
  Net net;
  net.add_blobs()->add_borrowed()->set_offset(1u << 30);
  EXPECT_EQ(read(net.SerializeAsString()).blobs(0).borrowed_size(), 0);
}

TEST(read_message, unknown_fields_are_skipped) { EXPECT_EQ(read(std::string("\x7a\x02hi\x20\x07", 6)).version(), 7); }

TEST(read_message, names_offset_and_path_of_a_cut) {
  Net net;
  net.add_blobs();
  net.add_blobs()->set_name("a long enough name");
  std::string file = net.SerializeAsString();
  file[5] = 99;  // the length of the name
  EXPECT_EQ(
      error_of(file),
      "net.bin: byte 4 (blobs[1]): field 1 has 99 bytes, but only 18 are left in its message: the file is cut off or "
      "damaged");
}

TEST(read_message, refuses_another_wire_type) {
  EXPECT_THAT(error_of(std::string("\x08\x01", 2)),
              HasSubstr("byte 0 (name): a varint value stands where the format has a length-delimited one"));
}

TEST(read_message, refuses_groups) { EXPECT_THAT(error_of("\x0b"), HasSubstr("wire type 3 (group)")); }

TEST(read_message, refuses_a_field_number_of_zero) {
  EXPECT_THAT(error_of(std::string("\x00\x00", 2)), HasSubstr("0 is not a field number"));
}

TEST(read_message, refuses_a_number_without_end) {
  EXPECT_THAT(error_of("\x20\xff\xff"), HasSubstr("byte 1: a number is cut off"));
}

TEST(read_message, refuses_a_packed_list_that_is_no_multiple_of_its_element) {
  EXPECT_THAT(error_of(std::string("\x12\x05\x1a\x03\0\0\0", 7)),
              HasSubstr("(blobs[0].values[0]): a list of 4-byte numbers has 3 bytes"));
}

TEST(read_message, refuses_a_packed_list_that_ends_inside_a_number) {
  EXPECT_THAT(error_of("\x12\x03\x22\x01\x80"), HasSubstr("the last number of a list is cut off"));
}

TEST(read_message, refuses_deep_nesting_without_recursing_into_it) {
  std::string file;
  for (int i = 0; i < 100000; ++i) {
    if (file.size() > 2000) break;
    std::string next = "\x1a";
    for (size_t size = file.size(); true; size >>= 7) {
      next += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
      if (size <= 0x7f) break;
    }
    file = next + file;
  }
  EXPECT_THAT(error_of(file), HasSubstr("nested deeper than 64 levels"));
}

}  // namespace
}  // namespace bmnet::protobuf
