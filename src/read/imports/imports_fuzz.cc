// Any octets as a file of another tool: refused, or a profile that can be written and read back, or findings that can.
#include <cstdlib>

#include "profile/profile_json.h"
#include "read/imports/imports.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  for (const auto tool : {imports::Tool::kEvidently, imports::Tool::kSageMaker, imports::Tool::kTfdv, imports::Tool::kWhylogs}) {
    auto read = imports::read(tool, octets, "fraud", Time{});
    if (!read) continue;
    for (const FindingUpdate& finding : read->findings) {
      const auto again = finding_from_json(finding.phase, to_json(finding));
      if (!again || !(*again == finding)) std::abort();
    }
    if (read->is_results) continue;
    (void)imports::apply_sagemaker_constraints(read->profile, octets);
    const auto again = profile::profile_from_json(profile::to_json(read->profile));
    if (!again || canonical_json(profile::to_json(*again)) != canonical_json(profile::to_json(read->profile))) std::abort();
  }
  return 0;
}
