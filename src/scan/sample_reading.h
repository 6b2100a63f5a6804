// The steps of reading a sample that a look at the whole host and a second look at some servers share.
//
// Internal to scan/.
#pragma once

#include "classify/classifier.h"
#include "scan/memory.h"
#include "scan/sample.h"
#include "scan/scanner.h"

namespace reaper::scan {

/// The moment and the viewer; no processes yet.
Sample empty_sample();

/// Command lines and details of the processes in the sample. Those that are gone by now leave it.
void read_evidence(Sample& sample, const classify::Classifier& classifier, Depth depth,
                   const Memory* memory = nullptr);

}  // namespace reaper::scan
