// Words in timelines: views.h, words.h.
#include <algorithm>

#include "read/views/views_impl.h"

namespace firebreak::views {

Result<Json> Views::search(const std::vector<std::string>& words, const std::string& incident, const Page& page) const {
  if (page.limit < 1 || page.limit > 500) return fail(Code::kInvalid, "'limit' is 1 to 500", "/limit");
  if (words.empty()) return fail(Code::kInvalid, "a search needs a word", "/q");
  WordsAsk ask{incident, words, INT64_MAX, page.limit + 1};
  FIREBREAK_ASSIGN(ask.below, parse_cursor(page.cursor));
  const std::lock_guard lock(impl_->mutex);
  FIREBREAK_ASSIGN(std::vector<RowName> rows, impl_->store.words().find(ask));
  FIREBREAK_ASSIGN(const std::int64_t behind, impl_->store.words().behind());
  Json next = nullptr;
  if (rows.size() > static_cast<std::size_t>(page.limit)) {
    rows.pop_back();
    next = std::to_string(rows.back().row);
  }
  JsonArray items = impl_->store.lines_of(rows);
  FIREBREAK_TRY(impl_->store.take_error());
  return JsonObject{{"items", std::move(items)}, {"next", std::move(next)}, {"behind", behind}, {"index", impl_->next}};
}

bool Views::words_behind() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store.words().behind().value_or(1) > 0;
}

Result<std::size_t> Views::take_words(std::size_t most, const ShowText& show) {
  std::vector<Words::Waiting> rows;
  {
    const std::lock_guard lock(impl_->mutex);
    FIREBREAK_ASSIGN(rows, impl_->store.words().waiting(most));
  }
  if (rows.empty()) return 0;
  std::vector<std::string> shown;  // files are read while others ask
  for (const Words::Waiting& row : rows) shown.emplace_back(show_texts(Json(row.text), show).as_string());
  const std::lock_guard lock(impl_->mutex);
  FIREBREAK_TRY(impl_->database.run("BEGIN IMMEDIATE"));
  Result<void> taken = impl_->store.words().take(rows, shown);
  if (taken) taken = impl_->database.run("COMMIT");
  if (!taken) {
    (void)impl_->database.run("ROLLBACK");
    return fail(std::move(taken.error()));
  }
  if (std::any_of(rows.begin(), rows.end(), [](const Words::Waiting& row) { return row.held; })) FIREBREAK_TRY(impl_->store.words().forget_removed(impl_->database));
  return rows.size();
}

}  // namespace firebreak::views
