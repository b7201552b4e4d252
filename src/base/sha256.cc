#include "base/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <iterator>
#include <memory>

namespace bmnet {

Sha256 sha256(Bytes bytes) { return sha256(std::span<const Bytes>(&bytes, 1)); }

Sha256 sha256(std::span<const Bytes> chunks) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Sha256 digest;
  bool ok = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (Bytes chunk : chunks) ok = ok && EVP_DigestUpdate(context.get(), chunk.data(), chunk.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  if (!ok) std::abort();  // only without memory: no input makes these calls fail
  return digest;
}

std::string to_hex(Bytes bytes) {
  std::string text;
  for (uint8_t byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

}  // namespace bmnet
