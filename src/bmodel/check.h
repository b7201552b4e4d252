// What a BM1684 model must keep so that a runtime can load and run it. The reader and the writer both insist on it.
#pragma once

#include "base/status.h"
#include "bmodel/model.h"

namespace bmnet::bmodel {

// Checks, per net and stage: at least one stage and sub-net; tensors with a name, a known type and store mode, a shape
// of 1 to 8 dimensions, enough bytes, and an address inside the stage's activations (or its coefficients); coefficients
// below the activations and with a check code; 128 bytes per command; the stage's command groups being those of its
// static TPU sub-nets in order; every DDR address in a GDMA command inside the coefficients (as source) or the
// activations; sub-nets whose ids, successors, branches and tensor names fit together and end; stages of a net that
// agree with each other. The message starts with "net 'x', stage 0".
//
// Files of other chips pass: their rules are not ours.
Status check(const Model& model);

// Whether `stage` can stand beside `first` in one net; names the first difference.
Status check_stages_agree(const Stage& first, const Stage& stage);

}  // namespace bmnet::bmodel
