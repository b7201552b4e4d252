#include "base/sha256.h"

#include <gtest/gtest.h>

namespace bmnet {
namespace {

TEST(sha256, of_nothing) {
  EXPECT_EQ(to_hex(sha256(Bytes())), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(sha256, of_abc) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(sha256, of_chunks_is_that_of_their_concatenation) {
  const Bytes chunks[] = {as_bytes("a"), as_bytes("bc")};
  EXPECT_EQ(sha256(chunks), sha256(as_bytes("abc")));
}

}  // namespace
}  // namespace bmnet
