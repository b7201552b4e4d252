// Reads .bmodel files.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "bmodel/model.h"

namespace bmnet::bmodel {

// The blobs of the Model point into the mapped file, which they keep alive. A file may be read-only and may have bytes
// after its end. Files in the layouts older than NetParameter are converted.
//
// Refused, each with one message that says where and why: what is no .bmodel file, is cut off or damaged, points
// outside the file; and, for a BM1684, what check.h refuses.
Result<Model> read_file(const std::filesystem::path& path);

// The same from memory, which `owner` keeps alive; without an owner the memory must outlive the Model. `what` names the
// data in messages.
Result<Model> read_memory(Bytes file, std::string_view what, std::shared_ptr<const void> owner = nullptr);

}  // namespace bmnet::bmodel
