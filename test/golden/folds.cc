#include "folds.h"

#include "fold/access/access.h"
#include "fold/provenance/provenance.h"

namespace firebreak::golden {

Result<std::unique_ptr<journal::Fold>> make_named_fold(const std::string& name) {
  if (name == access::kFoldName)
    return journal::make_fold<access::AccessState>(name, access::kSchemaVersion, access::decide, access::apply,
                                                   access::to_json, access::state_from_json);
  if (name == provenance::kFoldName)
    return journal::make_fold<provenance::ProvenanceState>(name, provenance::kSchemaVersion, provenance::decide,
                                                           provenance::apply, provenance::to_json,
                                                           provenance::state_from_json);
  return fail(Code::kNotFound, "there is no fold '" + name + "'; known: access, provenance");
}

}  // namespace firebreak::golden
