// Writes .bmodel files.
#pragma once

#include <filesystem>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "bmodel/model.h"

namespace bmnet::bmodel {

// Equal Models give equal bytes. In the binary section stand, stage by stage, the coefficients, the TIU commands of all
// groups, the GDMA commands of all groups and then the rest, one directly after the other; of blobs with equal content
// only the first is stored. Model-wide sizes and missing check codes are computed.
//
// Refused: what check.h refuses, and more than 4 GiB of FlatBuffer or blobs. `path` is written atomically.
Status write_file(const std::filesystem::path& path, const Model& model);
Result<std::vector<uint8_t>> write_memory(const Model& model);

}  // namespace bmnet::bmodel
