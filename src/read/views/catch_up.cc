// Where the views meet the journal.
#include "log/journal/journal.h"
#include "read/views/views.h"

namespace firebreak::views {
Result<void> Views::apply(const journal::Group& group) {
  return apply(std::span<const Entry>(group.entries));
}

Result<void> Views::catch_up(const journal::Journal& journal) {
  if (next_index() > journal.size()) forget();
  for (;;) {
    const std::uint64_t from = next_index();
    if (from >= journal.size()) return {};
    FIREBREAK_ASSIGN(const std::vector<Entry> entries, journal.entries(from, kLargePiece));
    if (entries.empty()) return {};
    FIREBREAK_TRY(apply(std::span<const Entry>(entries)));
  }
}

}  // namespace firebreak::views
