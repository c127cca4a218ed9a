// Which parts of an archive hold a row that was erased or expired since they were made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "log/record/gone.h"
#include "read/archive/manifest.h"

namespace firebreak::archive {

// `gone`: what the stream's log tells of now (record::Stream::gone()).
bool holds_what_is_gone(const Manifest& manifest, const std::vector<std::shared_ptr<const record::Gone>>& gone);
// Removes the manifests of all such parts, whatever their generation; their files go with remove_superseded().
Result<void> remove_parts(Files& files, const std::string& folder, const std::vector<std::shared_ptr<const record::Gone>>& gone);

}  // namespace firebreak::archive
