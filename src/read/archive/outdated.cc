#include "read/archive/outdated.h"

namespace firebreak::archive {

bool holds_what_is_gone(const Manifest& manifest, const std::vector<std::shared_ptr<const record::Gone>>& gone) {
  for (std::size_t i = manifest.erasures; i < gone.size(); ++i)
    if (gone[i]->touches(manifest.first, manifest.end)) return true;
  return false;
}

Result<void> remove_parts(Files& files, const std::string& folder, const std::vector<std::shared_ptr<const record::Gone>>& gone) {
  for (;;) {  // below the newest generation lies the one before
    FIREBREAK_ASSIGN(const auto parts, load_manifests(files, folder));
    bool any = false;
    for (const Manifest& part : parts) {
      if (!holds_what_is_gone(part, gone)) continue;
      any = true;
      FIREBREAK_TRY(files.remove(folder + "/" + part.file_name()));
    }
    if (!any) return {};
  }
}

}  // namespace firebreak::archive
